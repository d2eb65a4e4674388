//! Protocol errors: the codes of the specifications, and the JSON body of RFC 6749 section 5.2.

use crate::params::{ParamsError, Repeated};
use crate::wire_enum::wire_enum;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

wire_enum! {
    /// Every code an endpoint of ours answers.
    pub enum ErrorCode {
        /// RFC 6749 sections 4.1.2.1 and 5.2; RFC 6750 section 3.1.
        InvalidRequest = "invalid_request",
        /// RFC 6749 section 5.2.
        InvalidClient = "invalid_client",
        /// RFC 6749 section 5.2.
        InvalidGrant = "invalid_grant",
        /// RFC 6749 sections 4.1.2.1 and 5.2.
        UnauthorizedClient = "unauthorized_client",
        /// RFC 6749 section 5.2.
        UnsupportedGrantType = "unsupported_grant_type",
        /// RFC 6749 section 4.1.2.1.
        UnsupportedResponseType = "unsupported_response_type",
        /// RFC 6749 sections 4.1.2.1 and 5.2.
        InvalidScope = "invalid_scope",
        /// RFC 8707 section 2.
        InvalidTarget = "invalid_target",
        /// RFC 6749 section 4.1.2.1; RFC 8628 section 3.5.
        AccessDenied = "access_denied",
        /// RFC 6749 section 4.1.2.1.
        ServerError = "server_error",
        /// RFC 6749 section 4.1.2.1; also what a rate limit answers.
        TemporarilyUnavailable = "temporarily_unavailable",
        /// OpenID Connect Core section 3.1.2.6.
        LoginRequired = "login_required",
        /// OpenID Connect Core section 3.1.2.6.
        ConsentRequired = "consent_required",
        /// OpenID Connect Core section 3.1.2.6.
        InteractionRequired = "interaction_required",
        /// OpenID Connect Core section 3.1.2.6.
        AccountSelectionRequired = "account_selection_required",
        /// OpenID Connect Core Error Code `unmet_authentication_requirements` 1.0.
        UnmetAuthenticationRequirements = "unmet_authentication_requirements",
        /// OpenID Connect Core section 3.1.2.6; RFC 9101 section 7.
        InvalidRequestUri = "invalid_request_uri",
        /// OpenID Connect Core section 3.1.2.6; RFC 9101 section 7.
        InvalidRequestObject = "invalid_request_object",
        /// OpenID Connect Core section 3.1.2.6; RFC 9101 section 7.
        RequestNotSupported = "request_not_supported",
        /// OpenID Connect Core section 3.1.2.6; RFC 9101 section 7.
        RequestUriNotSupported = "request_uri_not_supported",
        /// OpenID Connect Core section 3.1.2.6.
        RegistrationNotSupported = "registration_not_supported",
        /// RFC 6750 section 3.1.
        InvalidToken = "invalid_token",
        /// RFC 6750 section 3.1.
        InsufficientScope = "insufficient_scope",
        /// RFC 7009 section 2.2.1.
        UnsupportedTokenType = "unsupported_token_type",
        /// RFC 8628 section 3.5.
        AuthorizationPending = "authorization_pending",
        /// RFC 8628 section 3.5.
        SlowDown = "slow_down",
        /// RFC 8628 section 3.5.
        ExpiredToken = "expired_token",
        /// RFC 7591 section 3.2.2.
        InvalidRedirectUri = "invalid_redirect_uri",
        /// RFC 7591 section 3.2.2.
        InvalidClientMetadata = "invalid_client_metadata",
    }
}

