//! Proof Key for Code Exchange (RFC 7636), S256 alone: `plain` protects nobody who reads the request.

use crate::encoding::is_unreserved;
use crate::error::{ErrorCode, OAuthError};
use crate::secret::Secret;
use crate::wire_enum::wire_enum;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Shortest verifier, in characters (RFC 7636 section 4.1).
pub const MIN_VERIFIER_CHARS: usize = 43;
/// Longest verifier, in characters (RFC 7636 section 4.1).
pub const MAX_VERIFIER_CHARS: usize = 128;

wire_enum! {
    /// How a challenge comes from its verifier (RFC 7636 section 4.2).
    pub enum ChallengeMethod {
        /// base64url of the verifier's SHA-256.
        S256 = "S256",
    }
}

/// Why PKCE failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PkceError {
    /// The challenge is not the base64url of 32 bytes.
    #[error("code_challenge is not the base64url of a SHA-256")]
    BadChallenge,
    /// `plain`, also by leaving the method out (RFC 7636 section 4.3), or an unknown method.
    #[error("code_challenge_method must be S256")]
    UnsupportedMethod,
    /// A method without a challenge.
    #[error("code_challenge is missing")]
    ChallengeMissing,
    /// The verifier is not 43 to 128 unreserved characters.
    #[error("code_verifier is not 43 to 128 unreserved characters")]
    BadVerifier,
    /// The request had a challenge, the token request has no verifier.
    #[error("code_verifier is missing")]
    VerifierMissing,
    /// The token request has a verifier, the request had no challenge.
    #[error("code_verifier came without a code_challenge")]
    VerifierUnexpected,
    /// The verifier belongs to another challenge.
    #[error("code_verifier does not match")]
    Mismatch,
}

impl From<PkceError> for OAuthError {
    /// RFC 7636 sections 4.4.1 (`invalid_request` at the authorization endpoint) and 4.6 (`invalid_grant` at the token
    /// endpoint).
    fn from(error: PkceError) -> Self {
        let code = match error {
            PkceError::BadChallenge | PkceError::UnsupportedMethod | PkceError::ChallengeMissing => {
                ErrorCode::InvalidRequest
            }
            PkceError::BadVerifier
            | PkceError::VerifierMissing
            | PkceError::VerifierUnexpected
            | PkceError::Mismatch => ErrorCode::InvalidGrant,
        };
        Self::new(code, error.to_string())
    }
}

/// An S256 challenge: the 43 base64url characters of 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Checks and takes a challenge.
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(PkceError::BadChallenge),
        }
    }

    /// Reads `code_challenge` and `code_challenge_method` of an authorization request.
    pub fn read(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Self>, PkceError> {
        match (challenge, method) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(PkceError::ChallengeMissing),
            (Some(challenge), Some(method)) if ChallengeMethod::from_wire(method).is_some() => {
                Self::parse(challenge).map(Some)
            }
            (Some(_), _) => Err(PkceError::UnsupportedMethod),
        }
    }

    /// The challenge of a verifier, for clients and tests.
    pub fn of(verifier: &CodeVerifier) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.0.expose().as_bytes())))
    }

    /// The 43 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the verifier is the one this challenge was made from, in constant time.
    pub fn verify(&self, verifier: &CodeVerifier) -> Result<(), PkceError> {
        let made = Self::of(verifier);
        if bool::from(made.0.as_bytes().ct_eq(self.0.as_bytes())) { Ok(()) } else { Err(PkceError::Mismatch) }
    }
}

impl Serialize for CodeChallenge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CodeChallenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A verifier: 43 to 128 characters of the unreserved set.
#[derive(Clone, Debug)]
pub struct CodeVerifier(Secret);

impl CodeVerifier {
    /// Checks and takes a verifier.
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        let length_fits = (MIN_VERIFIER_CHARS..=MAX_VERIFIER_CHARS).contains(&text.len());
        if length_fits && text.bytes().all(is_unreserved) {
            Ok(Self(Secret::new(text)))
        } else {
            Err(PkceError::BadVerifier)
        }
    }
}

