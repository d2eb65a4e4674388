//! The token endpoint: requests of each grant, and the response (RFC 6749 sections 4 to 6).

use crate::capabilities::SUPPORTED;
use crate::error::{ErrorCode, OAuthError};
use crate::params::Params;
use crate::resource;
use crate::scope::ScopeSet;
use crate::secret::Secret;
use crate::wire_enum::wire_enum;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// Grants, as in `grant_type` and in a client's `grant_types`. Which of them the server answers is
    /// [`crate::capabilities`]' word.
    pub enum GrantType {
        /// RFC 6749 section 4.1.
        AuthorizationCode = "authorization_code",
        /// RFC 6749 section 6.
        RefreshToken = "refresh_token",
        /// RFC 6749 section 4.4.
        ClientCredentials = "client_credentials",
        /// RFC 8628.
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
        /// RFC 6749 section 4.3.
        Password = "password",
        /// RFC 6749 section 4.2; never at the token endpoint.
        Implicit = "implicit",
    }
}

/// A token request, without the client's credentials (see [`crate::client_auth`]).
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// The grant and what belongs to it.
    pub grant: GrantRequest,
    /// APIs the token is for (`resource`, `audience`).
    pub resources: Vec<String>,
}

/// What each grant brings. Parameters foreign to the grant are ignored.
#[derive(Clone, Debug)]
pub enum GrantRequest {
    /// RFC 6749 section 4.1.3, RFC 7636 section 4.5.
    AuthorizationCode {
        /// The code.
        code: Secret,
        /// Must equal that of the authorization request, if that had one.
        redirect_uri: Option<String>,
        /// The PKCE verifier, unchecked: see [`crate::pkce::check`].
        code_verifier: Option<Secret>,
    },
    /// RFC 6749 section 6.
    RefreshToken {
        /// The refresh token.
        refresh_token: Secret,
        /// Scopes to narrow to.
        scope: Option<ScopeSet>,
    },
    /// RFC 6749 section 4.4.2.
    ClientCredentials {
        /// Scopes asked for.
        scope: Option<ScopeSet>,
    },
    /// RFC 8628 section 3.4.
    DeviceCode {
        /// The device code.
        device_code: Secret,
    },
    /// RFC 6749 section 4.3.2.
    Password {
        /// The name, as typed.
        username: String,
        /// The password, as typed.
        password: Secret,
        /// Scopes asked for.
        scope: Option<ScopeSet>,
    },
}

impl GrantRequest {
    /// The grant's type.
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            Self::RefreshToken { .. } => GrantType::RefreshToken,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
            Self::DeviceCode { .. } => GrantType::DeviceCode,
            Self::Password { .. } => GrantType::Password,
        }
    }
}

impl TokenRequest {
    /// Reads the body. Errors: `invalid_request`, `unsupported_grant_type`, `invalid_scope`, `invalid_target`.
    pub fn read(params: &Params) -> Result<Self, OAuthError> {
        params.refuse_repeated(&resource::REPEATABLE)?;
        Ok(Self { grant: read_grant(params)?, resources: resource::read(params)? })
    }
}

fn read_grant(params: &Params) -> Result<GrantRequest, OAuthError> {
    match read_grant_type(params)? {
        GrantType::AuthorizationCode => Ok(GrantRequest::AuthorizationCode {
            code: required_secret(params, "code")?,
            redirect_uri: params.one("redirect_uri")?.map(str::to_owned),
            code_verifier: params.one("code_verifier")?.map(Secret::new),
        }),
        GrantType::RefreshToken => Ok(GrantRequest::RefreshToken {
            refresh_token: required_secret(params, "refresh_token")?,
            scope: read_scope(params)?,
        }),
        GrantType::ClientCredentials => Ok(GrantRequest::ClientCredentials { scope: read_scope(params)? }),
        GrantType::Password => Ok(GrantRequest::Password {
            username: required(params, "username")?.to_owned(),
            password: required_secret(params, "password")?,
            scope: read_scope(params)?,
        }),
        GrantType::DeviceCode => Ok(GrantRequest::DeviceCode { device_code: required_secret(params, "device_code")? }),
        GrantType::Implicit => Err(unsupported_grant_type()),
    }
}

fn read_grant_type(params: &Params) -> Result<GrantType, OAuthError> {
    let text = params.one("grant_type")?.ok_or_else(|| OAuthError::invalid_request("grant_type is missing"))?;
    GrantType::from_wire(text)
        .filter(|grant_type| SUPPORTED.grant_types.contains(grant_type))
        .ok_or_else(unsupported_grant_type)
}

fn unsupported_grant_type() -> OAuthError {
    OAuthError::new(ErrorCode::UnsupportedGrantType, "this grant_type is not supported")
}

fn read_scope(params: &Params) -> Result<Option<ScopeSet>, OAuthError> {
    Ok(params.one("scope")?.map(ScopeSet::parse).transpose()?.filter(|scope| !scope.is_empty()))
}

/// A parameter that must be there.
fn required<'p>(params: &'p Params, name: &str) -> Result<&'p str, OAuthError> {
    params.one(name)?.ok_or_else(|| OAuthError::invalid_request(format!("{name} is missing")))
}

/// A parameter that must be there and is a secret.
pub(crate) fn required_secret(params: &Params, name: &str) -> Result<Secret, OAuthError> {
    required(params, name).map(Secret::new)
}

wire_enum! {
    /// How an access token is used (RFC 6749 section 7.1).
    pub enum TokenType {
        /// RFC 6750.
        Bearer = "Bearer",
    }
}

/// A successful answer (RFC 6749 section 5.1; OpenID Connect Core section 3.1.3.3). `Debug` shows no token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// How to use it.
    pub token_type: TokenType,
    /// Its life, in seconds.
    pub expires_in: u64,
    /// The refresh token, if the grant has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The ID token, if `openid` was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// The scopes of the access token; always said.
    pub scope: ScopeSet,
}

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenResponse")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .field("has_refresh_token", &self.refresh_token.is_some())
            .field("has_id_token", &self.id_token.is_some())
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
