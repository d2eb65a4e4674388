//! Where an answer may go.

use palatine_protocol::error::OAuthError;
use palatine_protocol::response::{AuthorizationResponse, Issued, ResponseMode};
use palatine_realm::Realm;

use super::AuthorizeError;
use crate::outcome::Outcome;

/// A redirect URI that was found registered, and how to answer there. Exists only after client and URI were checked.
#[derive(Clone, Debug)]
pub struct Callback {
    redirect_uri: CheckedRedirectUri,
    mode: ResponseMode,
    state: Option<String>,
    issuer: String,
}

/// A redirect URI that its client has registered; made by [`super::checks::redirect_uri`] alone.
#[derive(Clone, Debug)]
pub(super) struct CheckedRedirectUri(String);

impl CheckedRedirectUri {
    pub(super) fn checked(uri: &str) -> Self {
        Self(uri.to_owned())
    }
}

impl Callback {
    pub(super) fn new(
        realm: &Realm,
        redirect_uri: CheckedRedirectUri,
        mode: ResponseMode,
        state: Option<String>,
    ) -> Self {
        Self { redirect_uri, mode, state, issuer: realm.issuer().to_owned() }
    }

    /// The checked URI.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri.0
    }

    /// Carries an error there.
    pub fn error(&self, error: &OAuthError) -> Outcome {
        self.carry(&AuthorizationResponse::error(&self.issuer, error, self.state.as_deref()))
    }

    /// Carries what was issued there.
    pub(super) fn success(&self, issued: &Issued) -> Outcome {
        self.carry(&AuthorizationResponse::success(&self.issuer, issued, self.state.as_deref()))
    }

    /// A refusal that is answered there.
    pub(super) fn refuse(&self, error: OAuthError) -> AuthorizeError {
        AuthorizeError::Redirectable { to: Box::new(self.clone()), error }
    }

    fn carry(&self, response: &AuthorizationResponse) -> Outcome {
        match response.to_location(self.redirect_uri(), self.mode) {
            Some(location) => Outcome::Redirect(location),
            None => Outcome::FormPost {
                action: self.redirect_uri().to_owned(),
                parameters: response.parameters().map(|(name, value)| (name, value.to_owned())).collect(),
            },
        }
    }
}
