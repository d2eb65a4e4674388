//! Tidying up, over all tenants at once: set-based, with a budget of rows a call, so that no sweep holds others up.
//! Grants and what hangs on them have rules of their own, in `sweeps/issued.rs`.

use std::time::Duration;

use palatine_domain::Instant;
use palatine_domain::tenant::RealmProfile;
use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, SelectStatement};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait, Iterable as _, PrimaryKeyToColumn, QueryFilter as _, QuerySelect as _,
    QueryTrait as _, Set,
};

use crate::entities::scoped::TenantEntity;
use crate::entities::{
    self, authorization_codes, import_jobs, initial_access_tokens, interactions, lockouts, login_sessions,
    operator_entries, outbox, posted_requests, refresh_tokens, revoked_tokens, scoped, signing_keys, tenant_hosts,
    tenant_versions, tenants,
};
use crate::error::StoreError;
use crate::operator::{OperatorTx, tombstone};
use crate::store::profile_word;

mod audit;
mod issued;
mod purge;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A used code is kept this long, so that its reuse is seen (RFC 6749, section 4.1.2).
const KEEP_CODES: Duration = DAY;
/// A counter forgets by itself after twelve hours.
const KEEP_LOCKOUTS: Duration = DAY;
/// An ended session is listed as ended for a while.
const KEEP_ENDED_SESSIONS: Duration = Duration::from_hours(30 * 24);
/// A session that nobody used for this long has expired under any policy: "remember me" lasts a year at most.
const KEEP_IDLE_SESSIONS: Duration = Duration::from_hours(400 * 24);
/// What waited for a person is refused from its expiry on; an hour more tells "expired" from "unknown".
const KEEP_INTERACTIONS: Duration = HOUR;
/// A signing key is listed as removed for a while; its private half is long destroyed.
const KEEP_REMOVED_KEYS: Duration = Duration::from_hours(90 * 24);
/// What was delivered, or given up, can be looked at for a while.
const KEEP_DELIVERED: Duration = DAY;
/// Who was in a realm can be looked up for a while; the audit log remembers it longer.
const KEEP_ENTRIES: Duration = Duration::from_hours(90 * 24);
/// So can what came of an import.
const KEEP_IMPORTS: Duration = Duration::from_hours(30 * 24);
/// Sealed successors cleared in one call.
const SEALED_BUDGET: u64 = 10_000;

impl OperatorTx {
    /// Forgets the sealed successors of refresh tokens whose window, which their realm chose, is over at `now`.
    pub async fn sweep_sealed_successors(&self, now: Instant) -> Result<u64, StoreError> {
        use refresh_tokens::Column::{SealedSuccessor, WindowEndsAt};
        let due = Condition::all().add(WindowEndsAt.lte(now.as_micros())).add(SealedSuccessor.is_not_null());
        let cleared = scoped::update_across_tenants::<refresh_tokens::Entity>(self)
            .col_expr(SealedSuccessor, Expr::value(None::<Vec<u8>>))
            .filter(keys_in::<refresh_tokens::Entity>(self.due_rows::<refresh_tokens::Entity>(due, SEALED_BUDGET)))
            .exec(self.conn())
            .await?;
        Ok(cleared.rows_affected)
    }

    /// Removes what has long expired, at most `budget` rows. Gives how many: fewer than `budget` means all is tidy.
    pub async fn sweep_expired(&self, now: Instant, budget: u64) -> Result<u64, StoreError> {
        let before = |keep: Duration| now.minus(keep).as_micros();
        let mut left = budget;
        let due = interactions::Column::ExpiresAt.lt(before(KEEP_INTERACTIONS));
        left -= self.sweep::<interactions::Entity>(due, left).await?;
        let due = posted_requests::Column::ExpiresAt.lt(now.as_micros());
        left -= self.sweep::<posted_requests::Entity>(due, left).await?;
        let due = initial_access_tokens::Column::ExpiresAt.lt(now.as_micros());
        left -= self.sweep::<initial_access_tokens::Entity>(due, left).await?;
        let due = authorization_codes::Column::ExpiresAt.lt(before(KEEP_CODES));
        left -= self.sweep::<authorization_codes::Entity>(due, left).await?;
        let due = revoked_tokens::Column::ExpiresAt.lt(now.as_micros());
        left -= self.sweep::<revoked_tokens::Entity>(due, left).await?;
        left -= self.sweep_issued(now, left).await?;
        let due = lockouts::Column::CountedAt.lt(before(KEEP_LOCKOUTS));
        left -= self.sweep::<lockouts::Entity>(due, left).await?;
        let due = login_sessions::Column::EndedAt.lt(before(KEEP_ENDED_SESSIONS));
        left -= self.sweep::<login_sessions::Entity>(due, left).await?;
        let due = login_sessions::Column::LastSeenAt.lt(before(KEEP_IDLE_SESSIONS));
        left -= self.sweep::<login_sessions::Entity>(due, left).await?;
        let due = outbox::Column::DoneAt.lt(before(KEEP_DELIVERED));
        left -= self.sweep::<outbox::Entity>(due, left).await?;
        let due = operator_entries::Column::ExpiresAt.lt(before(KEEP_ENTRIES));
        left -= self.sweep::<operator_entries::Entity>(due, left).await?;
        let due = import_jobs::Column::FinishedAt.lt(before(KEEP_IMPORTS));
        left -= self.sweep::<import_jobs::Entity>(due, left).await?;
        let due = signing_keys::Column::HintsUntil.lt(before(KEEP_REMOVED_KEYS));
        left -= self.sweep::<signing_keys::Entity>(due, left).await?;
        Ok(budget - left)
    }

