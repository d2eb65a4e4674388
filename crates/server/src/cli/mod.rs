//! The command line.

mod apply;
mod config;
mod data_folder;
mod demo;
mod dev;
mod documents;
mod export;
mod import;
mod keys;
mod master_key;
mod migrate;
mod registration_token;
mod remote;
mod serve;
mod signals;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use palatine_domain::RealmSlug;
use palatine_protocol::jwk::SigningAlgorithm;
use url::Url;

use crate::config::{Config, Environment, Sources, parse_address};
use crate::refusal::Refusal;
use crate::telemetry::Telemetry;

/// An identity platform: OpenID Connect for many tenants in one process.
#[derive(Debug, Parser)]
#[command(name = "palatine", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve demo realms from a folder of its own: for trying and developing
    Dev(DevArgs),
    /// Serve for production; refuses insecure settings and says which
    Serve(ServeArgs),
    /// Bring the database's schema up to date
    Migrate(ConfigArgs),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make realms what their documents say
    Apply(ApplyArgs),
    /// Print a realm as the document that would make it, without secrets and passwords unless asked for their hashes
    Export(ExportArgs),
    /// Print the JSON Schema of realm documents, for editors
    Schema,
    /// Make a realm from what another system exported
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// The signing keys of a realm, while it is served
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The key that wraps every tenant's data key
    #[command(subcommand)]
    MasterKey(MasterKeyCommand),
    /// Make a token with which clients may register themselves, and print it, once
    RegistrationToken(RegistrationTokenArgs),
    /// The demo realms of `palatine dev`
    #[command(subcommand)]
    Demo(DemoCommand),
}

#[derive(Debug, Args)]
struct DevArgs {
    /// Where realms are served over plain HTTP; port 0 picks a free one [default: 127.0.0.1:8080, or nowhere with
    /// --tls-listen]
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    tls: TlsArgs,
    /// Where health and metrics are; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9000", value_parser = parse_address)]
    management: SocketAddr,
    /// Where the database and the master key are kept; made if it is missing
    #[arg(long, value_name = "FOLDER", default_value = "./data")]
    data_dir: PathBuf,
    /// What browsers see; the default is this machine under the port that was bound
    #[arg(long, value_name = "URL")]
    public_url: Option<Url>,
    /// Further realm documents to apply at the start: files, or folders of .yaml files
    #[arg(long, value_name = "PATH")]
    apply: Vec<PathBuf>,
    /// Listen on an address that others may reach, although everybody knows the demo passwords
    #[arg(long)]
    i_know: bool,
}

#[derive(Debug, Args)]
struct ServeArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Where realms are served over plain HTTP
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    tls: TlsArgs,
    /// Where health and metrics are
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    management: Option<SocketAddr>,
    /// What clients and browsers see
    #[arg(long, value_name = "URL")]
    public_url: Option<Url>,
}

/// Our own TLS listener.
#[derive(Debug, Default, Args)]
struct TlsArgs {
    /// Where realms are served over TLS; port 0 picks a free one
    #[arg(id = "tls_listen", long = "tls-listen", value_name = "ADDRESS", value_parser = parse_address)]
    listen: Option<SocketAddr>,
    /// The certificate with the intermediate ones behind it, in PEM
    #[arg(id = "tls_certificate", long = "tls-certificate", value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(id = "tls_key", long = "tls-key", value_name = "FILE")]
    key: Option<PathBuf>,
}

impl TlsArgs {
    /// The settings that were given, by their dotted names.
    fn settings(&self) -> impl Iterator<Item = (&'static str, String)> {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let settings = [
            ("server.tls.listen", self.listen.map(|address| address.to_string())),
            ("server.tls.certificate_file", path(&self.certificate)),
            ("server.tls.key_file", path(&self.key)),
        ];
        settings.into_iter().filter_map(|(key, value)| Some((key, value?)))
    }
}

#[derive(Clone, Debug, Default, Args)]
struct ConfigArgs {
    /// A TOML file; without one, the defaults and the environment are all there is
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Say OK, or everything that is wrong
    Check(ConfigArgs),
    /// Print the commented default file: every setting there is
    Default,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, Args)]
struct ApplyArgs {
    /// Realm documents: files, folders of .yaml files, or `-` for the standard input
    #[arg(short, long = "file", value_name = "PATH", required = true, num_args = 1..)]
    file: Vec<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    remote: ServerArgs,
    /// Show what would be changed, member by member, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// A dry run that ends with exit code 4 if anything would be changed: what has drifted from the documents
    #[arg(long)]
    check: bool,
    /// Also remove what the documents do not describe, but for users, registered clients and secrets
    #[arg(long)]
    prune: bool,
    /// Also remove users that the documents do not describe
    #[arg(long, requires = "prune")]
    prune_users: bool,
    /// Why; stands in the audit log
    #[arg(long, value_name = "TEXT", default_value = "palatine apply")]
    reason: String,
}

