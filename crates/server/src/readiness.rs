//! Whether this node should be sent requests, and what is wrong if not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use palatine_realm::FreshnessState;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::services::Services;

/// How long an answer is given again: health can be asked by anybody, and must not become load on the database.
const KEPT: Duration = Duration::from_secs(1);

/// How long the database may take to show a sign of life.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// The state of one thing that requests need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// All is well.
    Ok,
    /// Requests are served, with less.
    Degraded,
    /// Requests are not served as they should be.
    Failed,
}

/// The state of everything that requests need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Checks {
    /// The database answers.
    pub database: Check,
    /// Its schema is at least this program's.
    pub migrations: Check,
    /// This node hears of changes of realms.
    pub configuration: Check,
    /// Redis answers, if there is one. Degraded without: see the table of what works.
    pub ephemeral: Check,
    /// The node is not being stopped.
    pub serving: Check,
}

impl Checks {
    /// Whether the node should be sent requests.
    pub fn are_ready(self) -> bool {
        ![self.database, self.migrations, self.configuration, self.serving].contains(&Check::Failed)
    }
}

/// Answers the question of readiness, at most once a second anew.
#[derive(Debug)]
pub struct Readiness {
    services: Services,
    draining: AtomicBool,
    migrated: AtomicBool,
    last: Mutex<Option<(Instant, Checks)>>,
}

impl Readiness {
    pub(crate) fn new(services: Services) -> Self {
        Self { services, draining: AtomicBool::new(false), migrated: AtomicBool::new(false), last: Mutex::default() }
    }

    /// From now on the answer is no.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether the node is being stopped.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// The state of everything.
    pub async fn checks(&self) -> Checks {
        let mut last = self.last.lock().await;
        let kept = last.filter(|(at, _)| at.elapsed() < KEPT);
        let checks = if let Some((_, checks)) = kept {
            checks
        } else {
            let checks = self.look().await;
            *last = Some((Instant::now(), checks));
            checks
        };
        let serving = if self.is_draining() { Check::Failed } else { Check::Ok };
        Checks { serving, ..checks }
    }

    async fn look(&self) -> Checks {
        let database = match timeout(PING_TIMEOUT, self.services.store.ping()).await {
            Ok(Ok(())) => Check::Ok,
            Ok(Err(_)) | Err(_) => Check::Failed,
        };
        let ephemeral = if self.services.ephemeral.health().reachable { Check::Ok } else { Check::Degraded };
        let configuration = match self.services.resolver.freshness().state {
            FreshnessState::Fresh => Check::Ok,
            FreshnessState::Stale => Check::Degraded,
            FreshnessState::StopIssuing => Check::Failed,
        };
        let migrations = self.migrations(database).await;
        Checks { database, migrations, configuration, ephemeral, serving: Check::Ok }
    }

    /// Migrations are not undone, so one good answer is enough.
    async fn migrations(&self, database: Check) -> Check {
        if self.migrated.load(Ordering::SeqCst) {
            return Check::Ok;
        }
        if database == Check::Failed {
            return Check::Degraded;
        }
        match timeout(PING_TIMEOUT, self.services.store.pending_migrations()).await {
            Ok(Ok(pending)) if pending.is_empty() => {
                self.migrated.store(true, Ordering::SeqCst);
                Check::Ok
            }
            _ => Check::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Checks = Checks {
        database: Check::Ok,
        migrations: Check::Ok,
        configuration: Check::Ok,
        ephemeral: Check::Ok,
        serving: Check::Ok,
    };

    #[test]
    fn a_node_without_redis_is_ready_and_one_without_database_is_not() {
        assert!(WELL.are_ready());
        assert!(Checks { ephemeral: Check::Degraded, configuration: Check::Degraded, ..WELL }.are_ready());
        assert!(!Checks { database: Check::Failed, ..WELL }.are_ready());
        assert!(!Checks { migrations: Check::Failed, ..WELL }.are_ready());
        assert!(!Checks { configuration: Check::Failed, ..WELL }.are_ready());
        assert!(!Checks { serving: Check::Failed, ..WELL }.are_ready());
    }
}