impl ErrorCode {
    /// The HTTP status of a JSON answer with this code. Two surfaces override it: a rate limit answers
    /// `temporarily_unavailable` with 429, a suspended realm `access_denied` with 403.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

/// Longest description, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 300;

/// An `error_description`: printable ASCII without `"` and `\` (RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E).
/// Whatever is put in comes out so: `"` as `'`, any other forbidden character as `?`, cut at [`MAX_DESCRIPTION_CHARS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Description(Cow<'static, str>);

impl Description {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_description_char(character: char) -> bool {
    matches!(character, ' '..='~') && character != '"' && character != '\\'
}

impl From<Cow<'static, str>> for Description {
    fn from(text: Cow<'static, str>) -> Self {
        if text.len() <= MAX_DESCRIPTION_CHARS && text.chars().all(is_description_char) {
            return Self(text);
        }
        let clean = text.chars().take(MAX_DESCRIPTION_CHARS).map(|character| match character {
            '"' => '\'',
            allowed if is_description_char(allowed) => allowed,
            _ => '?',
        });
        Self(Cow::Owned(clean.collect()))
    }
}

impl From<&'static str> for Description {
    fn from(text: &'static str) -> Self {
        Self::from(Cow::Borrowed(text))
    }
}

impl From<String> for Description {
    fn from(text: String) -> Self {
        Self::from(Cow::Owned(text))
    }
}

impl std::fmt::Display for Description {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Description {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?))
    }
}

/// An error as a client reads it: `{"error": …, "error_description": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}")]
pub struct OAuthError {
    /// The code.
    #[serde(rename = "error")]
    pub code: ErrorCode,
    /// What a developer reads; never an inside text.
    #[serde(rename = "error_description", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
}

impl OAuthError {
    /// An error with a description for the client's developer.
    pub fn new(code: ErrorCode, description: impl Into<Description>) -> Self {
        Self { code, description: Some(description.into()) }
    }

    /// `invalid_request` with a description; the code most checks end in.
    pub fn invalid_request(description: impl Into<Description>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// The error as parameters of an authorization response (RFC 6749 section 4.1.2.1).
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let description = self.description.as_ref().map(|text| ("error_description", text.as_str()));
        std::iter::once(("error", self.code.as_str())).chain(description)
    }
}

impl From<ErrorCode> for OAuthError {
    fn from(code: ErrorCode) -> Self {
        Self { code, description: None }
    }
}

impl From<Repeated> for OAuthError {
    fn from(repeated: Repeated) -> Self {
        Self::invalid_request(repeated.to_string())
    }
}

impl From<ParamsError> for OAuthError {
    fn from(error: ParamsError) -> Self {
        Self::invalid_request(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_body_has_the_members_of_rfc_6749() {
        let error = OAuthError::new(ErrorCode::InvalidGrant, "the code has been used");
        let body = serde_json::to_value(&error).unwrap();
        let expected = serde_json::json!({"error": "invalid_grant", "error_description": "the code has been used"});
        assert_eq!(body, expected);
        assert_eq!(serde_json::from_value::<OAuthError>(body).unwrap(), error);
        let bare = serde_json::to_string(&OAuthError::from(ErrorCode::ServerError)).unwrap();
        assert_eq!(bare, r#"{"error":"server_error"}"#);
    }

    #[test]
    fn every_code_reads_back_and_has_an_error_status() {
        for &code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_wire(code.as_str()), Some(code));
            assert!((400..600).contains(&code.http_status()), "{code}");
        }
        assert_eq!(ErrorCode::InvalidClient.http_status(), 401);
        assert_eq!(ErrorCode::InsufficientScope.http_status(), 403);
        assert_eq!(ErrorCode::InvalidGrant.http_status(), 400);
    }

    #[test]
    fn a_hostile_name_cannot_leave_the_description() {
        let error = OAuthError::from(Repeated { name: "a\"\\\r\nSet-Cookie: ä".into() });
        assert_eq!(error.description.unwrap().as_str(), "parameter a'???Set-Cookie: ? is repeated");
    }

    proptest! {
        #[test]
        fn a_description_is_printable_ascii(text in any::<String>()) {
            let description = Description::from(text);
            prop_assert!(description.as_str().chars().all(is_description_char));
            prop_assert!(description.as_str().len() <= MAX_DESCRIPTION_CHARS);
        }
    }
}
