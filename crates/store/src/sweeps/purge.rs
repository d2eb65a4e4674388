//! Tenants whose grace is over: removed for good, keys first, in as many calls as their size needs.

use palatine_domain::tenant::TenantState;
use palatine_domain::{Instant, RealmSlug};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Set};
use uuid::Uuid;

use crate::entities::tenants::{Column, Entity};
use crate::entities::{self, data_keys, scoped, signing_keys, tenant_hosts, tenants};
use crate::error::StoreError;
use crate::operator::{OperatorTx, tombstone};
use crate::store::state_word;

/// How many tenants one call looks at.
const TENANTS_AT_ONCE: u64 = 50;

impl OperatorTx {
    /// Removes what tenants hold whose grace was over at `now`, at most `budget` rows, and the tenants of which nothing
    /// is left; gives how many rows and tenants: fewer than `budget` means that all is done.
    ///
    /// From the first call on such a tenant cannot be brought back: its data keys go at once, and nothing of it that was
    /// sealed can be read any more. The slug of a tenant that has signing keys may have issued tokens: it stays as a tombstone
    /// and is not given away again, unless it is lifted.
    pub async fn purge_deleted(&self, now: Instant, budget: u64) -> Result<u64, StoreError> {
        let doomed = self.doomed(now).await?;
        if doomed.is_empty() {
            return Ok(0);
        }
        self.seal_the_fate_of(&doomed).await?;
        let removed = entities::delete_some_rows_of(self, &doomed, budget).await?;
        if removed == budget {
            return Ok(removed);
        }
        Ok(removed + self.bury(&doomed).await?)
    }

    /// Gives the slug of a tenant that is gone away again; `false` if it is no tombstone. Tokens of the tenant before
    /// name the same issuer: an API that trusts that issuer alone would not tell them apart, but for their keys.
    pub async fn lift_tombstone(&self, slug: &RealmSlug) -> Result<bool, StoreError> {
        let lift = scoped::delete_routing::<Entity>(self).filter(Column::Slug.eq(slug.as_str())).filter(tombstone());
        Ok(lift.exec(self.conn()).await?.rows_affected == 1)
    }

    /// The tenants whose grace is over, longest first, locked: who would bring one back waits, and is refused then.
    async fn doomed(&self, now: Instant) -> Result<Vec<Uuid>, StoreError> {
        let ids = scoped::find_routing::<Entity>()
            .filter(Column::State.eq(state_word(TenantState::Deleting)))
            .filter(Column::DeleteAfter.lte(now.as_micros()))
            .select_only()
            .column(Column::Id)
            .order_by_asc(Column::DeleteAfter)
            .limit(TENANTS_AT_ONCE)
            .lock_exclusive()
            .into_tuple()
            .all(self.conn())
            .await?;
        Ok(ids)
    }

    /// Notes which of them may have issued tokens, that none comes back, and destroys their keys.
    async fn seal_the_fate_of(&self, doomed: &[Uuid]) -> Result<(), StoreError> {
        let theirs = || Column::Id.is_in(doomed.iter().copied());
        scoped::update_routing::<Entity>(self)
            .col_expr(Column::DeleteAfter, Expr::value(Instant::EPOCH.as_micros()))
            .filter(theirs())
            .exec(self.conn())
            .await?;
        let with_keys: Vec<Uuid> = scoped::find_across_tenants::<signing_keys::Entity>(self)
            .filter(signing_keys::Column::TenantId.is_in(doomed.iter().copied()))
            .select_only()
            .column(signing_keys::Column::TenantId)
            .distinct()
            .into_tuple()
            .all(self.conn())
            .await?;
        scoped::update_routing::<Entity>(self)
            .set(tenants::ActiveModel { issued_tokens: Set(true), ..Default::default() })
            .filter(Column::Id.is_in(with_keys))
            .exec(self.conn())
            .await?;
        scoped::delete_across_tenants::<data_keys::Entity>(self)
            .filter(data_keys::Column::TenantId.is_in(doomed.iter().copied()))
            .exec(self.conn())
            .await?;
        Ok(())
    }

    /// Leaves a tombstone of those that may have issued tokens, and nothing of the others; gives how many they were.
    async fn bury(&self, doomed: &[Uuid]) -> Result<u64, StoreError> {
        // What somebody was writing to a moment ago was passed over.
        let ids = scoped::find_routing::<Entity>().filter(Column::Id.is_in(doomed.iter().copied()));
        entities::delete_rows_of(self, &ids.select_only().column(Column::Id).into_query()).await?;
        scoped::delete_routing::<tenant_hosts::Entity>(self)
            .filter(tenant_hosts::Column::TenantId.is_in(doomed.iter().copied()))
            .exec(self.conn())
            .await?;
        let theirs = |issued: bool| {
            Condition::all().add(Column::Id.is_in(doomed.iter().copied())).add(Column::IssuedTokens.eq(issued))
        };
        let buried = scoped::update_routing::<Entity>(self)
            .col_expr(Column::DeleteAfter, Expr::value(None::<i64>))
            .filter(theirs(true))
            .exec(self.conn())
            .await?;
        let removed = scoped::delete_routing::<Entity>(self).filter(theirs(false)).exec(self.conn()).await?;
        Ok(buried.rows_affected + removed.rows_affected)
    }
}
