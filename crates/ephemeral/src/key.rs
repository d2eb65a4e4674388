//! Names of what is kept.

use palatine_domain::TokenHash;
use palatine_domain::ids::TenantId;

/// To whom a thing belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    Tenant(TenantId),
    Global,
}

/// `namespace:{tenant:kind:id}`.
///
/// The braces are a hash tag: a Redis cluster keeps everything with this name in one slot, and a script over it
/// touches one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// `kind` is one of our own words, without a colon; `id` may be any text.
    pub(crate) fn new(namespace: &str, scope: Scope, kind: &str, id: &str) -> Self {
        let id = Id::of(id);
        Self(match scope {
            Scope::Tenant(tenant) => format!("{namespace}:{{{tenant}:{kind}:{id}}}"),
            Scope::Global => format!("{namespace}:{{global:{kind}:{id}}}"),
        })
    }

    /// The bucket of `key` under the limit `name`, which is one of our own words, without a colon.
    pub(crate) fn limit(namespace: &str, scope: Scope, name: &str, key: &str) -> Self {
        let id = Id::of(key);
        Self(match scope {
            Scope::Tenant(tenant) => format!("{namespace}:{{{tenant}:limit:{name}:{id}}}"),
            Scope::Global => format!("{namespace}:{{global:limit:{name}:{id}}}"),
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// An identifier as it stands in a key: itself if it is short and plain, else its SHA-256.
///
/// Identifiers come from outside. Hashing bounds their length, keeps braces and line breaks out of keys, and keeps
/// addresses of people out of Redis.
enum Id<'a> {
    Plain(&'a str),
    Hashed(String),
}

impl<'a> Id<'a> {
    fn of(id: &'a str) -> Self {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:/".contains(&b);
        if id.len() <= 64 && id.bytes().all(plain) { Self::Plain(id) } else { Self::Hashed(TokenHash::of(id).to_hex()) }
    }
}

impl std::fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(id) => f.write_str(id),
            // `#` is not plain: no identifier can pose as another's hash.
            Self::Hashed(hex) => write!(f, "#{hex}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_identifiers_stay_readable_and_others_are_hashed() {
        let key = |id: &str| Key::new("ns", Scope::Global, "mark", id).0;
        assert_eq!(key("2001:db8::/64"), "ns:{global:mark:2001:db8::/64}");
        for odd in ["a}b", "a\r\nb", "a@example.com", "#aa", &"x".repeat(65)] {
            let key = key(odd);
            assert!(key.starts_with("ns:{global:mark:#") && key.len() == "ns:{global:mark:#}".len() + 64, "{key}");
        }
    }

    #[test]
    fn a_key_has_exactly_one_hash_tag() {
        let key = Key::limit("ns", Scope::Global, "login", "a}{b").0;
        assert_eq!((key.matches('{').count(), key.matches('}').count()), (1, 1));
    }
}
