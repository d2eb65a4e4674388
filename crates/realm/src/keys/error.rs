//! What can go wrong with keys and tokens.

use std::sync::Arc;

use palatine_protocol::jwk::SigningAlgorithm;
use palatine_store::StoreError;

use crate::sealing::SealError;

/// Why a realm's keys cannot be used. Cheap to clone: all who waited for the same keys get the same error.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeyError {
    /// The database.
    #[error("signing keys cannot be read or written: {0}")]
    Store(Arc<StoreError>),
    /// A private key cannot be sealed or opened.
    #[error("the signing key {kid} cannot be sealed or opened: {cause}")]
    Seal {
        /// The key.
        kid: String,
        /// Why.
        #[source]
        cause: SealError,
    },
    /// A stored key's halves do not belong together.
    #[error("the signing key {kid} is not what its row says")]
    Mismatch {
        /// The key.
        kid: String,
    },
    /// Not a private key of its algorithm.
    #[error("a private key cannot be parsed")]
    Unreadable,
    /// The realm has no key of this algorithm; [`crate::Realm::keys_for`] makes one.
    #[error("the realm has no {0} key")]
    NoKey(SigningAlgorithm),
    /// Others changed the realm's keys at the same time, again and again.
    #[error("the realm's keys are being changed by somebody else; try again")]
    Contended,
    /// A key could not be made.
    #[error("a signing key could not be made")]
    Generation,
    /// The cryptographic library refused to sign.
    #[error("signing failed")]
    Signing,
    /// The claims are no JSON.
    #[error("the claims cannot be written as JSON: {0}")]
    Claims(String),
}

impl KeyError {
    #[expect(clippy::needless_pass_by_value, reason = "for map_err")]
    pub(crate) fn claims(error: serde_json::Error) -> Self {
        Self::Claims(error.to_string())
    }

    pub(crate) fn seal(kid: &str) -> impl FnOnce(SealError) -> Self {
        let kid = kid.to_owned();
        move |cause| match cause {
            SealError::Store(error) => Self::Store(error),
            cause => Self::Seal { kid, cause },
        }
    }
}

impl From<StoreError> for KeyError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// Why a token is not believed. For the log; a client hears `invalid_token` whichever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// Not a compact JWS with JSON inside, too long, or with extensions that must be understood.
    #[error("the token is malformed")]
    Malformed,
    /// No `kid`, or none of this realm's published keys.
    #[error("the token names no key of this realm")]
    UnknownKey,
    /// Its `alg` is not the one that its key is used with.
    #[error("the token's alg is not its key's")]
    WrongAlgorithm,
    /// The signature is not its key's.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// Another issuer, or none.
    #[error("the token is another issuer's")]
    ForeignIssuer,
    /// Past its `exp`, or without one.
    #[error("the token has expired")]
    Expired,
}
