//! `palatine import keycloak`: makes a realm from what a Keycloak exported, and says what did not come along.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use palatine_admin_api::document::SourceFile;
use palatine_admin_api::engine::SecretSources;
use palatine_admin_api::keycloak::{self, Conversion, MAX_EXPORT_BYTES, Report, Weight};
use palatine_admin_api::ops::apply::{Apply, RealmOutcome, Reason, problems_of};
use palatine_admin_api::ops::import;
use palatine_authn::HashPool;
use palatine_domain::{Ambient, RealmSlug};
use palatine_store::Store;

use super::registration_token::parse_realm;
use super::{StoreArgs, apply, data_folder, on_runtime, say};
use crate::config::Config;
use crate::refusal::Refusal;

/// From where a realm is imported.
#[derive(Debug, Subcommand)]
pub(super) enum ImportCommand {
    /// A realm that `kc.sh export` wrote (Keycloak 22 to 26)
    Keycloak(KeycloakArgs),
}

#[derive(Debug, Args)]
pub(super) struct KeycloakArgs {
    /// The realm's file, and those of its users if Keycloak wrote any
    #[arg(value_name = "EXPORT", required = true)]
    files: Vec<PathBuf>,
    /// What the realm is called here [default: as in the export]
    #[arg(long, value_name = "REALM", value_parser = parse_realm)]
    realm: Option<RealmSlug>,
    /// Write the realm document into a new file, too. It holds secrets and password hashes, and is readable by you alone
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Write the whole report into a new file: JSON if its name ends with .json, text otherwise
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Convert, check and report; no database is looked at
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    store: StoreArgs,
    /// Why; stands in the audit log
    #[arg(long, value_name = "TEXT", default_value = "palatine import keycloak")]
    reason: String,
}

/// How many places of each fact the terminal shows.
const PLACES: usize = 3;

pub(super) fn run(command: ImportCommand) -> Result<(), Refusal> {
    let ImportCommand::Keycloak(args) = command;
    let reason = Reason::parse(&args.reason).map_err(|error| Refusal::Command(format!("--reason: {error}")))?;
    let Conversion { document, report } = converted(&args)?;
    if let Some(path) = &args.write {
        let yaml = document.to_yaml().map_err(|error| Refusal::Command(error.to_string()))?;
        write_new(path, &yaml)?;
    }
    tell(&args, &report)?;
    let name = args.files.first().map(|path| path.display().to_string()).unwrap_or_default();
    let steps = import::steps(document, &name).map_err(|error| Refusal::Command(error.to_string()))?;
    if args.dry_run {
        return check(&steps);
    }
    let config = data_folder::config_of(&args.store)?;
    let outcomes = on_runtime(&config, applied(&config, &steps, &reason))?;
    apply::report(&outcomes)
}

fn converted(args: &KeycloakArgs) -> Result<Conversion, Refusal> {
    let texts: Vec<String> = args.files.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    keycloak::convert(&texts, args.realm.as_ref()).map_err(|error| Refusal::Command(error.to_string()))
}

fn read(path: &Path) -> Result<String, Refusal> {
    let unreadable = |error| Refusal::File { path: path.to_owned(), verb: "read", error };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > MAX_EXPORT_BYTES as u64 {
        return Err(Refusal::Command(format!("{}: {}", path.display(), keycloak::ExportError::TooLong)));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

/// A new file that its owner alone can read.
fn write_new(path: &Path, text: &str) -> Result<(), Refusal> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Refusal::File { path: path.to_owned(), verb: "written", error })
}

fn tell(args: &KeycloakArgs, report: &Report) -> Result<(), Refusal> {
    say(report.to_text(PLACES).trim_end());
    let counts = [Weight::Lost, Weight::Changed, Weight::LeftOut].map(|weight| report.count(weight));
    let [lost, changed, left_out] = counts;
    say(&format!("In short: {lost} not imported, {changed} not the same, {left_out} left out."));
    let Some(path) = &args.report else { return Ok(()) };
    let text = if path.extension().is_some_and(|extension| extension == "json") {
        serde_json::to_string_pretty(report).map_err(|error| Refusal::Command(error.to_string()))?
    } else {
        report.to_text(usize::MAX)
    };
    write_new(path, &text)
}

/// What a database would not be needed for.
fn check(steps: &[SourceFile]) -> Result<(), Refusal> {
    let problems: Vec<String> = steps.iter().flat_map(problems_of).map(|problem| problem.to_string()).collect();
    if problems.is_empty() { Ok(()) } else { Err(Refusal::Documents(problems.join("\n"))) }
}

/// Applies the steps in their order; the first that fails is the last.
async fn applied(config: &Config, steps: &[SourceFile], reason: &Reason) -> Result<Vec<RealmOutcome>, Refusal> {
    let ambient = Ambient::system();
    let store = Store::connect(&config.database, ambient.clone()).await?;
    let pending = store.pending_migrations().await?;
    if !pending.is_empty() {
        return Err(Refusal::PendingMigrations(pending));
    }
    let hashing = HashPool::start(&config.hashing, ambient.clone())?;
    let apply = Apply::new(store.clone(), hashing, ambient, SecretSources::default());
    let mut outcomes: Vec<RealmOutcome> = Vec::new();
    for step in steps {
        outcomes.extend(apply.run(std::slice::from_ref(step), reason).await);
        if outcomes.last().is_some_and(Result::is_err) {
            break;
        }
    }
    store.close().await;
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_with_secrets_is_new_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("realm.yaml");
        write_new(&path, "secret").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let refusal = write_new(&path, "other").unwrap_err().to_string();
        assert!(refusal.contains("cannot be written"), "{refusal}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "secret");
    }
}
