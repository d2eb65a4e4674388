//! Data keys by the master key that wraps them, across tenants: what replacing a master key needs.

use palatine_domain::Instant;
use palatine_domain::ids::{DataKeyId, RowId as _, TenantId};
use palatine_domain::key::{DataKey, MasterKeyId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::entities::data_keys::{Column, Entity};
use crate::entities::scoped;
use crate::error::StoreError;
use crate::operator::OperatorTx;

impl OperatorTx {
    /// At most `limit` data keys that another master key wraps, each with its tenant.
    pub async fn data_keys_not_under(
        &self,
        master: MasterKeyId,
        limit: u64,
    ) -> Result<Vec<(TenantId, DataKey)>, StoreError> {
        let rows = scoped::find_across_tenants::<Entity>(self)
            .filter(Column::MasterKey.ne(master.0))
            .order_by_asc(Column::TenantId)
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(self.conn())
            .await?;
        let owned = rows.into_iter().map(|row| {
            let key = DataKey {
                id: DataKeyId::from_uuid(row.id),
                master_key: MasterKeyId(row.master_key),
                wrapped: row.wrapped,
                created_at: Instant::from_micros(row.created_at),
            };
            (TenantId::from_uuid(row.tenant_id), key)
        });
        Ok(owned.collect())
    }

    /// Replaces the wrapping of a data key that `from` wraps; `false` if it does not any more.
    pub async fn rewrap_data_key(
        &self,
        tenant: TenantId,
        from: MasterKeyId,
        key: &DataKey,
    ) -> Result<bool, StoreError> {
        let change = scoped::update_across_tenants::<Entity>(self)
            .col_expr(Column::MasterKey, Expr::value(key.master_key.0))
            .col_expr(Column::Wrapped, Expr::value(key.wrapped.clone()))
            .filter(Column::TenantId.eq(tenant.as_uuid()))
            .filter(Column::Id.eq(key.id.as_uuid()))
            .filter(Column::MasterKey.eq(from.0));
        Ok(change.exec(self.conn()).await?.rows_affected == 1)
    }
}
