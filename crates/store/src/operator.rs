//! Work across tenants: its own type, with a proof that names who asked, so that all of it can be found and audited.

use std::sync::Mutex;
use std::time::Duration;

use palatine_domain::admin::AdminRealm;
use palatine_domain::ids::{RowId as _, TenantId};
use palatine_domain::key::MasterKeyId;
use palatine_domain::tenant::{RealmProfile, TenantState};
use palatine_domain::{Instant, RealmSlug};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, OnConflict, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Set,
};

use crate::entities::{data_keys, jobs, scoped, tenant_versions, tenants};
use crate::error::StoreError;
use crate::repo::realm_words;
use crate::scope::{ScopedTx, TenantScope};
use crate::settings::Backend;
use crate::store::{Store, VersionChange, change_of, profile_word, state_word};
use crate::transaction::{TenantTx, TenantWrite};

/// How long a deleted tenant can be brought back.
const GRACE: Duration = Duration::from_hours(30 * 24);

/// Shorter than a month: steps of it miss none.
const FORTNIGHT: Duration = Duration::from_hours(14 * 24);

/// Why somebody may reach all tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorProof {
    kind: &'static str,
    name: &'static str,
}

impl OperatorProof {
    /// A background job, by its name.
    pub const fn job(name: &'static str) -> Self {
        Self { kind: "job", name }
    }

    /// A command that an operator gave at the terminal.
    pub const fn command(name: &'static str) -> Self {
        Self { kind: "command", name }
    }
}

/// A transaction that sees all tenants. Dropped, it rolls back.
///
/// Background work in it is set-based and takes a budget: nothing here walks tenants one by one.
pub struct OperatorTx {
    tx: ScopedTx,
    store: Store,
    now: Instant,
    changes: Mutex<Vec<VersionChange>>,
}

impl std::fmt::Debug for OperatorTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperatorTx").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Store {
    /// Begins a transaction across tenants.
    pub async fn as_operator(&self, proof: OperatorProof) -> Result<OperatorTx, StoreError> {
        tracing::debug!(kind = proof.kind, name = proof.name, "an operator's transaction begins");
        let tx = ScopedTx::begin_operator(self.pools(), self.statement_counter(), self.roles()).await?;
        Ok(OperatorTx { tx, store: self.clone(), now: self.ambient().now(), changes: Mutex::default() })
    }
}

impl OperatorTx {
    /// The transaction's present: taken once, when it began.
    pub fn now(&self) -> Instant {
        self.now
    }

    pub(crate) fn conn(&self) -> &ScopedTx {
        &self.tx
    }

    pub(crate) fn backend(&self) -> Backend {
        self.store.backend()
    }

    /// Makes everything permanent, and announces changed tenants to this node's caches.
    pub async fn commit(self) -> Result<(), StoreError> {
        let changes = self.changes.into_inner().unwrap_or_default();
        self.tx.commit().await?;
        for change in changes {
            self.store.announce(change);
        }
        Ok(())
    }

    /// Makes a tenant, with its built-in roles. The same transaction goes on as that tenant, without the operator's
    /// rights; its commit makes the tenant and what it was filled with visible together.
    ///
    /// # Errors
    ///
    /// `Conflict` about `slug` if it is taken, also by a tombstone.
    pub async fn create_tenant(self, slug: &RealmSlug, profile: RealmProfile) -> Result<TenantWrite, StoreError> {
        let id: TenantId = self.store.ambient().id();
        let tenant = tenants::ActiveModel {
            id: Set(id.as_uuid()),
            slug: Set(slug.as_str().to_owned()),
            state: Set(state_word(TenantState::Active).to_owned()),
            profile: Set(profile_word(profile).to_owned()),
            customer_id: Set(None),
            created_at: Set(self.now.as_micros()),
            suspended_at: Set(None),
            delete_after: Set(None),
            issued_tokens: Set(false),
        };
        scoped::insert_routing(&self, tenant)
            .exec_without_returning(&self.tx)
            .await
            .map_err(StoreError::conflict("slug"))?;
        // The commit counts to 1, and announces it: another node may remember that there is no such realm.
        let version = tenant_versions::ActiveModel {
            tenant_id: Set(id.as_uuid()),
            version: Set(0),
            changed_at: Set(self.now.as_micros()),
        };
        scoped::insert_routing(&self, version).exec_without_returning(&self.tx).await?;
        self.tx.become_tenant(id, self.store.roles()).await?;
        let mut write = TenantTx::over(self.tx, self.store, TenantScope::new(id), self.now);
        write.roles().insert_built_in(AdminRealm::of(slug)).await?;
        realm_words::index(&write, "").await?;
        write.touch_configuration();
        write.announce_too(self.changes.into_inner().unwrap_or_default());
        Ok(write)
    }

    /// Goes on as that tenant, without the operator's rights; the commit makes both parts visible together.
    pub async fn into_tenant(self, tenant: TenantId) -> Result<TenantWrite, StoreError> {
        self.tx.become_tenant(tenant, self.store.roles()).await?;
        let mut write = TenantTx::over(self.tx, self.store, TenantScope::new(tenant), self.now);
        write.announce_too(self.changes.into_inner().unwrap_or_default());
        Ok(write)
    }