    /// Removes at most `budget` rows that are due, and gives how many.
    pub(crate) async fn sweep<E: TenantEntity>(&self, due: Expr, budget: u64) -> Result<u64, StoreError> {
        if budget == 0 {
            return Ok(0);
        }
        let doomed = self.due_rows::<E>(Condition::all().add(due), budget);
        let swept = scoped::delete_across_tenants::<E>(self).filter(keys_in::<E>(doomed)).exec(self.conn()).await?;
        Ok(swept.rows_affected)
    }

    /// The keys of at most `budget` rows; rows that somebody is writing to are left for the next time.
    pub(crate) fn due_rows<E: TenantEntity>(&self, due: Condition, budget: u64) -> SelectStatement {
        scoped::find_across_tenants::<E>(self)
            .select_only()
            .columns(E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column))
            .filter(due)
            .limit(budget)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_query()
    }

    /// Removes the tenants of a profile with all that is theirs; gives how many. For the command that takes the demo
    /// realms out of a store before it serves.
    ///
    /// The slug of a tenant that has signing keys may have issued tokens: it stays as a tombstone and is never given
    /// away again.
    pub async fn delete_tenants_of_profile(&self, profile: RealmProfile) -> Result<u64, StoreError> {
        let doomed = Condition::all().add(tenants::Column::Profile.eq(profile_word(profile))).add(tombstone().not());
        let ids = scoped::find_routing::<tenants::Entity>()
            .select_only()
            .column(tenants::Column::Id)
            .filter(doomed.clone())
            .into_query();
        self.bump(Condition::all().add(tenant_versions::Column::TenantId.in_subquery(ids.clone()))).await?;
        let issued = scoped::find_across_tenants::<signing_keys::Entity>(self)
            .select_only()
            .column(signing_keys::Column::TenantId)
            .into_query();
        let mark = tenants::ActiveModel { issued_tokens: Set(true), ..Default::default() };
        scoped::update_routing::<tenants::Entity>(self)
            .set(mark)
            .filter(doomed.clone())
            .filter(tenants::Column::Id.in_subquery(issued))
            .exec(self.conn())
            .await?;
        entities::delete_rows_of(self, &ids).await?;
        scoped::delete_routing::<tenant_hosts::Entity>(self)
            .filter(tenant_hosts::Column::TenantId.in_subquery(ids))
            .exec(self.conn())
            .await?;
        let buried = scoped::update_routing::<tenants::Entity>(self)
            .set(tenants::ActiveModel {
                state: Set("deleting".to_owned()),
                delete_after: Set(None),
                ..Default::default()
            })
            .filter(doomed.clone())
            .filter(tenants::Column::IssuedTokens.eq(true))
            .exec(self.conn())
            .await?;
        let removed = scoped::delete_routing::<tenants::Entity>(self).filter(doomed).exec(self.conn()).await?;
        Ok(buried.rows_affected + removed.rows_affected)
    }
}

/// `(tenant_id, …) IN (…)`.
pub(crate) fn keys_in<E: TenantEntity>(rows: SelectStatement) -> Expr {
    let columns = <E as EntityTrait>::PrimaryKey::iter().map(|key| Expr::col(PrimaryKeyToColumn::into_column(key)));
    Expr::tuple(columns).in_subquery(rows)
}

#[cfg(test)]
mod tests;
