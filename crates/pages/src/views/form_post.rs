//! The page that carries an authorization response to the client by POST.

use askama::Template;

use crate::locale::Locale;

/// `response_mode=form_post` (OAuth 2.0 Form Post Response Mode, section 2): a form with the response's parameters
/// that submits itself, with a button for browsers without script.
///
/// It has a document of its own: no stylesheet, no branding, nothing to fetch, so that its policy can be
/// `default-src 'none'` and the script's nonce.
#[derive(Clone, Debug, Template)]
#[template(path = "login/form_post.html")]
pub struct FormPostPage<'a> {
    /// The language of the title and of the button.
    pub locale: Locale,
    /// The nonce of this answer's content security policy.
    pub csp_nonce: &'a str,
    /// The client's redirect URI, after it was found registered.
    pub action: &'a str,
    /// The response's parameters, in order.
    pub parameters: Vec<(&'a str, &'a str)>,
}

impl FormPostPage<'_> {
    pub(crate) fn t(&self, key: &str) -> String {
        crate::catalogue::message(self.locale, key, &[])
    }
}
