//! A tenant's transaction, and what its type allows.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

use palatine_domain::ids::{RowId as _, TenantId, TenantScoped as _};
use palatine_domain::tenant::TenantVersion;
use palatine_domain::{Ambient, Instant};
use sea_orm::QuerySelect as _;
use sea_orm::sea_query::Expr;
use uuid::Uuid;

use crate::entities::{scoped, tenant_versions};
use crate::error::StoreError;
use crate::scope::{Mode, ScopedTx, TenantScope};
use crate::store::{Store, VersionChange};

/// A transaction that reads.
#[derive(Debug)]
pub struct ReadOnly(());

/// A transaction that reads and writes.
#[derive(Debug)]
pub struct ReadWrite(());

/// A transaction of one tenant; its repositories reach that tenant's rows and no others.
///
/// Dropped, it rolls back. Never hold one across hashing, mail or network, and never open two in one request.
///
/// What writes exists for [`TenantWrite`] alone:
///
/// ```compile_fail,E0599
/// use palatine_domain::user::User;
/// async fn write(tx: &palatine_store::TenantRead, user: &User) {
///     let _ = tx.users().insert(user).await;
/// }
/// ```
/// ```
/// use palatine_domain::user::User;
/// async fn write(tx: &palatine_store::TenantWrite, user: &User) {
///     let _ = tx.users().insert(user).await;
/// }
/// ```
///
/// and what was read before is over when writing begins:
///
/// ```compile_fail,E0382
/// async fn read_on(tx: palatine_store::TenantRead) {
///     let write = tx.into_write().await;
///     let _ = tx.users();
/// }
/// ```
/// ```
/// async fn write_on(tx: palatine_store::TenantRead) -> Result<(), palatine_store::StoreError> {
///     let write = tx.into_write().await?;
///     let _ = write.users();
///     Ok(())
/// }
/// ```
pub struct TenantTx<A> {
    tx: ScopedTx,
    store: Store,
    scope: TenantScope,
    now: Instant,
    touched: AtomicBool,
    outbox_filled: AtomicBool,
    /// Changes of the operator's transaction that this one continues.
    earlier: Vec<VersionChange>,
    access: PhantomData<fn() -> A>,
}

/// A tenant's transaction that reads.
pub type TenantRead = TenantTx<ReadOnly>;

/// A tenant's transaction that reads and writes.
pub type TenantWrite = TenantTx<ReadWrite>;

impl<A> std::fmt::Debug for TenantTx<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TenantTx").field("scope", &self.scope).field("now", &self.now).finish_non_exhaustive()
    }
}

impl<A> TenantTx<A> {
    pub(crate) fn over(tx: ScopedTx, store: Store, scope: TenantScope, now: Instant) -> Self {
        Self {
            tx,
            store,
            scope,
            now,
            touched: AtomicBool::new(false),
            outbox_filled: AtomicBool::new(false),
            earlier: Vec::new(),
            access: PhantomData,
        }
    }

    /// The transaction's present: taken once, when it began.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Whose rows it reaches.
    pub fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// The tenant.
    pub fn tenant_id(&self) -> TenantId {
        self.scope.tenant_id()
    }

    /// Time and randomness, for repositories that make rows of their own.
    pub(crate) fn ambient(&self) -> &Ambient {
        self.store.ambient()
    }

    /// The tenant, as its column holds it.
    pub(crate) fn tenant_uuid(&self) -> Uuid {
        self.tenant_id().as_uuid()
    }

    /// What SeaORM's statements run on.
    pub(crate) fn conn(&self) -> &ScopedTx {
        &self.tx
    }
}

impl TenantRead {
    /// Ends this transaction and begins one that writes: what was read may have changed meanwhile, so a decision that
    /// depends on it is taken again by the guarded write.
    pub async fn into_write(self) -> Result<TenantWrite, StoreError> {
        let Self { tx, store, scope, .. } = self;
        drop(tx);
        store.write(&scope).await
    }

    /// Ends it and waits until the database has ended it too. Dropping is fine where nobody needs to wait.
    pub async fn finish(self) -> Result<(), StoreError> {
        self.tx.commit().await
    }
}

impl TenantWrite {
    /// Makes the writes that begin so take turns in the tenant: whoever comes second waits here until the first has
    /// committed or gone, and what it reads from then on holds until its own commit, as far as all writers do so.
    ///
    /// Taken first, before anything is read that a decision depends on. On SQLite a transaction that writes has its turn
    /// already. Gives the version that the configuration has.
    pub async fn lock_tenant(&self) -> Result<TenantVersion, StoreError> {
        let row = scoped::find_version(self).lock_exclusive().one(&self.tx).await?;
        let row = row.ok_or_else(|| StoreError::corrupt("tenant_versions", "tenant_id", self.tenant_id()))?;
        Ok(TenantVersion(row.version))
    }

    /// Marks that the tenant's configuration changes: [`commit`](Self::commit) then counts its version up.
    pub(crate) fn touch_configuration(&self) {
        self.touched.store(true, Ordering::Relaxed);
    }

    /// Marks that something is to be delivered: [`commit`](Self::commit) then wakes this node's courier.
    pub(crate) fn fill_outbox(&self) {
        self.outbox_filled.store(true, Ordering::Relaxed);
    }

    /// Announces these changes too, once this transaction is committed.
    pub(crate) fn announce_too(&mut self, changes: Vec<VersionChange>) {
        self.earlier = changes;
    }

    /// Makes everything permanent. A changed configuration gets its next version in the same transaction, and is
    /// announced to this node's caches afterwards.
    pub async fn commit(self) -> Result<(), StoreError> {
        let change = if self.touched.load(Ordering::Relaxed) { Some(self.next_version().await?) } else { None };
        self.tx.commit().await?;
        for change in self.earlier.into_iter().chain(change) {
            self.store.announce(change);
        }
        if self.outbox_filled.load(Ordering::Relaxed) {
            self.store.wake_courier();
        }
        Ok(())
    }

    /// The row stays locked until the commit, so that versions become visible in their order. It is dated now and not
    /// by the transaction's beginning: pollers look back only a little.
    async fn next_version(&self) -> Result<VersionChange, StoreError> {
        let changed_at = self.ambient().now();
        let rows = scoped::bump_version(self)
            .col_expr(tenant_versions::Column::ChangedAt, Expr::value(changed_at.as_micros()))
            .exec_with_returning(&self.tx)
            .await?;
        let row = rows.first().ok_or_else(|| StoreError::corrupt("tenant_versions", "tenant_id", self.tenant_id()))?;
        Ok(VersionChange { tenant: self.tenant_id(), version: TenantVersion(row.version), changed_at })
    }
}

impl Store {
    /// Begins a transaction that reads a tenant's rows.
    pub async fn read(&self, scope: &TenantScope) -> Result<TenantRead, StoreError> {
        let tx = ScopedTx::begin(self.pools(), self.statement_counter(), scope.tenant_id(), Mode::Read).await?;
        Ok(TenantTx::over(tx, self.clone(), scope.clone(), self.ambient().now()))
    }

    /// Begins a transaction that reads and writes a tenant's rows.
    pub async fn write(&self, scope: &TenantScope) -> Result<TenantWrite, StoreError> {
        let tx = ScopedTx::begin(self.pools(), self.statement_counter(), scope.tenant_id(), Mode::Write).await?;
        Ok(TenantTx::over(tx, self.clone(), scope.clone(), self.ambient().now()))
    }
}
