//! A realm's signing keys for its own admins. It needs `keys:read` or `keys:write`; the work is that of [`super::keys`].

use palatine_domain::Instant;
use palatine_domain::admin::Permission;
use palatine_domain::audit::Actor;
use palatine_domain::key::KeyState;
use palatine_protocol::jwk::SigningAlgorithm;
use serde::Serialize;

use super::keys::{self, RetireError, RetireKeys, RotateKeys, ShownKey};
use crate::access::Caller;
use crate::ops::error::OpError;

/// A signing key: its public facts.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct KeyView {
    /// `kid`.
    pub kid: String,
    /// What it signs.
    pub algorithm: SigningAlgorithm,
    /// Counts the keys of this algorithm, from 1.
    pub generation: i32,
    /// `pending`, `active`, `retiring`, `hint_only` or `removed`.
    pub state: String,
    /// When it was made and first published (RFC 3339).
    pub created_at: String,
    /// From when on it signs (RFC 3339).
    pub active_from: String,
    /// When its successor will be made (RFC 3339); null: it has one.
    pub rotates_at: Option<String>,
    /// From when on it is published no more (RFC 3339), if that is decided.
    pub published_until: Option<String>,
}

impl KeyView {
    fn of(key: ShownKey) -> Self {
        Self {
            kid: key.kid,
            algorithm: key.algorithm,
            generation: key.generation,
            state: word(key.state).to_owned(),
            created_at: key.created_at.to_rfc3339(),
            active_from: key.active_from.to_rfc3339(),
            rotates_at: key.rotates_at.map(Instant::to_rfc3339),
            published_until: key.published_until.map(Instant::to_rfc3339),
        }
    }
}

/// The keys, by algorithm and generation.
pub async fn list(caller: &Caller) -> Result<Vec<KeyView>, OpError> {
    allowed(caller, Permission::KeysRead).await?;
    Ok(keys::list(caller.realm()).await?.into_iter().map(KeyView::of).collect())
}

/// Gives keys their successors now.
pub async fn rotate(caller: &Caller, algorithm: Option<SigningAlgorithm>) -> Result<Vec<KeyView>, OpError> {
    let actor = allowed(caller, Permission::KeysWrite).await?;
    let successors = keys::rotate(caller.realm(), &RotateKeys { algorithm }, &actor).await?;
    Ok(successors.into_iter().map(KeyView::of).collect())
}

/// Takes a key out of use at once.
pub async fn retire(caller: &Caller, kid: &str) -> Result<(), OpError> {
    let actor = allowed(caller, Permission::KeysWrite).await?;
    match keys::retire(caller.realm(), &RetireKeys::Kid(kid.to_owned()), &actor).await {
        Ok(_) => Ok(()),
        Err(RetireError::Unknown(_)) => Err(OpError::NotFound),
        Err(error @ RetireError::AlreadyRetired(_)) => Err(OpError::Conflict(error.to_string())),
        Err(RetireError::Keys(error)) => Err(error.into()),
    }
}

/// The keys' own work opens its transactions itself, and writes down who asked for it.
async fn allowed(caller: &Caller, permission: Permission) -> Result<Actor, OpError> {
    let (actor, tx) = caller.read(permission).await?;
    tx.finish().await?;
    Ok(actor.actor().clone())
}

fn word(state: KeyState) -> &'static str {
    match state {
        KeyState::Pending => "pending",
        KeyState::Active => "active",
        KeyState::Retiring => "retiring",
        KeyState::HintOnly => "hint_only",
        KeyState::Removed => "removed",
    }
}
