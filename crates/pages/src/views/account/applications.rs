//! The page of applications.

use std::borrow::Cow;

use askama::Template;

use super::AccountFrame;
use crate::context::PageContext;
use crate::text;
use crate::views::consent::scope_words;
use crate::views::login::ApplicationLinks;
use crate::views::moment::Moment;

/// "Applications with access": who may do what, since when, and how to take it back.
///
/// Its forms post `csrf`, the hidden field `client` and the button `remove` to the applications' path.
#[derive(Clone, Debug, Template)]
#[template(path = "account/applications.html")]
pub struct AccountApplicationsPage<'a> {
    /// Look, language, nonce.
    pub ctx: &'a PageContext,
    /// What stands around it.
    pub frame: AccountFrame<'a>,
    /// The applications, by name.
    pub applications: Vec<ApplicationShown<'a>>,
}

/// An application.
#[derive(Clone, Debug)]
pub struct ApplicationShown<'a> {
    /// Its `client_id`, the value of `client`.
    pub client_id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Where it is opened. A URL that would run something is not linked.
    pub open_url: Option<&'a str>,
    /// What it registered about itself.
    pub links: ApplicationLinks<'a>,
    /// Where its logo is: a path of ours.
    pub logo: Option<&'a str>,
    /// Since when.
    pub since: Moment,
    /// What it may do.
    pub scopes: Vec<AllowedScope<'a>>,
    /// Whether it keeps its access while the person is away.
    pub offline: bool,
}

/// Something that an application may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllowedScope<'a> {
    /// The scope.
    pub name: &'a str,
    /// The realm's own description of it.
    pub description: Option<&'a str>,
}

impl AccountApplicationsPage<'_> {
    pub(crate) fn description<'b>(&self, scope: &AllowedScope<'b>) -> Cow<'b, str> {
        scope_words(self.ctx, scope.name, scope.description)
    }
}

impl ApplicationShown<'_> {
    pub(crate) fn safe_open_url(&self) -> Option<&str> {
        self.open_url.and_then(text::link)
    }

    pub(crate) fn shown_name(&self) -> Cow<'_, str> {
        text::name(self.name)
    }
}

impl AllowedScope<'_> {
    pub(crate) fn shown_name(&self) -> Cow<'_, str> {
        text::name(self.name)
    }
}
