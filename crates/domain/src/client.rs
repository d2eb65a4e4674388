//! Clients: the applications that a realm knows.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
pub use palatine_protocol::client_auth::ClientAuthMethod;
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_protocol::redirect_uri;
use palatine_protocol::response::ResponseType;
use palatine_protocol::scope::{Scope, ScopeSet};
use palatine_protocol::token::GrantType;
use serde::{Deserialize, Serialize};

use crate::ids::{ApiId, ClientKey, ClientSecretId};
use crate::policy::{AccessTokenProfile, Lifetimes};
use crate::secret::TokenHash;
use crate::time::Instant;

/// Begins the name of every client and API that belongs to the platform itself; a realm's own begin otherwise.
pub const RESERVED_CLIENT_ID_PREFIX: &str = "palatine-";

/// A client's name on the wire: 1 to 255 characters of `%x20-7E` (RFC 6749, appendix A.1), here without spaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ClientId(String);

/// Why a text is no `client_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client_id has 1 to 255 printable ASCII characters and no spaces")]
pub struct ClientIdError;

impl ClientId {
    /// Reads a `client_id`.
    pub fn parse(text: &str) -> Result<Self, ClientIdError> {
        let fits = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(ClientIdError) }
    }

    /// The name of a client that registers itself: `c_` and 128 random bits in base64url.
    pub fn of_registration(random: [u8; 16]) -> Self {
        Self(format!("c_{}", URL_SAFE_NO_PAD.encode(random)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl std::fmt::Display for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A client, with its secrets and scopes: what one request needs to know of it.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its row.
    pub key: ClientKey,
    /// Its name on the wire.
    pub client_id: ClientId,
    /// The name people see.
    pub name: String,
    /// A disabled client is refused everywhere.
    pub enabled: bool,
    /// What an admin set.
    pub settings: ClientSettings,
    /// The scopes it may have.
    pub scopes: Vec<ClientScope>,
    /// APIs it may name in `resource` although it has none of their scopes.
    pub linked_apis: Vec<ApiId>,
    /// Its secrets, expired ones included.
    pub secrets: Vec<ClientSecret>,
}

/// What an admin set for a client; one document in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "a document of independent switches, each named in the realm file")]
pub struct ClientSettings {
    /// What kind of application it is.
    pub kind: ClientKind,
    /// How it authenticates at the token endpoint.
    pub auth_method: ClientAuthMethod,
    /// Whether only `auth_method` is accepted; otherwise basic and post are interchangeable.
    #[serde(default)]
    pub strict_auth_method: bool,
    /// Where answers may go, compared as exact strings.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where a browser may go after sign-out, compared as exact strings.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Origins whose scripts may read answers; `None`: the origins of the http(s) redirect URIs.
    #[serde(default)]
    pub web_origins: Option<Vec<String>>,
    /// The grants it may use.
    pub grant_types: Vec<GrantType>,
    /// The response types it may ask for. Default: `code` alone.
    #[serde(default = "code_alone")]
    pub response_types: Vec<ResponseType>,
    /// Whether it registered itself (RFC 7591): then its authentication method is exact and people are always asked.
    #[serde(default)]
    pub registered: bool,
    /// Made by the realm's own people: `offline_access` needs no consent.
    #[serde(default = "yes")]
    pub first_party: bool,
    /// Whether people are asked before it learns about them.
    #[serde(default)]
    pub consent_required: bool,
    /// Whether profile claims are put into ID tokens too.
    #[serde(default)]
    pub profile_claims_in_id_token: bool,
    /// Whether its own id is the audience of a token that no API owns.
    #[serde(default = "yes")]
    pub own_id_as_audience: bool,
    /// The algorithm of its ID tokens. Default RS256.
    #[serde(default = "rs256")]
    pub id_token_algorithm: SigningAlgorithm,
    /// The profile of its access tokens where no API is addressed.
    #[serde(default)]
    pub access_token_profile: Option<AccessTokenProfile>,
    /// The algorithm of its access tokens where no API is addressed.
    #[serde(default)]
    pub access_token_algorithm: Option<SigningAlgorithm>,
    /// The life of its access tokens in seconds, where it differs from the realm's.
    #[serde(default)]
    pub access_token_seconds: Option<u64>,
    /// The algorithm of signed userinfo answers; `None`: plain JSON.
    #[serde(default)]
    pub userinfo_algorithm: Option<SigningAlgorithm>,
    /// Whether tokens carry every role of the user, not only those of their audiences.
    #[serde(default)]
    pub all_roles_in_tokens: bool,
    /// The realm roles that its tokens may show, by name; `None`: all that the person has.
    #[serde(default)]
    pub realm_roles_in_tokens: Option<Vec<String>>,
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

impl ClientSettings {
    /// Those of a kind of client with nothing else said.
    pub fn new(kind: ClientKind, auth_method: ClientAuthMethod, grant_types: Vec<GrantType>) -> Self {
        Self {
            kind,
            auth_method,
            strict_auth_method: false,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            web_origins: None,
            grant_types,
            response_types: code_alone(),
            registered: false,
            first_party: true,
            consent_required: false,
            profile_claims_in_id_token: false,
            own_id_as_audience: true,
            id_token_algorithm: rs256(),
            access_token_profile: None,
            access_token_algorithm: None,
            access_token_seconds: None,
            userinfo_algorithm: None,
            all_roles_in_tokens: false,
            realm_roles_in_tokens: None,
            keys: ClientKeySettings::default(),
            subject: SubjectSettings::default(),
            sign_in: SignInSettings::default(),
            logout: LogoutSettings::default(),
            about: ClientAbout::default(),
        }
    }
}

/// Why nobody can say to which sector a client belongs (OpenID Connect Core, section 8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SectorError {
    /// No redirect URI has a host that says anything.
    #[error("pairwise subjects need an http(s) redirect URI, or `sector_identifier_uri`")]
    NoHost,
    /// "If there are multiple hostnames in the registered `redirect_uris`, the Client MUST register a
    /// `sector_identifier_uri`."
    #[error("the redirect URIs have several hosts; pairwise subjects then need `sector_identifier_uri`")]
    SeveralHosts,
    /// `sector_identifier_uri` is no https URL, and does not lead to this machine.
    #[error("`sector_identifier_uri` must be an https URL")]
    NoHttps,
}

impl ClientSettings {
    /// The sector of its pairwise subjects: the host of `sector_identifier_uri`, else the one host of its redirect URIs
    /// (OpenID Connect Core, section 8.1).
    pub fn sector(&self) -> Result<String, SectorError> {
        if let Some(uri) = &self.subject.sector_identifier_uri {
            let host = redirect_uri::host_of(uri).filter(|_| redirect_uri::is_secure(uri));
            return host.ok_or(SectorError::NoHttps);
        }
        let mut hosts = self.redirect_uris.iter().map(|uri| redirect_uri::host_of(uri));
        let first = hosts.next().flatten().ok_or(SectorError::NoHost)?;
        if hosts.all(|host| host.as_ref() == Some(&first)) { Ok(first) } else { Err(SectorError::SeveralHosts) }
    }
}

/// The public keys of a client, by value or by reference, never both (RFC 7591, section 2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientKeySettings {
    /// `jwks`: the set itself.
    pub jwks: Option<serde_json::Value>,
    /// `jwks_uri`: where it is fetched from.
    pub jwks_uri: Option<String>,
    /// `token_endpoint_auth_signing_alg`: the only algorithm of its assertions; `None`: any that is supported.
    pub assertion_algorithm: Option<SigningAlgorithm>,
    /// `request_object_signing_alg`: the only algorithm of its request objects; `None`: any that is supported.
    pub request_object_algorithm: Option<SigningAlgorithm>,
}

/// Whether clients can recognise a person among each other (OpenID Connect Core, section 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The same `sub` for all.
    #[default]
    Public,
    /// One `sub` for each sector.
    Pairwise,
}

