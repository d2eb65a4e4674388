//! Lets somebody try to sign in again at once. It needs `users:write`, and every right they have.

use palatine_authn::lockout::account_of_user;
use palatine_domain::admin::Permission;
use palatine_domain::audit::AuditKind;
use palatine_domain::ids::UserId;
use serde_json::json;

use super::governed;
use crate::access::{About, Caller};
use crate::ops::error::OpError;

/// Forgets the failed attempts, from wherever they were made.
pub async fn unlock(caller: &Caller, id: UserId) -> Result<(), OpError> {
    let (actor, tx) = caller.write(Permission::UsersWrite).await?;
    governed(&tx, &actor, id).await?;
    let counters = tx.lockouts().unlock(&[account_of_user(id)]).await?;
    actor.audit(&tx, AuditKind::UserUnlocked, About::user(id), json!({ "counters": counters })).await?;
    tx.commit().await?;
    Ok(())
}
