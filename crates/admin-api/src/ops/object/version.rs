//! Versions of what is shown: an `ETag` is a hash of it, so that whatever can be seen to change changes it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::ops::error::OpError;

/// The version of something that is shown (RFC 9110, section 8.8.3), with its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(String);

impl ETag {
    /// Of what is shown. Members of objects are in one order always.
    pub fn of(shown: &Value) -> Self {
        let digest = Sha256::digest(shown.to_string());
        Self(format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default())))
    }

    /// The text of the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What whoever changes something believes it to be: `If-Match` (RFC 9110, section 13.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is: `*`.
    Any,
    /// One of these.
    OneOf(Vec<ETag>),
}

impl Expected {
    /// From the value of the header. A weak version matches nothing that is to be changed.
    pub fn parse(header: &str) -> Self {
        if header.trim() == "*" {
            return Self::Any;
        }
        Self::OneOf(header.split(',').map(|tag| ETag(tag.trim().to_owned())).collect())
    }

    /// Refuses what has changed.
    pub(crate) fn check(&self, current: &ETag) -> Result<(), OpError> {
        match self {
            Self::Any => Ok(()),
            Self::OneOf(tags) if tags.contains(current) => Ok(()),
            Self::OneOf(_) => Err(OpError::Changed),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_version_is_that_of_the_content() {
        let etag = ETag::of(&json!({ "b": 1, "a": [2] }));
        assert_eq!(etag, ETag::of(&json!({ "a": [2], "b": 1 })));
        assert_ne!(etag, ETag::of(&json!({ "a": [3], "b": 1 })));
        assert!(Expected::parse(&format!("\"x\", {}", etag.as_str())).check(&etag).is_ok());
        assert!(Expected::parse("*").check(&etag).is_ok());
        for stale in ["\"x\"", "", &format!("W/{}", etag.as_str())] {
            assert!(Expected::parse(stale).check(&etag).is_err(), "{stale}");
        }
    }
}
