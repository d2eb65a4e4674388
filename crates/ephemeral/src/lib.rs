//! What may vanish: one-time marks, notes, rate limits, the session cache, the invalidation bus, leases.
//!
//! **Owns** the two places where such things are kept, the memory of one process or a Redis shared by all nodes,
//! and what happens when that Redis is gone. **Must not know** what the things it keeps mean: it sees kinds,
//! identifiers, bytes and times.
//!
//! | Redis is gone | |
//! |---|---|
//! | one-time marks | [`EphemeralError::Unavailable`]: the caller refuses (503 and `Retry-After`) |
//! | notes | the same |
//! | rate limits | each node enforces the full limit itself |
//! | session cache | every read is a miss, and the database answers |
//! | ending a session | reported as an error, and written as soon as Redis is back, before this node reads from it |
//! | bus | [`BusEvent::Gap`] after the reconnection: the subscriber polls what it missed |
//! | leases | [`EphemeralError::Unavailable`]: the caller decides whether its work needs one |
//!
//! A call never waits longer than the configured timeout, and the first that fails opens a circuit: until a probe
//! has succeeded, all further calls fail at once. See [`EphemeralSettings`].
//!
//! Nothing here may be the only copy of what must not be lost: that belongs to the database.
//!
//! **To extend it**: a new thing to keep is a method of [`TenantEphemeral`] (or of [`GlobalEphemeral`], if it really
//! belongs to no tenant), one in `memory.rs` and one in `redis/mod.rs`; anything that reads and then writes is a Lua
//! script over one key. Add its facts to `tests/suite/contract.rs`, which runs on both, and its behaviour without Redis
//! to `tests/suite/outage.rs`. A further kind of mark is a variant of [`MarkKind`]; a further limit needs nothing here.

mod bounded;
mod bus;
mod error;
mod global;
mod key;
mod lease;
mod limit;
mod local_limits;
mod mark;
mod memory;
mod note;
mod redis;
mod session;
mod settings;
mod telemetry;
mod tenant;

use std::sync::Arc;

use palatine_domain::Ambient;
use palatine_domain::ids::TenantScoped;

pub use bus::{BusEvent, Invalidation, Subscription};
pub use error::EphemeralError;
pub use global::GlobalEphemeral;
pub use lease::Lease;
pub use limit::{Decision, Limit};
pub use mark::{AssertionMark, AssertionUse, Mark, MarkKind};
pub use note::{LARGEST_NOTE, NoteKind, NotePut, NoteSwap};
pub use session::{LONGEST_ENTRY, SHORTEST_TOMBSTONE, SessionPut, SessionRead};
pub use settings::{EphemeralSettings, SettingsError};
pub use tenant::TenantEphemeral;

use crate::key::Scope;
use crate::memory::Memory;
use crate::redis::Redis;

/// The place for what may vanish. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Ephemeral {
    backend: Backend,
    namespace: Arc<str>,
}

#[derive(Clone)]
enum Backend {
    Memory(Arc<Memory>),
    Redis(Arc<Redis>),
}

/// Whether the place can be reached, for readiness and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// `memory` or `redis`.
    pub backend: &'static str,
    /// Always true for memory.
    pub reachable: bool,
}

impl Ephemeral {
    /// Opens the place that the settings name: memory without a Redis URL, else that Redis.
    ///
    /// Call it on the main, multi-threaded runtime: connections and the tasks that watch over them stay on the
    /// runtime that calls this, whichever runtime later uses them. A Redis that cannot be reached is no error: the
    /// process starts as if it had just been lost, after waiting for at most the connection timeout.
    ///
    /// # Errors
    ///
    /// A setting makes no sense; the error names it.
    pub async fn start(settings: EphemeralSettings, ambient: Ambient) -> Result<Self, SettingsError> {
        settings.check()?;
        telemetry::describe();
        let namespace: Arc<str> = settings.namespace.as_str().into();
        let backend = match settings.redis()? {
            None => Backend::Memory(Arc::new(Memory::new(&settings, ambient))),
            Some(client) => Backend::Redis(Arc::new(Redis::start(client, &settings, ambient).await)),
        };
        Ok(Self { backend, namespace })
    }

    /// The memory of this process with default settings, for development and tests.
    pub fn memory(ambient: Ambient) -> Self {
        let settings = EphemeralSettings::default();
        let namespace = settings.namespace.as_str().into();
        Self { backend: Backend::Memory(Arc::new(Memory::new(&settings, ambient))), namespace }
    }

    /// What is kept for one tenant. The only way to a tenant's keys.
    pub fn for_tenant(&self, scope: &impl TenantScoped) -> TenantEphemeral<'_> {
        TenantEphemeral { ephemeral: self, scope: Scope::Tenant(scope.tenant_id()) }
    }

    /// What belongs to no tenant: the bus, leases, limits on requests that name no known realm.
    pub fn global(&self) -> GlobalEphemeral<'_> {
        GlobalEphemeral { ephemeral: self }
    }

    /// Whether the place can be reached right now.
    pub fn health(&self) -> Health {
        let reachable = match &self.backend {
            Backend::Memory(_) => true,
            Backend::Redis(redis) => redis.is_reachable(),
        };
        Health { backend: self.backend_name(), reachable }
    }

    /// `memory` or `redis`.
    pub fn backend_name(&self) -> &'static str {
        match &self.backend {
            Backend::Memory(_) => "memory",
            Backend::Redis(_) => "redis",
        }
    }
}

impl std::fmt::Debug for Ephemeral {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ephemeral").field("backend", &self.backend_name()).finish_non_exhaustive()
    }
}