/// What `sub` a client sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubjectSettings {
    /// The kind. Default `public`.
    #[serde(rename = "type")]
    pub subject_type: SubjectType,
    /// A document that lists the redirect URIs of all clients of one sector; needed when a client's have several hosts.
    pub sector_identifier_uri: Option<String>,
}

/// What a sign-in for this client must fulfil (OpenID Connect Dynamic Client Registration, section 2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SignInSettings {
    /// `default_max_age`, in seconds, where the request has no `max_age`.
    pub default_max_age: Option<u64>,
    /// `require_auth_time`: ID tokens carry `auth_time` in any case.
    pub require_auth_time: bool,
    /// `default_acr_values`, best first, where the request has none.
    pub default_acr_values: Vec<String>,
    /// `initiate_login_uri`: where others send people to begin a sign-in.
    pub initiate_login_uri: Option<String>,
    /// `require_signed_request_object`: requests without a signed object are refused (RFC 9101, section 10.5).
    pub require_signed_request_object: bool,
    /// `request_uris`: where its request objects may be fetched from.
    pub request_uris: Vec<String>,
}

/// How a client hears of the end of a session (OpenID Connect Back-Channel and Front-Channel Logout 1.0).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogoutSettings {
    /// `backchannel_logout_uri`: a logout token is posted there.
    pub backchannel_uri: Option<String>,
    /// `backchannel_logout_session_required`: the token must carry `sid`.
    pub backchannel_session_required: bool,
    /// How long it may take to answer, in seconds. Default: the platform's.
    pub backchannel_timeout_seconds: Option<u64>,
    /// `frontchannel_logout_uri`: shown in a hidden frame.
    pub frontchannel_uri: Option<String>,
    /// `frontchannel_logout_session_required`: `iss` and `sid` are added.
    pub frontchannel_session_required: bool,
}

