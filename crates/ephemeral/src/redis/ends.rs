//! Ended sessions that Redis has not been told of.

use std::time::Duration;

use palatine_domain::{Ambient, Instant};
use redis::RedisResult;
use redis::aio::MultiplexedConnection;

use super::millis;
use super::scripts::Scripts;
use crate::bounded::{Bounded, Expires, WhenFull};
use crate::telemetry;

/// Tombstones that this node has to write as soon as it can; until then it honours them alone.
pub(super) struct PendingEnds {
    ambient: Ambient,
    pending: Bounded<Until>,
}

struct Until(Instant);

impl Expires for Until {
    fn expires_at(&self) -> Instant {
        self.0
    }
}

impl PendingEnds {
    pub(super) fn new(entries: usize, ambient: Ambient) -> Self {
        Self { ambient, pending: Bounded::new("session-ends", entries, WhenFull::Evict) }
    }

    pub(super) fn remember(&self, key: &str, until: Instant) {
        let _ = self.pending.change(key, self.ambient.now(), |slot| {
            let until = slot.as_ref().map_or(until, |there: &Until| there.0.max(until));
            *slot = Some(Until(until));
        });
    }

    pub(super) fn forget(&self, key: &str) {
        self.pending.remove(key);
    }

    pub(super) fn holds(&self, key: &str) -> bool {
        self.pending.read(key, self.ambient.now(), |until| until.is_some())
    }

    /// Writes them all. On an error the rest stays pending.
    pub(super) async fn write_all(&self, connection: &mut MultiplexedConnection, scripts: &Scripts) -> RedisResult<()> {
        let written = self.write_each(connection, scripts).await;
        telemetry::ends_pending(self.pending.names(self.ambient.now()).len());
        written
    }

    async fn write_each(&self, connection: &mut MultiplexedConnection, scripts: &Scripts) -> RedisResult<()> {
        let now = self.ambient.now();
        for key in self.pending.names(now) {
            if let Some(until) = self.pending.read(&key, now, |until| until.map(|until| until.0)) {
                write(connection, scripts, &key, now.until(until)).await?;
                self.forget(&key);
            }
        }
        Ok(())
    }
}

/// Writes one tombstone.
pub(super) async fn write(
    connection: &mut MultiplexedConnection,
    scripts: &Scripts,
    key: &str,
    lives: Duration,
) -> RedisResult<()> {
    scripts.session_end.key(key).arg(millis(lives)).invoke_async(connection).await
}
