//! Connecting a device that has no browser (RFC 8628, section 3.3): the code, the question, the end.

use std::borrow::Cow;

use askama::Template;

use super::consent::{RequestedScope, scope_words};
use crate::context::PageContext;

/// "Connect a device": the code is typed. The form posts `user_code` to `action`.
#[derive(Clone, Debug, Template)]
#[template(path = "login/device.html")]
pub struct DevicePage<'a> {
    /// Look, language, nonce.
    pub ctx: &'a PageContext,
    /// Where the form goes: a path of ours.
    pub action: &'a str,
    /// What stands in the field: what was typed before, or what the address says.
    pub user_code: &'a str,
    /// What went wrong last time.
    pub problem: Option<DeviceProblem>,
}

/// Why the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceProblem {
    /// The field was empty.
    CodeMissing,
    /// No device shows the code, or not any more: one answer for both.
    CodeUnknown,
    /// This address tried too often; seconds until it may try again.
    TooManyAttempts {
        /// Seconds, as in `Retry-After`.
        retry_after: u64,
    },
    /// The store of waiting devices did not answer.
    Unavailable,
}

/// "Connect … on your device?": who is asked, by whom, for what, and the code to compare; Connect or Cancel.
///
/// The form posts `csrf` and the button `accept` or `cancel` to `action`.
#[derive(Clone, Debug, Template)]
#[template(path = "login/device_confirm.html")]
pub struct DeviceConfirmPage<'a> {
    /// Look, language, nonce.
    pub ctx: &'a PageContext,
    /// The application's name.
    pub application: &'a str,
    /// Who is signed in.
    pub user: &'a str,
    /// What the device must show.
    pub user_code: &'a str,
    /// Where the form goes: a path of ours.
    pub action: &'a str,
    /// The hidden field `csrf`.
    pub csrf: &'a str,
    /// What is asked for.
    pub scopes: Vec<RequestedScope<'a>>,
}

/// The end.
#[derive(Clone, Debug, Template)]
#[template(path = "login/device_done.html")]
pub struct DeviceDonePage<'a> {
    /// Look, language, nonce.
    pub ctx: &'a PageContext,
    /// The application's name.
    pub application: &'a str,
    /// How it ended.
    pub end: DeviceEnd,
}

/// How the question about a device was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceEnd {
    /// Connected.
    Connected,
    /// Not connected.
    Cancelled,
}

impl DevicePage<'_> {
    pub(crate) fn error(&self) -> Option<String> {
        let key = match self.problem? {
            DeviceProblem::CodeMissing => "device-code-missing",
            DeviceProblem::CodeUnknown => "device-code-unknown",
            DeviceProblem::TooManyAttempts { retry_after } => {
                return Some(format!("{} {}", self.ctx.t("device-too_many-error"), self.ctx.t_retry(retry_after)));
            }
            DeviceProblem::Unavailable => "device-unavailable-error",
        };
        Some(self.ctx.t(key))
    }

    pub(crate) fn is_about_the_code(&self) -> bool {
        matches!(self.problem, Some(DeviceProblem::CodeMissing | DeviceProblem::CodeUnknown))
    }
}

impl DeviceConfirmPage<'_> {
    pub(crate) fn description<'b>(&self, scope: &'b RequestedScope<'_>) -> Cow<'b, str> {
        scope_words(self.ctx, scope.name, scope.description)
    }
}

impl DeviceDonePage<'_> {
    pub(crate) fn heading(&self) -> String {
        self.ctx.t(match self.end {
            DeviceEnd::Connected => "device_done-connected-heading",
            DeviceEnd::Cancelled => "device_done-cancelled-heading",
        })
    }

    pub(crate) fn lead(&self) -> String {
        let key = match self.end {
            DeviceEnd::Connected => "device_done-connected-lead",
            DeviceEnd::Cancelled => "device_done-cancelled-lead",
        };
        self.ctx.t_name(key, "application", self.application)
    }
}
