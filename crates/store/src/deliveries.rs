//! The outbox from the worker's side: entries of all tenants, claimed for a while, finished or tried again.

use std::time::Duration;

use palatine_domain::audit::OutboxEntry;
use palatine_domain::ids::{OutboxId, RowId as _, TenantId, TenantScoped as _};
use palatine_domain::{Instant, RealmSlug};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order};
use sea_orm::{ColumnTrait as _, Condition, PaginatorTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::entities::outbox::{Column, Entity, Model};
use crate::entities::scoped;
use crate::error::StoreError;
use crate::operator::OperatorTx;
use crate::scope::TenantScope;
use crate::sweeps::keys_in;

/// An effect that one courier has for the time of its lease.
#[derive(Clone, Debug)]
pub struct ClaimedEntry {
    /// Whose it is.
    pub scope: TenantScope,
    /// The name of that realm; `None` if it is being deleted.
    pub realm: Option<RealmSlug>,
    /// What is to happen.
    pub entry: OutboxEntry,
}

impl OperatorTx {
    /// Takes at most `limit` entries that are due, longest due first, and counts the attempt. Nobody else is given them
    /// until `lease` has passed; then whoever asks gets what was not finished, so an effect happens at least once.
    pub async fn claim_outbox(
        &self,
        now: Instant,
        limit: u64,
        lease: Duration,
    ) -> Result<Vec<ClaimedEntry>, StoreError> {
        let due = Condition::all().add(Column::DueAt.lte(now.as_micros())).add(Column::DoneAt.is_null());
        let mut first = self.due_rows::<Entity>(due, limit);
        first.order_by(Column::DueAt, Order::Asc);
        let mut claimed = scoped::update_across_tenants::<Entity>(self)
            .col_expr(Column::DueAt, Expr::value(now.plus(lease).as_micros()))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(keys_in::<Entity>(first))
            .exec_with_returning(self.conn())
            .await?;
        claimed.sort_by_key(|row| (row.created_at, row.id));
        let owners: Vec<Uuid> = claimed.iter().map(|row| row.tenant_id).collect();
        let realms = self.slugs_of(&owners).await?;
        claimed
            .into_iter()
            .map(|row| {
                let owner = TenantId::from_uuid(row.tenant_id);
                let realm = realms.iter().find(|(tenant, _)| *tenant == owner).map(|(_, slug)| slug.clone());
                Ok(ClaimedEntry { scope: TenantScope::new(owner), realm, entry: entry(row)? })
            })
            .collect()
    }

    /// It is tried again at `due_at`, and not before. False if it was finished before.
    pub async fn postpone_outbox(
        &self,
        scope: &TenantScope,
        id: OutboxId,
        due_at: Instant,
    ) -> Result<bool, StoreError> {
        let postponed = scoped::update_across_tenants::<Entity>(self)
            .col_expr(Column::DueAt, Expr::value(due_at.as_micros()))
            .filter(Column::TenantId.eq(scope.tenant_id().as_uuid()))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::DoneAt.is_null())
            .exec(self.conn())
            .await?;
        Ok(postponed.rows_affected == 1)
    }

    /// How many effects are still to happen.
    pub async fn waiting_deliveries(&self) -> Result<u64, StoreError> {
        let waiting = scoped::find_across_tenants::<Entity>(self).filter(Column::DoneAt.is_null());
        Ok(waiting.count(self.conn()).await?)
    }

    /// The effect has happened. False if it was finished before.
    pub async fn finish_outbox(&self, scope: &TenantScope, id: OutboxId, now: Instant) -> Result<bool, StoreError> {
        let finished = scoped::update_across_tenants::<Entity>(self)
            .col_expr(Column::DoneAt, Expr::value(now.as_micros()))
            .filter(Column::TenantId.eq(scope.tenant_id().as_uuid()))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::DoneAt.is_null())
            .exec(self.conn())
            .await?;
        Ok(finished.rows_affected == 1)
    }
}

fn entry(row: Model) -> Result<OutboxEntry, StoreError> {
    let payload = row.payload.read().ok_or_else(|| StoreError::corrupt("outbox", "payload", row.id))?;
    Ok(OutboxEntry {
        id: OutboxId::from_uuid(row.id),
        kind: row.kind,
        payload,
        due_at: Instant::from_micros(row.due_at),
        attempts: row.attempts,
        created_at: Instant::from_micros(row.created_at),
    })
}
