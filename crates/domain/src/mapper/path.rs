//! Where a claim stands: its name, or names one inside the other.

use std::fmt;

use palatine_protocol::claims::{ExtraClaims, is_reserved};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest path, in bytes.
const MAX_BYTES: usize = 255;

/// How deep claims nest.
const MAX_DEPTH: usize = 8;

/// `a.b` is the member `b` of the claim `a`; `\.` is a dot and `\\` a backslash of a name. A name with `://` is a URI
/// and stands as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimPath {
    first: String,
    below: Vec<String>,
}

/// Why a text is no claim path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a claim has 1 to 255 bytes and at most 8 names, joined by dots; none is empty or has control characters, and a \
     backslash stands before a dot or a backslash"
)]
pub struct ClaimPathError;

impl ClaimPath {
    /// Reads a path.
    pub fn parse(text: &str) -> Result<Self, ClaimPathError> {
        if text.len() > MAX_BYTES || text.chars().any(char::is_control) {
            return Err(ClaimPathError);
        }
        let mut names = split(text)?.into_iter();
        let first = names.next().ok_or(ClaimPathError)?;
        let path = Self { first, below: names.collect() };
        let is_named = |name: &String| !name.trim().is_empty();
        let fits = is_named(&path.first) && path.below.iter().all(is_named) && path.below.len() < MAX_DEPTH;
        if fits { Ok(path) } else { Err(ClaimPathError) }
    }

    /// The claim itself: what the path begins with.
    pub fn first(&self) -> &str {
        &self.first
    }

    /// Whether it is one of [`palatine_protocol::claims::RESERVED_CLAIMS`], or below one.
    pub fn is_reserved(&self) -> bool {
        is_reserved(&self.first)
    }

    /// Writes a value there. Does nothing to a reserved claim, and nothing where a name on the way is taken by
    /// something that has no members.
    pub fn write(&self, claims: &mut ExtraClaims, value: Value) {
        if self.is_reserved() {
            return;
        }
        let Some((last, between)) = self.below.split_last() else {
            claims.insert(self.first.clone(), value);
            return;
        };
        let mut at = claims;
        for name in std::iter::once(&self.first).chain(between) {
            let next = at.entry(name).or_insert_with(|| Value::Object(ExtraClaims::new()));
            let Value::Object(members) = next else { return };
            at = members;
        }
        at.insert(last.clone(), value);
    }
}

/// Takes a path apart at its dots.
fn split(text: &str) -> Result<Vec<String>, ClaimPathError> {
    let is_uri = text.contains("://");
    let mut names = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, names.last_mut()) {
            ('.', Some(_)) if !is_uri => names.push(String::new()),
            ('\\', Some(name)) => {
                name.push(characters.next().filter(|next| matches!(next, '.' | '\\')).ok_or(ClaimPathError)?);
            }
            (character, Some(name)) => name.push(character),
            (_, None) => return Err(ClaimPathError),
        }
    }
    Ok(names)
}

impl fmt::Display for ClaimPath {
    /// The text that parses to the same path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = |name: &str| name.replace('\\', "\\\\").replace('.', "\\.");
        f.write_str(&escaped(&self.first))?;
        self.below.iter().try_for_each(|name| write!(f, ".{}", escaped(name)))
    }
}

impl TryFrom<String> for ClaimPath {
    type Error = ClaimPathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ClaimPath> for String {
    fn from(path: ClaimPath) -> Self {
        path.to_string()
    }
}
