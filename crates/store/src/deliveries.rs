//! The outbox from the worker's side: entries of all tenants, claimed for a while, finished or tried again.

use std::time::Duration;

use palatine_domain::Instant;
use palatine_domain::audit::OutboxEntry;
use palatine_domain::ids::{OutboxId, RowId as _, TenantId, TenantScoped as _};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order};
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _};

use crate::entities::outbox::{Column, Entity, Model};
use crate::entities::scoped;
use crate::error::StoreError;
use crate::operator::OperatorTx;
use crate::scope::TenantScope;
use crate::sweeps::keys_in;

impl OperatorTx {
    /// Takes at most `limit` entries that are due, longest due first, and counts the attempt. Nobody else is given them
    /// until `lease` has passed; then whoever asks gets what was not finished, so an effect happens at least once.
    pub async fn claim_outbox(
        &self,
        now: Instant,
        limit: u64,
        lease: Duration,
    ) -> Result<Vec<(TenantScope, OutboxEntry)>, StoreError> {
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
        claimed.into_iter().map(entry).collect()
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

fn entry(row: Model) -> Result<(TenantScope, OutboxEntry), StoreError> {
    let payload = row.payload.read().ok_or_else(|| StoreError::corrupt("outbox", "payload", row.id))?;
    let entry = OutboxEntry {
        id: OutboxId::from_uuid(row.id),
        kind: row.kind,
        payload,
        due_at: Instant::from_micros(row.due_at),
        attempts: row.attempts,
        created_at: Instant::from_micros(row.created_at),
    };
    Ok((TenantScope::new(TenantId::from_uuid(row.tenant_id)), entry))
}
