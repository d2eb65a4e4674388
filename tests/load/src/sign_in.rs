//! The operator signs in, as a person does who opens the documentation of the admin API.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{RequestBuilder, Response};

use crate::error::LoadError;
use crate::seed::{OPERATOR, SYSTEM};
use crate::subject::{Subject, token_in};

/// The client of the documentation, and where its answers go.
const CLIENT: &str = "palatine-api-docs";
const CALLBACK: &str = "/admin/api/docs/oauth2-redirect.html";

/// RFC 7636, appendix B: nobody else takes this code.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// More redirects than there are.
const MAX_HOPS: usize = 12;

/// A person's browser, as far as it is needed: cookies, redirects, one form.
struct Browser<'a> {
    subject: &'a Subject,
    cookies: BTreeMap<String, String>,
}

/// An access token of the operator.
pub(crate) async fn operator(subject: &Subject) -> Result<String, LoadError> {
    let callback = format!("{}{CALLBACK}", subject.public_url());
    let parameters = [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", callback.as_str()),
        ("scope", "openid admin:read admin:write"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let mut browser = Browser { subject, cookies: BTreeMap::new() };
    let ask = subject.get(&format!("/realms/{SYSTEM}/oauth/authorize")).query(&parameters);
    let page = browser.follow(ask, CALLBACK).await?;
    let code = match page {
        Landed::Left(location) => parameter(&location, "code"),
        Landed::Page(html) => {
            let post = browser.form(&html)?;
            match browser.follow(post, CALLBACK).await? {
                Landed::Left(location) => parameter(&location, "code"),
                Landed::Page(html) => return Err(unexpected("the sign-in", html)),
            }
        }
    };
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT),
        ("redirect_uri", callback.as_str()),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
    ];
    let answer = subject.post(&format!("/realms/{SYSTEM}/oauth/token")).form(&form).send().await?;
    token_in(answer).await
}

/// Where redirects ended.
enum Landed {
    /// At a page of ours.
    Page(String),
    /// At the application.
    Left(String),
}

impl Browser<'_> {
    async fn follow(&mut self, request: RequestBuilder, until: &str) -> Result<Landed, LoadError> {
        let mut answer = self.send(request).await?;
        for _ in 0..MAX_HOPS {
            let Some(location) = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()) else {
                return Ok(Landed::Page(answer.text().await?));
            };
            let path = location.strip_prefix(&self.subject.public_url()).unwrap_or(location).to_owned();
            if path.starts_with(until) {
                return Ok(Landed::Left(path));
            }
            answer = self.send(self.subject.get(&path)).await?;
        }
        Err(unexpected("the sign-in", "redirects that do not end".to_owned()))
    }

    async fn send(&mut self, request: RequestBuilder) -> Result<Response, LoadError> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(COOKIE, cookies.join("; ")).send().await?;
        for cookie in answer.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            if let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }

    /// The sign-in form, filled in.
    fn form(&self, html: &str) -> Result<RequestBuilder, LoadError> {
        let missing = || unexpected("the authorization request", html.to_owned());
        let action = between(html, "<form method=\"post\" action=\"", "\"").ok_or_else(missing)?;
        let csrf = between(html, "name=\"csrf\" value=\"", "\"").ok_or_else(missing)?;
        let path = action.strip_prefix(&self.subject.public_url()).unwrap_or(action);
        let (username, password) = OPERATOR;
        let fields = [("csrf", csrf), ("username", username), ("password", password), ("login", "1")];
        let post = self.subject.post(path).header(ORIGIN, self.subject.public_url());
        Ok(post.header("sec-fetch-site", "same-origin").form(&fields))
    }
}

fn unexpected(what: &str, body: String) -> LoadError {
    LoadError::Answer { what: what.to_owned(), status: 200, body }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

/// A code has no characters that need an escape.
fn parameter(location: &str, name: &str) -> String {
    let query = location.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(known, _)| *known == name).map_or_else(String::new, |(_, value)| value.to_owned())
}
