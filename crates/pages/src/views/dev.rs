//! The start page of `palatine dev` and the result page of its small test client.
//!
//! Both exist in `dev` alone and speak English alone: they show demo secrets and raw tokens to whoever develops here.

use askama::Template;

use crate::context::PageContext;
use crate::locale::Locale;
use crate::text;

use super::finished;

/// The start page: each realm with its issuer, its clients and a button that signs in with the test client.
#[derive(Clone, Debug, Template)]
#[template(path = "dev/start.html")]
pub struct DevStartPage<'a> {
    /// Look and nonce, usually with [`Branding::platform`](crate::Branding::platform).
    pub ctx: &'a PageContext,
    /// The realms, in the order shown.
    pub realms: Vec<DevRealm<'a>>,
}

/// One realm on the start page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevRealm<'a> {
    /// Its name.
    pub display_name: &'a str,
    /// Its slug.
    pub slug: &'a str,
    /// Its issuer. The page links to the discovery document below it.
    pub issuer: &'a str,
    /// Where its button "Sign in" leads.
    pub sign_in_url: &'a str,
    /// People who can sign in, with the passwords of the demo files.
    pub users: Vec<DevUser<'a>>,
    /// Its clients.
    pub clients: Vec<DevClient<'a>>,
}

/// A demo user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DevUser<'a> {
    /// What to type as username.
    pub identifier: &'a str,
    /// The password of the demo file; none if it is not known any more.
    pub password: Option<&'a str>,
}

/// A demo client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DevClient<'a> {
    /// `client_id`.
    pub client_id: &'a str,
    /// What kind of application it is: `web`, `native`, `service`, ….
    pub kind: &'a str,
    /// Its secret; none for a public client, or if it is not known any more.
    pub secret: Option<&'a str>,
    /// The scopes allowed to it, with spaces between.
    pub scope: &'a str,
}

/// What the test client received, decoded and verified.
///
/// The refresh form posts `csrf` to `refresh_action`.
#[derive(Clone, Debug, Template)]
#[template(path = "dev/result.html")]
pub struct DevResultPage<'a> {
    /// Look and nonce.
    pub ctx: &'a PageContext,
    /// Who signed in, in the heading: "Signed in as …".
    pub user: &'a str,
    /// The realm's issuer.
    pub issuer: &'a str,
    /// The tokens, each with what was checked.
    pub tokens: Vec<DevToken<'a>>,
    /// Other answers: the token response without its tokens, userinfo.
    pub documents: Vec<DevDocument<'a>>,
    /// Where the button "Refresh" posts; none without a refresh token.
    pub refresh_action: Option<&'a str>,
    /// The hidden field `csrf` of that form.
    pub csrf: &'a str,
    /// Where "Sign out" leads.
    pub sign_out_url: &'a str,
    /// Where "Start page" leads.
    pub start_url: &'a str,
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevToken<'a> {
    /// What it is: "ID token", "Access token", "Refresh token".
    pub title: &'a str,
    /// The token as it travels, folded.
    pub encoded: &'a str,
    /// Its header as indented JSON; none if it is opaque to a client.
    pub header: Option<&'a str>,
    /// Its claims as indented JSON; none if it is opaque to a client.
    pub claims: Option<&'a str>,
    /// What was checked.
    pub verdicts: Vec<Verdict<'a>>,
}

/// One check of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// What was checked: "Signature", "Issuer", "Audience", ….
    pub check: &'a str,
    /// What came of it.
    pub outcome: Outcome,
    /// The values compared: "ES256, key 3f…".
    pub detail: &'a str,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// Not as it must be.
    Failed,
}

/// A JSON answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DevDocument<'a> {
    /// What it is: "Userinfo".
    pub title: &'a str,
    /// Indented JSON.
    pub json: &'a str,
}

impl DevStartPage<'_> {
    /// The whole HTML document, in English.
    pub fn render(&self) -> String {
        finished(Template::render(&DevStartPage { ctx: &english(self.ctx), ..self.clone() }))
    }
}

impl DevResultPage<'_> {
    /// The whole HTML document, in English.
    pub fn render(&self) -> String {
        finished(Template::render(&DevResultPage { ctx: &english(self.ctx), ..self.clone() }))
    }
}

/// So that `lang` tells the truth about pages whose words exist in English alone.
fn english(ctx: &PageContext) -> PageContext {
    PageContext { locale: Locale::En, ..ctx.clone() }
}

impl DevRealm<'_> {
    pub(crate) fn safe_issuer(&self) -> Option<&str> {
        text::link(self.issuer)
    }
}

impl Verdict<'_> {
    pub(crate) fn passed(&self) -> bool {
        self.outcome == Outcome::Passed
    }
}
