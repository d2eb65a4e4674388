//! Scopes: opaque, case-sensitive strings (RFC 6749 section 3.3), and ordered sets of them.

use crate::error::{ErrorCode, OAuthError};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Asks for an ID token (OpenID Connect Core section 3.1.2.1).
pub const OPENID: &str = "openid";
/// Name, picture, locale and the like (OpenID Connect Core section 5.4).
pub const PROFILE: &str = "profile";
/// `email` and `email_verified`.
pub const EMAIL: &str = "email";
/// `address`.
pub const ADDRESS: &str = "address";
/// `phone_number` and `phone_number_verified`.
pub const PHONE: &str = "phone";
/// A refresh token that outlives sign-out (OpenID Connect Core section 11).
pub const OFFLINE_ACCESS: &str = "offline_access";
/// The user's roles.
pub const ROLES: &str = "roles";
/// The user's groups.
pub const GROUPS: &str = "groups";

/// The scopes that exist in every new realm and that no API owns.
pub const IDENTITY_SCOPES: [&str; 8] = [OPENID, PROFILE, EMAIL, ADDRESS, PHONE, OFFLINE_ACCESS, ROLES, GROUPS];

/// Longest scope, in bytes.
pub const MAX_SCOPE_BYTES: usize = 255;
/// Most scopes in a set read from outside.
pub const MAX_SCOPES: usize = 200;

/// Why a scope or a list of scopes was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A scope without a character.
    #[error("a scope is empty")]
    Empty,
    /// More than [`MAX_SCOPE_BYTES`].
    #[error("a scope is longer than {MAX_SCOPE_BYTES} bytes")]
    TooLong,
    /// A character outside %x21 / %x23-5B / %x5D-7E.
    #[error("a scope contains a character that RFC 6749 section 3.3 forbids")]
    Character,
    /// More than [`MAX_SCOPES`].
    #[error("there are more than {MAX_SCOPES} scopes")]
    TooMany,
}

impl From<ScopeError> for OAuthError {
    fn from(error: ScopeError) -> Self {
        Self::new(ErrorCode::InvalidScope, error.to_string())
    }
}

/// One scope: `1*( %x21 / %x23-5B / %x5D-7E )`, at most [`MAX_SCOPE_BYTES`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(String);

impl utoipa::PartialSchema for Scope {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some(r"^[\x21\x23-\x5B\x5D-\x7E]+$"))
            .max_length(Some(MAX_SCOPE_BYTES))
            .into()
    }
}

impl utoipa::ToSchema for Scope {}

impl Scope {
    /// Checks and takes a scope.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.is_empty() {
            return Err(ScopeError::Empty);
        }
        if text.len() > MAX_SCOPE_BYTES {
            return Err(ScopeError::TooLong);
        }
        if !text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E)) {
            return Err(ScopeError::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of [`IDENTITY_SCOPES`].
    pub fn is_identity(&self) -> bool {
        IDENTITY_SCOPES.contains(&self.as_str())
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::parse(text)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Scope {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Scopes without repetition, in the order they were named. Equality is that of sets: order does not count. serde and
/// `Display` give ONE space-separated string, the form of `scope` in every request, response and token.
#[derive(Clone, Debug, Default)]
pub struct ScopeSet(Vec<Scope>);

impl ScopeSet {
    /// The empty set.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Reads a space-separated list; more than one space between two scopes is forgiven, an empty list is empty.
    ///
    /// Longer than any list of [`MAX_SCOPES`] distinct scopes needs to be, it is refused unread.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.len() > MAX_SCOPES * (MAX_SCOPE_BYTES + 1) {
            return Err(ScopeError::TooMany);
        }
        let mut set = Self::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            set.insert(Scope::parse(word)?);
            if set.len() > MAX_SCOPES {
                return Err(ScopeError::TooMany);
            }
        }
        Ok(set)
    }

    /// Whether the scope is in the set.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|member| member.as_str() == scope)
    }

    /// Adds a scope at the end; `false` if it was there.
    pub fn insert(&mut self, scope: Scope) -> bool {
        let is_new = !self.contains(scope.as_str());
        if is_new {
            self.0.push(scope);
        }
        is_new
    }

    /// Whether every scope of this set is in the other.
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope.as_str()))
    }

    /// The scopes of this set that are in the other.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.filtered(|scope| other.contains(scope.as_str()))
    }

    /// The scopes of this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.filtered(|scope| !other.contains(scope.as_str()))
    }

    /// The scopes of this set, then those the other adds.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).cloned().collect()
    }

    /// The scopes of this set for which `keep` holds.
    #[must_use]
    pub fn filtered(&self, mut keep: impl FnMut(&Scope) -> bool) -> Self {
        Self(self.iter().filter(|scope| keep(scope)).cloned().collect())
    }

    /// The scopes, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Scope> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for ScopeSet {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.is_subset_of(other)
    }
}

impl Eq for ScopeSet {}

impl FromStr for ScopeSet {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::parse(text)
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut set = Self::new();
        for scope in scopes {
            set.insert(scope);
        }
        set
    }
}

impl IntoIterator for ScopeSet {
    type Item = Scope;
    type IntoIter = std::vec::IntoIter<Scope>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a ScopeSet {
    type Item = &'a Scope;
    type IntoIter = std::slice::Iter<'a, Scope>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// For verifiers, with `#[serde(deserialize_with = …)]`: takes the string of RFC 9068 and, from other servers, an array
/// of strings.
pub fn string_or_array<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ScopeSet, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        String(String),
        Array(Vec<String>),
    }
    let joined = match Form::deserialize(deserializer)? {
        Form::String(text) => text,
        Form::Array(words) => words.join(" "),
    };
    ScopeSet::parse(&joined).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests;
