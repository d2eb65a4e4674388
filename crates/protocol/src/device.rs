//! The device authorization grant (RFC 8628): the request of a device, its answer, and the code that a person types.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::OAuthError;
use crate::params::Params;
use crate::resource;
use crate::scope::ScopeSet;

/// The letters of a user code (RFC 8628, section 6.1): no vowels, so that no words come out, and none that is easily
/// taken for another.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many letters there are in a code: 34 bits.
const LENGTH: usize = 8;
/// Bytes from here on would make the first letters likelier than the last.
const FAIR_BELOW: u8 = 240;

/// What a person types: eight letters, shown as `XXXX-XXXX`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserCode(String);

/// A text that is no user code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user code has eight letters, like WDJB-MJHT")]
pub struct UserCodeError;

impl UserCode {
    /// Reads what was typed: case, dashes and spaces do not matter.
    pub fn parse(typed: &str) -> Result<Self, UserCodeError> {
        let letters = typed.chars().filter(|character| !matches!(character, '-' | '‐' | '‑' | '–' | ' '));
        let letters: String = letters.map(|character| character.to_ascii_uppercase()).take(LENGTH + 1).collect();
        let fits = letters.len() == LENGTH && letters.bytes().all(|letter| LETTERS.contains(&letter));
        if fits { Ok(Self(letters)) } else { Err(UserCodeError) }
    }

    /// Draws a code from random bytes; `None` if too many of them had to be left out to be fair.
    pub fn draw(random: &[u8]) -> Option<Self> {
        let fair = random.iter().filter(|byte| **byte < FAIR_BELOW);
        let letters = fair.filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()));
        let code: String = letters.take(LENGTH).map(|letter| char::from(*letter)).collect();
        (code.len() == LENGTH).then_some(Self(code))
    }

    /// The letters alone.
    pub fn letters(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        write!(f, "{first}-{second}")
    }
}

impl TryFrom<String> for UserCode {
    type Error = UserCodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<UserCode> for String {
    fn from(code: UserCode) -> Self {
        code.0
    }
}

/// A device authorization request (RFC 8628, section 3.1), without the client's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAuthorizationRequest {
    /// Scopes asked for; empty if none were.
    pub scope: ScopeSet,
    /// APIs the tokens are for (`resource`, `audience`).
    pub resources: Vec<String>,
}

impl DeviceAuthorizationRequest {
    /// Reads the body. Errors: `invalid_request`, `invalid_scope`, `invalid_target`.
    pub fn read(params: &Params) -> Result<Self, OAuthError> {
        params.refuse_repeated(&resource::REPEATABLE)?;
        let scope = params.one("scope")?.map(ScopeSet::parse).transpose()?.unwrap_or_default();
        Ok(Self { scope, resources: resource::read(params)? })
    }
}

/// What a device is told (RFC 8628, section 3.2). `Debug` shows neither code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAuthorizationResponse {
    /// What the device polls with.
    pub device_code: String,
    /// What it shows, as `XXXX-XXXX`.
    pub user_code: String,
    /// Where the person types it.
    pub verification_uri: String,
    /// The same with the code in it: for a QR code.
    pub verification_uri_complete: String,
    /// The life of both codes, in seconds.
    pub expires_in: u64,
    /// The least time between two polls, in seconds.
    pub interval: u64,
}

impl fmt::Debug for DeviceAuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceAuthorizationResponse")
            .field("verification_uri", &self.verification_uri)
            .field("expires_in", &self.expires_in)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn case_dashes_and_spaces_do_not_matter() {
        for typed in ["WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "w-d-j-b-m-j-h-t", "WDJB–MJHT"] {
            let code = UserCode::parse(typed).unwrap();
            assert_eq!((code.to_string().as_str(), code.letters()), ("WDJB-MJHT", "WDJBMJHT"), "{typed}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for typed in ["", "WDJB", "WDJB-MJHTX", "ADJB-MJHT", "WDJB-MJH1", "ẞDJB-MJHT", "WDJB_MJHT", "--------"] {
            assert_eq!(UserCode::parse(typed), Err(UserCodeError), "{typed}");
        }
    }

    #[test]
    fn every_letter_is_drawn_as_often_as_any_other() {
        let mut drawn = std::collections::BTreeMap::new();
        for byte in 0..=u8::MAX {
            match UserCode::draw(&[byte; LENGTH]) {
                Some(code) => *drawn.entry(code.letters().to_owned()).or_insert(0) += 1,
                None => assert!(byte >= FAIR_BELOW),
            }
        }
        assert_eq!(drawn.len(), LETTERS.len());
        assert_eq!(drawn.values().collect::<HashSet<_>>(), HashSet::from([&12]));
        assert_eq!(UserCode::draw(&[0; LENGTH - 1]), None);
    }

    #[test]
    fn a_request_has_a_scope_and_resources_and_repeats_nothing_else() {
        let read = |body: &str| DeviceAuthorizationRequest::read(&Params::parse(body.as_bytes()).unwrap());
        let request = read("scope=openid+read&resource=a&resource=b&unknown=1").unwrap();
        assert_eq!((request.scope.to_string().as_str(), request.resources.len()), ("openid read", 2));
        assert!(read("").unwrap().scope.is_empty());
        assert_eq!(read("scope=a&scope=b").unwrap_err().code, ErrorCode::InvalidRequest);
        assert_eq!(read("scope=%22").unwrap_err().code, ErrorCode::InvalidScope);
        assert_eq!(read("resource=a+b").unwrap_err().code, ErrorCode::InvalidTarget);
    }

    #[test]
    fn no_code_of_an_answer_is_printed() {
        let answer = DeviceAuthorizationResponse {
            device_code: "canary".to_owned(),
            user_code: "canary".to_owned(),
            verification_uri: "https://op/realms/dev/device".to_owned(),
            verification_uri_complete: "canary".to_owned(),
            expires_in: 600,
            interval: 5,
        };
        assert!(!format!("{answer:?}").contains("canary"));
    }

    proptest! {
        #[test]
        fn what_was_drawn_is_read_back(random in proptest::collection::vec(any::<u8>(), 0..64), typed in "\\PC{0,20}") {
            if let Some(code) = UserCode::draw(&random) {
                prop_assert_eq!(UserCode::parse(&code.to_string()), Ok(code));
            }
            let _ = UserCode::parse(&typed);
        }
    }
}
