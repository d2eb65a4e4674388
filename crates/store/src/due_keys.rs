//! What the background work on signing keys asks of all tenants at once: each question is one look at an index.

use palatine_domain::ids::{RowId as _, TenantId};
use palatine_domain::tenant::TenantState;
use palatine_domain::{Instant, RealmSlug};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use uuid::Uuid;

use crate::entities::signing_keys::{Column, Entity};
use crate::entities::{scoped, tenants};
use crate::error::StoreError;
use crate::operator::OperatorTx;
use crate::store::state_word;

/// Realms with signing keys that are due for a successor, the longest due first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRealms {
    /// Each once. Realms that are being deleted are left out.
    pub realms: Vec<RealmSlug>,
    /// Where to go on; `None` if that were all.
    pub next: Option<DueCursor>,
}

/// Where a page of due keys ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueCursor {
    rotates_at: i64,
    key: Uuid,
}

impl OperatorTx {
    /// The realms of the next `keys` due keys after the cursor. Whoever fails to rotate some goes on behind them: they
    /// hold nobody up.
    pub async fn realms_with_due_keys(&self, after: Option<DueCursor>, keys: u64) -> Result<DueRealms, StoreError> {
        let due = scoped::find_across_tenants::<Entity>(self).filter(Column::RotatesAt.lte(self.now().as_micros()));
        let due = match after {
            None => due,
            Some(DueCursor { rotates_at, key }) => due.filter(
                Expr::tuple([Expr::col(Column::RotatesAt), Expr::col(Column::Id)])
                    .gt(Expr::tuple([Expr::value(rotates_at), Expr::value(key)])),
            ),
        };
        let rows: Vec<(Uuid, i64, Uuid)> = due
            .select_only()
            .columns([Column::TenantId, Column::RotatesAt, Column::Id])
            .order_by_asc(Column::RotatesAt)
            .order_by_asc(Column::Id)
            .limit(keys)
            .into_tuple()
            .all(self.conn())
            .await?;
        let is_full = rows.len() as u64 == keys;
        let next = rows.last().filter(|_| is_full).map(|&(_, rotates_at, key)| DueCursor { rotates_at, key });
        let mut owners: Vec<Uuid> = Vec::new();
        for (tenant, _, _) in rows {
            if !owners.contains(&tenant) {
                owners.push(tenant);
            }
        }
        let realms = self.slugs_of(&owners).await?.into_iter().map(|(_, slug)| slug).collect();
        Ok(DueRealms { realms, next })
    }

    /// The names of these tenants, in their order; those that are being deleted are left out.
    pub(crate) async fn slugs_of(&self, owners: &[Uuid]) -> Result<Vec<(TenantId, RealmSlug)>, StoreError> {
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        let tenants = scoped::find_routing::<tenants::Entity>()
            .filter(tenants::Column::Id.is_in(owners.iter().copied()))
            .filter(tenants::Column::State.ne(state_word(TenantState::Deleting)))
            .all(self.conn())
            .await?;
        let of_owner = owners.iter().filter_map(|owner| tenants.iter().find(|tenant| tenant.id == *owner));
        of_owner
            .map(|tenant| match RealmSlug::parse(&tenant.slug) {
                Ok(slug) => Ok((TenantId::from_uuid(tenant.id), slug)),
                Err(_) => Err(StoreError::corrupt("tenants", "slug", tenant.id)),
            })
            .collect()
    }

    /// Destroys the private halves of signing keys that are good for nothing any more; gives how many.
    pub async fn destroy_ended_keys(&self) -> Result<u64, StoreError> {
        let destroyed = scoped::update_across_tenants::<Entity>(self)
            .col_expr(Column::SealedPrivate, Expr::value(Vec::<u8>::new()))
            .filter(Column::HintsUntil.lte(self.now().as_micros()))
            .filter(Column::SealedPrivate.ne(Vec::<u8>::new()))
            .exec(self.conn())
            .await?;
        Ok(destroyed.rows_affected)
    }

    /// Since when the signing key of any realm that has signed longest without a successor has done so.
    pub async fn oldest_signing_key(&self) -> Result<Option<Instant>, StoreError> {
        let oldest: Option<i64> = scoped::find_across_tenants::<Entity>(self)
            .filter(Column::RotatesAt.is_not_null())
            .select_only()
            .column(Column::ActiveFrom)
            .order_by_asc(Column::ActiveFrom)
            .limit(1)
            .into_tuple()
            .one(self.conn())
            .await?;
        Ok(oldest.map(Instant::from_micros))
    }
}
