//! `palatine keys`: a realm's signing keys, while it is served or not. The nodes hear of a change within a second.

use palatine_admin_api::ops::apply::Reason;
use palatine_admin_api::ops::keys::{self, RetireKeys, RotateKeys, ShownKey};
use palatine_domain::audit::Actor;
use palatine_domain::{Ambient, Instant};
use palatine_ephemeral::Ephemeral;
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_realm::{DemoRealms, Realm, Resolver};
use palatine_store::Store;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{KeysCommand, RealmArgs, data_folder, on_runtime, say};
use crate::config::Config;
use crate::refusal::Refusal;
use crate::services::check_seal;

pub(super) fn run(command: KeysCommand) -> Result<(), Refusal> {
    match command {
        KeysCommand::List { realm } => list(&realm),
        KeysCommand::Rotate { realm, algorithm, reason } => {
            rotate(&realm, RotateKeys { algorithm }, &operator(&reason)?)
        }
        KeysCommand::Retire { realm, which, reason } => {
            let which = match (which.kid, which.algorithm) {
                (Some(kid), _) => RetireKeys::Kid(kid),
                (None, Some(algorithm)) => RetireKeys::Algorithm(algorithm),
                (None, None) => RetireKeys::All,
            };
            retire(&realm, &which, &operator(&reason)?)
        }
    }
}

fn list(args: &RealmArgs) -> Result<(), Refusal> {
    let shown = on_realm(args, async |realm| keys::list(realm).await.map_err(refused))?;
    if shown.is_empty() {
        say("This realm has no keys yet: they are made when the first token or its key set is asked for.");
    }
    for key in &shown {
        say(&line(key));
    }
    Ok(())
}

fn rotate(args: &RealmArgs, request: RotateKeys, actor: &Actor) -> Result<(), Refusal> {
    let made = on_realm(args, async |realm| keys::rotate(realm, &request, actor).await.map_err(refused))?;
    if made.is_empty() {
        say("Nothing to rotate: every key that was meant has a successor already, or there is none.");
    }
    for key in &made {
        say(&line(key));
    }
    Ok(())
}

fn retire(args: &RealmArgs, which: &RetireKeys, actor: &Actor) -> Result<(), Refusal> {
    let retired = on_realm(args, async |realm| keys::retire(realm, which, actor).await.map_err(refused))?;
    if retired.is_empty() {
        say("There is no such key.");
    }
    for key in &retired {
        match &key.signs_now {
            Some(other) => say(&format!("{} {} is out of use; {other} signs now", key.algorithm, key.kid)),
            None => say(&format!("{} {} is out of use", key.algorithm, key.kid)),
        }
    }
    Ok(())
}

fn operator(reason: &str) -> Result<Actor, Refusal> {
    let reason = Reason::parse(reason).map_err(|error| Refusal::Command(format!("--reason: {error}")))?;
    Ok(Actor::Operator(reason.as_str().to_owned()))
}

fn refused(error: impl std::fmt::Display) -> Refusal {
    Refusal::Command(error.to_string())
}

/// Opens the realm in the database that the command names, and works on it.
fn on_realm<T>(args: &RealmArgs, work: impl AsyncFnOnce(&Realm) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let config = data_folder::keyed_config_of(&args.store)?;
    on_runtime(&config, async {
        let store = open(&config).await?;
        let realm = find(&config, &store, &args.realm).await?;
        let done = work(&realm).await;
        store.close().await;
        done
    })
}

pub(super) async fn open(config: &Config) -> Result<Store, Refusal> {
    let store = Store::connect(&config.database, Ambient::system()).await?;
    let pending = store.pending_migrations().await?;
    if pending.is_empty() { Ok(store) } else { Err(Refusal::PendingMigrations(pending)) }
}

async fn find(config: &Config, store: &Store, slug: &str) -> Result<Realm, Refusal> {
    let masters = config
        .master_keys()
        .map_err(|error| Refusal::Setting { section: "master_key", what: format!("key: {error}") })?;
    check_seal(store, &masters).await?;
    let ambient = store.ambient().clone();
    // Where the realm is served does not matter to its keys.
    let mut settings = config.resolver_settings(config.realms.public_url.clone());
    // A command serves nobody: it finds every realm.
    settings.demo_realms = DemoRealms::Served;
    let resolver = Resolver::new(settings, store.clone(), Ephemeral::memory(ambient.clone()), masters, ambient)
        .map_err(|error| Refusal::Setting { section: "realms", what: error.to_string() })?;
    resolver.by_slug(slug).await.map_err(|error| Refusal::Command(format!("{slug}: {error}")))
}

/// One key: its `kid`, what it does, and when that changes.
fn line(key: &ShownKey) -> String {
    let mut facts = vec![format!("signs from {}", shown(key.active_from))];
    facts.extend(key.rotates_at.map(|at| format!("successor due {}", shown(at))));
    facts.extend(key.published_until.map(|at| format!("published until {}", shown(at))));
    format!("{:<6} {:<9} {}  {}", key.algorithm.as_str(), key.state.as_str(), key.kid, facts.join(", "))
}

fn shown(at: Instant) -> String {
    let time = OffsetDateTime::from_unix_timestamp(at.as_seconds()).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| at.as_seconds().to_string())
}

/// For the command line: one of the algorithms, as it is written in a key set.
pub(super) fn parse_algorithm(text: &str) -> Result<SigningAlgorithm, String> {
    let known = SigningAlgorithm::ALL.iter().copied();
    known.clone().find(|algorithm| algorithm.as_str() == text).ok_or_else(|| {
        format!("expected one of {}", known.map(SigningAlgorithm::as_str).collect::<Vec<_>>().join(", "))
    })
}
