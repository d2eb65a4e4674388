//! `palatine serve`: for production.

use palatine_domain::Ambient;

use super::signals::Signals;
use super::{ServeArgs, load, on_runtime};
use crate::refusal::Refusal;
use crate::server::{Profile, RunningServer, Server};

pub(super) fn run(args: &ServeArgs) -> Result<(), Refusal> {
    let config = load(args.config.config.clone(), flags(args))?;
    on_runtime(&config.clone(), async move {
        let mut signals = Signals::listen()?;
        let opened = tokio::select! {
            opened = Server::bind(config, Profile::Production, Ambient::system()) => opened?,
            () = signals.next() => return Ok(()),
        };
        until_stopped(opened.start()?, signals).await;
        Ok(())
    })
}

fn flags(args: &ServeArgs) -> Vec<(&'static str, String)> {
    let flags = [
        ("server.listen", args.listen.map(|address| address.to_string())),
        ("server.management", args.management.map(|address| address.to_string())),
        ("server.public_url", args.public_url.as_ref().map(ToString::to_string)),
    ];
    flags.into_iter().filter_map(|(key, value)| Some((key, value?))).chain(args.tls.settings()).collect()
}

/// Serves until the first signal, and stops gracefully unless a second one comes.
pub(super) async fn until_stopped(running: RunningServer, mut signals: Signals) {
    tracing::info!(
        listen = %running.main_addr,
        tls = running.tls_addr.map(tracing::field::display),
        management = %running.management_addr,
        public_url = %running.public_url(),
        version = env!("CARGO_PKG_VERSION"),
        "serving"
    );
    if running.public_url().scheme() == "http" {
        tracing::warn!("the public URL is http: cookies go without Secure and are not sent across sites");
    }
    if running.tls_addr.is_some() {
        signals.reload_until_stopped(|| running.reload_certificate()).await;
    } else {
        signals.next().await;
    }
    tracing::info!("stopping: requests under way are finished; a second signal ends at once");
    signals.end_at_the_next();
    running.stop().await;
    tracing::info!("stopped");
}
