//! The password page.

use askama::Template;

use super::AccountFrame;
use crate::context::PageContext;

/// "Password": the current one, and the new one twice.
///
/// The form posts `csrf`, `username` (for password managers; ignored), `current`, `new`, `repeat` and the button
/// `change` to the password's path. No password is ever shown again.
#[derive(Clone, Debug, Template)]
#[template(path = "account/password.html")]
pub struct AccountPasswordPage<'a> {
    /// Look, language, nonce.
    pub ctx: &'a PageContext,
    /// What stands around it.
    pub frame: AccountFrame<'a>,
    /// The name to sign in with, beside which a password manager keeps the new password.
    pub username: &'a str,
    /// The least number of characters of a new one.
    pub least_characters: u64,
    /// What went wrong last time.
    pub troubles: Vec<PasswordTrouble>,
}

/// Why the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordTrouble {
    /// The current password is missing.
    CurrentMissing,
    /// The current password is another, or the account is locked: one answer.
    CurrentWrong,
    /// The new password is missing.
    NewMissing,
    /// The new one has too few characters.
    TooShort {
        /// The least.
        least: u64,
    },
    /// It has too many.
    TooLong,
    /// It is the name to sign in with.
    IsIdentifier,
    /// It would be guessed soon.
    TooEasy,
    /// It is the current one.
    Unchanged,
    /// It was typed differently the second time.
    RepeatedDifferently,
    /// There were too many tries; seconds until the next.
    TooManyAttempts {
        /// Seconds, as in `Retry-After`.
        retry_after: u64,
    },
    /// The hashing queue or the store did not answer in time.
    Unavailable,
}

impl PasswordTrouble {
    /// The field that it stands at; `None`: the form.
    fn field(self) -> Option<&'static str> {
        match self {
            Self::CurrentMissing | Self::CurrentWrong => Some("current"),
            Self::NewMissing
            | Self::TooShort { .. }
            | Self::TooLong
            | Self::IsIdentifier
            | Self::TooEasy
            | Self::Unchanged => Some("new"),
            Self::RepeatedDifferently => Some("repeat"),
            Self::TooManyAttempts { .. } | Self::Unavailable => None,
        }
    }

    fn words(self, ctx: &PageContext) -> String {
        ctx.t(match self {
            Self::CurrentMissing => "account-current-missing",
            Self::CurrentWrong => "account-current-wrong",
            Self::NewMissing => "account-new-missing",
            Self::TooShort { least } => return ctx.t_count("account-new-too_short", least),
            Self::TooLong => "account-new-too_long",
            Self::IsIdentifier => "account-new-is_identifier",
            Self::TooEasy => "account-new-too_easy",
            Self::Unchanged => "account-new-unchanged",
            Self::RepeatedDifferently => "account-repeat-differs",
            Self::TooManyAttempts { retry_after } => {
                return format!("{} {}", ctx.t("account-password-too_many"), ctx.t_retry(retry_after));
            }
            Self::Unavailable => "account-password-unavailable",
        })
    }
}

/// One of the password fields.
pub(crate) struct PasswordInput {
    pub(crate) name: &'static str,
    pub(crate) label: String,
    pub(crate) autocomplete: &'static str,
    pub(crate) hint: Option<String>,
    pub(crate) error: Option<String>,
}

impl PasswordInput {
    pub(crate) fn described_by(&self) -> Option<String> {
        let error = self.error.as_ref().map(|_| format!("error-{}", self.name));
        let hint = self.hint.as_ref().map(|_| format!("hint-{}", self.name));
        let ids: Vec<String> = error.into_iter().chain(hint).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

impl AccountPasswordPage<'_> {
    pub(crate) fn inputs(&self) -> [PasswordInput; 3] {
        let input = |name, label, autocomplete, hint| PasswordInput {
            name,
            label: self.ctx.t(label),
            autocomplete,
            hint,
            error: self.error_at(name),
        };
        let advice = self.ctx.t_count("account-new-hint", self.least_characters);
        [
            input("current", "account-current-label", "current-password", None),
            input("new", "account-new-label", "new-password", Some(advice)),
            input("repeat", "account-repeat-label", "new-password", None),
        ]
    }

    fn error_at(&self, name: &str) -> Option<String> {
        let there = self.troubles.iter().filter(|trouble| trouble.field() == Some(name));
        let words: Vec<String> = there.map(|trouble| trouble.words(self.ctx)).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    pub(crate) fn general_errors(&self) -> Vec<String> {
        let general = self.troubles.iter().filter(|trouble| trouble.field().is_none());
        general.map(|trouble| trouble.words(self.ctx)).collect()
    }
}
