//! What belongs to no tenant.

use std::time::Duration;

use palatine_domain::Instant;

use crate::bus::{BusEvent, Invalidation, Subscription};
use crate::key::{Key, Scope};
use crate::{Backend, Decision, Ephemeral, EphemeralError, Lease, Limit};

/// The bus, leases, and limits on requests that name no known realm; see [`Ephemeral::global`].
#[derive(Clone, Copy, Debug)]
pub struct GlobalEphemeral<'a> {
    pub(crate) ephemeral: &'a Ephemeral,
}

impl GlobalEphemeral<'_> {
    /// Tells all nodes, this one too, that a tenant's configuration has changed. Best effort: without Redis only
    /// this node hears it.
    pub async fn publish(&self, invalidation: Invalidation) {
        match &self.ephemeral.backend {
            Backend::Memory(memory) => memory.listeners.tell(BusEvent::Invalidation(invalidation)),
            Backend::Redis(redis) => redis.publish(invalidation).await,
        }
    }

    /// Listens to the bus from now on.
    pub fn subscribe(&self) -> Subscription {
        match &self.ephemeral.backend {
            Backend::Memory(memory) => memory.listeners.subscribe(),
            Backend::Redis(redis) => redis.subscribe(),
        }
    }

    /// Since when the store remembers everything: the first use after it was started, flushed, restarted or
    /// replaced, by the clock of the node that came first.
    ///
    /// Read it after setting a mark, never before: a flush in between then shows.
    /// [`crate::TenantEphemeral::mark_assertion`] does.
    ///
    /// # Errors
    ///
    /// [`EphemeralError::Unavailable`].
    pub async fn known_since(&self) -> Result<Instant, EphemeralError> {
        match &self.ephemeral.backend {
            Backend::Memory(memory) => Ok(memory.known_since),
            Backend::Redis(redis) => redis.known_since().await,
        }
    }

    /// Takes the lease `name` for `lives`, or prolongs it if `holder` has it already. `holder` names the node.
    ///
    /// A lease keeps work from being done twice, not from being done by two at once: a holder that was paused
    /// believes in it longer than the others. Work that must not overlap is guarded by the database as well.
    ///
    /// # Errors
    ///
    /// [`EphemeralError::Unavailable`]: nobody knows who has it.
    pub async fn lease(&self, name: &str, holder: &str, lives: Duration) -> Result<Lease, EphemeralError> {
        let key = self.key("lease", name);
        match &self.ephemeral.backend {
            Backend::Memory(memory) => memory.lease(&key, holder, lives),
            Backend::Redis(redis) => redis.lease(&key, holder, lives).await,
        }
    }

    /// Gives the lease `name` back, if `holder` has it.
    ///
    /// # Errors
    ///
    /// [`EphemeralError::Unavailable`]: it will run out by itself.
    pub async fn release(&self, name: &str, holder: &str) -> Result<(), EphemeralError> {
        let key = self.key("lease", name);
        match &self.ephemeral.backend {
            Backend::Memory(memory) => memory.release(&key, holder),
            Backend::Redis(redis) => redis.release(&key, holder).await,
        }
    }

    /// As [`crate::TenantEphemeral::take`].
    pub async fn take(&self, limit: &Limit, key: &str) -> Decision {
        self.ephemeral.take(Scope::Global, limit, key).await
    }

    /// As [`crate::TenantEphemeral::check`].
    pub async fn check(&self, limit: &Limit, key: &str) -> Decision {
        self.ephemeral.check(Scope::Global, limit, key).await
    }

    /// As [`crate::TenantEphemeral::charge`].
    pub async fn charge(&self, limit: &Limit, key: &str) {
        let _ = self.ephemeral.take(Scope::Global, limit, key).await;
    }

    /// As [`crate::TenantEphemeral::refund`].
    pub async fn refund(&self, limit: &Limit, key: &str) {
        self.ephemeral.refund(Scope::Global, limit, key).await;
    }

    fn key(self, kind: &str, id: &str) -> Key {
        Key::new(&self.ephemeral.namespace, Scope::Global, kind, id)
    }
}
