//! Sets somebody's password. It needs `users:write`, and every right they have.

use palatine_authn::{HashError, HashPool, Lane, password_policy};
use palatine_domain::SecretText;
use palatine_domain::admin::Permission;
use palatine_domain::audit::AuditKind;
use palatine_domain::grant::EndReason;
use palatine_domain::ids::{TenantScoped as _, UserId};
use palatine_token_service::session::entomb;
use serde_json::json;

use super::governed;
use crate::access::{About, Caller};
use crate::ops::error::{FieldError, OpError};

/// Stores the password, and ends all that the old one had opened: every session, every grant with its families, offline
/// ones too ("password change or reset", PROTOCOL.md section 4).
pub async fn set_password(
    caller: &Caller,
    hashing: &HashPool,
    id: UserId,
    password: SecretText,
) -> Result<(), OpError> {
    // Nobody makes us hash who may not set it.
    let (actor, tx) = caller.read(Permission::UsersWrite).await?;
    let user = governed(&tx, &actor, id).await?;
    tx.finish().await?;
    let names: Vec<&str> = std::iter::once(user.username.as_str()).chain(user.email.as_deref()).collect();
    let phc = hashed(caller, hashing, password, &names).await?;
    let (actor, tx) = caller.write(Permission::UsersWrite).await?;
    governed(&tx, &actor, id).await?;
    if !tx.credentials().set_password(id, &phc).await? {
        return Err(OpError::NotFound);
    }
    let ended = tx.sessions().end_all_of_user(id, EndReason::PasswordChanged, tx.now()).await?;
    tx.grants().end_all_of_user(id, EndReason::PasswordChanged, tx.now()).await?;
    let details = json!({ "sessions_ended": ended.len() });
    actor.audit(&tx, AuditKind::PasswordReset, About::user(id), details).await?;
    tx.commit().await?;
    for session in ended {
        entomb(caller.realm(), &session.cookie).await;
    }
    Ok(())
}

/// The hash of a password that the realm's policy takes.
pub(super) async fn hashed(
    caller: &Caller,
    hashing: &HashPool,
    password: SecretText,
    names: &[&str],
) -> Result<String, OpError> {
    let realm = caller.realm();
    password_policy::check(&realm.policy().passwords, password.expose(), names).map_err(|found| {
        let field = |problem: &_| FieldError { pointer: "/password".to_owned(), message: format!("{problem}") };
        OpError::Invalid(found.iter().map(field).collect())
    })?;
    match hashing.hash(realm.scope().tenant_id(), Lane::People, password).await {
        Err(error @ HashError::TooLong) => Err(OpError::invalid("/password", error.to_string())),
        hashed => Ok(hashed?),
    }
}
