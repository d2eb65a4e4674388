//! Initial access tokens: with each, so many clients may register themselves (RFC 7591, section 1.2). It needs
//! `clients:read` or `clients:write`. A token is shown once, when it is made.

use std::time::Duration;

use palatine_domain::admin::Permission;
use palatine_domain::audit::AuditKind;
use palatine_domain::ids::InitialTokenId;
use palatine_domain::registration::{InitialAccessToken, MAX_INITIAL_TOKEN_USES};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::access::{About, Caller};
use crate::ops::error::{FieldError, OpError};

/// The longest life of a token, in seconds: 366 days.
pub const MAX_LIFE_SECONDS: u64 = 366 * 86_400;

/// A token that is to be made.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewInitialToken {
    /// How many clients it registers: 1 to 10,000. Default 1.
    pub count: u32,
    /// For how long it works, in seconds: 60 to 366 days. Default one day.
    pub expires_in_seconds: u64,
}

impl Default for NewInitialToken {
    fn default() -> Self {
        Self { count: 1, expires_in_seconds: 86_400 }
    }
}

/// What is shown of a token.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct InitialTokenView {
    /// Its row.
    pub id: String,
    /// How many clients it still registers.
    pub uses_left: u32,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// When it stops working (RFC 3339).
    pub expires_at: String,
}

impl InitialTokenView {
    fn of(token: &InitialAccessToken) -> Self {
        Self {
            id: token.id.to_string(),
            uses_left: token.uses_left,
            created_at: token.created_at.to_rfc3339(),
            expires_at: token.expires_at.to_rfc3339(),
        }
    }
}

/// A token that was just made. It is shown here and never again.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct MadeInitialToken {
    /// The token itself.
    pub token: String,
    /// What is shown of it from now on.
    #[serde(flatten)]
    pub summary: InitialTokenView,
}

/// At most `limit` tokens, newest first, those before one; used up and expired ones too, until they are swept.
pub async fn list(
    caller: &Caller,
    after: Option<InitialTokenId>,
    limit: u64,
) -> Result<Vec<InitialTokenView>, OpError> {
    let (_, tx) = caller.read(Permission::ClientsRead).await?;
    let found = tx.initial_tokens().list(after, limit).await?;
    tx.finish().await?;
    Ok(found.iter().map(InitialTokenView::of).collect())
}

/// Makes a token.
pub async fn create(caller: &Caller, new: &NewInitialToken) -> Result<MadeInitialToken, OpError> {
    let (actor, tx) = caller.write(Permission::ClientsWrite).await?;
    let life = checked(new)?;
    let ambient = caller.realm().ambient();
    let secret = ambient.secret();
    let token = InitialAccessToken {
        id: ambient.id(),
        hash: secret.hash(),
        uses_left: new.count,
        created_at: tx.now(),
        expires_at: tx.now().plus(life),
    };
    tx.initial_tokens().insert(&token).await?;
    actor.audit(&tx, AuditKind::InitialTokenCreated, About::default(), audited(&token)).await?;
    tx.commit().await?;
    Ok(MadeInitialToken { token: secret.to_wire(), summary: InitialTokenView::of(&token) })
}

/// Takes a token back. Who registered with it stays.
pub async fn remove(caller: &Caller, id: InitialTokenId) -> Result<(), OpError> {
    let (actor, tx) = caller.write(Permission::ClientsWrite).await?;
    if !tx.initial_tokens().delete(id).await? {
        return Err(OpError::NotFound);
    }
    actor.audit(&tx, AuditKind::InitialTokenRemoved, About::default(), json!({ "token": id })).await?;
    tx.commit().await?;
    Ok(())
}

/// What the audit log keeps of a token that is made, whoever makes it.
pub fn audited(token: &InitialAccessToken) -> Value {
    let seconds = token.expires_at.since(token.created_at).as_secs();
    json!({ "token": token.id, "count": token.uses_left, "seconds": seconds })
}

fn checked(new: &NewInitialToken) -> Result<Duration, OpError> {
    let mut wrong = Vec::new();
    let mut add = |pointer: &str, message: String| wrong.push(FieldError { pointer: pointer.to_owned(), message });
    if !(1..=MAX_INITIAL_TOKEN_USES).contains(&new.count) {
        add("/count", format!("this is from 1 to {MAX_INITIAL_TOKEN_USES}"));
    }
    if !(60..=MAX_LIFE_SECONDS).contains(&new.expires_in_seconds) {
        add("/expires_in_seconds", format!("this is from 60 to {MAX_LIFE_SECONDS} seconds"));
    }
    if wrong.is_empty() { Ok(Duration::from_secs(new.expires_in_seconds)) } else { Err(OpError::Invalid(wrong)) }
}
