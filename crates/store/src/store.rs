//! The store: where transactions come from, and what is known without a tenant.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use palatine_domain::ids::{RowId as _, TenantId};
use palatine_domain::tenant::{RealmProfile, Tenant, TenantState, TenantVersion};
use palatine_domain::{Ambient, Instant, RealmSlug};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, QueryFilter as _, QueryOrder as _};
use tokio::sync::{Notify, broadcast};

use crate::entities::{scoped, tenant_versions, tenants};
use crate::error::StoreError;
use crate::pools::{PoolState, Pools};
use crate::scope::{ScopedTx, TenantScope};
use crate::settings::{Backend, StoreRoles, StoreSettings};

/// Announcements that a slow listener may fall behind before it must ask for everything anew.
const ANNOUNCEMENTS: usize = 1_024;

/// Everything that must not be lost. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    pools: Pools,
    roles: StoreRoles,
    ambient: Ambient,
    statements: Arc<AtomicU64>,
    changes: broadcast::Sender<VersionChange>,
    outbox_filled: Notify,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("backend", &self.backend()).finish_non_exhaustive()
    }
}

/// A tenant's configuration has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionChange {
    /// Whose.
    pub tenant: TenantId,
    /// The version that it has since.
    pub version: TenantVersion,
    /// When.
    pub changed_at: Instant,
}

/// Whether the database itself keeps tenants apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Row-level security applies to every statement.
    Enforced,
    /// It does not apply to this role: a superuser, a role with BYPASSRLS, the tables' owner, or a role that has the
    /// operator's rights without entering it.
    Bypassed {
        /// The role.
        role: String,
    },
    /// SQLite has none: the file is read by this process alone, and tenants are kept apart by types and keys.
    FileBased,
}

