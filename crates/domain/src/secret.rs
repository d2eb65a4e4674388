//! Secrets as types: one way in, hashed to store, unprintable.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 256-bit secret that we made: a code, a cookie, a client's secret. Base64url on the wire, SHA-256 in the database.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretToken([u8; 32]);

impl SecretToken {
    /// Wraps random bytes; see [`crate::Ambient::secret`].
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 43 base64url characters that go over the wire.
    pub fn to_wire(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is stored: the SHA-256 of the wire form.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.to_wire())
    }
}

impl std::fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretToken(…)")
    }
}

/// The SHA-256 of a secret's wire form: enough to find and compare it, useless to anyone who reads it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Hashes what came over the wire.
    pub fn of(wire: &str) -> Self {
        Self(Sha256::digest(wire.as_bytes()).into())
    }

    /// Wraps a stored hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Compares without telling by time how much was equal.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// 64 hexadecimal digits, for keys of the ephemeral store.
    pub fn to_hex(&self) -> String {
        use std::fmt::Write as _;
        self.0.iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A secret that somebody typed or configured: a password, a client's imported secret. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretText(String);

impl SecretText {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the code that hashes or compares it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl<'de> serde::Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_prints_itself() {
        let token = SecretToken::from_bytes([7; 32]);
        let text = SecretText::new("hunter2");
        let shown = format!("{token:?} {:?} {text:?}", token.hash());
        assert!(!shown.contains("hunter2") && !shown.contains(&token.to_wire()));
    }

    #[test]
    fn the_hash_is_of_the_wire_form() {
        let token = SecretToken::from_bytes([7; 32]);
        assert!(token.hash().matches(&TokenHash::of(&token.to_wire())));
    }
}
