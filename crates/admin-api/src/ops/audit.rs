//! Reads the audit log. It needs `audit:read`.

use palatine_domain::Instant;
use palatine_domain::admin::Permission;
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::client::ClientId;
use palatine_domain::ids::UserId;
use palatine_store::{AuditCursor, AuditFilter};
use serde::Serialize;
use serde_json::Value;

use crate::access::Caller;
use crate::ops::error::OpError;

/// Which events are wanted: those that fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Of one of these kinds; of any, if none is named.
    pub kinds: Vec<AuditKind>,
    /// About this person.
    pub user: Option<UserId>,
    /// About this client.
    pub client: Option<ClientId>,
    /// By this person.
    pub by: Option<UserId>,
    /// Not before.
    pub from: Option<Instant>,
    /// Before.
    pub to: Option<Instant>,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct EventView {
    /// Its row.
    pub id: String,
    /// When (RFC 3339).
    pub at: String,
    /// What, as a stable word.
    pub kind: String,
    /// By whom.
    pub actor: ActorView,
    /// The person it is about.
    pub user: Option<String>,
    /// The row of the client it is about.
    pub client: Option<String>,
    /// The session it happened in.
    pub session: Option<String>,
    /// From which address.
    pub address: Option<String>,
    /// The request, as in the log.
    pub request_id: Option<String>,
    /// Further facts; of a change, what was before and what is now. Never a secret.
    pub details: Value,
}

/// By whom something was done.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ActorView {
    /// `anonymous`, `user`, `client`, `operator` or `system`.
    pub kind: String,
    /// The row of the person or client; of an operator, who and why.
    pub id: Option<String>,
}

impl ActorView {
    fn of(actor: Actor) -> Self {
        let (kind, id) = match actor {
            Actor::Anonymous => ("anonymous", None),
            Actor::User(user) => ("user", Some(user.to_string())),
            Actor::Client(client) => ("client", Some(client.to_string())),
            Actor::Operator(who) => ("operator", Some(who)),
            Actor::System => ("system", None),
        };
        Self { kind: kind.to_owned(), id }
    }
}

impl EventView {
    fn of(event: AuditEvent) -> Self {
        Self {
            id: event.id.to_string(),
            at: event.at.to_rfc3339(),
            kind: event.kind.as_str().to_owned(),
            actor: ActorView::of(event.actor),
            user: event.user.map(|user| user.to_string()),
            client: event.client.map(|client| client.to_string()),
            session: event.session.map(|session| session.to_string()),
            address: event.address,
            request_id: event.request_id,
            details: event.details,
        }
    }
}

/// At most `limit` events, newest first, older than one; each with where it stands in the order.
pub async fn list(
    caller: &Caller,
    query: AuditQuery,
    after: Option<AuditCursor>,
    limit: u64,
) -> Result<Vec<(AuditCursor, EventView)>, OpError> {
    let (_, tx) = caller.read(Permission::AuditRead).await?;
    let client = match &query.client {
        Some(client_id) => match tx.clients().by_client_id(client_id).await? {
            Some(client) => Some(client.key),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let actor = query.by.map(Actor::User);
    let filter = AuditFilter { kinds: query.kinds, actor, user: query.user, client, from: query.from, to: query.to };
    let found = tx.audit().list(&filter, after, limit).await?;
    tx.finish().await?;
    let placed = |event: AuditEvent| (AuditCursor { at: event.at, id: event.id }, EventView::of(event));
    Ok(found.into_iter().map(placed).collect())
}
