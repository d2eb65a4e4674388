//! What a person signs in with, and the browsers that their account knows: lists, and taking one away. It needs
//! `users:read` or `users:write`, and to take something away every right of the person. No secret is ever shown.

use palatine_domain::admin::Permission;
use palatine_domain::audit::AuditKind;
use palatine_domain::credential::{Credential, CredentialKind, KnownDevice};
use palatine_domain::ids::{CredentialId, DeviceId, UserId};
use serde::Serialize;
use serde_json::json;

use super::governed;
use crate::access::{About, Caller};
use crate::ops::error::OpError;

/// Something that a person proves themselves with.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CredentialView {
    /// Its row.
    pub id: String,
    /// What it is: `password`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What a password was hashed with: `argon2id`, or `bcrypt`, `pbkdf2-sha256` and the like until its owner next signs in.
    pub algorithm: Option<String>,
    /// When it was set (RFC 3339).
    pub created_at: String,
}

impl CredentialView {
    fn of(credential: &Credential) -> Self {
        let CredentialKind::Password(phc) = &credential.kind;
        Self {
            id: credential.id.to_string(),
            kind: "password".to_owned(),
            algorithm: algorithm(phc).map(str::to_owned),
            created_at: credential.created_at.to_rfc3339(),
        }
    }
}

/// What a stored hash was made with. bcrypt's own form names its version in place of itself.
fn algorithm(hash: &str) -> Option<&str> {
    match hash.split('$').nth(1)? {
        "" => None,
        "2a" | "2b" | "2y" => Some("bcrypt"),
        name => Some(name),
    }
}

/// A browser that an account knows: failures in others do not lock it out.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DeviceView {
    /// Its row.
    pub id: String,
    /// When the person last signed in with it (RFC 3339).
    pub last_used_at: String,
}

impl DeviceView {
    fn of(device: &KnownDevice) -> Self {
        Self { id: device.id.to_string(), last_used_at: device.last_used_at.to_rfc3339() }
    }
}

/// What a person proves themselves with, oldest first.
pub async fn credentials(caller: &Caller, user: UserId) -> Result<Vec<CredentialView>, OpError> {
    let (_, tx) = caller.read(Permission::UsersRead).await?;
    tx.users().by_id(user).await?.ok_or(OpError::NotFound)?;
    let found = tx.credentials().list_of(user).await?;
    tx.finish().await?;
    Ok(found.iter().map(CredentialView::of).collect())
}

/// Takes away what a person proves themselves with. What they have open stays open.
pub async fn remove_credential(caller: &Caller, user: UserId, id: CredentialId) -> Result<(), OpError> {
    let (actor, tx) = caller.write(Permission::UsersWrite).await?;
    governed(&tx, &actor, user).await?;
    if !tx.credentials().delete(user, id).await? {
        return Err(OpError::NotFound);
    }
    actor.audit(&tx, AuditKind::CredentialRemoved, About::user(user), json!({ "credential": id })).await?;
    tx.commit().await?;
    Ok(())
}

/// The browsers that an account knows, the last used first.
pub async fn devices(caller: &Caller, user: UserId) -> Result<Vec<DeviceView>, OpError> {
    let (_, tx) = caller.read(Permission::UsersRead).await?;
    tx.users().by_id(user).await?.ok_or(OpError::NotFound)?;
    let found = tx.devices().list_of(user).await?;
    tx.finish().await?;
    Ok(found.iter().map(DeviceView::of).collect())
}

/// Lets an account forget a browser. A session in it stays.
pub async fn forget_device(caller: &Caller, user: UserId, id: DeviceId) -> Result<(), OpError> {
    let (actor, tx) = caller.write(Permission::UsersWrite).await?;
    governed(&tx, &actor, user).await?;
    if !tx.devices().delete(user, id).await? {
        return Err(OpError::NotFound);
    }
    actor.audit(&tx, AuditKind::CredentialRemoved, About::user(user), json!({ "device": id })).await?;
    tx.commit().await?;
    Ok(())
}