#[derive(Debug, Args)]
struct ExportArgs {
    #[command(flatten)]
    realm: RealmArgs,
    #[command(flatten)]
    remote: ServerArgs,
    /// Leave people out
    #[arg(long)]
    without_users: bool,
    /// With what is stored of passwords and client secrets, so that people and clients go on with what they have where it
    /// is applied: keep it like the database itself
    #[arg(long, conflicts_with = "server")]
    with_hashes: bool,
}

/// Which server's API a command works by, in place of a database.
#[derive(Clone, Debug, Default, Args)]
#[group(multiple = true, conflicts_with_all = ["config", "data_dir"])]
struct ServerArgs {
    /// A server that does it, by its public URL
    #[arg(long, value_name = "URL")]
    server: Option<Url>,
    /// Who asks: a service of each realm that is `realm-admin` there and may have the scope `admin:write`
    #[arg(long, value_name = "ID", requires = "server", conflicts_with = "token_file")]
    client_id: Option<String>,
    /// Its secret; or `PALATINE_CLIENT_SECRET` in the environment has it
    #[arg(long, value_name = "FILE", requires = "client_id")]
    client_secret_file: Option<PathBuf>,
    /// The realm that it is a service of; `system` for one that is an operator
    #[arg(long, value_name = "REALM", requires = "client_id")]
    client_realm: Option<String>,
    /// An access token in place of a client; or `PALATINE_TOKEN` in the environment is one
    #[arg(long, value_name = "FILE", requires = "server")]
    token_file: Option<PathBuf>,
    /// Certificate authorities that are trusted beside those of this machine, in PEM
    #[arg(long, value_name = "FILE", requires = "server")]
    ca_file: Option<PathBuf>,
}

/// Which database a command works on.
#[derive(Clone, Debug, Args)]
#[group(required = false, multiple = false)]
struct StoreArgs {
    /// The database of this configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The database of `palatine dev` in this folder
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Show them, and what each is good for
    List {
        #[command(flatten)]
        realm: RealmArgs,
    },
    /// Give them successors now: published at once, signing eleven minutes later
    Rotate {
        #[command(flatten)]
        realm: RealmArgs,
        /// Only the key of this algorithm
        #[arg(long, value_parser = keys::parse_algorithm)]
        algorithm: Option<SigningAlgorithm>,
        /// Why; stands in the audit log
        #[arg(long, value_name = "TEXT", default_value = "palatine keys rotate")]
        reason: String,
    },
    /// In an emergency: nothing that they signed is believed any more, and other keys sign at once
    Retire {
        #[command(flatten)]
        realm: RealmArgs,
        #[command(flatten)]
        which: WhichKeys,
        /// Why; stands in the audit log
        #[arg(long, value_name = "TEXT", default_value = "palatine keys retire")]
        reason: String,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct WhichKeys {
    /// The key of this kid
    #[arg(long)]
    kid: Option<String>,
    /// Every key of this algorithm
    #[arg(long, value_parser = keys::parse_algorithm)]
    algorithm: Option<SigningAlgorithm>,
    /// Every key
    #[arg(long)]
    all: bool,
}

/// Which realm a command works on.
#[derive(Clone, Debug, Args)]
struct RealmArgs {
    /// Its name in URLs
    realm: String,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Subcommand)]
enum MasterKeyCommand {
    /// Wrap all data keys with the current one, so that earlier ones are needed no more
    Rotate(ConfigArgs),
}

#[derive(Debug, Args)]
struct RegistrationTokenArgs {
    /// The realm, whose policy is `registration: token`
    #[arg(value_name = "REALM", value_parser = registration_token::parse_realm)]
    realm: RealmSlug,
    /// For how long it works: 30m, 24h, 7d
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = registration_token::parse_duration)]
    expires: Duration,
    /// How many clients it registers
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = registration_token::parse_count)]
    count: u32,
    #[command(flatten)]
    store: StoreArgs,
    /// Why; stands in the audit log
    #[arg(long, value_name = "TEXT", default_value = "palatine registration-token")]
    reason: String,
}

#[derive(Debug, Subcommand)]
enum DemoCommand {
    /// Remove the demo realms with all that is theirs
    Remove(StoreArgs),
}

/// Runs the command that the process was started with, and gives its exit code: 0, or 1 for what went wrong, 2 for wrong
/// usage or configuration, 3 for what is refused as unsafe, 4 for realms that have drifted from their documents.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Before any connection: every TLS connection of the process takes this one. An error says that it is there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            eprintln!("palatine: {refusal}");
            ExitCode::from(refusal.exit_code())
        }
    }
}

