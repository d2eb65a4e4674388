//! How this node hears that a realm has changed: at once from its own transactions, soon from the bus, and within a
//! second from the database, which is asked for ever and makes up for whatever the others lost.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use palatine_domain::Instant;
use palatine_ephemeral::{BusEvent, Invalidation};
use palatine_store::StoreError;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant as Monotonic, MissedTickBehavior};

use palatine_domain::tenant::TenantVersion;

use crate::resolver::Resolver;
use crate::settings::ResolverSettings;
use crate::telemetry;

/// How far this node can be behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// How long ago the database last said what has changed. Measured by a clock that nobody sets: the wall clock's
    /// jumps make a node neither fresh nor stale.
    pub age: Duration,
    /// What follows.
    pub state: FreshnessState,
}

/// What follows from the age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreshnessState {
    /// All is well.
    Fresh,
    /// Readiness and metrics say so; requests are served.
    Stale,
    /// A client or realm may have been disabled without this node knowing: it stops issuing.
    StopIssuing,
}

/// When the last question was answered, and after how long without an answer what follows.
#[derive(Debug)]
pub(crate) struct LastPoll {
    at: Mutex<Monotonic>,
    stale_after: Duration,
    stop_issuing_after: Duration,
}

impl LastPoll {
    pub(crate) fn now(settings: &ResolverSettings) -> Self {
        Self {
            at: Mutex::new(Monotonic::now()),
            stale_after: Duration::from_secs(settings.stale_after_seconds),
            stop_issuing_after: Duration::from_secs(settings.stop_issuing_after_seconds),
        }
    }

    fn set(&self) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = Monotonic::now();
    }

    pub(crate) fn freshness(&self) -> Freshness {
        self.after(self.at.lock().unwrap_or_else(PoisonError::into_inner).elapsed())
    }

    fn after(&self, age: Duration) -> Freshness {
        let state = if age >= self.stop_issuing_after {
            FreshnessState::StopIssuing
        } else if age >= self.stale_after {
            FreshnessState::Stale
        } else {
            FreshnessState::Fresh
        };
        Freshness { age, state }
    }
}

impl Resolver {
    /// How far this node can be behind.
    pub fn freshness(&self) -> Freshness {
        self.0.services.last_poll.freshness()
    }

    /// Hears of changes until `shutdown` resolves: polls the database, follows the bus, and tells the other nodes what
    /// this one has changed. Run it once, on the main runtime.
    pub async fn run_invalidation(&self, shutdown: impl Future<Output = ()>) {
        let poll_now = Notify::new();
        tokio::select! {
            () = shutdown => {}
            () = self.poll_for_ever(&poll_now) => {}
            () = self.follow_bus(&poll_now) => {}
            () = self.tell_others() => {}
        }
    }

    /// Makes RSA keys ahead until `shutdown` resolves, so that a realm's first token does not wait for one. Run it
    /// once.
    pub async fn run_key_pool(&self, shutdown: impl Future<Output = ()>) {
        tokio::select! {
            () = shutdown => {}
            () = self.0.services.rsa.refill() => {}
        }
    }

    /// Asks the database once what has changed: what [`Resolver::run_invalidation`] does every second.
    ///
    /// Each question reaches back to before the last one that was answered, so that nothing is missed when some are
    /// not.
    pub async fn poll(&self) -> Result<(), StoreError> {
        let now = self.0.services.ambient.now();
        let asked_up_to = Instant::from_micros(self.0.asked_up_to.load(Ordering::SeqCst));
        let since = now.min(asked_up_to).minus(self.0.settings.poll_overlap());
        for change in self.0.services.store.versions_since(since).await? {
            self.heard(Invalidation { tenant: change.tenant, version: change.version.0 }, "poll");
        }
        self.0.asked_up_to.store(now.as_micros(), Ordering::SeqCst);
        self.0.services.last_poll.set();
        Ok(())
    }

    /// Takes in what this node has committed, before a realm is looked up: whoever changes something and then uses it,
    /// on one node, sees the change.
    pub(crate) fn hear_own_changes(&self) {
        let mut own_changes = self.0.own_changes.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match own_changes.try_recv() {
                Ok(change) => self.heard(Invalidation { tenant: change.tenant, version: change.version.0 }, "local"),
                Err(TryRecvError::Lagged(_)) => self.0.realms.versions.forget(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn heard(&self, change: Invalidation, source: &'static str) {
        if self.0.realms.versions.raise(change.tenant, TenantVersion(change.version)) {
            telemetry::invalidation(source);
        }
    }

    async fn poll_for_ever(&self, poll_now: &Notify) {
        let mut every = tokio::time::interval(self.0.settings.poll_interval());
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            tokio::select! {
                _ = every.tick() => {}
                () = poll_now.notified() => {}
            }
            match self.poll().await {
                Ok(()) if failing => tracing::info!("changes of realms are heard of again"),
                Ok(()) => {}
                Err(error) => {
                    telemetry::poll_failure();
                    if !failing {
                        tracing::warn!(%error, "the database does not say which realms have changed");
                    }
                    failing = true;
                    telemetry::poll_age(self.freshness().age);
                    continue;
                }
            }
            failing = false;
            telemetry::poll_age(self.freshness().age);
        }
    }

    async fn follow_bus(&self, poll_now: &Notify) {
        let mut bus = self.0.services.ephemeral.global().subscribe();
        while let Some(event) = bus.next().await {
            match event {
                BusEvent::Invalidation(change) => self.heard(change, "bus"),
                BusEvent::Gap => poll_now.notify_one(),
            }
        }
        std::future::pending::<()>().await;
    }

    async fn tell_others(&self) {
        let mut changes = self.0.services.store.version_changes();
        loop {
            match changes.recv().await {
                Ok(change) => {
                    let invalidation = Invalidation { tenant: change.tenant, version: change.version.0 };
                    self.0.services.ephemeral.global().publish(invalidation).await;
                }
                // The other nodes poll.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_without_answers_is_stale_and_then_stops_issuing() {
        let settings = ResolverSettings::new("https://id.example.com".parse().unwrap());
        let last_poll = LastPoll::now(&settings);
        let state = |seconds| last_poll.after(Duration::from_secs(seconds)).state;
        assert_eq!([state(0), state(4)], [FreshnessState::Fresh; 2]);
        assert_eq!([state(5), state(59)], [FreshnessState::Stale; 2]);
        assert_eq!(state(60), FreshnessState::StopIssuing);
    }
}
