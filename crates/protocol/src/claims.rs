//! Claims of the tokens we issue, as they stand in a JWT (RFC 7519, RFC 9068, OpenID Connect Core section 2).
//! Times are whole seconds since the epoch (`NumericDate`).

use crate::jwk::SigningAlgorithm;
use crate::scope::{Scope, ScopeSet, string_or_array};
use crate::wire_enum::wire_enum;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512};
use std::collections::BTreeMap;

/// `typ` of access tokens with profile `rfc9068` (RFC 9068 section 2.1).
pub const TYP_ACCESS_TOKEN: &str = "at+jwt";
/// `typ` of ID tokens, and of access tokens with profile `jwt`.
pub const TYP_JWT: &str = "JWT";

/// Claims that no mapper and no custom field may write: they are the protocol's, or carry authority.
pub const RESERVED_CLAIMS: [&str; 36] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "client_id",
    "azp",
    "scope",
    "sid",
    "cnf",
    "act",
    "may_act",
    "acr",
    "amr",
    "auth_time",
    "nonce",
    "token_use",
    "typ",
    "realm_access",
    "resource_access",
    "service_account",
    "events",
    "at_hash",
    "c_hash",
    "s_hash",
    "session_state",
    "roles",
    "groups",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "preferred_username",
    "updated_at",
];

/// The `iss` that a JWT claims, before anything of it is believed: whose keys are to be asked. At most 16 KiB are read.
pub fn unverified_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: String,
    }
    let payload = token.split('.').nth(1).filter(|payload| payload.len() <= 16 * 1024)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<Claimed>(&bytes).ok().map(|claimed| claimed.iss)
}

/// Whether a claim is one of [`RESERVED_CLAIMS`], in whatever capitals: some readers of JSON do not tell `SUB` from
/// `sub`.
pub fn is_reserved(claim: &str) -> bool {
    RESERVED_CLAIMS.iter().any(|reserved| reserved.eq_ignore_ascii_case(claim))
}

/// Claims beside the typed ones. None may repeat the name of a typed member.
pub type ExtraClaims = serde_json::Map<String, serde_json::Value>;

/// `aud`: one string, or an array where there are more (RFC 7519 section 4.1.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience(Vec<String>);

impl Audience {
    /// Whether the token is for this recipient.
    pub fn contains(&self, recipient: &str) -> bool {
        self.0.iter().any(|audience| audience == recipient)
    }

    /// The recipients, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The one recipient, if there is exactly one.
    pub fn single(&self) -> Option<&str> {
        match self.0.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether there is no recipient.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Audience {
    fn from(recipient: String) -> Self {
        Self(vec![recipient])
    }
}

impl<S: Into<String>> FromIterator<S> for Audience {
    fn from_iter<I: IntoIterator<Item = S>>(recipients: I) -> Self {
        let mut audience = Self::default();
        for recipient in recipients.into_iter().map(Into::into) {
            if !audience.contains(&recipient) {
                audience.0.push(recipient);
            }
        }
        audience
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Serialize for Audience {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.single() {
            Some(only) => serializer.serialize_str(only),
            None => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match OneOrMany::deserialize(deserializer)? {
            OneOrMany::One(only) => Self(vec![only]),
            OneOrMany::Many(recipients) => recipients.into_iter().collect(),
        })
    }
}

wire_enum! {
    /// Who the subject of an access token is. In every access token, never in an ID token.
    pub enum TokenUse {
        /// A person.
        User = "user",
        /// A client acting for itself.
        Service = "service",
    }
}

/// `{"roles": […]}`, the shape of `realm_access` and of each member of `resource_access`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleAccess {
    /// Role names.
    pub roles: Vec<String>,
}

/// `service_account` of a service token. `clientId` repeats `client_id` for readers of the older spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAccount {
    /// The client.
    pub client_id: String,
    /// The client again.
    #[serde(rename = "clientId")]
    pub client_id_camel: String,
    /// Its display name.
    pub name: String,
    /// The scopes of the token.
    pub scopes: Vec<Scope>,
    /// The audiences of the token.
    pub audiences: Vec<String>,
}

/// Claims of an access token (RFC 9068 section 2.2, and ours). There is no `nbf`: some verifiers have no leeway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The issuer of the realm.
    pub iss: String,
    /// The subject; of a service token the `client_id`.
    pub sub: String,
    /// The APIs it is for.
    pub aud: Audience,
    /// Expiry, in seconds since the epoch.
    pub exp: i64,
    /// Issue, in seconds since the epoch.
    pub iat: i64,
    /// `{grant id}.{random}`, or `s.{random}` for services.
    pub jti: String,
    /// The client it was issued to.
    pub client_id: String,
    /// The same, in the word of OpenID Connect.
    pub azp: String,
    /// The scopes, as one string; an array of another server is read too.
    #[serde(deserialize_with = "string_or_array")]
    pub scope: ScopeSet,
    /// The session, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// When the person signed in, in seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How strong the sign-in was: `1` or `2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By which methods (RFC 8176).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// Person or service.
    pub token_use: TokenUse,
    /// Realm roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm_access: Option<RoleAccess>,
    /// Client roles, by client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_access: Option<BTreeMap<String, RoleAccess>>,
    /// Of a service token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccount>,
    /// Custom claims.
    #[serde(flatten)]
    pub extra: ExtraClaims,
}

/// Claims of an ID token (OpenID Connect Core sections 2 and 3.1.3.6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// The issuer of the realm.
    pub iss: String,
    /// The subject.
    pub sub: String,
    /// The client.
    pub aud: Audience,
    /// Expiry, in seconds since the epoch.
    pub exp: i64,
    /// Issue, in seconds since the epoch.
    pub iat: i64,
    /// When the person signed in, in seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The `nonce` of the request; absent after a refresh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// How strong the sign-in was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By which methods (RFC 8176).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// The client again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// [`token_hash`] of the access token beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// [`token_hash`] of the code beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    /// Claims about the person.
    #[serde(flatten)]
    pub extra: ExtraClaims,
}

wire_enum! {
    /// `typ` inside a refresh token's body, which keycloak-js reads.
    pub enum RefreshTokenTyp {
        /// The only value.
        Refresh = "Refresh",
    }
}

/// The body of a refresh token: for clients that decode it. The server never trusts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshTokenBody {
    /// The kind of token.
    pub typ: RefreshTokenTyp,
    /// The issuer of the realm.
    pub iss: String,
    /// The issuer again: nobody else takes it.
    pub aud: String,
    /// Issue, in seconds since the epoch.
    pub iat: i64,
    /// Expiry, in seconds since the epoch.
    pub exp: i64,
    /// The token's id.
    pub jti: String,
    /// The session, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The scopes of the grant.
    pub scope: ScopeSet,
    /// The client.
    pub azp: String,
}

/// `at_hash` and `c_hash`: base64url of the left half of the token's hash, with the hash function of the ID token's
/// algorithm (OpenID Connect Core sections 3.1.3.6 and 3.3.2.11).
pub fn token_hash(algorithm: SigningAlgorithm, token: &str) -> String {
    match algorithm {
        SigningAlgorithm::ES256 | SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => left_half::<Sha256>(token),
        SigningAlgorithm::EdDSA => left_half::<Sha512>(token),
    }
}

fn left_half<D: Digest>(token: &str) -> String {
    let digest = D::digest(token.as_bytes());
    let (left, _) = digest.split_at(digest.len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

#[cfg(test)]
mod tests;
