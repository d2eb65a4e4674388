//! An authorization request, and the reading of its answer.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_domain::Ambient;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use crate::wire::form_body;

/// An authorization request: what a careful client sends, until a test makes it less so.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What the application expects back.
    pub state: String,
    /// What it expects in the ID token.
    pub nonce: String,
    /// What it keeps for the token request.
    pub verifier: String,
    /// Where it goes.
    pub endpoint: String,
    /// The issuer that must answer.
    pub issuer: String,
    params: Vec<(String, String)>,
}

impl Ask {
    pub(crate) fn new(endpoint: String, issuer: String, client_id: &str, redirect_uri: &str) -> Self {
        let (state, nonce) = (unguessable(), unguessable());
        // 128 characters: the longest that RFC 7636 allows.
        let verifier = [unguessable(), unguessable(), unguessable(), unguessable()].concat();
        let params = [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", redirect_uri),
            ("scope", "openid profile email"),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge_of(&verifier)),
            ("code_challenge_method", "S256"),
        ];
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { state, nonce, verifier, endpoint, issuer, params }
    }

    /// With this value, in place of any other.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With this value, beside any other.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.params.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without this parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.params.retain(|(found, _)| found != name);
        self
    }

    /// Without PKCE.
    #[must_use]
    pub fn without_pkce(self) -> Self {
        self.without("code_challenge").without("code_challenge_method")
    }

    /// With this scope.
    #[must_use]
    pub fn scope(self, scope: &str) -> Self {
        self.with("scope", scope)
    }

    /// As a GET request.
    pub fn url(&self) -> String {
        format!("{}?{}", self.endpoint, form_body(&self.params()))
    }

    /// The parameters.
    pub fn params(&self) -> Vec<(&str, &str)> {
        self.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// What a success carries: of each word of the response type, its members.
    fn expected(&self) -> Vec<&'static str> {
        let response_type = self.params.iter().find(|(name, _)| name == "response_type");
        let words = response_type.map_or("", |(_, value)| value).split(' ');
        let members = words.map(|word| match word {
            "code" => &["code"][..],
            "token" => &["access_token", "token_type", "expires_in", "scope"],
            "id_token" => &["id_token"],
            other => panic!("nothing is issued for {other}"),
        });
        members.flatten().copied().collect()
    }

    /// Where the answer is to go.
    pub fn redirect_uri(&self) -> &str {
        self.params.iter().find(|(name, _)| name == "redirect_uri").map_or("", |(_, value)| value)
    }
}

/// The answer to an authorization request, as the application receives it.
#[derive(Clone, Debug)]
pub struct Answered {
    params: BTreeMap<String, String>,
}

impl Answered {
    /// Reads a redirect, with the checks of RFC 9207 and of every careful client: each parameter once, this issuer, this
    /// state, and nothing but an error or what the response type names.
    #[track_caller]
    pub fn at(location: &str, ask: &Ask) -> Self {
        let (target, params) = location.split_once(['?', '#']).expect("parameters");
        assert_eq!(target, ask.redirect_uri(), "the answer goes where it was asked to");
        let pairs = form_urlencoded::parse(params.as_bytes()).into_owned().collect();
        Self::checked(pairs, ask)
    }

    /// Reads what a form posted.
    #[track_caller]
    pub fn posted(fields: Vec<(String, String)>, ask: &Ask) -> Self {
        Self::checked(fields, ask)
    }

    #[track_caller]
    fn checked(pairs: Vec<(String, String)>, ask: &Ask) -> Self {
        let count = pairs.len();
        let params: BTreeMap<String, String> = pairs.into_iter().collect();
        assert_eq!(params.len(), count, "no parameter comes twice");
        assert_eq!(params.get("iss"), Some(&ask.issuer), "{params:?}");
        let sent_state = ask.params().iter().any(|(name, _)| *name == "state");
        assert_eq!(params.get("state"), sent_state.then_some(&ask.state), "{params:?}");
        let mut expected = vec!["iss"];
        expected.extend(sent_state.then_some("state"));
        if params.contains_key("error") {
            expected.extend(["error", "error_description"]);
        } else {
            expected.extend(ask.expected());
            // Of OpenID Connect alone, and of redirect URIs that have an origin.
            expected.extend(params.contains_key("session_state").then_some("session_state"));
        }
        expected.sort_unstable();
        assert_eq!(params.keys().map(String::as_str).collect::<Vec<_>>(), expected, "{params:?}");
        Self { params }
    }

    /// A member of the answer.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }

    /// The access token that came with the answer.
    #[track_caller]
    pub fn access_token(&self) -> &str {
        self.get("access_token").unwrap_or_else(|| panic!("no access token: {:?}", self.params))
    }

    /// The ID token that came with the answer.
    #[track_caller]
    pub fn id_token(&self) -> &str {
        self.get("id_token").unwrap_or_else(|| panic!("no ID token: {:?}", self.params))
    }

    /// The code of a success.
    #[track_caller]
    pub fn code(&self) -> String {
        self.params.get("code").unwrap_or_else(|| panic!("no code: {:?}", self.params)).clone()
    }

    /// The `session_state`, if there is one.
    pub fn session_state(&self) -> Option<&str> {
        self.params.get("session_state").map(String::as_str)
    }

    /// The error code of a refusal.
    #[track_caller]
    pub fn error(&self) -> &str {
        self.params.get("error").unwrap_or_else(|| panic!("no error: {:?}", self.params))
    }
}

/// `S256` of RFC 7636, section 4.2.
pub fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// 32 characters that nobody guesses.
pub(crate) fn unguessable() -> String {
    Ambient::system().random_uuid().simple().to_string()
}
