//! What a person decides on the consent page: written down in the transaction that acts on it.

use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::session::Session;
use palatine_protocol::scope::ScopeSet;
use palatine_store::{StoreError, TenantWrite};
use serde_json::json;

use super::Asked;
use crate::TokenService;

/// What a person allowed on the consent page.
#[derive(Clone, Debug)]
pub struct Consented {
    /// Which scopes; of them, the client gets what it may have.
    pub scope: ScopeSet,
    /// How they said so.
    pub from: Provenance,
}

/// Where a decision came from, for the audit log.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// The address.
    pub address: String,
    /// The request, as in the log.
    pub request_id: String,
}

impl TokenService {
    /// Remembers that the person allowed this, of what the client may have, in the transaction that issues it.
    pub(super) async fn record_consent(
        &self,
        tx: &TenantWrite,
        asked: &Asked,
        session: &Session,
        scope: &ScopeSet,
        refused: &ScopeSet,
        from: &Provenance,
    ) -> Result<(), StoreError> {
        tx.consents().answer(session.user, asked.client.key, scope, refused).await?;
        tx.audit().append(&self.decision(tx, AuditKind::ConsentGiven, asked, session, scope, from)).await
    }

    /// Writes down that the person refused, in the transaction that ends the request.
    pub(super) async fn record_refusal(
        &self,
        tx: &TenantWrite,
        asked: &Asked,
        session: &Session,
        scope: &ScopeSet,
        from: &Provenance,
    ) -> Result<(), StoreError> {
        tx.audit().append(&self.decision(tx, AuditKind::ConsentRefused, asked, session, scope, from)).await
    }

    fn decision(
        &self,
        tx: &TenantWrite,
        kind: AuditKind,
        asked: &Asked,
        session: &Session,
        scope: &ScopeSet,
        from: &Provenance,
    ) -> AuditEvent {
        AuditEvent {
            id: self.ambient.id(),
            at: tx.now(),
            kind,
            actor: Actor::User(session.user),
            user: Some(session.user),
            client: Some(asked.client.key),
            session: Some(session.id),
            address: Some(from.address.clone()),
            request_id: Some(from.request_id.clone()),
            details: json!({ "scope": scope }),
        }
    }
}
