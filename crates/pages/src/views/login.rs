//! The sign-in page.

use askama::Template;

use crate::context::PageContext;
use crate::text;

/// "Sign in to …": identifier and password.
///
/// The form posts `csrf`, `username`, `password`, `remember_me` (value `on`, if ticked) and the button `login` to
/// `action`. The password is never shown again; there is no field for it.
#[derive(Clone, Debug, Template)]
#[template(path = "login/login.html")]
pub struct LoginPage<'a> {
    /// Look, language, nonce. The realm's name stands in the heading.
    pub ctx: &'a PageContext,
    /// Where the sign-in leads, under the heading: "to continue to …".
    pub destination: Destination<'a>,
    /// Where the form goes: a path of ours.
    pub action: &'a str,
    /// The hidden field `csrf`.
    pub csrf: &'a str,
    /// What stands in the field `username`: what was typed before, or the request's `login_hint`.
    pub identifier: &'a str,
    /// Whether "Remember me" is offered, and how it stands.
    pub remember_me: RememberMe,
    /// Asks to confirm who is there although a session exists (`prompt=login`, `max_age`): a line above the form.
    pub reauthentication: bool,
    /// What went wrong last time: a summary that takes focus, and a line beside the field.
    pub problem: Option<LoginProblem>,
}

/// Where a sign-in leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination<'a> {
    /// To an application that is gone meanwhile.
    Unknown,
    /// To an application.
    Application {
        /// Its name.
        name: &'a str,
        /// What it registered about itself.
        links: ApplicationLinks<'a>,
        /// Where its logo is: a path of ours.
        logo: Option<&'a str>,
    },
    /// To the person's own account pages.
    Account,
}

/// What an application registered for people to read. A URL that would run something is not linked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApplicationLinks<'a> {
    /// `policy_uri`: how it uses data.
    pub policy: Option<&'a str>,
    /// `tos_uri`: its terms.
    pub terms: Option<&'a str>,
}

impl ApplicationLinks<'_> {
    pub(crate) fn safe_policy(&self) -> Option<&str> {
        self.policy.and_then(text::link)
    }

    pub(crate) fn safe_terms(&self) -> Option<&str> {
        self.terms.and_then(text::link)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.safe_policy().is_none() && self.safe_terms().is_none()
    }
}

/// The box "Remember me".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RememberMe {
    /// Not offered by this realm.
    NotOffered,
    /// Offered, not ticked.
    Unticked,
    /// Offered and ticked.
    Ticked,
}

/// Why the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginProblem {
    /// Unknown, locked, disabled, wrong: one answer for all, so that nobody learns which accounts exist.
    WrongCredentials,
    /// The field `username` was empty.
    IdentifierMissing,
    /// The field `password` was empty.
    PasswordMissing,
    /// Both were empty.
    BothMissing,
    /// This address tried too often; seconds until it may try again.
    TooManyAttempts {
        /// Seconds, as in `Retry-After`.
        retry_after: u64,
    },
    /// The form was older than its interaction, or from before a sign-out: a fresh one is shown.
    StaleForm,
    /// The hashing queue or the store did not answer in time. Nothing was counted against the account.
    Unavailable,
}

impl LoginPage<'_> {
    /// The line under the heading.
    pub(crate) fn lead(&self) -> Option<String> {
        match self.destination {
            Destination::Unknown => None,
            Destination::Application { name, .. } => {
                Some(self.ctx.t_name("login-application-context", "application", name))
            }
            Destination::Account => Some(self.ctx.t("login-account-context")),
        }
    }

    /// The logo of the application.
    pub(crate) fn logo(&self) -> Option<&str> {
        match self.destination {
            Destination::Application { logo, .. } => logo,
            Destination::Unknown | Destination::Account => None,
        }
    }

    /// The application and what it registered about itself, if that is anything.
    pub(crate) fn about(&self) -> Option<(&str, ApplicationLinks<'_>)> {
        match self.destination {
            Destination::Application { name, links, .. } if !links.is_empty() => Some((name, links)),
            Destination::Application { .. } | Destination::Unknown | Destination::Account => None,
        }
    }

    pub(crate) fn remember_me_is_offered(&self) -> bool {
        self.remember_me != RememberMe::NotOffered
    }

    pub(crate) fn remember_me_is_ticked(&self) -> bool {
        self.remember_me == RememberMe::Ticked
    }

    /// The line in the summary that belongs to no single field.
    pub(crate) fn general_error(&self) -> Option<String> {
        let key = match self.problem? {
            LoginProblem::TooManyAttempts { retry_after } => {
                return Some(format!("{} {}", self.ctx.t("login-too_many-error"), self.ctx.t_retry(retry_after)));
            }
            LoginProblem::StaleForm => "login-stale_form-error",
            LoginProblem::Unavailable => "login-unavailable-error",
            LoginProblem::WrongCredentials => "login-credentials-wrong",
            LoginProblem::IdentifierMissing | LoginProblem::PasswordMissing | LoginProblem::BothMissing => return None,
        };
        Some(self.ctx.t(key))
    }

    /// The line at the identifier, and in the summary as a link to it.
    pub(crate) fn identifier_error(&self) -> Option<String> {
        matches!(self.problem?, LoginProblem::IdentifierMissing | LoginProblem::BothMissing)
            .then(|| self.ctx.t("login-username-missing"))
    }

    /// The line at the password, and in the summary as a link to it.
    pub(crate) fn password_error(&self) -> Option<String> {
        matches!(self.problem?, LoginProblem::PasswordMissing | LoginProblem::BothMissing)
            .then(|| self.ctx.t("login-password-missing"))
    }

    /// Wrong credentials may be either field's fault: both are marked, and this line stands between them.
    pub(crate) fn credentials_error(&self) -> Option<String> {
        (self.problem? == LoginProblem::WrongCredentials).then(|| self.ctx.t("login-credentials-check"))
    }
}
