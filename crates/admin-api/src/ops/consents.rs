//! What people allowed clients: lists, and taking it back for them. It needs `users:read` or `users:write`, and to take
//! something back every right of the person.

use palatine_domain::admin::Permission;
use palatine_domain::audit::AuditKind;
use palatine_domain::ids::{ConsentId, UserId};
use palatine_store::{Consent, ConsentFilter};
use palatine_token_service::TokenService;
use serde::Serialize;
use serde_json::json;

use super::named_clients::{NamedClients, OfClient};
use super::users::governed;
use crate::access::{About, Caller};
use crate::ops::error::OpError;

/// What a person answered when a client asked.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ConsentView {
    /// Its row.
    pub id: String,
    /// The row of the person.
    pub user: String,
    /// The client's name on the wire; null if it is gone.
    pub client_id: Option<String>,
    /// What they allowed, by scope.
    pub scopes: Vec<String>,
    /// What they left out.
    pub refused: Vec<String>,
    /// When they first answered (RFC 3339).
    pub created_at: String,
    /// When they last answered (RFC 3339).
    pub updated_at: String,
}

impl ConsentView {
    fn of(consent: &Consent, clients: &NamedClients) -> Self {
        Self {
            id: consent.id.to_string(),
            user: consent.user.to_string(),
            client_id: clients.name(consent.client),
            scopes: consent.scope.iter().map(ToString::to_string).collect(),
            refused: consent.refused.iter().map(ToString::to_string).collect(),
            created_at: consent.created_at.to_rfc3339(),
            updated_at: consent.updated_at.to_rfc3339(),
        }
    }
}

/// At most `limit` consents, newest first, those before one; of a person, to a client, or all.
pub async fn list(
    caller: &Caller,
    tokens: &TokenService,
    user: Option<UserId>,
    client_id: Option<&str>,
    after: Option<ConsentId>,
    limit: u64,
) -> Result<Vec<ConsentView>, OpError> {
    let wanted = OfClient::named(caller, tokens, client_id).await?;
    let (_, tx) = caller.read(Permission::UsersRead).await?;
    let client = match wanted {
        OfClient::Any => None,
        OfClient::One(client) => Some(client),
        OfClient::Nobody => return Ok(Vec::new()),
    };
    let found = tx.consents().list(&ConsentFilter { user, client }, after, limit).await?;
    let clients = NamedClients::of(&tx, tokens, found.iter().map(|consent| consent.client)).await?;
    tx.finish().await?;
    Ok(found.iter().map(|consent| ConsentView::of(consent, &clients)).collect())
}

/// Forgets what a person allowed a client, and ends every grant of theirs to it, offline ones too.
pub async fn withdraw(caller: &Caller, tokens: &TokenService, user: UserId, client_id: &str) -> Result<(), OpError> {
    let client = tokens.find_client(caller.realm(), client_id).await?;
    let (actor, tx) = caller.write(Permission::UsersWrite).await?;
    governed(&tx, &actor, user).await?;
    let client = client.ok_or(OpError::NotFound)?.key;
    if !tx.consents().withdraw(user, client).await? {
        return Err(OpError::NotFound);
    }
    let about = About { user: Some(user), client: Some(client) };
    actor.audit(&tx, AuditKind::ConsentWithdrawn, about, json!({})).await?;
    tx.commit().await?;
    Ok(())
}
