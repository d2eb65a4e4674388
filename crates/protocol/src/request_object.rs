//! Request objects (OpenID Connect Core section 6; RFC 9101): parameters of an authorization request that its client
//! signed. The signature is checked elsewhere; what is inside is read here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::{ErrorCode, OAuthError};
use crate::params::Params;
use crate::response::ResponseType;

/// Longest `request_uri`, in bytes (section 6.2: "The entire Request URI MUST NOT exceed 512 ASCII characters").
pub const MAX_REQUEST_URI_BYTES: usize = 512;
/// Largest request object behind a `request_uri`, in bytes: as much as one by value.
pub const MAX_REQUEST_OBJECT_BYTES: usize = crate::params::MAX_VALUE_BYTES;
/// The type that RFC 9101 section 10.8 gives request objects, so that no other JWT is taken for one.
const TYP_REQUEST_OBJECT: &str = "oauth-authz-req+jwt";
/// Claims of the JWT itself, which are no parameters.
const OF_THE_JWT: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// How a request brings its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier<'a> {
    /// `request`: the object itself.
    Value(&'a str),
    /// `request_uri`: where it is.
    Uri(&'a str),
}

impl<'a> Carrier<'a> {
    /// Section 6.1: "If this parameter is used, the `request_uri` parameter MUST NOT be used in the same request."
    pub fn of(params: &'a Params) -> Result<Option<Self>, OAuthError> {
        match (params.one("request")?, params.one("request_uri")?) {
            (Some(_), Some(_)) => Err(OAuthError::invalid_request("request and request_uri exclude each other")),
            (Some(object), None) => Ok(Some(Self::Value(object))),
            (None, Some(uri)) if uri.len() > MAX_REQUEST_URI_BYTES || !uri.is_ascii() => {
                let words = format!("request_uri is longer than {MAX_REQUEST_URI_BYTES} ASCII characters");
                Err(OAuthError::new(ErrorCode::InvalidRequestUri, words))
            }
            (None, Some(uri)) => Ok(Some(Self::Uri(uri))),
            (None, None) => Ok(None),
        }
    }
}

/// Whether what was fetched is what a registered URI promised (section 6.2): its fragment may be "the base64url-encoded
/// SHA-256 hash of the referenced resource contents". Any other fragment tells versions apart and promises nothing.
pub fn is_as_promised(fragment: Option<&str>, contents: &[u8]) -> bool {
    let promised = fragment.and_then(|fragment| URL_SAFE_NO_PAD.decode(fragment).ok()).filter(|hash| hash.len() == 32);
    promised.is_none_or(|hash| hash == Sha256::digest(contents).as_slice())
}

/// What an object is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The client whose key signed it.
    pub client_id: &'a str,
    /// The issuer that it is for.
    pub issuer: &'a str,
    /// Now, in seconds since the epoch.
    pub now: i64,
    /// How far clocks may differ, in seconds.
    pub leeway: i64,
}

/// A request object of the right client, for this issuer, at this time.
#[derive(Clone)]
pub struct RequestObject(Map<String, Value>);

impl std::fmt::Debug for RequestObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RequestObject({} members)", self.0.len())
    }
}

fn invalid(words: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequestObject, words)
}

impl RequestObject {
    /// Checks a JWS whose signature is its client's: `typ` of the header, and the claims.
    pub fn read(typ: Option<&str>, claims: Map<String, Value>, expected: &Expected<'_>) -> Result<Self, OAuthError> {
        is_its_type(typ)?;
        is_from(&claims, expected.client_id)?;
        is_for(&claims, expected.issuer)?;
        is_timely(&claims, expected)?;
        carries_no_other(&claims)?;
        Ok(Self(claims))
    }

