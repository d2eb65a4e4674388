//! The discovery document (OpenID Connect Discovery section 3, RFC 8414 section 2, RFC 9207 section 3).

use crate::capabilities::{Capabilities, SUPPORTED};
use crate::client_auth::ClientAuthMethod;
use crate::endpoints::Endpoint;
use crate::jwk::SigningAlgorithm;
use crate::logout::LogoutChannel;
use crate::pkce::ChallengeMethod;
use crate::prompt::Prompt;
use crate::response::{ResponseMode, ResponseType};
use crate::token::GrantType;
use serde::{Deserialize, Serialize};

/// What a client learns about an issuer. Only endpoints that exist, only features that work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the members of the specification are booleans")]
pub struct ProviderMetadata {
    /// The issuer, byte for byte the `iss` of every token.
    pub issuer: String,
    /// See [`Endpoint::Authorization`].
    pub authorization_endpoint: String,
    /// See [`Endpoint::DeviceAuthorization`] (RFC 8628 section 4).
    pub device_authorization_endpoint: String,
    /// See [`Endpoint::Token`].
    pub token_endpoint: String,
    /// See [`Endpoint::Userinfo`].
    pub userinfo_endpoint: String,
    /// See [`Endpoint::Jwks`].
    pub jwks_uri: String,
    /// See [`Endpoint::Introspection`].
    pub introspection_endpoint: String,
    /// See [`Endpoint::Revocation`].
    pub revocation_endpoint: String,
    /// See [`Endpoint::EndSession`].
    pub end_session_endpoint: String,
    /// See [`Endpoint::CheckSession`].
    pub check_session_iframe: String,
    /// See [`Endpoint::Registration`]; only where the realm lets clients register themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    /// Scopes a client may ask for.
    pub scopes_supported: Vec<String>,
    /// Response types.
    pub response_types_supported: Vec<ResponseType>,
    /// Response modes.
    pub response_modes_supported: Vec<ResponseMode>,
    /// Grants.
    pub grant_types_supported: Vec<GrantType>,
    /// Values of `acr`.
    pub acr_values_supported: Vec<String>,
    /// Kinds of `sub`.
    pub subject_types_supported: Vec<String>,
    /// Algorithms of ID tokens.
    pub id_token_signing_alg_values_supported: Vec<SigningAlgorithm>,
    /// Algorithms of signed userinfo answers.
    pub userinfo_signing_alg_values_supported: Vec<SigningAlgorithm>,
    /// Client authentication at the token endpoint.
    pub token_endpoint_auth_methods_supported: Vec<ClientAuthMethod>,
    /// Algorithms of client assertions there.
    pub token_endpoint_auth_signing_alg_values_supported: Vec<SigningAlgorithm>,
    /// Client authentication at the introspection endpoint.
    pub introspection_endpoint_auth_methods_supported: Vec<ClientAuthMethod>,
    /// Algorithms of client assertions there.
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<SigningAlgorithm>,
    /// Client authentication at the revocation endpoint.
    pub revocation_endpoint_auth_methods_supported: Vec<ClientAuthMethod>,
    /// Algorithms of client assertions there.
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<SigningAlgorithm>,
    /// PKCE methods.
    pub code_challenge_methods_supported: Vec<ChallengeMethod>,
    /// Values of `prompt`.
    pub prompt_values_supported: Vec<Prompt>,
    /// How claims are delivered: `normal`, never aggregated.
    pub claim_types_supported: Vec<String>,
    /// Claims an ID token or userinfo may have.
    pub claims_supported: Vec<String>,
    /// Values of `display`.
    pub display_values_supported: Vec<String>,
    /// Languages of pages.
    pub ui_locales_supported: Vec<String>,
    /// Whether the `claims` parameter has an effect.
    pub claims_parameter_supported: bool,
    /// Whether the `request` parameter is taken.
    pub request_parameter_supported: bool,
    /// Whether the `request_uri` parameter is taken; said because the default is yes.
    pub request_uri_parameter_supported: bool,
    /// Whether a `request_uri` must be registered; said because the default is no.
    pub require_request_uri_registration: bool,
    /// Whether every client must sign its requests (RFC 9101 section 10.5): no, only those that registered for it.
    pub require_signed_request_object: bool,
    /// Algorithms of request objects.
    pub request_object_signing_alg_values_supported: Vec<SigningAlgorithm>,
    /// Every authorization response carries `iss`.
    pub authorization_response_iss_parameter_supported: bool,
    /// Whether logout tokens are posted (OpenID Connect Back-Channel Logout section 2.1).
    pub backchannel_logout_supported: bool,
    /// Whether they carry `sid`.
    pub backchannel_logout_session_supported: bool,
    /// Whether frames of clients are loaded at sign-out (OpenID Connect Front-Channel Logout section 3).
    pub frontchannel_logout_supported: bool,
    /// Whether they are told `iss` and `sid`.
    pub frontchannel_logout_session_supported: bool,
}

