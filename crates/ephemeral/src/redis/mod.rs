//! A Redis that all nodes share.

mod bus;
mod ends;
mod leases;
mod link;
mod probe;
mod scripts;

use std::sync::Arc;
use std::time::Duration;

use palatine_domain::{Ambient, Instant};
use redis::Client;

use crate::EphemeralError;
use crate::bus::{BusEvent, Invalidation, Listeners, Subscription};
use crate::key::{Key, Scope};
use crate::lease::Lease;
use crate::limit::{Decision, Limit};
use crate::local_limits::LocalLimits;
use crate::mark::Mark;
use crate::note::{NotePut, NoteSwap};
use crate::session::{self, LARGEST_ENTRY, SessionPut, SessionRead};
use crate::settings::EphemeralSettings;

use self::bus::Bus;
use self::ends::PendingEnds;
use self::leases::NodeLeases;
use self::link::{Connector, Link};
use self::scripts::Scripts;

/// Shared by all nodes; what each node does when it is gone is in [`crate`].
pub(crate) struct Redis {
    ambient: Ambient,
    scripts: Arc<Scripts>,
    link: Link,
    bus: Bus,
    listeners: Listeners,
    ends: Arc<PendingEnds>,
    leases: NodeLeases,
    local: LocalLimits,
}

impl Redis {
    pub(crate) async fn start(client: Client, settings: &EphemeralSettings, ambient: Ambient) -> Self {
        let scripts = Arc::new(Scripts::new());
        let listeners = Listeners::new();
        let ends = Arc::new(PendingEnds::new(settings.max_local_entries, ambient.clone()));
        let known_since = Key::new(&settings.namespace, Scope::Global, "known-since", "");
        let connector =
            Connector::new(client.clone(), settings, ambient.clone(), known_since, scripts.clone(), ends.clone());
        let (link, bus) = tokio::join!(Link::start(connector), Bus::start(client, settings, listeners.clone()));
        Self {
            link,
            bus,
            listeners,
            ends,
            leases: NodeLeases::new(settings.max_local_entries, ambient.clone()),
            local: LocalLimits::new(settings.max_local_entries),
            scripts,
            ambient,
        }
    }

    pub(crate) fn is_reachable(&self) -> bool {
        self.link.is_up()
    }

    pub(crate) async fn mark(&self, key: &Key, lives: Duration) -> Result<Mark, EphemeralError> {
        let set: Option<String> = self
            .link
            .call("mark", |mut live| async move {
                let mut set = redis::cmd("SET");
                set.arg(key.as_str()).arg("1").arg("NX").arg("PX").arg(millis(lives));
                set.query_async(&mut live.connection).await
            })
            .await?;
        Ok(if set.is_some() { Mark::First } else { Mark::Seen })
    }

    pub(crate) async fn note_put(&self, key: &Key, bytes: &[u8], lives: Duration) -> Result<NotePut, EphemeralError> {
        let set: Option<String> = self
            .link
            .call("note_put", |mut live| async move {
                let mut set = redis::cmd("SET");
                set.arg(key.as_str()).arg(bytes).arg("NX").arg("PX").arg(millis(lives));
                set.query_async(&mut live.connection).await
            })
            .await?;
        Ok(if set.is_some() { NotePut::Kept } else { NotePut::Taken })
    }

    pub(crate) async fn note_get(&self, key: &Key) -> Result<Option<Vec<u8>>, EphemeralError> {
        self.link
            .call("note_get", |mut live| async move {
                redis::cmd("GET").arg(key.as_str()).query_async(&mut live.connection).await
            })
            .await
    }

    pub(crate) async fn note_swap(&self, key: &Key, old: &[u8], new: &[u8]) -> Result<NoteSwap, EphemeralError> {
        let scripts = &self.scripts;
        let swapped: bool = self
            .link
            .call("note_swap", |mut live| async move {
                scripts.note_swap.key(key.as_str()).arg(old).arg(new).invoke_async(&mut live.connection).await
            })
            .await?;
        Ok(if swapped { NoteSwap::Done } else { NoteSwap::Changed })
    }

    pub(crate) async fn known_since(&self) -> Result<Instant, EphemeralError> {
        let now = self.ambient.now();
        let scripts = &self.scripts;
        self.link.call("known_since", |mut live| async move { probe::known_since(&mut live, scripts, now).await }).await
    }

    pub(crate) async fn take(&self, key: &Key, limit: &Limit) -> Decision {
        let shared = if limit.is_leased() {
            self.leases.take(&self.link, &self.scripts, key, limit).await
        } else {
            leases::ask(&self.link, &self.scripts, key, limit, leases::Order::TAKE_ONE)
                .await
                .map(leases::Grant::decision)
        };
        shared.unwrap_or_else(|EphemeralError::Unavailable| self.local.take(key, limit, self.ambient.now()))
    }

