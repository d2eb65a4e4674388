//! How a client says who it is at the token, introspection and revocation endpoints (RFC 6749 section 2.3).
//!
//! Nothing is verified here: this module says which credentials were presented, and refuses two kinds at once.

use crate::encoding::form_decode;
use crate::error::{ErrorCode, OAuthError};
use crate::params::Params;
use crate::secret::Secret;
use crate::wire_enum::wire_enum;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

wire_enum! {
    /// `token_endpoint_auth_method` (RFC 7591 section 2; OpenID Connect Core section 9).
    pub enum ClientAuthMethod {
        /// A public client: `client_id` alone.
        None = "none",
        /// HTTP Basic.
        ClientSecretBasic = "client_secret_basic",
        /// `client_id` and `client_secret` in the body.
        ClientSecretPost = "client_secret_post",
        /// A signed assertion (RFC 7523).
        PrivateKeyJwt = "private_key_jwt",
    }
}

/// The `client_assertion_type` of RFC 7523 section 2.2.
pub const JWT_BEARER_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Longest value of an `Authorization: Basic` header that is looked at, in bytes.
pub const MAX_BASIC_BYTES: usize = 8 * 1024;

/// Most clients that [`named_clients`] gives: nobody honest names more than two readings of one, and another.
pub const MAX_NAMED_CLIENTS: usize = 4;

/// Standard alphabet; some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a Basic header could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BasicProblem {
    /// Another scheme.
    #[error("the Authorization header does not use Basic")]
    NotBasic,
    /// More than [`MAX_BASIC_BYTES`].
    #[error("the Basic credentials are too long")]
    TooLong,
    /// Not base64.
    #[error("the Basic credentials are not base64")]
    NotBase64,
    /// Not UTF-8 inside.
    #[error("the Basic credentials are not UTF-8")]
    NotUtf8,
    /// No `:` inside.
    #[error("the Basic credentials have no colon")]
    NoColon,
    /// Nothing before the `:`.
    #[error("the Basic credentials have no client_id")]
    NoClientId,
    /// A control character inside (RFC 7617 section 2).
    #[error("the Basic credentials contain a control character")]
    ControlCharacter,
}

/// What an `Authorization: Basic` header carries, as sent. RFC 6749 section 2.3.1 has both halves form-encoded; many
/// clients send them raw. [`Self::candidates`] gives every reading.
#[derive(Clone, Debug)]
pub struct BasicCredentials {
    client_id: String,
    secret: Secret,
    /// The `client_id` of the body, if one came beside the header: no other reading counts.
    claimed: Option<String>,
}

impl BasicCredentials {
    /// Reads the value of an `Authorization` header.
    pub fn parse(header: &str) -> Result<Self, BasicProblem> {
        let encoded = scheme_value(header, "Basic").ok_or(BasicProblem::NotBasic)?;
        if encoded.len() > MAX_BASIC_BYTES {
            return Err(BasicProblem::TooLong);
        }
        let bytes = BASE64.decode(encoded).map_err(|_| BasicProblem::NotBase64)?;
        let text = Secret::new(String::from_utf8(bytes).map_err(|_| BasicProblem::NotUtf8)?);
        if text.expose().contains(char::is_control) {
            return Err(BasicProblem::ControlCharacter);
        }
        let (client_id, secret) = text.expose().split_once(':').ok_or(BasicProblem::NoColon)?;
        if client_id.is_empty() {
            return Err(BasicProblem::NoClientId);
        }
        Ok(Self { client_id: client_id.to_owned(), secret: Secret::new(secret), claimed: None })
    }

    /// Every distinct reading as (`client_id`, secret): each half form-decoded first, then raw. At least one, at most
    /// four; those that contradict the body's `client_id` or hide a NUL are left out.
    pub fn candidates(&self) -> impl Iterator<Item = (String, Secret)> {
        let ids = readings(&self.client_id).filter(|id| self.claimed.as_ref().is_none_or(|claimed| claimed == id));
        ids.flat_map(|id| readings(self.secret.expose()).map(move |secret| (id.clone(), Secret::new(secret))))
    }

    /// Binds the credentials to the `client_id` of the body; `false` if no reading has it.
    fn claim(&mut self, client_id: &str) -> bool {
        self.claimed = Some(client_id.to_owned());
        self.candidates().next().is_some()
    }
}

/// A half, form-decoded, and raw where that differs.
fn readings(half: &str) -> impl Iterator<Item = String> {
    let decoded = form_decode(half.as_bytes()).filter(|text| text != half && !text.contains('\0'));
    decoded.into_iter().chain([half.to_owned()])
}

