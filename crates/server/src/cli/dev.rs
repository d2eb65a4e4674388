//! `palatine dev`: demo realms from a folder of its own, on this machine alone.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_admin_api::document::SourceFile;
use palatine_admin_api::engine::{ChangeKind, SecretSources, What};
use palatine_admin_api::ops::apply::{Apply, RealmOutcome, RealmReport, Reason};
use palatine_domain::{Ambient, SecretText};
use palatine_login_ui::dev::{DevRealmInfo, start_url};
use palatine_outbound::AllowedPlace;
use palatine_store::Store;

use super::data_folder::{DECIDED, DataFolder, FolderKey};
use super::serve::until_stopped;
use super::signals::Signals;
use super::{DevArgs, documents, on_runtime, say};
use crate::config::{Config, Environment, Sources};
use crate::demo;
use crate::refusal::Refusal;
use crate::server::{Profile, RunningServer, Server};
use crate::sockets::Sockets;

/// Where realms are served over plain HTTP, unless they are served over TLS.
const PLAIN: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080));

pub(super) fn run(args: DevArgs) -> Result<(), Refusal> {
    let config = config(&args)?;
    if !args.i_know {
        let listeners = [config.server.listen, config.server.tls.listen, Some(config.server.management)];
        refuse_if_reachable(listeners.into_iter().flatten())?;
    }
    on_runtime(&config.clone(), serve(args, config))
}

/// Everybody knows the demo passwords.
fn refuse_if_reachable(mut addresses: impl Iterator<Item = SocketAddr>) -> Result<(), Refusal> {
    match addresses.find(|address| !address.ip().to_canonical().is_loopback()) {
        Some(reachable) => Err(Refusal::NotLoopback(reachable)),
        None => Ok(()),
    }
}

/// The defaults, what the environment says of the rest, and the flags.
fn config(args: &DevArgs) -> Result<Config, Refusal> {
    let (environment, ignored) = Environment::of_process().without_sections(&DECIDED);
    if !ignored.is_empty() {
        eprintln!("palatine: `palatine dev` keeps everything in its data folder and ignores {}", ignored.join(", "));
    }
    let plain = args.listen.or(args.tls.listen.is_none().then_some(PLAIN));
    let mut flags = vec![
        ("server.listen", plain.map_or_else(String::new, |address| address.to_string())),
        ("server.management", args.management.to_string()),
    ];
    flags.extend(args.tls.settings());
    flags.extend(args.public_url.as_ref().map(|url| ("server.public_url", url.to_string())));
    // Nobody balances load in front of it, and whoever pressed Ctrl-C waits.
    let command =
        vec![("server.shutdown_delay_seconds", "0".to_owned()), ("server.shutdown_grace_seconds", "5".to_owned())];
    Ok(Config::load(Sources { file: None, environment, command, flags })?)
}

async fn serve(args: DevArgs, mut config: Config) -> Result<(), Refusal> {
    let mut signals = Signals::listen()?;
    let ambient = Ambient::system();
    // The ports first: if another `palatine dev` has them, nothing is touched.
    let sockets = Sockets::bind(&config.server)?;
    let (folder, _lock) = DataFolder::take(&args.data_dir)?;
    let key = folder.master_key(&ambient)?;
    config.database = folder.database(config.database);
    config.master_key.key = Some(key.text());
    // A developer's own application answers on this machine, over plain HTTP.
    if config.outbound.allowed.is_empty() {
        config.outbound.allowed = AllowedPlace::loopback().into();
    }
    let documents = documents::read(&args.apply)?;
    let begun = begin(sockets, config, &key, documents, ambient);
    let server = tokio::select! {
        begun = begun => begun?,
        () = signals.next() => return Ok(()),
    };
    let running = server.start()?;
    say(&greeting(&running, &demo::realms()?));
    until_stopped(running, signals).await;
    Ok(())
}