/// What people are told about a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientAbout {
    /// `client_uri`: its home page.
    pub client_uri: Option<String>,
    /// `logo_uri`.
    pub logo_uri: Option<String>,
    /// `policy_uri`: how it uses data.
    pub policy_uri: Option<String>,
    /// `tos_uri`: its terms.
    pub tos_uri: Option<String>,
    /// `contacts`: whom to write to.
    pub contacts: Vec<String>,
    /// `software_id`, as registered.
    pub software_id: Option<String>,
    /// `software_version`, as registered.
    pub software_version: Option<String>,
}

fn code_alone() -> Vec<ResponseType> {
    vec![ResponseType::Code]
}

fn yes() -> bool {
    true
}

fn rs256() -> SigningAlgorithm {
    SigningAlgorithm::RS256
}

/// What kind of application a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// A web application with a backend.
    Web,
    /// An application that runs in the browser.
    Spa,
    /// An application on a device: custom schemes and free loopback ports (RFC 8252).
    Native,
    /// A service without a person.
    Service,
}

/// A scope that a client may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientScope {
    /// The scope.
    pub scope: Scope,
    /// Whether it is granted when the request names none.
    pub default: bool,
}

/// One secret of a client. Up to [`MAX_SECRETS`] live at a time; any one matches.
#[derive(Clone, Debug)]
pub struct ClientSecret {
    /// Its row.
    pub id: ClientSecretId,
    /// An admin's name for it.
    pub label: String,
    /// Its last four characters, to tell it from others.
    pub hint: String,
    /// What a presented secret is compared with.
    pub verifier: SecretVerifier,
    /// When it was made.
    pub created_at: Instant,
    /// When it stops working.
    pub expires_at: Option<Instant>,
    /// When it was last used, to the nearest few seconds.
    pub last_used_at: Option<Instant>,
}

