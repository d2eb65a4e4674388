//! Tenants, looked for by operators.

use palatine_domain::RealmSlug;
use palatine_domain::tenant::{RealmProfile, Tenant, TenantState};
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityName as _, QueryFilter as _, QueryOrder as _};

use crate::entities::tenants::{Column, Entity};
use crate::entities::{realm_words, scoped, tenant_versions};
use crate::error::StoreError;
use crate::operator::{OperatorTx, not_a_tombstone};
use crate::store::{profile_word, state_word, tenant_of};
use crate::word_search::{HIT, WordSearch};

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
    /// statements, and one more if words are looked for.
    pub async fn search_tenants(
        &self,
        filter: &TenantFilter,
        after: Option<&RealmSlug>,
        limit: u64,
    ) -> Result<Vec<Tenant>, StoreError> {
        let slugs = self.found(filter, after, limit).await?;
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

    /// The rarest word leads, or the tenants themselves; see [`crate::word_search`].
    async fn found(
        &self,
        filter: &TenantFilter,
        after: Option<&RealmSlug>,
        limit: u64,
    ) -> Result<Vec<String>, StoreError> {
        use realm_words::Column::{Slug, TenantId, Token};
        let mut words = WordSearch::new(&filter.text, None, Token, TenantId, Slug);
        let (mut select, slug, state) = if words.weigh(self.conn(), filter.state.is_some()).await? {
            let slug = Expr::col((HIT, Alias::new("order")));
            let state = filter.state.map(|state| has_slug_and_is_in(&slug, state));
            (words.led(), slug, state)
        } else {
            (walked(&words), of(Column::Slug), filter.state.map(is_in))
        };
        if let Some(state) = state {
            select.and_where(state);
        }
        if let Some(after) = after {
            select.and_where(slug.clone().gt(after.as_str()));
        }
        let rows = self.conn().query_all(select.order_by_expr(slug, Order::Asc).limit(limit)).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }
}

/// The slugs of all tenants that have the words.
fn walked(words: &WordSearch<realm_words::Entity>) -> SelectStatement {
    let mut select = Query::select();
    select.expr(of(Column::Slug)).from(Entity.table_ref()).cond_where(not_a_tombstone());
    for asked in words.all_of(&of(Column::Id)) {
        select.and_where(asked);
    }
    select
}

/// The state as a constant, so that the plan is one for this state: few tenants are not active.
fn is_in(state: TenantState) -> Expr {
    of(Column::State).eq(Expr::Constant(state_word(state).into()))
}

/// The same of the tenant with that slug. See [`crate::word_search`] for `OFFSET`.
fn has_slug_and_is_in(slug: &Expr, state: TenantState) -> Expr {
    let row = Query::select()
        .expr(Expr::val(1))
        .from(Entity.table_ref())
        .and_where(of(Column::Slug).eq(slug.clone()))
        .and_where(is_in(state))
        .limit(1)
        .offset(0)
        .to_owned();
    Expr::exists(row)
}

fn of(column: Column) -> Expr {
    Expr::col((Entity, column))
}
