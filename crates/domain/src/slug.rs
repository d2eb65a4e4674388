//! A realm's name in URLs.

use serde::Serialize;

/// Names that a realm may not take: each is, or may become, a path of the platform itself.
const RESERVED: &[&str] = &[
    "account",
    "admin",
    "api",
    "assets",
    "auth",
    "console",
    "dashboard",
    "docs",
    "health",
    "help",
    "login",
    "logout",
    "master",
    "metrics",
    "mail",
    "new",
    "oauth",
    "operator",
    "palatine",
    "realms",
    "root",
    "static",
    "status",
    "support",
    "system",
    "well-known",
    "www",
];

/// A realm's name in URLs: `[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?`, not `--` in positions 3–4; immutable.
///
/// Text from outside that has this shape. It does not say that such a realm exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RealmSlug(String);

/// Why a text is no slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Wrong length or characters.
    #[error("use 1 to 63 of the characters a-z, 0-9 and -, beginning and ending with a letter or digit")]
    Shape,
    /// `--` in positions 3 and 4, which internationalised host names use.
    #[error("the third and fourth character must not both be -")]
    Punycode,
    /// Kept for the platform's own paths.
    #[error("this name is reserved; choose another")]
    Reserved,
}

impl RealmSlug {
    /// Reads a slug from a path: its shape alone is checked, since `system` is a realm too.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        let bytes = text.as_bytes();
        let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        let edge_ok = |b: Option<&u8>| b.is_some_and(|b| inner(b) && *b != b'-');
        if bytes.len() > 63 || !edge_ok(bytes.first()) || !edge_ok(bytes.last()) || !bytes.iter().all(inner) {
            return Err(SlugError::Shape);
        }
        if bytes.get(2..4) == Some(b"--") {
            return Err(SlugError::Punycode);
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads the slug of a realm that a customer wants to make: reserved names are refused.
    ///
    pub fn parse_new(text: &str) -> Result<Self, SlugError> {
        let slug = Self::parse(text)?;
        if RESERVED.contains(&text) { Err(SlugError::Reserved) } else { Ok(slug) }
    }

    /// The slug of the realm where operators sign in.
    pub fn system() -> Self {
        Self("system".to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RealmSlug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_lower_case_letters_digits_and_inner_hyphens() {
        for good in ["a", "acme-corp", "0", "x1", &"a".repeat(63)] {
            assert!(RealmSlug::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "acme_corp", "%61cme", "ab--cd", "a/b", "é", &"a".repeat(64)] {
            assert!(RealmSlug::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_new_realm_cannot_take_a_reserved_name() {
        assert_eq!(RealmSlug::parse_new("admin"), Err(SlugError::Reserved));
        assert!(RealmSlug::parse("system").is_ok());
    }
}
