//! What clients hold because people let them: lists, and the end of one. It needs `users:read` or `users:write`, and to
//! end one every right of its person.

use palatine_domain::admin::Permission;
use palatine_domain::audit::AuditKind;
use palatine_domain::grant::{EndReason, Grant};
use palatine_domain::ids::{GrantId, UserId};
use palatine_store::GrantFilter;
use palatine_token_service::TokenService;
use serde::Serialize;
use serde_json::json;

use super::named_clients::{NamedClients, OfClient};
use super::users::governed;
use crate::access::{About, Caller};
use crate::ops::error::OpError;

/// Which grants are wanted: those that fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct GrantQuery {
    /// Of this person.
    pub user: Option<UserId>,
    /// To the client of this name.
    pub client_id: Option<String>,
    /// Those alone that were not ended.
    pub live: bool,
}

/// A grant.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct GrantView {
    /// Its row.
    pub id: String,
    /// The row of the person.
    pub user: String,
    /// The client's name on the wire; null if it is gone.
    pub client_id: Option<String>,
    /// `sid`: the session that it was given in.
    pub session: String,
    /// What it allows, by scope.
    pub scopes: Vec<String>,
    /// The resources that were named (RFC 8707).
    pub resources: Vec<String>,
    /// When it was given (RFC 3339).
    pub created_at: String,
    /// When it was ended (RFC 3339); null: it was not.
    pub ended_at: Option<String>,
    /// Why it was ended.
    pub end_reason: Option<String>,
}

impl GrantView {
    fn of(grant: Grant, clients: &NamedClients) -> Self {
        Self {
            id: grant.id.to_string(),
            user: grant.user.to_string(),
            client_id: clients.name(grant.client),
            session: grant.session.to_string(),
            scopes: grant.scope.iter().map(ToString::to_string).collect(),
            resources: grant.resources,
            created_at: grant.created_at.to_rfc3339(),
            ended_at: grant.ended.map(|(at, _)| at.to_rfc3339()),
            end_reason: grant.ended.map(|(_, reason)| reason.as_str().to_owned()),
        }
    }
}

/// At most `limit` grants, newest first, those before one.
pub async fn list(
    caller: &Caller,
    tokens: &TokenService,
    query: &GrantQuery,
    after: Option<GrantId>,
    limit: u64,
) -> Result<Vec<GrantView>, OpError> {
    let wanted = OfClient::named(caller, tokens, query.client_id.as_deref()).await?;
    let (_, tx) = caller.read(Permission::UsersRead).await?;
    let client = match wanted {
        OfClient::Any => None,
        OfClient::One(client) => Some(client),
        OfClient::Nobody => return Ok(Vec::new()),
    };
    let filter = GrantFilter { user: query.user, client, live: query.live };
    let found = tx.grants().list(&filter, after, limit).await?;
    let clients = NamedClients::of(&tx, tokens, found.iter().map(|grant| grant.client)).await?;
    tx.finish().await?;
    Ok(found.into_iter().map(|grant| GrantView::of(grant, &clients)).collect())
}

/// Ends a grant with its families, offline ones too: nothing that was issued under it counts any more.
pub async fn end(caller: &Caller, id: GrantId) -> Result<(), OpError> {
    let (actor, tx) = caller.write(Permission::UsersWrite).await?;
    let grant = tx.grants().by_id(id).await?.ok_or(OpError::NotFound)?;
    governed(&tx, &actor, grant.user).await?;
    if !tx.grants().end(id, EndReason::Admin, tx.now()).await? {
        return Err(OpError::Conflict("it was ended before".to_owned()));
    }
    let about = About { user: Some(grant.user), client: Some(grant.client) };
    let details = json!({ "grant": id, "reason": EndReason::Admin.as_str() });
    actor.audit(&tx, AuditKind::GrantEnded, about, details).await?;
    tx.commit().await?;
    Ok(())
}
