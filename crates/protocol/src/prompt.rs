//! The `prompt` parameter (OpenID Connect Core section 3.1.2.1).

use crate::error::OAuthError;
use crate::wire_enum::wire_enum;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

wire_enum! {
    /// One thing to show, or not to show, to the person.
    pub enum Prompt {
        /// Show nothing: answer by response in every case.
        None = "none",
        /// Ask for credentials even if there is a session.
        Login = "login",
        /// Ask for consent even if it was given before.
        Consent = "consent",
        /// Let the person choose an account.
        SelectAccount = "select_account",
    }
}

/// Why a `prompt` was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// A word that is no [`Prompt`].
    #[error("prompt has a value that is not supported")]
    Unknown,
    /// `none` beside another value.
    #[error("prompt=none excludes every other value")]
    NoneWithOthers,
}

impl From<PromptError> for OAuthError {
    fn from(error: PromptError) -> Self {
        Self::invalid_request(error.to_string())
    }
}

/// The prompts of one request: empty, `none` alone, or any of the others. One string in serde.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptSet(Vec<Prompt>);

impl PromptSet {
    /// Reads a space-separated list.
    pub fn parse(text: &str) -> Result<Self, PromptError> {
        let mut prompts = Vec::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let prompt = Prompt::from_wire(word).ok_or(PromptError::Unknown)?;
            if !prompts.contains(&prompt) {
                prompts.push(prompt);
            }
        }
        if prompts.len() > 1 && prompts.contains(&Prompt::None) {
            return Err(PromptError::NoneWithOthers);
        }
        Ok(Self(prompts))
    }

    /// Whether the prompt was asked for.
    pub fn contains(&self, prompt: Prompt) -> bool {
        self.0.contains(&prompt)
    }

    /// Whether nothing may be shown.
    pub fn is_none(&self) -> bool {
        self.contains(Prompt::None)
    }

    /// Whether the request had no `prompt`.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The set without one prompt: what remains to be asked after it was shown.
    #[must_use]
    pub fn without(&self, done: Prompt) -> Self {
        Self(self.0.iter().copied().filter(|&prompt| prompt != done).collect())
    }
}

impl std::fmt::Display for PromptSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<&str> = self.0.iter().map(|prompt| prompt.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}

impl Serialize for PromptSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PromptSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn none_stands_alone() {
        assert!(PromptSet::parse("none").unwrap().is_none());
        assert_eq!(PromptSet::parse("none login"), Err(PromptError::NoneWithOthers));
        assert_eq!(PromptSet::parse("consent none"), Err(PromptError::NoneWithOthers));
        assert_eq!(PromptSet::parse("none none").unwrap().to_string(), "none");
    }

    #[test]
    fn prompts_combine_and_unknown_ones_are_refused() {
        let prompts = PromptSet::parse("login consent login").unwrap();
        assert!(prompts.contains(Prompt::Login) && prompts.contains(Prompt::Consent) && !prompts.is_none());
        assert_eq!(prompts.to_string(), "login consent");
        assert_eq!(PromptSet::parse("create"), Err(PromptError::Unknown));
        assert_eq!(PromptSet::parse("Login"), Err(PromptError::Unknown));
    }

    #[test]
    fn a_prompt_that_was_shown_is_struck_off() {
        let prompts = PromptSet::parse("login consent").unwrap();
        assert_eq!(prompts.without(Prompt::Login).to_string(), "consent");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = PromptSet::parse(&text);
        }
    }
}
