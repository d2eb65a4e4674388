//! Ends all that a person has open: "an admin's «end all»". It needs `users:write`, and every right they have.

use palatine_domain::admin::Permission;
use palatine_domain::audit::AuditKind;
use palatine_domain::grant::EndReason;
use palatine_domain::ids::UserId;
use palatine_token_service::session::entomb;
use serde_json::json;

use super::governed;
use crate::access::{About, Caller};
use crate::ops::error::OpError;

/// Ends every session and every grant with its families, offline ones too. Clients that want to be told are told.
pub async fn sign_out(caller: &Caller, id: UserId) -> Result<(), OpError> {
    let (actor, tx) = caller.write(Permission::UsersWrite).await?;
    governed(&tx, &actor, id).await?;
    let ended = tx.sessions().end_all_of_user(id, EndReason::Admin, tx.now()).await?;
    let grants = tx.grants().end_all_of_user(id, EndReason::Admin, tx.now()).await?;
    let details = json!({ "sessions": ended.len(), "grants": grants });
    actor.audit(&tx, AuditKind::SignedOutEverywhere, About::user(id), details).await?;
    tx.commit().await?;
    for session in ended {
        entomb(caller.realm(), &session.cookie).await;
    }
    Ok(())
}