/// How many live secrets a client may have.
pub const MAX_SECRETS: usize = 10;

/// How many of them may be imported ones, whose check costs a password hash.
pub const MAX_IMPORTED_SECRETS: usize = 2;

/// What a presented client secret is compared with.
#[derive(Clone, Debug)]
pub enum SecretVerifier {
    /// A secret that we generated: 256 random bits need no slow hash.
    Sha256(TokenHash),
    /// A secret that somebody chose: an argon2id PHC string.
    Argon2id(String),
}

impl ClientSecret {
    /// Whether it still works.
    pub fn is_live(&self, now: Instant) -> bool {
        self.expires_at.is_none_or(|expiry| now < expiry)
    }
}

impl Client {
    /// Whether it keeps no secret (RFC 6749, section 2.1).
    pub fn is_public(&self) -> bool {
        self.settings.auth_method == ClientAuthMethod::None
    }

    /// Whether the grant is allowed to it.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.settings.grant_types.contains(&grant)
    }

    /// Every scope that it may have.
    pub fn allowed_scopes(&self) -> ScopeSet {
        self.scopes.iter().map(|s| s.scope.clone()).collect()
    }

    /// What it gets when a request names no scope (RFC 6749, section 3.3).
    pub fn default_scopes(&self) -> ScopeSet {
        self.scopes.iter().filter(|s| s.default).map(|s| s.scope.clone()).collect()
    }

    /// The registered URI that `asked` equals, by the rule of [`redirect_uri::matches`].
    pub fn redirect_uri_matches(&self, asked: &str) -> bool {
        let native = self.settings.kind == ClientKind::Native;
        self.settings.redirect_uris.iter().any(|registered| redirect_uri::matches(registered, asked, native))
    }

    /// Origins whose scripts may read the answers given to this client.
    pub fn web_origins(&self) -> Vec<String> {
        match &self.settings.web_origins {
            Some(origins) => origins.clone(),
            None => self.settings.redirect_uris.iter().filter_map(|uri| redirect_uri::origin_of(uri)).collect(),
        }
    }

    /// The life of its access tokens.
    pub fn access_token_life(&self, realm: &Lifetimes) -> Duration {
        Duration::from_secs(self.settings.access_token_seconds.unwrap_or(realm.access_token_seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector(redirect_uris: &[&str], sector_identifier_uri: Option<&str>) -> Result<String, SectorError> {
        let mut settings = ClientSettings::new(ClientKind::Web, ClientAuthMethod::None, Vec::new());
        settings.redirect_uris = redirect_uris.iter().map(|uri| (*uri).to_owned()).collect();
        settings.subject.sector_identifier_uri = sector_identifier_uri.map(str::to_owned);
        settings.sector()
    }

    #[test]
    fn a_sector_is_the_one_host_of_the_redirect_uris_or_that_of_the_sector_document() {
        let one = ["https://shop.example/a", "https://shop.example:8443/b"];
        assert_eq!(sector(&one, None), Ok("shop.example".to_owned()));
        assert_eq!(sector(&one, Some("https://group.example/sector.json")), Ok("group.example".to_owned()));
        assert_eq!(sector(&one, Some("http://localhost:3000/sector.json")), Ok("localhost".to_owned()));
    }

    #[test]
    fn without_one_host_there_is_no_sector() {
        assert_eq!(sector(&["https://a.example/", "https://b.example/"], None), Err(SectorError::SeveralHosts));
        assert_eq!(sector(&["https://a.example/", "app://cb"], None), Err(SectorError::SeveralHosts));
        assert_eq!(sector(&["app://cb"], None), Err(SectorError::NoHost));
        assert_eq!(sector(&[], None), Err(SectorError::NoHost));
        assert_eq!(sector(&["https://a.example/"], Some("http://a.example/s")), Err(SectorError::NoHttps));
    }
}
