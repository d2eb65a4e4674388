//! Signing out: the question, and the page after it.

use std::borrow::Cow;

use askama::Template;

use crate::context::PageContext;
use crate::text;

/// "Do you want to sign out?": shown when no hint proves that the browser's own session is meant.
///
/// The form posts `csrf`, the fields of `hidden` and the button `logout` to `action`.
#[derive(Clone, Debug, Template)]
#[template(path = "login/logout.html")]
pub struct LogoutConfirmPage<'a> {
    /// Look, language, nonce.
    pub ctx: &'a PageContext,
    /// The application that asks, if a client is known: "… asks to sign you out".
    pub application: Option<&'a str>,
    /// Who is signed in.
    pub user: Option<&'a str>,
    /// Where the form goes: a path of ours.
    pub action: &'a str,
    /// The hidden field `csrf`.
    pub csrf: &'a str,
    /// The request's own parameters, to be posted again: `post_logout_redirect_uri`, `state`, `client_id`, ….
    pub hidden: Vec<(&'a str, &'a str)>,
}

/// "You are signed out".
#[derive(Clone, Debug, Template)]
#[template(path = "login/signed_out.html")]
pub struct SignedOutPage<'a> {
    /// Look, language, nonce.
    pub ctx: &'a PageContext,
    /// A way back, if there is one.
    pub back: Option<BackLink<'a>>,
}

/// "You are signed out", while hidden frames tell the applications (`OpenID` Connect Front-Channel Logout); then on to
/// `after`, if there is one, by a script and in any case by a link.
#[derive(Clone, Debug, Template)]
#[template(path = "login/logout_frames.html")]
pub struct LogoutFramesPage<'a> {
    /// Look, language, nonce.
    pub ctx: &'a PageContext,
    /// What each frame loads: registered http(s) URIs.
    pub frames: &'a [String],
    /// A registered URI with `state`. A URL that would run something is not linked.
    pub after: Option<&'a str>,
}

/// A link to an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackLink<'a> {
    /// The application's name: "Back to …".
    pub application: &'a str,
    /// Its registered URL. A URL that would run something is not linked.
    pub url: &'a str,
}

impl LogoutConfirmPage<'_> {
    pub(crate) fn shown_user(&self) -> Option<Cow<'_, str>> {
        self.user.map(text::name)
    }
}

impl LogoutFramesPage<'_> {
    pub(crate) fn safe_after(&self) -> Option<&str> {
        self.after.and_then(text::link)
    }
}

impl BackLink<'_> {
    pub(crate) fn safe_url(&self) -> Option<&str> {
        text::link(self.url)
    }
}