    pub(crate) async fn look(&self, key: &Key, limit: &Limit) -> Decision {
        if limit.is_leased()
            && let Some(decision) = self.leases.look(key, self.ambient.now())
        {
            return decision;
        }
        let shared = leases::ask(&self.link, &self.scripts, key, limit, leases::Order::LOOK).await;
        match shared {
            Ok(grant) => grant.would_be(),
            Err(EphemeralError::Unavailable) => self.local.look(key, limit, self.ambient.now()),
        }
    }

    pub(crate) async fn refund(&self, key: &Key, limit: &Limit) {
        if limit.is_leased() && self.leases.refund(key, self.ambient.now()) {
            return;
        }
        let shared = leases::ask(&self.link, &self.scripts, key, limit, leases::Order::REFUND_ONE).await;
        if shared.is_err() {
            self.local.refund(key, limit, self.ambient.now());
        }
    }

    pub(crate) async fn session_get(&self, key: &Key) -> SessionRead {
        if self.ends.holds(key.as_str()) {
            return SessionRead::Ended;
        }
        let value: Result<Option<Vec<u8>>, EphemeralError> = self
            .link
            .call("session_get", |mut live| async move {
                redis::cmd("GET").arg(key.as_str()).query_async(&mut live.connection).await
            })
            .await;
        value.map_or(SessionRead::Miss, |value| session::read_value(value.as_deref()))
    }

    pub(crate) async fn session_put(&self, key: &Key, version: i64, bytes: &[u8], lives: Duration) -> SessionPut {
        if bytes.len() > LARGEST_ENTRY {
            return SessionPut::NotKept;
        }
        if self.ends.holds(key.as_str()) {
            return SessionPut::Ended;
        }
        let value = session::write_value(version, bytes);
        let scripts = &self.scripts;
        let put: Result<u8, EphemeralError> = self
            .link
            .call("session_put", |mut live| async move {
                let mut put = scripts.session_put.key(key.as_str());
                put.arg(version).arg(value).arg(millis(lives));
                put.invoke_async(&mut live.connection).await
            })
            .await;
        match put {
            Ok(0) => SessionPut::Kept,
            Ok(1) => SessionPut::Ended,
            Ok(_) => SessionPut::Superseded,
            Err(EphemeralError::Unavailable) => SessionPut::NotKept,
        }
    }

    pub(crate) async fn session_end(&self, key: &Key, lives: Duration) -> Result<(), EphemeralError> {
        // Remembered before it is tried, so that no read of this node can fall in between.
        let until = self.ambient.now().plus(lives);
        self.ends.remember(key.as_str(), until);
        let scripts = &self.scripts;
        let written = self
            .link
            .call("session_end", |mut live| async move {
                ends::write(&mut live.connection, scripts, key.as_str(), lives).await
            })
            .await;
        if written.is_ok() {
            self.ends.forget(key.as_str());
        }
        written
    }

    pub(crate) async fn lease(&self, key: &Key, holder: &str, lives: Duration) -> Result<Lease, EphemeralError> {
        let held = self.ask_lease(key, holder, millis(lives)).await?;
        Ok(if held { Lease::Held } else { Lease::Elsewhere })
    }

    pub(crate) async fn release(&self, key: &Key, holder: &str) -> Result<(), EphemeralError> {
        self.ask_lease(key, holder, 0).await.map(|_was_held| ())
    }

    async fn ask_lease(&self, key: &Key, holder: &str, millis: u64) -> Result<bool, EphemeralError> {
        let scripts = &self.scripts;
        self.link
            .call("lease", |mut live| async move {
                scripts.lease.key(key.as_str()).arg(holder).arg(millis).invoke_async(&mut live.connection).await
            })
            .await
    }

    pub(crate) async fn publish(&self, invalidation: Invalidation) {
        let channel = self.bus.channel();
        let published: Result<i64, EphemeralError> = self
            .link
            .call("publish", |mut live| async move {
                let mut publish = redis::cmd("PUBLISH");
                publish.arg(channel).arg(invalidation.to_wire());
                publish.query_async(&mut live.connection).await
            })
            .await;
        if published.is_err() {
            self.listeners.tell(BusEvent::Invalidation(invalidation));
        }
    }

    pub(crate) fn subscribe(&self) -> Subscription {
        self.listeners.subscribe()
    }
}

/// A life as Redis takes it: at least a millisecond, at most what it can add to its clock.
fn millis(lives: Duration) -> u64 {
    const TEN_YEARS: u64 = 10 * 365 * 24 * 3_600 * 1_000;
    u64::try_from(lives.as_millis()).unwrap_or(TEN_YEARS).clamp(1, TEN_YEARS)
}
