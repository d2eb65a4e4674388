//! Why a page of a sign-in cannot be answered as asked, and what is shown instead.

use actix_web::{HttpRequest, HttpResponse};
use palatine_pages::views::ErrorKind;
use palatine_protocol::params::Repeated;
use palatine_realm::Realm;
use palatine_store::StoreError;
use palatine_tenant_routing::body::BodyError;
use palatine_tenant_routing::surface;
use palatine_token_service::http::render::render_authorize_error;
use palatine_token_service::{AuthorizeError, ServiceError};

/// What is answered instead.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A page that says what happened and what now.
    Page(ErrorKind),
    /// The request that waits cannot be answered, or something inside did not work.
    Authorize(Box<AuthorizeError>),
    /// Nobody is signed in: this answer sends them to the login page first.
    SignInFirst(Box<HttpResponse>),
}

impl Refusal {
    pub(crate) fn answer(self, request: &HttpRequest, realm: &Realm) -> HttpResponse {
        match self {
            Self::Page(kind) => surface::error_page(request, kind, None, &[]),
            Self::Authorize(error) => render_authorize_error(request, realm, *error),
            Self::SignInFirst(response) => *response,
        }
    }
}

impl From<AuthorizeError> for Refusal {
    fn from(error: AuthorizeError) -> Self {
        Self::Authorize(Box::new(error))
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        AuthorizeError::Failed(error).into()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        ServiceError::from(error).into()
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        Self::Page(surface::body_error_kind(&error))
    }
}

impl From<Repeated> for Refusal {
    fn from(_: Repeated) -> Self {
        Self::Page(ErrorKind::InvalidRequest)
    }
}
