//! The names people sign in with.

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

/// A sign-in name in the one spelling that is stored and compared: NFKC, case-folded, trimmed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NormalisedIdentifier(String);

/// Why a text is no sign-in name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sign-in name has 1 to 255 characters and no control characters")]
pub struct IdentifierError;

impl NormalisedIdentifier {
    /// Normalises what a person typed.
    pub fn parse(typed: &str) -> Result<Self, IdentifierError> {
        if typed.len() > 1_024 {
            return Err(IdentifierError);
        }
        // Folding can leave text that is not NFKC, and normalising can bring back capitals: two rounds settle it.
        let once: String = typed.trim().nfkc().default_case_fold().nfkc().collect();
        let text: String = once.trim().chars().default_case_fold().nfkc().collect();
        let fits = (1..=255).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text)) } else { Err(IdentifierError) }
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a sign-in name is; one value may be several at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdentifierKinds {
    /// It is the account's username.
    pub username: bool,
    /// It is the account's e-mail address.
    pub email: bool,
}

impl IdentifierKinds {
    /// As stored: bit 0 username, bit 1 e-mail.
    pub fn to_bits(self) -> i16 {
        i16::from(self.username) | (i16::from(self.email) << 1)
    }

    /// From what is stored.
    pub fn from_bits(bits: i16) -> Self {
        Self { username: bits & 1 != 0, email: bits & 2 != 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_name_are_one_identifier() {
        let john = NormalisedIdentifier::parse("john@acme.com").unwrap();
        for same in ["John@Acme.com", "  john@acme.com ", "ｊｏｈｎ@acme.com", "JOHN@ACME.COM"] {
            assert_eq!(NormalisedIdentifier::parse(same).unwrap(), john, "{same}");
        }
        assert_eq!(NormalisedIdentifier::parse("STRASSE"), NormalisedIdentifier::parse("straße"));
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "\\PC{1,60}") {
            if let Ok(once) = NormalisedIdentifier::parse(&text) {
                prop_assert_eq!(NormalisedIdentifier::parse(once.as_str()), Ok(once));
            }
        }
    }
}
