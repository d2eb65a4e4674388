//! `palatine apply`: makes realms what their documents say, in the database of a configuration or of `palatine dev`.

use palatine_admin_api::document::SourceFile;
use palatine_admin_api::engine::SecretSources;
use palatine_admin_api::engine::difference::Difference;
use palatine_admin_api::ops::apply::{Apply, ApplyOptions, Prune, RealmOutcome, RealmReport, Reason};
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
    let options = options(args);
    let outcomes = on_runtime(&config, apply(&args.store, &config, &files, &reason, options))?;
    if !options.dry_run {
        return report(&outcomes);
    }
    for report in outcomes.iter().flatten() {
        say(&shown(report));
    }
    failures(&outcomes)?;
    let drifted = outcomes.iter().flatten().any(|report| !report.changes.is_empty());
    if args.check && drifted { Err(Refusal::Drifted) } else { Ok(()) }
}

fn options(args: &ApplyArgs) -> ApplyOptions {
    let prune = match (args.prune, args.prune_users) {
        (false, _) => Prune::Nothing,
        (true, false) => Prune::Configuration,
        (true, true) => Prune::UsersToo,
    };
    ApplyOptions { prune, dry_run: args.dry_run || args.check }
}

/// What a dry run found: each change, and what of it differs.
fn shown(report: &RealmReport) -> String {
    if report.changes.is_empty() {
        return format!("{}: nothing to change", report.slug);
    }
    let mut text = format!("{}: {} changes; nothing was written", report.slug, report.changes.len());
    for change in &report.changes {
        text.push_str("\n  ");
        text.push_str(&change.to_string());
        for difference in change.differences() {
            text.push_str(&lines(&difference));
        }
    }
    text
}

fn lines(difference: &Difference) -> String {
    let line = |sign: char, value: &Option<serde_json::Value>| {
        value.as_ref().map(|value| format!("\n    {sign} {}: {value}", difference.at)).unwrap_or_default()
    };
    line('-', &difference.before) + &line('+', &difference.after)
}

async fn apply(
    place: &StoreArgs,
    config: &Config,
    files: &[SourceFile],
    reason: &Reason,
    options: ApplyOptions,
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
    let apply = Apply::new(store.clone(), hashing, ambient, secrets).with_options(options);
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
    for report in outcomes.iter().flatten() {
        if report.changes.is_empty() {
            say(&format!("{}: nothing to change", report.slug));
            continue;
        }
        say(&format!("{}: {} changes", report.slug, report.changes.len()));
        for change in &report.changes {
            say(&format!("  {change}"));
        }
    }
    failures(outcomes)
}

fn failures(outcomes: &[RealmOutcome]) -> Result<(), Refusal> {
    let failures: Vec<String> =
        outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).map(ToString::to_string).collect();
    if failures.is_empty() { Ok(()) } else { Err(Refusal::Documents(failures.join("\n"))) }
}