/// What follows the scheme of an `Authorization` header, if the header uses that scheme (in any case).
pub(crate) fn scheme_value<'a>(header: &'a str, scheme: &str) -> Option<&'a str> {
    let (name, value) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    name.eq_ignore_ascii_case(scheme).then(|| value.trim_start())
}

/// The credentials of one request.
#[derive(Clone, Debug)]
pub enum PresentedCredentials {
    /// Nothing at all, not even a `client_id`.
    None,
    /// `client_id` alone.
    Public {
        /// The claimed client.
        client_id: String,
    },
    /// HTTP Basic.
    Basic(BasicCredentials),
    /// In the body.
    Post {
        /// The claimed client.
        client_id: String,
        /// Its secret.
        secret: Secret,
    },
    /// A client assertion (RFC 7521 section 4.2).
    Assertion {
        /// `client_id` of the body, if it came; the assertion names the client.
        client_id: Option<String>,
        /// `client_assertion_type`.
        assertion_type: String,
        /// `client_assertion`.
        assertion: Secret,
    },
}

impl PresentedCredentials {
    /// Reads the credentials from the `Authorization` header, if there is one, and the body. Two methods at once are
    /// `invalid_request` (RFC 6749 section 2.3); a header that cannot be read is `invalid_client`. That the header came
    /// once is the caller's check.
    pub fn read(authorization: Option<&str>, params: &Params) -> Result<Self, OAuthError> {
        let client_id = params.one("client_id")?;
        let secret = params.one("client_secret")?;
        let assertion = params.one("client_assertion")?;
        let assertion_type = params.one("client_assertion_type")?;
        let has_assertion = assertion.is_some() || assertion_type.is_some();
        let methods = [authorization.is_some(), secret.is_some(), has_assertion];
        if methods.into_iter().filter(|&used| used).count() > 1 {
            return Err(OAuthError::invalid_request("more than one method of client authentication"));
        }
        if let Some(header) = authorization {
            return read_basic(header, client_id).map(Self::Basic);
        }
        match (client_id, secret, assertion, assertion_type) {
            (None, Some(_), _, _) => Err(OAuthError::invalid_request("client_id is missing")),
            (Some(client_id), Some(secret), _, _) => {
                Ok(Self::Post { client_id: client_id.to_owned(), secret: Secret::new(secret) })
            }
            (client_id, None, Some(assertion), Some(assertion_type)) => Ok(Self::Assertion {
                client_id: client_id.map(str::to_owned),
                assertion_type: assertion_type.to_owned(),
                assertion: Secret::new(assertion),
            }),
            (_, None, Some(_), None) => Err(OAuthError::invalid_request("client_assertion_type is missing")),
            (_, None, None, Some(_)) => Err(OAuthError::invalid_request("client_assertion is missing")),
            (Some(client_id), None, None, None) => Ok(Self::Public { client_id: client_id.to_owned() }),
            (None, None, None, None) => Ok(Self::None),
        }
    }
}

/// Every client that a request names in its `Authorization` headers, or as `client_id`, whatever
/// is wrong with the credentials beside: at most [`MAX_NAMED_CLIENTS`]. Proves nothing.
pub fn named_clients<'r>(authorization: impl Iterator<Item = &'r str>, params: &'r Params) -> Vec<String> {
    let basic = authorization.filter_map(|header| BasicCredentials::parse(header).ok());
    let basic = basic.flat_map(|basic| readings(&basic.client_id).collect::<Vec<_>>());
    let body = params.all("client_id").into_iter().map(str::to_owned);
    let mut named = Vec::new();
    for client_id in basic.chain(body) {
        if named.len() == MAX_NAMED_CLIENTS {
            break;
        }
        if !named.contains(&client_id) {
            named.push(client_id);
        }
    }
    named
}

fn read_basic(header: &str, client_id: Option<&str>) -> Result<BasicCredentials, OAuthError> {
    let mut basic = BasicCredentials::parse(header)
        .map_err(|problem| OAuthError::new(ErrorCode::InvalidClient, problem.to_string()))?;
    match client_id {
        Some(client_id) if !basic.claim(client_id) => {
            Err(OAuthError::invalid_request("client_id differs from that of the Authorization header"))
        }
        _ => Ok(basic),
    }
}

/// `WWW-Authenticate` for an `invalid_client` that used the header (RFC 6749 section 5.2; RFC 7617 section 2.1).
pub fn basic_challenge(realm: &str) -> String {
    format!("Basic realm=\"{}\", charset=\"UTF-8\"", crate::error::Description::from(realm.to_owned()))
}

#[cfg(test)]
mod tests;
