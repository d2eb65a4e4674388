//! Searches realms. It needs `realms:read`.

use palatine_domain::admin::Permission;
use palatine_domain::tenant::{RealmProfile, Tenant, TenantState};
use palatine_domain::{Instant, RealmSlug};
use palatine_store::{OperatorProof, Store, TenantFilter};
use serde::Serialize;

use crate::access::Operator;
use crate::ops::error::OpError;

pub(crate) const PROOF: OperatorProof = OperatorProof::command("the admin API");

/// A realm, as operators see it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RealmView {
    /// Its name in URLs.
    pub realm: String,
    /// Whether it serves.
    pub state: TenantState,
    /// What it is for.
    pub profile: RealmProfile,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// Since when it is suspended (RFC 3339).
    pub suspended_at: Option<String>,
    /// From when on it is removed for good, if it is deleted (RFC 3339).
    pub delete_after: Option<String>,
}

impl RealmView {
    pub(super) fn of(tenant: &Tenant) -> Self {
        Self {
            realm: tenant.slug.as_str().to_owned(),
            state: tenant.state,
            profile: tenant.profile,
            created_at: tenant.created_at.to_rfc3339(),
            suspended_at: tenant.suspended_at.map(Instant::to_rfc3339),
            delete_after: tenant.delete_after.map(Instant::to_rfc3339),
        }
    }
}

/// At most `limit` realms after one, by name, in whose name and display name each word begins a word.
pub async fn list(
    operator: &Operator,
    store: &Store,
    filter: &TenantFilter,
    after: Option<&RealmSlug>,
    limit: u64,
) -> Result<Vec<RealmView>, OpError> {
    operator.needs(Permission::RealmsRead)?;
    let tx = store.as_operator(PROOF).await?;
    let found = tx.search_tenants(filter, after, limit).await?;
    tx.commit().await?;
    Ok(found.into_iter().map(|tenant| RealmView::of(&tenant)).collect())
}

/// A realm, also one that can still be brought back.
pub async fn read(operator: &Operator, store: &Store, slug: &RealmSlug) -> Result<RealmView, OpError> {
    operator.needs(Permission::RealmsRead)?;
    let tx = store.as_operator(PROOF).await?;
    let found = tx.tenant(slug).await?;
    tx.commit().await?;
    found.map(|tenant| RealmView::of(&tenant)).ok_or(OpError::NotFound)
}
