//! Suspends, resumes and deletes a realm. It needs `realms:write`.

use palatine_domain::RealmSlug;
use palatine_domain::admin::Permission;
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::tenant::{Tenant, TenantState};
use palatine_store::Store;
use serde_json::json;

use super::RealmView;
use super::list::PROOF;
use crate::access::{Operator, Origin};
use crate::ops::error::OpError;

/// Everything but discovery and the key set answers 403 until it is resumed.
pub async fn suspend(
    operator: &Operator,
    store: &Store,
    slug: &RealmSlug,
    from: &Origin,
) -> Result<RealmView, OpError> {
    change(operator, store, slug, TenantState::Suspended, AuditKind::RealmSuspended, from).await
}

/// Serves a suspended realm again, or brings a deleted one back: for nodes that were asked for it meanwhile when they
/// have forgotten that there was none (`realms.unknown_slug_seconds`).
pub async fn resume(operator: &Operator, store: &Store, slug: &RealmSlug, from: &Origin) -> Result<RealmView, OpError> {
    change(operator, store, slug, TenantState::Active, AuditKind::RealmResumed, from).await
}

/// Deletes a realm: as if it were unknown from now on, and removed for good when its grace period is over.
pub async fn delete(operator: &Operator, store: &Store, slug: &RealmSlug, from: &Origin) -> Result<RealmView, OpError> {
    change(operator, store, slug, TenantState::Deleting, AuditKind::RealmDeleted, from).await
}

async fn change(
    operator: &Operator,
    store: &Store,
    slug: &RealmSlug,
    state: TenantState,
    kind: AuditKind,
    from: &Origin,
) -> Result<RealmView, OpError> {
    operator.needs(Permission::RealmsWrite)?;
    if *slug == RealmSlug::system() {
        return Err(OpError::Conflict("operators sign in at the realm `system`: it stays".to_owned()));
    }
    let tx = store.as_operator(PROOF).await?;
    let tenant = tx.tenant(slug).await?.ok_or(OpError::NotFound)?;
    if tenant.state == state {
        tx.commit().await?;
        return Ok(RealmView::of(&tenant));
    }
    tx.set_state(tenant.id, state).await?;
    let changed = tx.tenant(slug).await?.ok_or(OpError::NotFound)?;
    let inside = tx.into_tenant(tenant.id).await?;
    inside.audit().append(&event(operator, store, &tenant, kind, from)).await?;
    inside.commit().await?;
    tracing::info!(realm = %slug, operator = operator.name(), act = kind.as_str(), "a realm's state was changed");
    Ok(RealmView::of(&changed))
}

fn event(operator: &Operator, store: &Store, before: &Tenant, kind: AuditKind, from: &Origin) -> AuditEvent {
    let ambient = store.ambient();
    AuditEvent {
        id: ambient.id(),
        at: ambient.now(),
        kind,
        actor: Actor::Operator(operator.name().to_owned()),
        user: None,
        client: None,
        session: None,
        address: from.address.clone(),
        request_id: from.request_id.clone(),
        details: json!({ "before": before.state }),
    }
}
