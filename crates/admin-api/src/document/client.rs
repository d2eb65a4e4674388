//! Clients in the document.

use std::collections::BTreeMap;

use palatine_domain::client::{
    ClientAbout, ClientAuthMethod, ClientKeySettings, ClientKind, LogoutSettings, SignInSettings, SubjectSettings,
};
use palatine_domain::policy::AccessTokenProfile;
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_protocol::response::ResponseType;
use palatine_protocol::token::GrantType;
use serde::{Deserialize, Serialize};

use super::{MapperDocument, PlainSecret, RoleDocument, SecretSource};

/// A client; its key is its `client_id`.
#[derive(Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the format that is true or false")]
pub struct ClientDocument {
    /// The name people see. Default: the `client_id`.
    #[serde(default)]
    pub name: Option<String>,
    /// What kind of application it is; decides several defaults.
    pub kind: ClientKind,
    /// A disabled client is refused everywhere. Default true.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// How it authenticates. Default: `none` for `spa` and `native`, `client_secret_basic` otherwise.
    #[serde(default)]
    pub auth_method: Option<ClientAuthMethod>,
    /// Whether basic and post are told apart. Default false: they are interchangeable.
    #[serde(default)]
    pub strict_auth_method: bool,
    /// Where answers may go, compared as exact strings.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where a browser may go after sign-out, compared as exact strings.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Origins whose scripts may read answers. Default: those of the http(s) redirect URIs.
    #[serde(default)]
    pub web_origins: Option<Vec<String>>,
    /// The grants it may use. Default: `client_credentials` for `service`, else `authorization_code` and
    /// `refresh_token`.
    #[serde(default)]
    pub grants: Option<Vec<GrantType>>,
    /// The scopes it may have.
    #[serde(default)]
    pub scopes: ClientScopesDocument,
    /// Made by the realm's own people: `offline_access` needs no consent. Default true.
    #[serde(default = "yes")]
    pub first_party: bool,
    /// Whether people are asked before it learns about them. Default false.
    #[serde(default)]
    pub consent_required: bool,
    /// Its only secret; short for `secrets` with the label `main`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretSource>,
    /// Its secrets, by label. At most two.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretSource>,
    /// In place of `secret` and `secrets`: what is stored of them, by label, as `palatine export --with-hashes` writes it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secret_hashes: BTreeMap<String, SecretHashDocument>,
    /// Roles of its service account: of the realm by name, of a client as `client_id/role`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// APIs that it may name in `resource` although it has none of their scopes, by identifier.
    #[serde(default)]
    pub apis: Vec<String>,
    /// Whether profile claims are put into ID tokens too. Default false.
    #[serde(default)]
    pub profile_claims_in_id_token: bool,
    /// Whether its own id is the audience of a token that no API owns. Default true.
    #[serde(default = "yes")]
    pub own_id_as_audience: bool,
    /// The algorithm of its ID tokens. Default RS256.
    #[serde(default)]
    pub id_token_algorithm: Option<SigningAlgorithm>,
    /// The profile of its access tokens where no API is addressed. Default: the realm's.
    #[serde(default)]
    pub access_token_profile: Option<AccessTokenProfile>,
    /// The algorithm of its access tokens where no API is addressed. Default: the realm's.
    #[serde(default)]
    pub access_token_algorithm: Option<SigningAlgorithm>,
    /// The life of its access tokens in seconds. Default: the realm's.
    #[serde(default)]
    pub access_token_seconds: Option<u64>,
    /// The response types it may ask for. Default: `code`.
    #[serde(default)]
    pub response_types: Option<Vec<ResponseType>>,
    /// The algorithm of signed userinfo answers. Default: plain JSON.
    #[serde(default)]
    pub userinfo_algorithm: Option<SigningAlgorithm>,
    /// Whether tokens carry every role of the user, not only those of their audiences. Default false.
    #[serde(default)]
    pub all_roles_in_tokens: bool,
    /// The realm roles that its tokens may show, by name. Default: all that the person has.
    #[serde(default)]
    pub realm_roles_in_tokens: Option<Vec<String>>,
    /// Roles of its own, by name. Elsewhere in the document such a role is `client_id/role`.
    #[serde(default)]
    pub client_roles: BTreeMap<String, RoleDocument>,
    /// Claim mappers that work for it, whatever was granted, by name.
    #[serde(default)]
    pub mappers: BTreeMap<String, MapperDocument>,
    /// Its public keys and what it signs with them.
    #[serde(default)]
    pub keys: ClientKeySettings,
    /// What `sub` it sees.
    #[serde(default)]
    pub subject: SubjectSettings,
    /// What a sign-in must fulfil.
    #[serde(default)]
    pub sign_in: SignInSettings,
    /// How it hears of the end of a session.
    #[serde(default)]
    pub logout: LogoutSettings,
    /// What people are told about it.
    #[serde(default)]
    pub about: ClientAbout,
}

impl ClientDocument {
    /// One of a kind, with nothing else said.
    pub fn of(kind: ClientKind) -> Self {
        Self {
            name: None,
            kind,
            enabled: true,
            auth_method: None,
            strict_auth_method: false,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            web_origins: None,
            grants: None,
            scopes: ClientScopesDocument::default(),
            first_party: true,
            consent_required: false,
            secret: None,
            secrets: BTreeMap::new(),
            secret_hashes: BTreeMap::new(),
            roles: Vec::new(),
            apis: Vec::new(),
            profile_claims_in_id_token: false,
            own_id_as_audience: true,
            id_token_algorithm: None,
            access_token_profile: None,
            access_token_algorithm: None,
            access_token_seconds: None,
            response_types: None,
            userinfo_algorithm: None,
            all_roles_in_tokens: false,
            realm_roles_in_tokens: None,
            client_roles: BTreeMap::new(),
            mappers: BTreeMap::new(),
            keys: ClientKeySettings::default(),
            subject: SubjectSettings::default(),
            sign_in: SignInSettings::default(),
            logout: LogoutSettings::default(),
            about: ClientAbout::default(),
        }
    }
}

fn yes() -> bool {
    true
}

/// What is stored of a client's secret: enough to take it for right, and not to learn it.
#[derive(Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretHashDocument {
    /// `$argon2id$…` of a secret that somebody chose; of one that the platform generated `sha256:` and the base64url of its
    /// SHA-256.
    #[schema(value_type = String)]
    pub hash: PlainSecret,
    /// The last characters of the secret, by which people tell it from others. Default: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// When it stops working (RFC 3339). Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// The scopes a client may have.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientScopesDocument {
    /// Granted when a request names none (RFC 6749, section 3.3), and whenever it names them.
    pub default: Vec<String>,
    /// Granted when a request names them.
    pub optional: Vec<String>,
}
