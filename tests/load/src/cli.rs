//! The commands.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::cases::{Rounds, measure};
use crate::compare::compare;
use crate::database::Database;
use crate::error::LoadError;
use crate::report::{ratios, say, times, write_json};
use crate::seed::{Size, seed};
use crate::subject::Subject;

/// Fills databases and measures the server over them.
#[derive(Debug, Parser)]
#[command(name = "palatine-load", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrates an empty database and fills it
    Seed(SeedArgs),
    /// Lists and searches by the admin API, over a database that was seeded
    Admin(AdminArgs),
    /// The same at several sizes, each in a new database that is dropped afterwards
    Compare(CompareArgs),
}

#[derive(Debug, Args)]
struct Place {
    /// The PostgreSQL database, as its owner reaches it.
    #[arg(long, env = "PALATINE_LOAD_DATABASE")]
    database: String,
}

#[derive(Debug, Args)]
struct SeedArgs {
    #[command(flatten)]
    place: Place,
    /// Realms of customers.
    #[arg(long, default_value_t = 1_000)]
    realms: i64,
    /// Users of all realms together.
    #[arg(long, default_value_t = 100_000)]
    users: i64,
    /// Users of the largest realm, `main`. Default: half of them.
    #[arg(long)]
    largest: Option<i64>,
}

#[derive(Debug, Args)]
struct RoundsArgs {
    /// Requests of each kind that are measured.
    #[arg(long, default_value_t = 400)]
    requests: usize,
    /// Requests of each kind before that.
    #[arg(long, default_value_t = 150)]
    warm_up: usize,
    /// Requests that are under way at once.
    #[arg(long, default_value_t = 1)]
    at_once: usize,
    /// Where to write the results as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct AdminArgs {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    rounds: RoundsArgs,
}

#[derive(Debug, Args)]
struct CompareArgs {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    rounds: RoundsArgs,
    /// How many realms; the first is what the others are compared with.
    #[arg(long, value_delimiter = ',', default_value = "1,1000,100000")]
    realms: Vec<i64>,
    /// Users of all realms together, where there are several.
    #[arg(long, default_value_t = 1_000_000)]
    users: i64,
    /// Users of the largest realm, at each size.
    #[arg(long, default_value_t = 500_000)]
    largest: i64,
}

impl RoundsArgs {
    fn rounds(&self) -> Rounds {
        Rounds { measured: self.requests, warm_up: self.warm_up, at_once: self.at_once.max(1) }
    }
}

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let done = runtime.block_on(run(cli));
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{error}");
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> Result<(), LoadError> {
    match cli.command {
        Command::Seed(args) => {
            let largest = args.largest.unwrap_or(args.users / 2);
            seed(&Database::at(&args.place.database)?, Size::new(args.realms, args.users, largest)?, say).await
        }
        Command::Admin(args) => {
            let database = Database::at(&args.place.database)?;
            let size = Size::of(&database).await?;
            let subject = Subject::start(&database).await?;
            let measured = measure(&subject, size, args.rounds.rounds(), say).await;
            subject.stop().await;
            let measured = measured?;
            say(&times(&measured));
            write_json(&[measured], args.rounds.json.as_deref())
        }
        Command::Compare(args) => {
            let size = |realms: &i64| {
                let users = if *realms == 1 { args.largest } else { args.users };
                Size::new(*realms, users, args.largest)
            };
            let sizes = args.realms.iter().map(size).collect::<Result<Vec<_>, _>>()?;
            let measured = compare(&Database::at(&args.place.database)?, &sizes, args.rounds.rounds(), say).await?;
            if let Some(last) = measured.last() {
                say(&times(last));
            }
            say(&ratios(&measured));
            write_json(&measured, args.rounds.json.as_deref())
        }
    }
}
