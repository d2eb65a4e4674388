//! THE capability table: what this server supports. Discovery is rendered from it ([`crate::metadata`]) and the parsers
//! refuse what is not in it, so the two cannot disagree.

use crate::client_auth::ClientAuthMethod;
use crate::jwk::SigningAlgorithm;
use crate::logout::LogoutChannel;
use crate::pkce::ChallengeMethod;
use crate::prompt::Prompt;
use crate::response::{ResponseMode, ResponseType};
use crate::scope::IDENTITY_SCOPES;
use crate::token::GrantType;

/// What some client of some realm can be configured to use.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities {
    /// Response types of the authorization endpoint.
    pub response_types: &'static [ResponseType],
    /// Response modes of the authorization endpoint.
    pub response_modes: &'static [ResponseMode],
    /// Grants; `implicit` is the authorization endpoint's alone.
    pub grant_types: &'static [GrantType],
    /// Client authentication at the token endpoint.
    pub token_auth_methods: &'static [ClientAuthMethod],
    /// Client authentication at the introspection endpoint, where nobody is anonymous.
    pub introspection_auth_methods: &'static [ClientAuthMethod],
    /// Client authentication at the revocation endpoint.
    pub revocation_auth_methods: &'static [ClientAuthMethod],
    /// Algorithms of what clients sign: assertions and request objects.
    pub client_signing_algorithms: &'static [SigningAlgorithm],
    /// Algorithms of ID tokens.
    pub id_token_algorithms: &'static [SigningAlgorithm],
    /// Algorithms of signed userinfo answers.
    pub userinfo_algorithms: &'static [SigningAlgorithm],
    /// Algorithms of access tokens.
    pub access_token_algorithms: &'static [SigningAlgorithm],
    /// Scopes every new realm has.
    pub scopes: &'static [&'static str],
    /// Claims an ID token or userinfo may have.
    pub claims: &'static [&'static str],
    /// Values of `display`: one page for all, which fits any window.
    pub displays: &'static [&'static str],
    /// Languages of pages (BCP 47).
    pub ui_locales: &'static [&'static str],
    /// Values of `prompt`.
    pub prompts: &'static [Prompt],
    /// PKCE methods.
    pub challenge_methods: &'static [ChallengeMethod],
    /// Values of `acr`.
    pub acr_values: &'static [&'static str],
    /// Kinds of `sub`.
    pub subject_types: &'static [&'static str],
    /// Ways in which clients hear of the end of a session.
    pub logout_channels: &'static [LogoutChannel],
    /// Whether the `claims` parameter has an effect.
    pub claims_parameter: bool,
    /// Whether the `request` parameter is taken.
    pub request_parameter: bool,
    /// Whether the `request_uri` parameter is taken.
    pub request_uri_parameter: bool,
}

/// The table.
pub const SUPPORTED: Capabilities = Capabilities {
    response_types: ResponseType::ALL,
    response_modes: &[ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost],
    grant_types: &[
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::ClientCredentials,
        GrantType::DeviceCode,
        GrantType::Password,
        GrantType::Implicit,
    ],
    token_auth_methods: &[
        ClientAuthMethod::ClientSecretBasic,
        ClientAuthMethod::ClientSecretPost,
        ClientAuthMethod::PrivateKeyJwt,
        ClientAuthMethod::None,
    ],
    introspection_auth_methods: &[
        ClientAuthMethod::ClientSecretBasic,
        ClientAuthMethod::ClientSecretPost,
        ClientAuthMethod::PrivateKeyJwt,
    ],
    revocation_auth_methods: &[
        ClientAuthMethod::ClientSecretBasic,
        ClientAuthMethod::ClientSecretPost,
        ClientAuthMethod::PrivateKeyJwt,
        ClientAuthMethod::None,
    ],
    // RS256 first: it is the default of the specification.
    client_signing_algorithms: &[
        SigningAlgorithm::RS256,
        SigningAlgorithm::PS256,
        SigningAlgorithm::ES256,
        SigningAlgorithm::EdDSA,
    ],
    id_token_algorithms: &[
        SigningAlgorithm::RS256,
        SigningAlgorithm::ES256,
        SigningAlgorithm::PS256,
        SigningAlgorithm::EdDSA,
    ],
    userinfo_algorithms: SigningAlgorithm::ALL,
    access_token_algorithms: SigningAlgorithm::ALL,
    scopes: &IDENTITY_SCOPES,
    claims: &[
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "azp",
        "sid",
        "at_hash",
        "c_hash",
        "name",
        "given_name",
        "family_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
        "email",
        "email_verified",
        "address",
        "phone_number",
        "phone_number_verified",
    ],
    displays: &["page"],
    ui_locales: &["en", "de"],
    prompts: Prompt::ALL,
    challenge_methods: &[ChallengeMethod::S256],
    // `2` follows with the second factor.
    acr_values: &["1"],
    subject_types: &["public", "pairwise"],
    logout_channels: LogoutChannel::ALL,
    claims_parameter: true,
    request_parameter: true,
    request_uri_parameter: true,
};
