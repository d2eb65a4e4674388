//! Login sessions: lists, and their end. It needs `users:read` or `users:write`, and to end one every right of its person.

use palatine_domain::admin::Permission;
use palatine_domain::audit::AuditKind;
use palatine_domain::grant::EndReason;
use palatine_domain::ids::{SessionId, UserId};
use palatine_domain::session::Session;
use palatine_store::SessionFilter;
use palatine_token_service::session::entomb;
use serde::Serialize;
use serde_json::json;

use crate::access::{About, Caller};
use crate::ops::error::OpError;

/// A session.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SessionView {
    /// `sid` of its tokens.
    pub id: String,
    /// The row of the person.
    pub user: String,
    /// When it began (RFC 3339).
    pub created_at: String,
    /// When it was last used, to the nearest tenth of the idle limit (RFC 3339).
    pub last_seen_at: String,
    /// The address it began from.
    pub address: String,
    /// The browser it began in.
    pub user_agent: String,
    /// Whether "remember me" was ticked.
    pub remembered: bool,
}

impl SessionView {
    fn of(session: Session) -> Self {
        Self {
            id: session.id.to_string(),
            user: session.user.to_string(),
            created_at: session.created_at.to_rfc3339(),
            last_seen_at: session.last_seen_at.to_rfc3339(),
            address: session.address,
            user_agent: session.user_agent,
            remembered: session.remembered,
        }
    }
}

/// At most `limit` live sessions, newest first, those before one; of a person, or of all.
pub async fn list(
    caller: &Caller,
    user: Option<UserId>,
    after: Option<SessionId>,
    limit: u64,
) -> Result<Vec<SessionView>, OpError> {
    let (_, tx) = caller.read(Permission::UsersRead).await?;
    let live = Some(caller.realm().policy().lifetimes.clone());
    let found = tx.sessions().list(&SessionFilter { user, client: None, live }, after, limit).await?;
    tx.finish().await?;
    Ok(found.into_iter().map(SessionView::of).collect())
}

/// Ends a session with all that is bound to it. Clients that want to be told are told.
pub async fn end(caller: &Caller, id: SessionId) -> Result<(), OpError> {
    let (actor, tx) = caller.write(Permission::UsersWrite).await?;
    let session = tx.sessions().by_id(id).await?.ok_or(OpError::NotFound)?;
    let (graph, memberships) = (tx.roles().graph().await?, tx.roles().memberships(session.user).await?);
    actor.guard().check_user(&graph, &memberships)?;
    let ended = tx.sessions().end(id, EndReason::Admin, tx.now()).await?.ok_or(OpError::NotFound)?;
    let details = json!({ "sid": id, "reason": EndReason::Admin.as_str() });
    actor.audit(&tx, AuditKind::SessionEnded, About::user(session.user), details).await?;
    tx.commit().await?;
    entomb(caller.realm(), &ended.cookie).await;
    Ok(())
}
