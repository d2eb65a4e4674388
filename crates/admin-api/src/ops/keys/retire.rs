//! Takes a realm's signing keys out of use at once: for keys that somebody else may have.

use palatine_domain::audit::Actor;
use palatine_domain::key::{KeyState, SigningKey};
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_realm::{KeyError, Realm, Withdrawal};

/// Which keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetireKeys {
    /// The one of this `kid`.
    Kid(String),
    /// All of an algorithm that are good for anything.
    Algorithm(SigningAlgorithm),
    /// All that are good for anything.
    All,
}

/// A key that is out of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredKey {
    /// `kid`.
    pub kid: String,
    /// What it signed.
    pub algorithm: SigningAlgorithm,
    /// The `kid` of the key that signs in its stead from now on, if it was the one that did.
    pub signs_now: Option<String>,
}

/// Why no key was taken out of use.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// There is none such.
    #[error("the realm has no signing key `{0}`; `palatine keys list` shows those that it has")]
    Unknown(String),
    /// It was done before.
    #[error("the signing key `{0}` is out of use already")]
    AlreadyRetired(String),
    /// Something inside did not work.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// Takes them out of use: none is in the key set any more, nothing that they signed is believed by any node that has
/// heard of it (within a second), their private halves are destroyed, and other keys sign at once.
pub async fn retire(realm: &Realm, request: &RetireKeys, actor: &Actor) -> Result<Vec<RetiredKey>, RetireError> {
    let mut retired = Vec::new();
    for kid in kids(realm, request).await? {
        match realm.withdraw_key(&kid, actor).await? {
            Withdrawal::Done { key, signs_now } => {
                retired.push(RetiredKey { kid, algorithm: key.algorithm, signs_now });
            }
            Withdrawal::AlreadyRemoved if matches!(request, RetireKeys::Kid(_)) => {
                return Err(RetireError::AlreadyRetired(kid));
            }
            Withdrawal::Unknown if matches!(request, RetireKeys::Kid(_)) => return Err(RetireError::Unknown(kid)),
            // Somebody else does the same at this moment.
            Withdrawal::AlreadyRemoved | Withdrawal::Unknown => {}
        }
    }
    Ok(retired)
}

/// The newest first: a successor goes before the key that it would otherwise follow at once.
async fn kids(realm: &Realm, request: &RetireKeys) -> Result<Vec<String>, KeyError> {
    let only = match request {
        RetireKeys::Kid(kid) => return Ok(vec![kid.clone()]),
        RetireKeys::Algorithm(algorithm) => Some(*algorithm),
        RetireKeys::All => None,
    };
    let now = realm.ambient().now();
    let is_meant = |key: &SigningKey| {
        key.state(now) != KeyState::Removed && only.is_none_or(|algorithm| algorithm == key.algorithm)
    };
    let keys = realm.signing_keys().await?;
    Ok(keys.into_iter().rev().filter(is_meant).map(|key| key.kid).collect())
}
