//! Secrets of a client: made, listed, removed one by one. A secret is shown once, when it is made.
//!
//! It needs `clients:read` or `clients:write`, and to write every right of the client.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_domain::admin::Permission;
use palatine_domain::audit::AuditKind;
use palatine_domain::client::{Client, ClientAuthMethod, ClientId, ClientSecret, SecretVerifier};
use palatine_domain::ids::ClientSecretId;
use palatine_domain::{Instant, TokenHash};
use palatine_store::TenantTx;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::{About, Caller};
use crate::ops::error::OpError;

/// A secret that is to be made.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewSecret {
    /// What tells it from others: 1 to 255 characters. Default: `secret`.
    pub label: Option<String>,
    /// For how long it works, in seconds from now. Default: for ever.
    pub expires_in_seconds: Option<u64>,
}

/// What is shown of a secret.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SecretSummary {
    /// Its row.
    pub id: String,
    /// What tells it from others.
    pub label: String,
    /// Its last four characters.
    pub hint: String,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// When it stops working (RFC 3339); null: never.
    pub expires_at: Option<String>,
    /// When it was last used, to the nearest few seconds (RFC 3339); null: never.
    pub last_used_at: Option<String>,
}

impl SecretSummary {
    fn of(secret: &ClientSecret) -> Self {
        Self {
            id: secret.id.to_string(),
            label: secret.label.clone(),
            hint: secret.hint.clone(),
            created_at: secret.created_at.to_rfc3339(),
            expires_at: secret.expires_at.map(Instant::to_rfc3339),
            last_used_at: secret.last_used_at.map(Instant::to_rfc3339),
        }
    }
}

/// A secret that was just made. It is shown here and never again.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct MadeSecret {
    /// The secret itself: 256 random bits in base64url.
    pub secret: String,
    /// What is shown of it from now on.
    #[serde(flatten)]
    pub summary: SecretSummary,
}

/// The secrets of a client.
pub async fn secrets(caller: &Caller, client_id: &ClientId) -> Result<Vec<SecretSummary>, OpError> {
    let (_, tx) = caller.read(Permission::ClientsRead).await?;
    let client = client(&tx, client_id).await?;
    tx.finish().await?;
    Ok(client.secrets.iter().map(SecretSummary::of).collect())
}

/// Makes a secret. The eleventh that lives is refused.
pub async fn add_secret(caller: &Caller, client_id: &ClientId, new: NewSecret) -> Result<MadeSecret, OpError> {
    let label = new.label.unwrap_or_else(|| "secret".to_owned());
    if label.trim().is_empty() || label.chars().count() > 255 || label.chars().any(char::is_control) {
        return Err(OpError::invalid("/label", "this must have 1 to 255 characters and no control characters"));
    }
    let (actor, tx) = caller.write(Permission::ClientsWrite).await?;
    let client = client(&tx, client_id).await?;
    actor.guard().check_client(&tx.roles().graph().await?, &client)?;
    if matches!(client.settings.auth_method, ClientAuthMethod::None | ClientAuthMethod::PrivateKeyJwt) {
        let words = format!("this client keeps no secret: its auth_method is {}", client.settings.auth_method);
        return Err(OpError::Conflict(words));
    }
    let ambient = caller.realm().ambient();
    let text = URL_SAFE_NO_PAD.encode(ambient.bytes::<32>());
    let expires_at = expiry(tx.now(), new.expires_in_seconds)?;
    let secret = ClientSecret {
        id: ambient.id(),
        label,
        hint: text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
        verifier: SecretVerifier::Sha256(TokenHash::of(&text)),
        created_at: tx.now(),
        expires_at,
        last_used_at: None,
    };
    if !tx.clients().add_secret(client.key, &secret).await? {
        return Err(OpError::NotFound);
    }
    let details =
        json!({ "secret": secret.id, "label": secret.label, "expires_at": expires_at.map(Instant::to_rfc3339) });
    actor.audit(&tx, AuditKind::ClientSecretCreated, About::client(client.key), details).await?;
    tx.commit().await?;
    Ok(MadeSecret { summary: SecretSummary::of(&secret), secret: text })
}

/// Removes a secret: whoever has it is let in no more.
pub async fn remove_secret(caller: &Caller, client_id: &ClientId, secret: ClientSecretId) -> Result<(), OpError> {
    let (actor, tx) = caller.write(Permission::ClientsWrite).await?;
    let client = client(&tx, client_id).await?;
    actor.guard().check_client(&tx.roles().graph().await?, &client)?;
    let known = client.secrets.iter().find(|known| known.id == secret).ok_or(OpError::NotFound)?;
    if !tx.clients().remove_secret(secret).await? {
        return Err(OpError::NotFound);
    }
    let details = json!({ "secret": secret, "label": known.label });
    actor.audit(&tx, AuditKind::ClientSecretRemoved, About::client(client.key), details).await?;
    tx.commit().await?;
    Ok(())
}

async fn client<A>(tx: &TenantTx<A>, client_id: &ClientId) -> Result<Client, OpError> {
    tx.clients().by_client_id(client_id).await?.ok_or(OpError::NotFound)
}

/// The longest that a secret with an end may live, in seconds: ten years.
const MAX_LIFE_SECONDS: u64 = 10 * 366 * 86_400;

fn expiry(now: Instant, seconds: Option<u64>) -> Result<Option<Instant>, OpError> {
    match seconds {
        Some(seconds) if !(1..=MAX_LIFE_SECONDS).contains(&seconds) => {
            let words = format!("this is from 1 to {MAX_LIFE_SECONDS} seconds");
            Err(OpError::invalid("/expires_in_seconds", words))
        }
        Some(seconds) => Ok(Some(now.plus(std::time::Duration::from_secs(seconds)))),
        None => Ok(None),
    }
}
