//! Operators in the realm.

use palatine_domain::Instant;
use palatine_domain::admin::OperatorEntry;
use palatine_domain::ids::{OperatorEntryId, RowId as _};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::StoreError;
use crate::entities::operator_entries::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// Operators who entered the realm.
    OperatorEntries, operator_entries
}

impl<A> OperatorEntries<'_, A> {
    /// The entry by which an operator is in the realm now; one that may write before one that may not, then the one
    /// that lasts longest.
    pub async fn active_of(&self, operator: &str, now: Instant) -> Result<Option<OperatorEntry>, StoreError> {
        let active = self
            .tx
            .rows::<Entity>()
            .filter(Column::OperatorSubject.eq(operator))
            .filter(Column::ExpiresAt.gt(now.as_micros()))
            .filter(Column::EndedAt.is_null());
        let first = active.order_by_desc(Column::Writes).order_by_desc(Column::ExpiresAt);
        Ok(first.one(self.tx.conn()).await?.map(entry))
    }

    /// At most `limit` entries, newest first, those before `after`.
    pub async fn list(&self, after: Option<OperatorEntryId>, limit: u64) -> Result<Vec<OperatorEntry>, StoreError> {
        let mut rows = self.tx.rows::<Entity>().order_by_desc(Column::Id).limit(limit);
        if let Some(after) = after {
            rows = rows.filter(Column::Id.lt(after.as_uuid()));
        }
        Ok(rows.all(self.tx.conn()).await?.into_iter().map(entry).collect())
    }
}

impl OperatorEntries<'_, ReadWrite> {
    /// Lets an operator in.
    pub async fn insert(&self, entry: &OperatorEntry) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: entry.id.as_uuid(),
            operator_subject: entry.operator.clone(),
            operator_name: entry.operator_name.clone(),
            reason: entry.reason.clone(),
            writes: entry.writes,
            created_at: entry.created_at.as_micros(),
            expires_at: entry.expires_at.as_micros(),
            ended_at: entry.ended_at.map(Instant::as_micros),
        };
        self.tx.insert(row, "operator entry").await
    }

    /// Ends an entry before its time; `false` if there is none such, or it is over.
    pub async fn end(&self, id: OperatorEntryId, at: Instant) -> Result<bool, StoreError> {
        let end = self
            .tx
            .update::<Entity>()
            .col_expr(Column::EndedAt, Expr::value(at.as_micros()))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::ExpiresAt.gt(at.as_micros()))
            .filter(Column::EndedAt.is_null());
        Ok(self.tx.run(end).await? == 1)
    }
}

fn entry(stored: Model) -> OperatorEntry {
    OperatorEntry {
        id: OperatorEntryId::from_uuid(stored.id),
        operator: stored.operator_subject,
        operator_name: stored.operator_name,
        reason: stored.reason,
        writes: stored.writes,
        created_at: Instant::from_micros(stored.created_at),
        expires_at: Instant::from_micros(stored.expires_at),
        ended_at: stored.ended_at.map(Instant::from_micros),
    }
}
