//! What does not exist here, because it never did or because it is another tenant's: nobody can tell which.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use palatine_e2e::{Answer, Wire, challenge_of};
use reqwest::RequestBuilder;

use super::facts::{Facts, ONLY_BETA};

/// A request that names an id.
#[derive(Clone, Debug)]
pub(crate) struct Naming {
    /// The id.
    pub(crate) id: String,
    path: String,
    form: Option<Vec<(&'static str, String)>>,
    basic: Option<String>,
    cookie: Option<String>,
}

impl Naming {
    fn get(id: &str, path: String) -> Self {
        Self { id: id.to_owned(), path, form: None, basic: None, cookie: None }
    }

    fn post(id: &str, path: &str, form: Vec<(&'static str, String)>) -> Self {
        Self { form: Some(form), ..Self::get(id, format!("/realms/alpha{path}")) }
    }

    fn basic(self, user: &str, password: &str) -> Self {
        Self { basic: Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))), ..self }
    }

    pub(crate) fn request(&self, wire: &Wire) -> RequestBuilder {
        let mut request = match &self.form {
            None => wire.request(reqwest::Method::GET, &self.path),
            Some(form) => {
                let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
                wire.post_request(&self.path, &form)
            }
        };
        if let Some(basic) = &self.basic {
            request = request.header("authorization", basic);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        request
    }
}

/// Each request for something of beta's, with its twin for something that never was.
pub(crate) fn twins(facts: &Facts) -> Vec<(Naming, Naming)> {
    let never_client = "tulip-bazaar";
    let client = |id: &str| {
        let challenge = challenge_of(&"v".repeat(43));
        let query = format!(
            "response_type=code&client_id={id}&redirect_uri=https://x.example/&code_challenge={challenge}\
             &code_challenge_method=S256"
        );
        Naming::get(id, format!("/realms/alpha/oauth/authorize?{query}"))
    };
    let secret_of = |id: &str| {
        let form = vec![("grant_type", "client_credentials".to_owned())];
        Naming::post(id, "/oauth/token", form).basic(id, "beta-tulip-secret")
    };
    let by_web_app = |path: &str, id: &str, form: Vec<(&'static str, String)>| {
        Naming::post(id, path, form).basic("web-app", "alpha-web-secret")
    };
    let code = |code: &str| {
        let form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", "https://shop.example.com/callback".to_owned()),
            ("code_verifier", facts.beta.verifier.clone()),
        ];
        by_web_app("/oauth/token", code, form)
    };
    let refresh = |token: &str| {
        let form = vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())];
        by_web_app("/oauth/token", token, form)
    };
    let page = |kind: &str, id: &str| {
        let cookie = Some(format!("pal_ix_{id}={}", facts.beta.interaction_cookie));
        Naming { cookie, ..Naming::get(id, format!("/realms/alpha/{kind}/{id}")) }
    };
    let logo = |client: &str| Naming::get(client, format!("/realms/alpha/clients/{client}/logo"));
    // The same instant, other random bits.
    let never_interaction = other_end(&facts.beta.interaction);
    let never_code = other_end(&facts.beta.code);
    let never_refresh = other_end(&facts.beta.refresh);
    vec![
        (client(ONLY_BETA), client(never_client)),
        (secret_of(ONLY_BETA), secret_of(never_client)),
        (code(&facts.beta.code), code(&never_code)),
        (refresh(&facts.beta.refresh), refresh(&never_refresh)),
        (page("login", &facts.beta.interaction), page("login", &never_interaction)),
        (page("consent", &facts.beta.interaction), page("consent", &never_interaction)),
        (logo(&facts.beta.client_with_logo), logo(&other_end(&facts.beta.client_with_logo))),
    ]
}

/// The same text with another last character.
fn other_end(text: &str) -> String {
    let (rest, last) = text.split_at(text.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}

/// An answer without what differs between any two: the request id, the nonce, and the id that was asked for.
pub(crate) fn shape(answer: &Answer, asked: &str) -> String {
    let mut text = format!("{} {}", answer.status, answer.body);
    let request_id = answer.header("x-request-id").unwrap_or_default();
    for noise in [request_id, nonce(answer).unwrap_or_default(), asked] {
        if !noise.is_empty() {
            text = text.replace(noise, "…");
        }
    }
    text
}

fn nonce(answer: &Answer) -> Option<&str> {
    let policy = answer.header("content-security-policy")?;
    policy.split_once("'nonce-")?.1.split('\'').next()
}
