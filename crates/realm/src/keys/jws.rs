//! The compact serialization of a JWS (RFC 7515, section 7.1): put together and taken apart.
//!
//! Signing and verifying use the cryptographic library directly. The JWT library in the dependencies parses the key
//! anew at each signature and each verification, parses every header twice, leaves `crit` unchecked and reads the wall
//! clock. What is needed beside the signature is this file; tests hold it against that library in both directions.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_protocol::jwk::SigningAlgorithm;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::{KeyError, TokenRefusal};

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The encoded header of tokens of one type, signed with one key.
pub(crate) fn encoded_header(algorithm: SigningAlgorithm, kid: &str, typ: &str) -> Result<String, KeyError> {
    #[derive(Serialize)]
    struct Header<'a> {
        alg: SigningAlgorithm,
        kid: &'a str,
        typ: &'a str,
    }
    let json = serde_json::to_vec(&Header { alg: algorithm, kid, typ }).map_err(KeyError::claims)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// A token without its signature: `header.payload`.
pub(crate) fn signing_input(encoded_header: &str, claims: &impl Serialize) -> Result<String, KeyError> {
    let payload = serde_json::to_vec(claims).map_err(KeyError::claims)?;
    // Room for the signature too: 342 characters for RSA with 2048 bits.
    let mut token = String::with_capacity(encoded_header.len() + payload.len() * 4 / 3 + 350);
    token.push_str(encoded_header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    Ok(token)
}

/// Appends the signature.
pub(crate) fn append_signature(mut token: String, signature: &[u8]) -> String {
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// What a header may say that matters. Keys that a header brings along (`jwk`, `jku`, `x5c`, `x5u`) are not looked at:
/// whoever wrote the token chose them.
#[derive(Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    #[serde(default)]
    pub(crate) kid: Option<String>,
    #[serde(default)]
    pub(crate) typ: Option<String>,
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

/// A token, taken apart and not yet believed.
pub(crate) struct Compact<'a> {
    pub(crate) header: Header,
    pub(crate) signing_input: &'a str,
    payload: &'a str,
    pub(crate) signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Takes a token apart: exactly three parts of base64url without padding, and a header of JSON.
    pub(crate) fn parse(token: &'a str) -> Result<Self, TokenRefusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenRefusal::Malformed);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(TokenRefusal::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(TokenRefusal::Malformed)?;
        if payload.contains('.') {
            return Err(TokenRefusal::Malformed);
        }
        let header: Header = decode_json(header)?;
        // RFC 7515, section 4.1.11: extensions that must be understood, and are not, refuse the token.
        if header.crit.is_some() {
            return Err(TokenRefusal::Malformed);
        }
        Ok(Self { header, signing_input, payload, signature: decode(signature)? })
    }

    /// The claims. Only to be asked for once the signature was verified.
    pub(crate) fn claims<T: DeserializeOwned>(&self) -> Result<T, TokenRefusal> {
        decode_json(self.payload)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenRefusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenRefusal::Malformed)
}

fn decode_json<T: DeserializeOwned>(part: &str) -> Result<T, TokenRefusal> {
    serde_json::from_slice(&decode(part)?).map_err(|_| TokenRefusal::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn with_header(json: &str) -> String {
        format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(json))
    }

    #[rstest]
    #[case("")]
    #[case("..")]
    #[case("a.b")]
    #[case("e30.e30.AA.AA")]
    #[case("eyJhbGciOiJFUzI1NiJ9.e30.AA==")]
    #[case("eyJhbGciOiJFUzI1NiJ9.e30.A+/A")]
    #[case(" eyJhbGciOiJFUzI1NiJ9.e30.AAAA")]
    #[case("eyJhbGciOiJFUzI1NiJ9.e30.AAAA\n")]
    fn what_is_no_token_is_malformed(#[case] token: &str) {
        assert_eq!(Compact::parse(token).err(), Some(TokenRefusal::Malformed));
    }

    #[rstest]
    #[case("{}")]
    #[case("[]")]
    #[case(r#"{"alg":1}"#)]
    #[case(r#"{"alg":"ES256","alg":"none"}"#)]
    #[case(r#"{"alg":"ES256","crit":["b64"],"b64":false}"#)]
    #[case(r#"{"alg":"ES256","kid":7}"#)]
    fn a_header_that_says_something_odd_is_malformed(#[case] json: &str) {
        assert_eq!(Compact::parse(&with_header(json)).err(), Some(TokenRefusal::Malformed));
    }

    #[test]
    fn a_huge_token_is_not_looked_at() {
        let token = format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#), "A".repeat(MAX_TOKEN_BYTES));
        assert_eq!(Compact::parse(&token).err(), Some(TokenRefusal::Malformed));
        assert!(Compact::parse(&with_header(r#"{"alg":"ES256","x":1}"#)).is_ok());
    }
}
