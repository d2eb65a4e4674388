//! The page of sessions.

use std::borrow::Cow;

use askama::Template;

use super::AccountFrame;
use crate::context::PageContext;
use crate::text;
use crate::views::Moment;

/// "Where you are signed in": one entry a session, and the ways to end them.
///
/// Its forms post `csrf` and one of the buttons `end` (with the hidden field `session`), `end_others` and
/// `end_everywhere` to the sessions' path.
#[derive(Clone, Debug, Template)]
#[template(path = "account/sessions.html")]
pub struct AccountSessionsPage<'a> {
    /// Look, language, nonce.
    pub ctx: &'a PageContext,
    /// What stands around it.
    pub frame: AccountFrame<'a>,
    /// The sessions, this one first.
    pub sessions: Vec<SessionShown<'a>>,
}

/// A session.
#[derive(Clone, Debug)]
pub struct SessionShown<'a> {
    /// Its id, the value of `session`.
    pub id: &'a str,
    /// The browser, by its product name.
    pub browser: Option<&'static str>,
    /// The system it runs on, by its product name.
    pub system: Option<&'static str>,
    /// The address that it began from.
    pub address: &'a str,
    /// When it began.
    pub began: Moment,
    /// When it was last used.
    pub last_seen: Moment,
    /// Whether it is the one in which the page is read.
    pub here: bool,
    /// The names of the applications that were signed in to in it.
    pub applications: Vec<&'a str>,
}

impl SessionShown<'_> {
    pub(crate) fn shown_applications(&self) -> Vec<Cow<'_, str>> {
        self.applications.iter().map(|name| text::name(name)).collect()
    }
}

impl AccountSessionsPage<'_> {
    pub(crate) fn device(&self, session: &SessionShown<'_>) -> String {
        match (session.browser, session.system) {
            (Some(browser), Some(system)) => {
                self.ctx.t_names("account-session-device", [("browser", browser), ("system", system)])
            }
            (Some(only), None) | (None, Some(only)) => only.to_owned(),
            (None, None) => self.ctx.t("account-session-unknown"),
        }
    }

    pub(crate) fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| !session.here)
    }
}
