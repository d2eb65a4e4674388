//! What can go wrong that is nobody's mistake.

use palatine_authn::{HashError, SignInError};
use palatine_ephemeral::EphemeralError;
use palatine_realm::{FreshnessState, KeyError, Realm, SealError};
use palatine_store::StoreError;

/// Something inside did not work. Its text goes to the log; outside, 503 or 500 is all there is to see.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The realm's keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The hashing queue.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The realm's sealed secrets.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// What may vanish.
    #[error(transparent)]
    Ephemeral(#[from] EphemeralError),
    /// This node has not heard of changes for too long, and may not know what was disabled.
    #[error("this node has not heard of changes for too long: it issues nothing")]
    Stale,
    /// Every user code that was drawn is shown by another device.
    #[error("no user code is free")]
    NoUserCode,
    /// What a device asked makes no authorization request.
    #[error("what a device asked cannot be read")]
    UnreadableDevice,
    /// What was sealed cannot be opened.
    #[error("a sealed refresh token cannot be opened")]
    Unsealable,
}

impl From<SignInError> for ServiceError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Busy { retry_after } => HashError::Busy { retry_after }.into(),
            SignInError::Hashing(error) => error.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}

/// Whether this node may issue anything of a realm: to be asked by whatever does.
///
/// # Errors
///
/// [`ServiceError::Stale`].
pub(crate) fn may_issue(realm: &Realm) -> Result<(), ServiceError> {
    match realm.freshness().state {
        FreshnessState::Fresh | FreshnessState::Stale => Ok(()),
        FreshnessState::StopIssuing => Err(ServiceError::Stale),
    }
}

impl ServiceError {
    /// Whether trying again makes sense.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Store(error) => matches!(error, StoreError::Unavailable { .. }),
            Self::Key(KeyError::Store(error)) => matches!(**error, StoreError::Unavailable { .. }),
            Self::Seal(SealError::Store(error)) => matches!(**error, StoreError::Unavailable { .. }),
            Self::Hash(error) => matches!(error, HashError::Busy { .. }),
            Self::Ephemeral(EphemeralError::Unavailable) | Self::NoUserCode | Self::Stale => true,
            Self::Key(_) | Self::Seal(_) | Self::Unsealable | Self::UnreadableDevice => false,
        }
    }
}