/// The check of a token request: challenge and verifier come both and match, or neither comes.
pub fn check(challenge: Option<&CodeChallenge>, verifier: Option<&str>) -> Result<(), PkceError> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(PkceError::VerifierMissing),
        (None, Some(_)) => Err(PkceError::VerifierUnexpected),
        (Some(challenge), Some(verifier)) => challenge.verify(&CodeVerifier::parse(verifier)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn challenge() -> CodeChallenge {
        CodeChallenge::parse(CHALLENGE).unwrap()
    }

    #[test]
    fn the_example_of_the_rfc_verifies() {
        assert_eq!(check(Some(&challenge()), Some(VERIFIER)), Ok(()));
        assert_eq!(CodeChallenge::of(&CodeVerifier::parse(VERIFIER).unwrap()), challenge());
    }

    #[test]
    fn a_verifier_of_128_characters_is_taken_and_129_refused() {
        let longest = "~".repeat(128);
        let challenge = CodeChallenge::of(&CodeVerifier::parse(&longest).unwrap());
        assert_eq!(check(Some(&challenge), Some(&longest)), Ok(()));
        assert_eq!(check(Some(&challenge), Some(&"~".repeat(129))), Err(PkceError::BadVerifier));
        assert_eq!(check(Some(&challenge), Some(&"~".repeat(42))), Err(PkceError::BadVerifier));
    }

    #[test]
    fn another_verifier_does_not_match() {
        let other = VERIFIER.replace('d', "e");
        assert_eq!(check(Some(&challenge()), Some(&other)), Err(PkceError::Mismatch));
        assert_eq!(check(Some(&challenge()), Some(CHALLENGE)), Err(PkceError::Mismatch));
    }

    #[test]
    fn one_half_without_the_other_fails() {
        assert_eq!(check(Some(&challenge()), None), Err(PkceError::VerifierMissing));
        assert_eq!(check(None, Some(VERIFIER)), Err(PkceError::VerifierUnexpected));
        assert_eq!(check(None, None), Ok(()));
        assert_eq!(CodeChallenge::read(None, Some("S256")), Err(PkceError::ChallengeMissing));
    }

    #[test]
    fn plain_is_refused_also_as_the_default() {
        for method in [None, Some("plain"), Some("s256"), Some("S512")] {
            assert_eq!(CodeChallenge::read(Some(CHALLENGE), method), Err(PkceError::UnsupportedMethod));
        }
        assert_eq!(CodeChallenge::read(Some(CHALLENGE), Some("S256")), Ok(Some(challenge())));
    }

    #[test]
    fn a_challenge_is_the_base64url_of_32_bytes() {
        let padded = format!("{CHALLENGE}=");
        let not_canonical = CHALLENGE.replace("-cM", "-cN");
        for text in ["", "abc", &CHALLENGE[1..], &padded, &not_canonical, &CHALLENGE.replace('-', "+")] {
            assert_eq!(CodeChallenge::parse(text), Err(PkceError::BadChallenge), "{text}");
        }
    }

    #[test]
    fn errors_speak_the_code_of_their_endpoint() {
        assert_eq!(OAuthError::from(PkceError::UnsupportedMethod).code, ErrorCode::InvalidRequest);
        assert_eq!(OAuthError::from(PkceError::Mismatch).code, ErrorCode::InvalidGrant);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = CodeChallenge::parse(&text);
            let _ = check(Some(&challenge()), Some(&text));
        }

        #[test]
        fn a_verifier_matches_its_own_challenge_alone(text in "[A-Za-z0-9._~-]{43,128}") {
            let own = CodeChallenge::of(&CodeVerifier::parse(&text).unwrap());
            prop_assert_eq!(check(Some(&own), Some(&text)), Ok(()));
            prop_assert_eq!(check(Some(&challenge()), Some(&text)), Err(PkceError::Mismatch));
        }
    }
}
