//! What the audit log hears of keys.

use palatine_domain::Ambient;
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_store::{StoreError, TenantWrite};
use serde_json::Value;

/// Writes an event down, in the transaction of what it tells.
pub(super) async fn append(
    tx: &TenantWrite,
    ambient: &Ambient,
    kind: AuditKind,
    actor: &Actor,
    details: Value,
) -> Result<(), StoreError> {
    let event = AuditEvent {
        id: ambient.id(),
        at: tx.now(),
        kind,
        actor: actor.clone(),
        user: None,
        client: None,
        session: None,
        address: None,
        request_id: None,
        details,
    };
    tx.audit().append(&event).await
}