impl ProviderMetadata {
    /// Renders the capability table for an issuer (which has no trailing slash). The same document answers both
    /// well-known spellings.
    pub fn for_issuer(issuer: &str) -> Self {
        let Capabilities { response_types, response_modes, grant_types, .. } = SUPPORTED;
        let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let hears = |channel| SUPPORTED.logout_channels.contains(&channel);
        let client_signing = SUPPORTED.client_signing_algorithms.to_vec();
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: Endpoint::Authorization.url(issuer),
            device_authorization_endpoint: Endpoint::DeviceAuthorization.url(issuer),
            token_endpoint: Endpoint::Token.url(issuer),
            userinfo_endpoint: Endpoint::Userinfo.url(issuer),
            jwks_uri: Endpoint::Jwks.url(issuer),
            introspection_endpoint: Endpoint::Introspection.url(issuer),
            revocation_endpoint: Endpoint::Revocation.url(issuer),
            end_session_endpoint: Endpoint::EndSession.url(issuer),
            check_session_iframe: Endpoint::CheckSession.url(issuer),
            registration_endpoint: None,
            scopes_supported: words(SUPPORTED.scopes),
            response_types_supported: response_types.to_vec(),
            response_modes_supported: response_modes.to_vec(),
            grant_types_supported: grant_types.to_vec(),
            acr_values_supported: words(SUPPORTED.acr_values),
            subject_types_supported: words(SUPPORTED.subject_types),
            id_token_signing_alg_values_supported: SUPPORTED.id_token_algorithms.to_vec(),
            userinfo_signing_alg_values_supported: SUPPORTED.userinfo_algorithms.to_vec(),
            token_endpoint_auth_methods_supported: SUPPORTED.token_auth_methods.to_vec(),
            token_endpoint_auth_signing_alg_values_supported: client_signing.clone(),
            introspection_endpoint_auth_methods_supported: SUPPORTED.introspection_auth_methods.to_vec(),
            introspection_endpoint_auth_signing_alg_values_supported: client_signing.clone(),
            revocation_endpoint_auth_methods_supported: SUPPORTED.revocation_auth_methods.to_vec(),
            revocation_endpoint_auth_signing_alg_values_supported: client_signing,
            code_challenge_methods_supported: SUPPORTED.challenge_methods.to_vec(),
            prompt_values_supported: SUPPORTED.prompts.to_vec(),
            claim_types_supported: words(&["normal"]),
            claims_supported: words(SUPPORTED.claims),
            display_values_supported: words(SUPPORTED.displays),
            ui_locales_supported: words(SUPPORTED.ui_locales),
            claims_parameter_supported: SUPPORTED.claims_parameter,
            request_parameter_supported: SUPPORTED.request_parameter,
            request_uri_parameter_supported: SUPPORTED.request_uri_parameter,
            require_request_uri_registration: true,
            require_signed_request_object: false,
            request_object_signing_alg_values_supported: SUPPORTED.client_signing_algorithms.to_vec(),
            authorization_response_iss_parameter_supported: true,
            backchannel_logout_supported: hears(LogoutChannel::BackChannel),
            backchannel_logout_session_supported: hears(LogoutChannel::BackChannel),
            frontchannel_logout_supported: hears(LogoutChannel::FrontChannel),
            frontchannel_logout_session_supported: hears(LogoutChannel::FrontChannel),
        }
    }

    /// The same, for a realm in which clients register themselves.
    #[must_use]
    pub fn with_registration(self) -> Self {
        Self { registration_endpoint: Some(Endpoint::Registration.url(&self.issuer)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn discovery_says_what_exists_and_nothing_else() {
        let issuer = "https://op.example/realms/dev";
        let base = "https://op.example/realms/dev/protocol/openid-connect";
        let document = serde_json::to_value(ProviderMetadata::for_issuer(issuer)).unwrap();
        let expected = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{base}/auth"),
            "device_authorization_endpoint": format!("{base}/auth/device"),
            "token_endpoint": format!("{base}/token"),
            "userinfo_endpoint": format!("{base}/userinfo"),
            "jwks_uri": format!("{base}/certs"),
            "introspection_endpoint": format!("{base}/token/introspect"),
            "revocation_endpoint": format!("{base}/revoke"),
            "end_session_endpoint": format!("{base}/logout"),
            "check_session_iframe": format!("{base}/login-status-iframe.html"),
            "scopes_supported":
                ["openid", "profile", "email", "address", "phone", "offline_access", "roles", "groups"],
            "response_types_supported":
                ["code", "code id_token", "code token", "code id_token token", "id_token", "id_token token"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": [
                "authorization_code",
                "refresh_token",
                "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code",
                "password",
                "implicit",
            ],
            "acr_values_supported": ["1"],
            "subject_types_supported": ["public", "pairwise"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "PS256", "EdDSA"],
            "userinfo_signing_alg_values_supported": ["ES256", "RS256", "PS256", "EdDSA"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "introspection_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
            "revocation_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "claim_types_supported": ["normal"],
            "claims_supported": SUPPORTED.claims,
            "display_values_supported": ["page"],
            "ui_locales_supported": ["en", "de"],
            "claims_parameter_supported": true,
            "request_parameter_supported": true,
            "request_uri_parameter_supported": true,
            "require_request_uri_registration": true,
            "require_signed_request_object": false,
            "request_object_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "authorization_response_iss_parameter_supported": true,
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
            "frontchannel_logout_supported": true,
            "frontchannel_logout_session_supported": true,
        });
        assert_eq!(document, expected);
    }
}
