//! Why somebody was not let in.

use std::sync::Arc;

use palatine_domain::admin::Permission;
use palatine_realm::ResolveError;
use palatine_store::StoreError;
use palatine_token_service::ServiceError;

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// No token came.
    #[error("send an access token: Authorization: Bearer …")]
    NoToken,
    /// What came is no access token of the admin API that counts.
    #[error("the access token is not valid for the admin API")]
    InvalidToken,
    /// It was one, and was revoked, or its person, client or grant was ended since.
    #[error("the access token has been ended")]
    Ended,
    /// There is no such realm, or none for this caller.
    #[error("there is no such realm")]
    NoRealm,
    /// The realm is suspended, and its own people are kept out.
    #[error("this realm is suspended")]
    Suspended,
    /// An operator has not entered the realm.
    #[error("enter the realm first: POST /admin/api/v1/realms/{{realm}}/entries with a reason")]
    NotEntered,
    /// Only operators do that.
    #[error("only operators may do this")]
    NotAnOperator,
    /// The token's scopes and the caller's roles do not allow it.
    #[error("this needs the permission {0}")]
    Missing(Permission),
    /// The realm cannot be loaded now.
    #[error("the realm cannot be loaded: {0}")]
    Unresolved(Arc<StoreError>),
    /// Something inside did not work.
    #[error(transparent)]
    Failed(#[from] ServiceError),
}

impl From<StoreError> for AccessError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ResolveError> for AccessError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Unknown => Self::NoRealm,
            ResolveError::Unavailable(cause) => Self::Unresolved(cause),
        }
    }
}
