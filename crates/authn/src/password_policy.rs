//! Which passwords may be chosen (PROTOCOL.md section 9).

use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::policy::PasswordPolicy;

use crate::hashing::MAX_SECRET_BYTES;

/// The most characters of a password.
pub const MAX_CHARACTERS: usize = 128;

/// What is wrong with a chosen password. Its text says what to do, and is fit for the wire: it repeats nothing of
/// the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Too few characters.
    #[error("use at least {least} characters")]
    TooShort {
        /// The least number of characters.
        least: u64,
    },
    /// Too many characters or bytes.
    #[error("use at most {MAX_CHARACTERS} characters ({MAX_SECRET_BYTES} bytes)")]
    TooLong,
    /// It is the name that the person signs in with.
    #[error("choose a password that is not your user name or e-mail address")]
    IsIdentifier,
    /// It would be guessed soon.
    #[error("this password is easy to guess; use several uncommon words, and no names, dates or rows of keys")]
    TooEasy,
}

impl PasswordProblem {
    /// A stable word for it, by which pages choose their own text.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too_short",
            Self::TooLong => "too_long",
            Self::IsIdentifier => "is_identifier",
            Self::TooEasy => "too_easy",
        }
    }
}

/// Checks a chosen password against a realm's policy. `forbidden` is what the person is known by: user name, e-mail
/// address. Takes some milliseconds of the calling thread at most, for the estimate of its strength.
///
/// # Errors
///
/// All that is wrong with it, never an empty list.
pub fn check(policy: &PasswordPolicy, password: &str, forbidden: &[&str]) -> Result<(), Vec<PasswordProblem>> {
    let characters = password.chars().count();
    if characters > MAX_CHARACTERS || password.len() > MAX_SECRET_BYTES {
        // Nothing else is looked at: an estimate costs more the longer the text.
        return Err(vec![PasswordProblem::TooLong]);
    }
    let mut problems = Vec::new();
    if (characters as u64) < policy.min_length {
        problems.push(PasswordProblem::TooShort { least: policy.min_length });
    }
    if is_identifier(password, forbidden) {
        problems.push(PasswordProblem::IsIdentifier);
    }
    if problems.is_empty() && strength(password, forbidden) < policy.min_strength {
        problems.push(PasswordProblem::TooEasy);
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn is_identifier(password: &str, forbidden: &[&str]) -> bool {
    let Ok(password) = NormalisedIdentifier::parse(password) else { return false };
    forbidden.iter().any(|name| NormalisedIdentifier::parse(name).is_ok_and(|name| name == password))
}

/// The zxcvbn score, 0 to 4, with the person's names and the parts of their address counted as known words.
fn strength(password: &str, forbidden: &[&str]) -> u64 {
    let parts = forbidden.iter().flat_map(|name| name.split(['@', '.'])).filter(|part| part.chars().count() >= 3);
    let known: Vec<&str> = forbidden.iter().copied().chain(parts).collect();
    u64::from(u8::from(zxcvbn::zxcvbn(password, &known).score()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(password: &str) -> Vec<PasswordProblem> {
        check(&PasswordPolicy::default(), password, &["marguerite", "Marguerite.Dupont@example.com"])
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn a_few_uncommon_words_will_do() {
        assert_eq!(problems("lantern gravel oboe"), []);
    }

    #[test]
    fn lengths_are_counted_in_characters_and_capped_in_bytes() {
        assert_eq!(problems("kX9$vLq"), [PasswordProblem::TooShort { least: 8 }]);
        assert_eq!(problems("kX9$vLqé"), []);
        let long = |text: &str, times| problems(&text.repeat(times)).contains(&PasswordProblem::TooLong);
        assert!(!long("ab", 64) && long("ab", 65));
        assert!(!long("\u{1f600}", 128) && long("\u{1f469}\u{200d}", 65));
    }

    #[test]
    fn a_password_is_never_the_name_it_protects() {
        for name in ["marguerite", "MARGUERITE", "ｍarguerite", "marguerite.dupont@EXAMPLE.com"] {
            assert_eq!(problems(name), [PasswordProblem::IsIdentifier], "{name}");
        }
    }

    #[test]
    fn a_password_that_is_guessed_soon_is_refused_unless_the_realm_does_not_care() {
        for easy in ["password1", "12345678", "qwertyuiop", "marguerite1", "dupont12"] {
            assert_eq!(problems(easy), [PasswordProblem::TooEasy], "{easy}");
        }
        let careless = PasswordPolicy { min_strength: 0, ..PasswordPolicy::default() };
        assert_eq!(check(&careless, "password1", &[]), Ok(()));
    }

    #[test]
    fn a_realm_may_ask_for_more() {
        let strict = PasswordPolicy { min_length: 20, min_strength: 4 };
        let refused = check(&strict, "lantern gravel oboe", &[]);
        assert_eq!(refused, Err(vec![PasswordProblem::TooShort { least: 20 }]));
        assert_eq!(refused.unwrap_err()[0].to_string(), "use at least 20 characters");
    }
}
