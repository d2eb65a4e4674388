//! The page where a person chooses an account.

use askama::Template;

use crate::context::PageContext;

/// "Choose an account": the one that is signed in, or another.
///
/// The form posts `csrf` and the button `continue` or `another` to `action`.
#[derive(Clone, Debug, Template)]
#[template(path = "login/select_account.html")]
pub struct SelectAccountPage<'a> {
    /// Look, language, nonce.
    pub ctx: &'a PageContext,
    /// The application's name: "to continue to …".
    pub application: Option<&'a str>,
    /// Who is signed in.
    pub user: &'a str,
    /// Where the form goes: a path of ours.
    pub action: &'a str,
    /// The hidden field `csrf`.
    pub csrf: &'a str,
}