fn run(command: Command) -> Result<(), Refusal> {
    match command {
        Command::Dev(args) => dev::run(args),
        Command::Serve(args) => serve::run(&args),
        Command::Migrate(args) => migrate::run(args),
        Command::Config(command) => config::run(command),
        Command::Apply(args) => apply::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Schema => export::schema(),
        Command::Import(command) => import::run(command),
        Command::Keys(command) => keys::run(command),
        Command::MasterKey(MasterKeyCommand::Rotate(args)) => master_key::rotate(args),
        Command::RegistrationToken(args) => registration_token::run(&args),
        Command::Demo(DemoCommand::Remove(args)) => demo::remove(&args),
    }
}

/// Waits for work on a multi-threaded runtime, with logs and traces, and exports what is left of these at the end.
fn on_runtime<T>(config: &Config, work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let telemetry = Telemetry::start(&config.log, &config.telemetry)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("palatine-main")
        .enable_all()
        .build()
        .map_err(|error| Refusal::System("the runtime could not be started", error))?;
    let result = runtime.block_on(work);
    // Key generation may be under way on a blocking thread; nobody waits for its key any more.
    runtime.shutdown_background();
    telemetry.finish();
    result
}

fn load(config: Option<PathBuf>, flags: Vec<(&'static str, String)>) -> Result<Config, Refusal> {
    let environment = Environment::of_process();
    Ok(Config::load(Sources { file: config, environment, flags, ..Sources::default() })?)
}

/// For a command that answers in words of its own: its log says only what went wrong, unless another level was asked for.
fn quiet(mut config: Config) -> Config {
    if config.log.level == "info" {
        "warn".clone_into(&mut config.log.level);
    }
    config
}

/// To the standard output, for people and pipes. Who closed it does not want to know.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn dev_has_defaults_for_everything() {
        let Command::Dev(args) = parse("palatine dev").unwrap().command else { panic!() };
        assert_eq!((args.listen, args.management.port()), (None, 9000));
        assert_eq!((args.data_dir, args.public_url, args.i_know), (PathBuf::from("./data"), None, false));
    }

    #[test]
    fn several_documents_are_applied_to_one_database() {
        let Command::Apply(args) = parse("palatine apply -f a.yaml b.yaml -f - --data-dir d").unwrap().command else {
            panic!()
        };
        assert_eq!(args.file, ["a.yaml", "b.yaml", "-"].map(PathBuf::from));
        assert!(parse("palatine apply -f a --config c --data-dir d").is_err());
        assert!(parse("palatine apply").is_err());
    }

    #[test]
    fn a_server_takes_the_place_of_a_database() {
        let with = |flags: &str| parse(&format!("palatine apply -f a --server https://id.example.com {flags}"));
        for good in
            ["", "--client-id ci --client-secret-file s", "--client-id ci --client-realm system", "--token-file t"]
        {
            assert!(with(good).is_ok(), "{good}");
        }
        for bad in ["--data-dir d", "--config c", "--client-id ci --token-file t", "--client-secret-file s"] {
            assert!(with(bad).is_err(), "{bad}");
        }
        assert!(parse("palatine apply -f a --data-dir d --token-file t").is_err());
        assert!(parse("palatine export acme --server https://id.example.com --without-users").is_ok());
        assert!(parse("palatine export acme --server https://id.example.com --data-dir d").is_err());
    }

    #[test]
    fn people_are_removed_only_where_everything_else_is() {
        assert!(parse("palatine apply -f a --prune --prune-users --dry-run").is_ok());
        assert!(parse("palatine apply -f a --prune-users").is_err());
    }

    #[test]
    fn an_import_takes_the_files_of_one_realm() {
        let line = "palatine import keycloak acme-realm.json acme-users-0.json --realm acme --dry-run --data-dir d";
        assert!(parse(line).is_ok());
        assert!(parse("palatine import keycloak a.json --realm A --data-dir d").is_err());
        assert!(parse("palatine import keycloak").is_err() && parse("palatine import").is_err());
    }

    #[test]
    fn keys_are_taken_out_of_use_by_exactly_one_of_kid_algorithm_and_all() {
        let given = |which: &str| parse(&format!("palatine keys retire acme --data-dir d {which}"));
        for good in ["--kid k", "--algorithm RS256", "--all"] {
            assert!(given(good).is_ok(), "{good}");
        }
        for bad in ["", "--kid k --all", "--algorithm RS256 --all", "--algorithm none", "--algorithm HS256"] {
            assert!(given(bad).is_err(), "{bad}");
        }
        assert!(parse("palatine keys rotate acme --algorithm EdDSA").is_ok());
        assert!(parse("palatine keys list").is_err());
    }
}
