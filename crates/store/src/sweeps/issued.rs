//! Grants, refresh families and refresh tokens: gone when nothing that is still out there needs them.
//!
//! A token that lives needs all rows above it: a refresh token its family and grant, an access token its grant, which
//! tells that it was not ended. So a family stays for the longest life of an access token after its last refresh token
//! expired, and a grant as long as it has a family or a code. The rows go from the leaves to the root, each counted.

use std::time::Duration;

use palatine_domain::Instant;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _};

use super::{DAY, keys_in};
use crate::entities::refresh_tokens::Column::{ExpiresAt, FamilyId, TenantId, UsedAt};
use crate::entities::scoped::TenantEntity;
use crate::entities::{authorization_codes, grants, refresh_families, refresh_tokens, scoped};
use crate::error::StoreError;
use crate::operator::OperatorTx;

/// The longest life of an access token under any policy; a refresh token gives the last one before it expires.
const KEEP_REFRESH_TOKENS: Duration = DAY;
/// An ended family is kept for a while for whoever looks into a complaint.
const KEEP_ENDED_FAMILIES: Duration = Duration::from_hours(30 * 24);
/// So is a grant, ended or not, when its families and codes are gone.
const KEEP_GRANTS: Duration = Duration::from_hours(30 * 24);

impl OperatorTx {
    /// Removes at most `budget` rows, and gives how many.
    pub(super) async fn sweep_issued(&self, now: Instant, budget: u64) -> Result<u64, StoreError> {
        let before = |keep: Duration| now.minus(keep).as_micros();
        let mut left = budget;

        // One token of each family was not used: its last, which goes with the family.
        let expired = ExpiresAt.lt(before(KEEP_REFRESH_TOKENS));
        let used = expired.clone().and(UsedAt.is_not_null());
        left -= self.sweep::<refresh_tokens::Entity>(used, left).await?;
        let of_last_ones = self.families_of(expired.and(UsedAt.is_null()));
        left -= self.sweep::<refresh_families::Entity>(of_last_ones, left).await?;

        let ended = refresh_families::Column::EndedAt.lt(before(KEEP_ENDED_FAMILIES));
        left -= self.sweep::<refresh_tokens::Entity>(self.tokens_of(ended.clone()), left).await?;
        left -= self.sweep::<refresh_families::Entity>(ended, left).await?;

        let old = grants::Column::CreatedAt.lt(before(KEEP_GRANTS));
        let without_families = self.grants_without::<refresh_families::Entity>(refresh_families::Column::GrantId);
        let without_codes = self.grants_without::<authorization_codes::Entity>(authorization_codes::Column::GrantId);
        left -= self.sweep::<grants::Entity>(old.and(without_families).and(without_codes), left).await?;
        Ok(budget - left)
    }

    /// The families of the tokens for which the condition holds.
    fn families_of(&self, tokens: Expr) -> Expr {
        let tokens = scoped::find_across_tenants::<refresh_tokens::Entity>(self).filter(tokens);
        keys_in::<refresh_families::Entity>(tokens.select_only().columns([TenantId, FamilyId]).into_query())
    }

    /// The tokens of the families for which the condition holds.
    fn tokens_of(&self, families: Expr) -> Expr {
        use refresh_families::Column::{Id, TenantId as OfTenant};
        let families = scoped::find_across_tenants::<refresh_families::Entity>(self).filter(families);
        let families = families.select_only().columns([OfTenant, Id]).into_query();
        Expr::tuple([Expr::col(TenantId), Expr::col(FamilyId)]).in_subquery(families)
    }

    /// The grants that no row of `E` belongs to; `grant_id` is its column that names the grant.
    fn grants_without<E: TenantEntity>(&self, grant_id: E::Column) -> Expr {
        let theirs = |own, of_grant| Expr::col((E::default(), own)).equals((grants::Entity, of_grant));
        let rows = scoped::find_across_tenants::<E>(self)
            .filter(theirs(E::tenant_column(), grants::Column::TenantId))
            .filter(theirs(grant_id, grants::Column::Id));
        Expr::exists(rows.select_only().column(grant_id).into_query()).not()
    }
}
