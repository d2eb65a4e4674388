//! The words by which operators find the realm: of its slug and its display name. Kept in step by the settings.

use palatine_domain::ids::RowId as _;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _};

use super::words;
use crate::StoreError;
use crate::entities::realm_words::{Entity, Model};
use crate::entities::{scoped, tenants};
use crate::scope::{ReadWrite, TenantTx};

/// Writes down the words of the realm, in the place of those before.
pub(crate) async fn index(tx: &TenantTx<ReadWrite>, display_name: &str) -> Result<(), StoreError> {
    let slug: Option<String> = scoped::find_routing::<tenants::Entity>()
        .filter(tenants::Column::Id.eq(tx.tenant_id().as_uuid()))
        .select_only()
        .column(tenants::Column::Slug)
        .into_tuple()
        .one(tx.conn())
        .await?;
    let slug = slug.ok_or_else(|| StoreError::corrupt("tenants", "id", tx.tenant_id()))?;
    tx.clear(tx.delete::<Entity>()).await?;
    let row = |token| Model { tenant_id: tx.tenant_uuid(), token, slug: slug.clone() };
    tx.insert_many_new(words::of([slug.as_str(), display_name]).into_iter().map(row)).await?;
    Ok(())
}
