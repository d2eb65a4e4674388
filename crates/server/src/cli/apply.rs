//! `palatine apply`: makes realms what their documents say, in the database of a configuration or of `palatine dev`, or at
//! a server by its API.

use palatine_admin_api::document::SourceFile;
use palatine_admin_api::engine::SecretSources;
use palatine_admin_api::ops::apply::{
    Apply, ApplyOptions, Prune, RealmFailure, RealmOutcome, Reason, ReportView, prepare,
};
use palatine_authn::HashPool;
use palatine_domain::Ambient;
use palatine_store::Store;
use url::Url;

use super::remote::Remote;
use super::{ApplyArgs, StoreArgs, data_folder, documents, load, on_runtime, quiet, say};
use crate::config::{Config, Environment};
use crate::refusal::Refusal;

/// What came of one document, here or at a server.
type Outcome = Result<ReportView, RealmFailure>;

pub(super) fn run(args: &ApplyArgs) -> Result<(), Refusal> {
    let reason = Reason::parse(&args.reason).map_err(|error| Refusal::Documents(format!("--reason: {error}")))?;
    let files = documents::read(&args.file)?;
    let options = options(args);
    let outcomes = match &args.remote.server {
        Some(server) => at_server(args, server, &files, &reason, options)?,
        None => here(&args.store, &files, &reason, options)?,
    };
    tell(&outcomes)?;
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

/// Where `env:NAME` is looked up.
fn secrets() -> SecretSources {
    let environment = Environment::of_process();
    SecretSources::default().with_environment(move |name| environment.get(name).map(str::to_owned))
}

/// In the database.
fn here(
    store: &StoreArgs,
    files: &[SourceFile],
    reason: &Reason,
    options: ApplyOptions,
) -> Result<Vec<Outcome>, Refusal> {
    let config = data_folder::config_of(store)?;
    let outcomes = on_runtime(&config, apply(store, &config, files, reason, options))?;
    let shown = |report| ReportView::of(&report, options.dry_run);
    Ok(outcomes.into_iter().map(|outcome| outcome.map(shown)).collect())
}

/// By the server's API: what the documents point at is found here, and sent.
fn at_server(
    args: &ApplyArgs,
    server: &Url,
    files: &[SourceFile],
    reason: &Reason,
    options: ApplyOptions,
) -> Result<Vec<Outcome>, Refusal> {
    let config = quiet(load(None, Vec::new())?);
    let remote = Remote::new(&args.remote, server, &Environment::of_process())?;
    on_runtime(&config, async {
        let mut outcomes = Vec::new();
        for prepared in prepare(files, &secrets()).await {
            outcomes.push(match prepared {
                Ok(prepared) => remote.apply(&prepared, options, reason).await,
                Err(failure) => Err(failure),
            });
        }
        Ok(outcomes)
    })
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
    let apply = Apply::new(store.clone(), hashing, ambient, secrets()).with_options(options);
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
        say(&ReportView::of(report, false).to_text());
    }
    failures(outcomes)
}

/// The same of a run that may have been dry.
fn tell(outcomes: &[Outcome]) -> Result<(), Refusal> {
    for report in outcomes.iter().flatten() {
        say(&report.to_text());
    }
    failures(outcomes)
}

fn failures<T>(outcomes: &[Result<T, RealmFailure>]) -> Result<(), Refusal> {
    let failures: Vec<String> =
        outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).map(ToString::to_string).collect();
    if failures.is_empty() { Ok(()) } else { Err(Refusal::Documents(failures.join("\n"))) }
}