    /// The parameters that count: "the parameters in the Request Object supersede" those outside, except that
    /// `client_id` and `response_type` stand on both sides and agree (section 6.1).
    pub fn supersede(&self, outside: &Params) -> Result<Params, OAuthError> {
        self.repeats("client_id", outside, |outside, inside| outside == inside)?;
        self.repeats("response_type", outside, |outside, inside| {
            outside == inside
                || ResponseType::parse(outside).is_some_and(|same| ResponseType::parse(inside) == Some(same))
        })?;
        let kept = outside
            .iter()
            .filter(|(name, _)| !["request", "request_uri"].contains(name) && !self.0.contains_key(*name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let inside = self.0.iter().filter(|(name, _)| !OF_THE_JWT.contains(&name.as_str())).flat_map(parameters);
        Params::from_pairs(kept.chain(inside)).map_err(|error| {
            OAuthError::new(ErrorCode::InvalidRequestObject, format!("the request object cannot be read: {error}"))
        })
    }

    /// Section 6.1: "the values for these parameters MUST match those in the Request Object, if present".
    fn repeats(&self, name: &str, outside: &Params, same: impl Fn(&str, &str) -> bool) -> Result<(), OAuthError> {
        let Some(outside) = outside.one(name)? else {
            let words = format!("{name} is missing; it stands outside of the request object too");
            return Err(OAuthError::invalid_request(words));
        };
        match self.0.get(name) {
            None => Ok(()),
            Some(Value::String(inside)) if same(outside, inside) => Ok(()),
            Some(_) => {
                let words = format!("the request object has another {name} than the request");
                Err(OAuthError::new(ErrorCode::InvalidRequestObject, words))
            }
        }
    }
}

/// RFC 9101 section 10.8: "explicit typing". Without a type it may be one: OpenID Connect asks for none.
fn is_its_type(typ: Option<&str>) -> Result<(), OAuthError> {
    let fits = |typ: &str| typ.eq_ignore_ascii_case(TYP_REQUEST_OBJECT) || typ.eq_ignore_ascii_case("JWT");
    if typ.is_none_or(fits) { Ok(()) } else { Err(invalid("this kind of JWT is no request object")) }
}

/// Section 6.1: "`iss` […] SHOULD be the Client ID of the RP". RFC 9101 section 10.8: a `sub` with the client's name
/// would make it a client's assertion as well.
fn is_from(claims: &Map<String, Value>, client_id: &str) -> Result<(), OAuthError> {
    if claims.get("iss").is_some_and(|iss| iss != client_id) {
        return Err(invalid("iss of the request object is not the client"));
    }
    if claims.get("sub").is_some_and(|sub| sub == client_id) {
        return Err(invalid("a request object has no sub"));
    }
    Ok(())
}

/// Section 6.1: "The `aud` value SHOULD be or include the OP's Issuer Identifier URL."
fn is_for(claims: &Map<String, Value>, issuer: &str) -> Result<(), OAuthError> {
    let fits = match claims.get("aud") {
        None => true,
        Some(Value::Array(several)) => several.iter().any(|audience| audience == issuer),
        Some(audience) => audience == issuer,
    };
    if fits { Ok(()) } else { Err(invalid("aud of the request object is not this issuer")) }
}

/// RFC 7519 sections 4.1.4 and 4.1.5.
fn is_timely(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), OAuthError> {
    if let Some(expires) = seconds(claims, "exp")?
        && expires.saturating_add(expected.leeway) <= expected.now
    {
        return Err(invalid("the request object has expired"));
    }
    if let Some(begins) = seconds(claims, "nbf")?
        && begins.saturating_sub(expected.leeway) > expected.now
    {
        return Err(invalid("the request object is not valid yet"));
    }
    Ok(())
}

/// A `NumericDate` (RFC 7519 section 2): seconds, which may have a fraction.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, OAuthError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second does not matter; casts saturate")]
    let whole = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
    whole.map(Some).ok_or_else(|| invalid("a time in the request object is no number"))
}

/// Section 6.1: "`request` and `request_uri` parameters MUST NOT be included in Request Objects."
fn carries_no_other(claims: &Map<String, Value>) -> Result<(), OAuthError> {
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        Err(invalid("a request object contains no other"))
    } else {
        Ok(())
    }
}

/// A member as parameters: text as it is, a list of `resource` one by one, anything else as JSON (so that `claims`
/// "is represented as a JSON object" and `max_age` as a number, section 6.1). What reads a parameter judges it.
fn parameters((name, value): (&String, &Value)) -> Vec<(String, String)> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    };
    let values: Vec<String> = match value {
        Value::Array(several) if crate::resource::REPEATABLE.contains(&name.as_str()) => {
            several.iter().filter_map(one).collect()
        }
        single => one(single).into_iter().collect(),
    };
    values.into_iter().map(|value| (name.clone(), value)).collect()
}

#[cfg(test)]
mod tests;
