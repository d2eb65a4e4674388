//! Why a page of the test client cannot be answered as asked.

use palatine_pages::views::ErrorKind;
use palatine_protocol::error::{Description, ErrorCode, OAuthError};
use palatine_protocol::params::{ParamsError, Repeated};
use palatine_realm::{KeyError, ResolveError};
use palatine_store::StoreError;
use palatine_tenant_routing::body::BodyError;
use palatine_tenant_routing::limits::TooMany;
use palatine_tenant_routing::surface;
use palatine_token_service::ServiceError;
use palatine_token_service::client_auth::ClientAuthError;
use palatine_token_service::grants::TokenError;

/// What is shown instead.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A page, with facts for whoever develops here.
    Page { kind: ErrorKind, retry_after: Option<u64>, details: Vec<(&'static str, String)> },
    /// Something inside did not work.
    Failed(ServiceError),
}

impl Refusal {
    pub(super) fn page(kind: ErrorKind) -> Self {
        Self::Page { kind, retry_after: None, details: Vec::new() }
    }

    pub(super) fn with_detail(kind: ErrorKind, name: &'static str, value: impl Into<String>) -> Self {
        Self::Page { kind, retry_after: None, details: vec![(name, value.into())] }
    }

    fn too_many(too_many: TooMany) -> Self {
        let retry_after = Some(too_many.retry_after_seconds);
        Self::Page { kind: ErrorKind::TooManyRequests, retry_after, details: Vec::new() }
    }

    /// An error that the realm answered, in the words it chose.
    pub(super) fn oauth(error: &str, description: Option<&str>) -> Self {
        let kind = match ErrorCode::from_wire(error) {
            Some(ErrorCode::AccessDenied) => ErrorKind::AccessDenied,
            Some(ErrorCode::ServerError) => ErrorKind::ServerError,
            Some(ErrorCode::TemporarilyUnavailable) => ErrorKind::Unavailable,
            _ => ErrorKind::InvalidRequest,
        };
        let description = description.map(|text| ("error_description", text.to_owned()));
        let details = std::iter::once(("error", error.to_owned())).chain(description).collect();
        Self::Page { kind, retry_after: None, details }
    }
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        Self::oauth(error.code.as_str(), error.description.as_ref().map(Description::as_str))
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Refused(error) => error.into(),
            TokenError::TooMany(too_many) => Self::too_many(too_many),
            TokenError::Failed(error) => Self::Failed(error),
        }
    }
}

impl From<ClientAuthError> for Refusal {
    fn from(error: ClientAuthError) -> Self {
        match error {
            ClientAuthError::TooMany(too_many) => Self::too_many(too_many),
            ClientAuthError::Hash(error) => Self::Failed(error.into()),
            ClientAuthError::Store(error) => Self::Failed(error.into()),
            ClientAuthError::Unmarkable { retry_after_seconds } => {
                Self::Page { kind: ErrorKind::Unavailable, retry_after: Some(retry_after_seconds), details: Vec::new() }
            }
            ClientAuthError::Missing
            | ClientAuthError::Failed
            | ClientAuthError::WrongMethod
            | ClientAuthError::Assertion(_)
            | ClientAuthError::Keys(_) => {
                Self::with_detail(ErrorKind::UnknownClient, "error_description", error.to_string())
            }
        }
    }
}

impl From<ResolveError> for Refusal {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Unknown => Self::page(ErrorKind::UnknownRealm),
            ResolveError::Unavailable(error) => {
                tracing::warn!(%error, "a realm could not be resolved");
                Self::Page { kind: ErrorKind::Unavailable, retry_after: Some(1), details: Vec::new() }
            }
        }
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        Self::page(surface::body_error_kind(&error))
    }
}

impl From<ParamsError> for Refusal {
    fn from(error: ParamsError) -> Self {
        Self::with_detail(ErrorKind::InvalidRequest, "error_description", error.to_string())
    }
}

impl From<Repeated> for Refusal {
    fn from(error: Repeated) -> Self {
        Self::with_detail(ErrorKind::InvalidRequest, "error_description", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(error: &str, description: Option<&str>) -> (ErrorKind, Vec<(&'static str, String)>) {
        match Refusal::oauth(error, description) {
            Refusal::Page { kind, details, .. } => (kind, details),
            Refusal::Failed(_) => panic!("an answered error is a page"),
        }
    }

    #[test]
    fn an_answered_error_is_shown_in_its_own_words() {
        let (kind, details) = shown("access_denied", Some("the person refused the request"));
        assert_eq!(kind, ErrorKind::AccessDenied);
        let expected = [("error", "access_denied"), ("error_description", "the person refused the request")];
        assert_eq!(details, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn an_error_that_nobody_knows_is_still_shown() {
        assert_eq!(shown("x_new", None), (ErrorKind::InvalidRequest, vec![("error", "x_new".to_owned())]));
    }
}
