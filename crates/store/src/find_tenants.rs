//! Tenants, looked for by operators.

use palatine_domain::RealmSlug;
use palatine_domain::tenant::{RealmProfile, Tenant, TenantState};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, Value};
use sea_orm::{ColumnTrait as _, EntityName as _, QueryFilter as _, QueryOrder as _};

use crate::entities::tenants::{Column, Entity};
use crate::entities::{realm_words, scoped, tenant_versions};
use crate::error::StoreError;
use crate::operator::{OperatorTx, not_a_tombstone};
use crate::store::{profile_word, state_word, tenant_of};
use crate::word_search::{Bounds, Search, Set, of};

/// Which tenants are wanted: those that fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct TenantFilter {
    /// In whose slug and display name each word begins a word.
    pub text: String,
    /// Those in this state.
    pub state: Option<TenantState>,
}

impl OperatorTx {
    /// Tenants by slug, after `after`, at most `limit`; deleted ones inside their grace period included.
    pub async fn tenants(&self, after: Option<&RealmSlug>, limit: u64) -> Result<Vec<Tenant>, StoreError> {
        self.search_tenants(&TenantFilter::default(), after, limit).await
    }

    /// At most `limit` tenants by slug, after the given one; deleted ones inside their grace period included. Two
    /// statements, and one or two more if words are looked for.
    pub async fn search_tenants(
        &self,
        filter: &TenantFilter,
        after: Option<&RealmSlug>,
        limit: u64,
    ) -> Result<Vec<Tenant>, StoreError> {
        let slugs = self.found_tenants(filter, Bounds::USUAL, after, limit).await?;
        if slugs.is_empty() {
            return Ok(Vec::new());
        }
        let rows = scoped::find_routing::<Entity>()
            .filter(Column::Slug.is_in(slugs))
            .find_also_related(tenant_versions::Entity)
            .order_by_asc(Column::Slug)
            .all(self.conn())
            .await?;
        rows.iter().map(|(row, version)| tenant_of(row, version.as_ref())).collect()
    }

    /// The tenant of that name, also a deleted one inside its grace period.
    pub async fn tenant(&self, slug: &RealmSlug) -> Result<Option<Tenant>, StoreError> {
        let found = scoped::find_routing::<Entity>()
            .filter(Column::Slug.eq(slug.as_str()))
            .filter(not_a_tombstone())
            .find_also_related(tenant_versions::Entity)
            .one(self.conn())
            .await?;
        found.map(|(row, version)| tenant_of(&row, version.as_ref())).transpose()
    }

    /// The realms whose secrets everybody knows.
    pub async fn insecure_tenants(&self) -> Result<Vec<RealmSlug>, StoreError> {
        let rows = scoped::find_routing::<Entity>()
            .filter(Column::Profile.eq(profile_word(RealmProfile::InsecureDemo)))
            .filter(not_a_tombstone())
            .order_by_asc(Column::Slug)
            .all(self.conn())
            .await?;
        rows.iter()
            .map(|row| RealmSlug::parse(&row.slug).map_err(|_| StoreError::corrupt("tenants", "slug", row.id)))
            .collect()
    }

    /// See [`crate::word_search`].
    pub(crate) async fn found_tenants(
        &self,
        filter: &TenantFilter,
        bounds: Bounds,
        after: Option<&RealmSlug>,
        limit: u64,
    ) -> Result<Vec<String>, StoreError> {
        use realm_words::Column::{Slug, TenantId, Token};
        let mut sets = Set::of_words::<realm_words::Entity>(&filter.text, None, Token, TenantId, Some(Slug));
        // Most tenants are active: nobody is found by that.
        let (everybody, everybody_is_a_condition) = match filter.state {
            None => (tenants(None), false),
            Some(TenantState::Active) => (tenants(Some(TenantState::Active)), true),
            Some(state) => {
                sets.push(tenants(Some(state)));
                (tenants(None), false)
            }
        };
        let search = Search { everybody, everybody_is_a_condition, sets };
        let after = after.map(|slug| Value::from(slug.as_str()));
        let rows = search.run(self.conn(), bounds, after.as_ref(), limit).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }
}

/// All tenants, or those in one state. The state is a constant, so that the plan is one for this state.
fn tenants(state: Option<TenantState>) -> Set {
    let mut rows = Query::select();
    rows.from(Entity.table_ref());
    if let Some(state) = state {
        rows.and_where(of(Column::State).eq(Expr::Constant(state_word(state).into())));
    }
    // The others are no tombstones, and their number is told by an index alone.
    if matches!(state, None | Some(TenantState::Deleting)) {
        rows.cond_where(not_a_tombstone());
    }
    Set::in_order(rows, of(Column::Id), Some(of(Column::Slug)))
}
