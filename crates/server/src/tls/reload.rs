//! Another certificate takes the place of the current one while the server serves, as soon as its files hold it.
//!
//! What is looked at is what the files hold, not their dates: a renewal may put a link in the place of another, and some
//! file systems keep dates badly. A pair that cannot be used leaves the current one where it is.

use std::sync::Arc;
use std::time::Duration;

use palatine_domain::Ambient;
use tokio::sync::Notify;
use tokio::time::sleep;
use url::Url;

use super::certificates::Certificates;
use super::concerns;
use super::pair::{Fingerprint, Pair, PairError, PairFiles};

/// Asks for the files to be looked at now.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReloadRequest(Arc<Notify>);

impl ReloadRequest {
    /// Asks.
    pub(crate) fn ask(&self) {
        self.0.notify_one();
    }
}

/// Looks at the files again and again.
pub(crate) struct Reloader {
    pub(crate) files: PairFiles,
    pub(crate) certificates: Arc<Certificates>,
    pub(crate) public_url: Url,
    pub(crate) every: Duration,
    pub(crate) request: ReloadRequest,
    pub(crate) ambient: Ambient,
}

/// Why the files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occasion {
    /// It is time again: what was seen before is not worth a word.
    Time,
    /// Somebody asked, and wants an answer.
    Asked,
}

/// What the files held when they were last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Unreadable,
    Contents(Fingerprint),
}

impl Reloader {
    /// Goes on until it is dropped.
    pub(crate) async fn watch(self) {
        let mut seen = Seen::Contents(self.certificates.fingerprint());
        loop {
            let occasion = tokio::select! {
                () = sleep(self.every) => Occasion::Time,
                () = self.request.0.notified() => Occasion::Asked,
            };
            seen = self.look(seen, occasion).await;
        }
    }

    async fn look(&self, before: Seen, occasion: Occasion) -> Seen {
        let files = self.files.clone();
        // The files may be on a disk that is slow to answer.
        let Ok(read) = tokio::task::spawn_blocking(move || files.read()).await else { return before };
        let now = read.as_ref().map_or(Seen::Unreadable, |contents| Seen::Contents(contents.fingerprint()));
        if now == before && occasion == Occasion::Time {
            return now;
        }
        match read.and_then(|contents| Pair::of(&contents, &self.files)) {
            Ok(pair) => self.take(pair),
            Err(error) => refuse(&error),
        }
        now
    }

    fn take(&self, pair: Pair) {
        for concern in concerns(&pair, Some(&self.public_url), self.ambient.now()) {
            tracing::warn!("{concern}");
        }
        self.certificates.replace(pair);
        tracing::info!(file = %self.files.certificate.display(), "the TLS certificate was loaded again");
        count("loaded");
    }
}

fn refuse(error: &PairError) {
    tracing::error!(%error, "the TLS certificate was not loaded again: the previous one stays");
    count("refused");
}

fn count(outcome: &'static str) {
    metrics::counter!("palatine_tls_certificate_reloads_total", "outcome" => outcome).increment(1);
}
