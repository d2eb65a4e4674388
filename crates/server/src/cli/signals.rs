//! SIGTERM and SIGINT: the first ends the server gracefully, the second at once. SIGHUP has the TLS certificate loaded
//! again; without one it ends the process, as ever.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::refusal::Refusal;

/// The exit code of a process that was ended by its user: 128 and SIGINT's number.
const ENDED: i32 = 130;

/// Both signals.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on neither of them ends the process by itself.
    pub(super) fn listen() -> Result<Self, Refusal> {
        let listen = |kind| signal(kind).map_err(|error| Refusal::System("signals cannot be listened for", error));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for the next one, and calls `reload` at every SIGHUP until then.
    pub(super) async fn reload_until_stopped(&mut self, reload: impl Fn()) {
        let mut hang_up = match signal(SignalKind::hangup()) {
            Ok(hang_up) => hang_up,
            Err(error) => {
                tracing::warn!(%error, "SIGHUP cannot be listened for; changed certificate files are noticed all the same");
                return self.next().await;
            }
        };
        loop {
            tokio::select! {
                () = self.next() => return,
                _ = hang_up.recv() => reload(),
            }
        }
    }

    /// Ends the process at the next one, whatever is under way.
    pub(super) fn end_at_the_next(mut self) {
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("a second signal: ending at once");
            std::process::exit(ENDED);
        });
    }
}