/// Opens the folder's database and fills it.
async fn begin(
    sockets: Sockets,
    config: Config,
    key: &FolderKey,
    documents: Vec<SourceFile>,
    ambient: Ambient,
) -> Result<Server, Refusal> {
    Store::migrate(&config.database).await?;
    let opened = Server::open(sockets, config, Profile::Development, ambient).await;
    let server = opened.map_err(|refusal| match refusal {
        Refusal::SealedWithAnother { missing, .. } => {
            Refusal::SealedWithAnother { place: key.path().display().to_string(), missing }
        }
        other => other,
    })?;
    key.keep()?;
    apply(&server, documents).await?;
    Ok(server)
}

/// Applies the demo realms and the given documents. Says the operator's password as soon as the operator was made:
/// whatever fails afterwards, nobody could ever say it again.
async fn apply(server: &Server, mut documents: Vec<SourceFile>) -> Result<(), Refusal> {
    let services = server.services();
    let password = SecretText::new(URL_SAFE_NO_PAD.encode(services.ambient.bytes::<18>()));
    let environment = Environment::of_process();
    let secrets = SecretSources::default()
        .with_environment(move |name| environment.get(name).map(str::to_owned))
        .with_generated(demo::OPERATOR_SECRET, password.clone());
    let apply = Apply::new(services.store.clone(), services.hashing.clone(), services.ambient.clone(), secrets);
    let reason = Reason::parse("palatine dev").map_err(|error| Refusal::Documents(error.to_string()))?;
    documents.extend(demo::sources());
    let tell = |outcome: &RealmOutcome| {
        if made_the_operator(outcome) {
            say(&operator_password(&password));
        }
    };
    let outcomes = apply.run_telling(&documents, &reason, tell).await;
    let failures: Vec<String> =
        outcomes.iter().filter_map(|outcome| Some(outcome.as_ref().err()?.to_string())).collect();
    if failures.is_empty() { Ok(()) } else { Err(Refusal::Documents(failures.join("\n"))) }
}

fn made_the_operator(outcome: &RealmOutcome) -> bool {
    let made = |report: &RealmReport| {
        report.slug.as_str() == "system"
            && report.changes.iter().any(|change| {
                change.what == What::User && change.kind == ChangeKind::Created && change.name == demo::OPERATOR
            })
    };
    outcome.as_ref().is_ok_and(made)
}

fn operator_password(password: &SecretText) -> String {
    format!(
        "\n  The operator of the realm system is {} / {}\n  This password is shown now and never again.",
        demo::OPERATOR,
        password.expose()
    )
}

/// Where to go, in plain words.
fn greeting(running: &RunningServer, realms: &[DevRealmInfo]) -> String {
    let mut lines = vec![
        String::new(),
        "Palatine is running, with demo realms whose passwords everybody knows.".to_owned(),
        String::new(),
        format!("  Start page  {}", start_url(running.public_url())),
        format!("  Health      http://{}/health/ready", running.management_addr),
        format!("  Metrics     http://{}/metrics", running.management_addr),
        String::new(),
    ];
    for realm in realms {
        lines.push(format!("  {}  {}", realm.display_name, running.services.resolver.issuer_of(&realm.slug)));
        for user in &realm.users {
            let password = user.password.as_deref().unwrap_or("(unknown)");
            lines.push(format!("    sign in as {} / {password}", user.identifier));
        }
    }
    lines.push(String::new());
    lines.push("Press Ctrl-C to stop.".to_owned());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demo_realms_are_served_to_this_machine_alone() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        for good in ["127.0.0.1:8080", "[::1]:0", "127.0.0.53:1", "[::ffff:127.0.0.1]:1"] {
            assert!(refuse_if_reachable([address(good)].into_iter()).is_ok(), "{good}");
        }
        for bad in ["0.0.0.0:8080", "[::]:8080", "192.168.1.2:80"] {
            let refusal = refuse_if_reachable([address("127.0.0.1:1"), address(bad)].into_iter()).unwrap_err();
            assert!(refusal.to_string().contains(bad) && refusal.to_string().contains("--i-know"), "{refusal}");
            assert_eq!(refusal.exit_code(), 3);
        }
    }
}
