//! `palatine apply`: makes realms what their documents say, in the database of a configuration or of `palatine dev`.

use palatine_admin_api::document::SourceFile;
use palatine_admin_api::ops::apply::{Apply, RealmOutcome, Reason, SecretSources};
use palatine_authn::HashPool;
use palatine_domain::Ambient;
use palatine_store::Store;

use super::{ApplyArgs, StoreArgs, data_folder, documents, on_runtime, say};
use crate::config::{Config, Environment};
use crate::refusal::Refusal;

pub(super) fn run(args: &ApplyArgs) -> Result<(), Refusal> {
    let reason = Reason::parse(&args.reason).map_err(|error| Refusal::Documents(format!("--reason: {error}")))?;
    let files = documents::read(&args.file)?;
    let config = data_folder::config_of(&args.store)?;
    let outcomes = on_runtime(&config, apply(&args.store, &config, &files, &reason))?;
    report(&outcomes)
}

async fn apply(
    place: &StoreArgs,
    config: &Config,
    files: &[SourceFile],
    reason: &Reason,
) -> Result<Vec<RealmOutcome>, Refusal> {
    let ambient = Ambient::system();
    let store = Store::connect(&config.database, ambient.clone()).await?;
    let pending = store.pending_migrations().await?;
    if !pending.is_empty() {
        return Err(Refusal::PendingMigrations(pending));
    }
    let hashing = HashPool::start(&config.hashing, ambient.clone())?;
    let environment = Environment::of_process();
    let secrets = SecretSources::default().with_environment(move |name| environment.get(name).map(str::to_owned));
    let apply = Apply::new(store.clone(), hashing, ambient, secrets);
    let apply = match place.data_dir {
        Some(_) => apply,
        None => apply.for_production(),
    };
    let outcomes = apply.run(files, reason).await;
    store.close().await;
    Ok(outcomes)
}

/// Says what was done, and refuses if anything was not.
pub(super) fn report(outcomes: &[RealmOutcome]) -> Result<(), Refusal> {
    let mut failures = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(report) if report.changes.is_empty() => say(&format!("{}: nothing to change", report.slug)),
            Ok(report) => {
                say(&format!("{}: {} changes", report.slug, report.changes.len()));
                for change in &report.changes {
                    say(&format!("  {change}"));
                }
            }
            Err(failure) => failures.push(failure.to_string()),
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(Refusal::Documents(failures.join("\n"))) }
}