    /// Lets a tenant serve, or not. A deleted one can be brought back for 30 days.
    ///
    /// Gives whether there is such a tenant, and its grace is not over.
    pub async fn set_state(&self, tenant: TenantId, state: TenantState) -> Result<bool, StoreError> {
        use tenants::Column::{DeleteAfter, Id, State, SuspendedAt};
        let suspended = (state == TenantState::Suspended).then_some(self.now.as_micros());
        let delete_after = (state == TenantState::Deleting).then_some(self.now.plus(GRACE).as_micros());
        let has_grace = Condition::any().add(DeleteAfter.is_null()).add(DeleteAfter.gt(self.now.as_micros()));
        let done = scoped::update_routing::<tenants::Entity>(self)
            .col_expr(State, Expr::value(state_word(state)))
            .col_expr(SuspendedAt, Expr::value(suspended))
            .col_expr(DeleteAfter, Expr::value(delete_after))
            .filter(Id.eq(tenant.as_uuid()))
            .filter(not_a_tombstone())
            .filter(has_grace)
            .exec(&self.tx)
            .await?;
        if done.rows_affected == 0 {
            return Ok(false);
        }
        self.bump(Condition::all().add(tenant_versions::Column::TenantId.eq(tenant.as_uuid()))).await?;
        Ok(true)
    }

    /// Counts the version of the tenants up that the condition names; the commit announces them.
    pub(crate) async fn bump(&self, which: Condition) -> Result<(), StoreError> {
        let rows = scoped::update_routing::<tenant_versions::Entity>(self)
            .col_expr(tenant_versions::Column::Version, Expr::col(tenant_versions::Column::Version).add(1))
            .col_expr(tenant_versions::Column::ChangedAt, Expr::value(self.store.ambient().now().as_micros()))
            .filter(which)
            .exec_with_returning(&self.tx)
            .await?;
        if let Ok(mut changes) = self.changes.lock() {
            changes.extend(rows.iter().map(change_of));
        }
        Ok(())
    }

    /// Every master key that some tenant's data key is wrapped by: the ones that must be configured.
    pub async fn master_keys_in_use(&self) -> Result<Vec<MasterKeyId>, StoreError> {
        let keys: Vec<i32> = scoped::find_across_tenants::<data_keys::Entity>(self)
            .select_only()
            .column(data_keys::Column::MasterKey)
            .distinct()
            .order_by_asc(data_keys::Column::MasterKey)
            .into_tuple()
            .all(&self.tx)
            .await?;
        Ok(keys.into_iter().map(MasterKeyId).collect())
    }

    /// Makes the parts of the audit log for this month and those of the coming ten weeks, as far as they are missing;
    /// gives how many it made. Nothing on SQLite. Events outside every part are kept in the default one until their
    /// part is made.
    pub async fn make_audit_parts(&self) -> Result<u64, StoreError> {
        if self.backend() == Backend::Sqlite {
            return Ok(0);
        }
        let mut made = 0;
        for ahead in 0..=5 {
            let within = self.now.plus(FORTNIGHT * ahead);
            let create = Func::cust("palatine_audit_partition_create").arg(within.as_micros());
            let row = self.tx.query_one(Query::select().expr_as(create, "made")).await?;
            if row.is_some_and(|row| row.try_get("", "made").unwrap_or(false)) {
                made += 1;
            }
        }
        Ok(made)
    }

    /// Takes, or renews, the right to run a job until `lives` from now. False: another holder has it.
    pub async fn lease_job(&self, name: &str, holder: &str, lives: Duration) -> Result<bool, StoreError> {
        use jobs::Column::{Holder, LastRunAt, LeaseUntil, Name};
        let free = Condition::any()
            .add(Expr::col((jobs::Entity, Holder)).eq(holder))
            .add(Expr::col((jobs::Entity, LeaseUntil)).is_null())
            .add(Expr::col((jobs::Entity, LeaseUntil)).lte(self.now.as_micros()));
        let lease = jobs::ActiveModel {
            name: Set(name.to_owned()),
            holder: Set(Some(holder.to_owned())),
            lease_until: Set(Some(self.now.plus(lives).as_micros())),
            last_run_at: Set(Some(self.now.as_micros())),
        };
        let taken = scoped::insert_routing(self, lease)
            .on_conflict(
                OnConflict::column(Name)
                    .update_columns([Holder, LeaseUntil, LastRunAt])
                    .action_cond_where(free)
                    .to_owned(),
            )
            .exec_without_returning(&self.tx)
            .await?;
        Ok(taken == 1)
    }
}

/// The slug of a tenant that is gone and may not come back.
pub(crate) fn tombstone() -> Condition {
    Condition::all()
        .add(tenants::Column::State.eq(state_word(TenantState::Deleting)))
        .add(tenants::Column::DeleteAfter.is_null())
}

pub(crate) fn not_a_tombstone() -> Condition {
    tombstone().not()
}