impl Store {
    /// Opens a database whose schema exists; see [`Store::migrate`]. To be awaited on the main runtime.
    pub async fn connect(settings: &StoreSettings, ambient: Ambient) -> Result<Self, StoreError> {
        let inner = Inner {
            pools: Pools::connect(settings).await?,
            roles: settings.roles.clone(),
            ambient,
            statements: Arc::default(),
            changes: broadcast::Sender::new(ANNOUNCEMENTS),
            outbox_filled: Notify::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Closes every connection, and waits for those in use. Afterwards the store answers `Unavailable`.
    pub async fn close(&self) {
        self.inner.pools.close().await;
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let conn = self.routing_connection().await?;
        conn.query_one(Query::select().expr(Expr::val(1))).await?;
        Ok(())
    }

    /// Which of the two databases it is.
    pub fn backend(&self) -> Backend {
        match self.pools() {
            Pools::Postgres(_) => Backend::Postgres,
            Pools::Sqlite(_) => Backend::Sqlite,
        }
    }

    /// Time and randomness.
    pub fn ambient(&self) -> &Ambient {
        &self.inner.ambient
    }

    /// Whether the database itself keeps tenants apart. `palatine serve` refuses [`Isolation::Bypassed`].
    pub async fn isolation(&self) -> Result<Isolation, StoreError> {
        if self.backend() == Backend::Sqlite {
            return Ok(Isolation::FileBased);
        }
        let role = self.routing_connection().await?.bypassing_role(self.roles()).await?;
        Ok(role.map_or(Isolation::Enforced, |role| Isolation::Bypassed { role }))
    }

    /// Looks a realm up by its name in URLs. A deleted one is unknown, also within its grace period.
    pub async fn tenant_by_slug(&self, slug: &RealmSlug) -> Result<Option<(TenantScope, Tenant)>, StoreError> {
        let conn = self.routing_connection().await?;
        let found = scoped::find_routing::<tenants::Entity>()
            .filter(tenants::Column::Slug.eq(slug.as_str()))
            .find_also_related(tenant_versions::Entity)
            .one(&conn)
            .await?;
        let Some((row, version)) = found else { return Ok(None) };
        let tenant = tenant_of(&row, version.as_ref())?;
        if tenant.state == TenantState::Deleting {
            return Ok(None);
        }
        Ok(Some((TenantScope::new(tenant.id), tenant)))
    }

    /// The tenants whose configuration changed at `since` or later, oldest change first.
    pub async fn versions_since(&self, since: Instant) -> Result<Vec<VersionChange>, StoreError> {
        let conn = self.routing_connection().await?;
        let rows = scoped::find_routing::<tenant_versions::Entity>()
            .filter(tenant_versions::Column::ChangedAt.gte(since.as_micros()))
            .order_by_asc(tenant_versions::Column::ChangedAt)
            .all(&conn)
            .await?;
        Ok(rows.iter().map(change_of).collect())
    }

    /// The changes that this process commits, from now on.
    pub fn version_changes(&self) -> broadcast::Receiver<VersionChange> {
        self.inner.changes.subscribe()
    }

    /// Waits until this process commits something that is to be delivered; at once if it did since the last time. For one
    /// waiter: what other processes commit, and what is to be tried again, is found by asking.
    pub async fn outbox_filled(&self) {
        self.inner.outbox_filled.notified().await;
    }

    /// Statements sent since the start. BEGIN with the tenant's scope counts as one, COMMIT as none.
    pub fn statements(&self) -> u64 {
        self.inner.statements.load(Ordering::Relaxed)
    }

    /// The connections to the database, pool by pool.
    pub fn connections(&self) -> Vec<PoolState> {
        self.pools().states()
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.inner.pools
    }

    pub(crate) fn roles(&self) -> &StoreRoles {
        &self.inner.roles
    }

    pub(crate) fn statement_counter(&self) -> &Arc<AtomicU64> {
        &self.inner.statements
    }

    /// Nobody listening is no error.
    pub(crate) fn announce(&self, change: VersionChange) {
        let _ = self.inner.changes.send(change);
    }

    /// Remembered if nobody waits just now.
    pub(crate) fn wake_courier(&self) {
        self.inner.outbox_filled.notify_one();
    }

    async fn routing_connection(&self) -> Result<ScopedTx, StoreError> {
        ScopedTx::alone(self.pools(), self.statement_counter()).await
    }
}

pub(crate) fn change_of(row: &tenant_versions::Model) -> VersionChange {
    VersionChange {
        tenant: TenantId::from_uuid(row.tenant_id),
        version: TenantVersion(row.version),
        changed_at: Instant::from_micros(row.changed_at),
    }
}

/// The tenant that a row and its version describe.
pub(crate) fn tenant_of(row: &tenants::Model, version: Option<&tenant_versions::Model>) -> Result<Tenant, StoreError> {
    let corrupt = |column| StoreError::corrupt("tenants", column, row.id);
    let version = version.ok_or_else(|| StoreError::corrupt("tenant_versions", "tenant_id", row.id))?;
    Ok(Tenant {
        id: TenantId::from_uuid(row.id),
        slug: RealmSlug::parse(&row.slug).map_err(|_| corrupt("slug"))?,
        state: state_from(&row.state).ok_or_else(|| corrupt("state"))?,
        profile: profile_from(&row.profile).ok_or_else(|| corrupt("profile"))?,
        version: TenantVersion(version.version),
        created_at: Instant::from_micros(row.created_at),
        suspended_at: row.suspended_at.map(Instant::from_micros),
        delete_after: row.delete_after.map(Instant::from_micros),
    })
}

/// The stored word for a state.
pub(crate) fn state_word(state: TenantState) -> &'static str {
    match state {
        TenantState::Active => "active",
        TenantState::Suspended => "suspended",
        TenantState::Deleting => "deleting",
    }
}

fn state_from(word: &str) -> Option<TenantState> {
    [TenantState::Active, TenantState::Suspended, TenantState::Deleting].into_iter().find(|s| state_word(*s) == word)
}

/// The stored word for a profile.
pub(crate) fn profile_word(profile: RealmProfile) -> &'static str {
    match profile {
        RealmProfile::Standard => "standard",
        RealmProfile::InsecureDemo => "insecure-demo",
    }
}

fn profile_from(word: &str) -> Option<RealmProfile> {
    [RealmProfile::Standard, RealmProfile::InsecureDemo].into_iter().find(|p| profile_word(*p) == word)
}
