//! An application: a confidential one with a backend, or a public one in a browser or on a device.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use palatine_domain::Ambient;
use palatine_protocol::endpoints::Endpoint;
use reqwest::RequestBuilder;
use reqwest::header::AUTHORIZATION;

use crate::ask::{Answered, Ask};
use crate::browser::{Browser, Person};
use crate::key_holder::KeyHolder;
use crate::tokens::Tokens;
use crate::wire::{Answer, Wire, form_body};

/// RFC 7523, section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How an application proves who it is.
#[derive(Clone, Debug)]
pub enum ClientAuth {
    /// HTTP Basic with both halves form-encoded (RFC 6749, section 2.3.1).
    Basic(String),
    /// HTTP Basic as many clients send it: raw.
    RawBasic(String),
    /// In the body.
    Post(String),
    /// By a signature (RFC 7523): a new assertion each time.
    Key {
        /// What it signs with.
        key: KeyHolder,
        /// Its clock.
        ambient: Ambient,
    },
    /// `client_id` alone.
    Public,
    /// Nothing at all.
    Nothing,
}

/// An application.
#[derive(Clone)]
pub struct App {
    /// The issuer it was set up with.
    pub issuer: String,
    /// Its name.
    pub client_id: String,
    /// How it proves who it is.
    pub auth: ClientAuth,
    /// Where answers to it go.
    pub redirect_uri: String,
    /// The way to the node it talks to.
    pub wire: Wire,
}

impl App {
    /// The same application, authenticating in another way.
    #[must_use]
    pub fn authenticating(&self, auth: ClientAuth) -> Self {
        Self { auth, ..self.clone() }
    }

    /// The same application, talking to another node.
    #[must_use]
    pub fn at(&self, node: &crate::Node) -> Self {
        Self { wire: node.wire().clone(), ..self.clone() }
    }

    /// A request for a code, as it should be.
    pub fn ask(&self) -> Ask {
        let endpoint = Endpoint::Authorization.url(&self.issuer);
        Ask::new(endpoint, self.issuer.clone(), &self.client_id, &self.redirect_uri)
    }

    /// Sends the person there and takes what comes back, whoever has to be asked for what.
    pub async fn authorize(&self, browser: &mut Browser, person: &Person, ask: &Ask) -> Answered {
        let visit = browser.open(&ask.url()).await;
        let visit = browser.sign_in_if_asked(visit, person).await;
        let visit = browser.consent_if_asked(visit).await;
        Answered::at(visit.left(), ask)
    }

    /// Signs the person in and redeems the code.
    pub async fn sign_in(&self, browser: &mut Browser, person: &Person) -> Tokens {
        self.sign_in_asking(browser, person, self.ask()).await
    }

    /// Signs the person in for this scope and redeems the code.
    pub async fn sign_in_for(&self, browser: &mut Browser, person: &Person, scope: &str) -> Tokens {
        self.sign_in_asking(browser, person, self.ask().scope(scope)).await
    }

    /// Signs the person in with this request and redeems the code.
    pub async fn sign_in_asking(&self, browser: &mut Browser, person: &Person, ask: Ask) -> Tokens {
        let code = self.authorize(browser, person, &ask).await.code();
        Tokens::of(&self.redeem(&code, &ask).await)
    }

    /// Redeems a code, as it should be done.
    pub async fn redeem(&self, code: &str, ask: &Ask) -> Answer {
        let redirect_uri = ask.redirect_uri();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", &ask.verifier),
        ];
        self.post(Endpoint::Token, &form).await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        self.refresh_with(refresh_token, &[]).await
    }

    /// Uses a refresh token with further parameters.
    pub async fn refresh_with(&self, refresh_token: &str, more: &[(&str, &str)]) -> Answer {
        let form = [&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)], more].concat();
        self.post(Endpoint::Token, &form).await
    }

    /// Asks for a token of its own.
    pub async fn client_credentials(&self, more: &[(&str, &str)]) -> Answer {
        self.post(Endpoint::Token, &[&[("grant_type", "client_credentials")], more].concat()).await
    }

    /// Asks for a person's tokens by their name and password.
    pub async fn password(&self, person: &Person, more: &[(&str, &str)]) -> Answer {
        let form = [("grant_type", "password"), ("username", &person.username), ("password", &person.password)];
        self.post(Endpoint::Token, &[&form, more].concat()).await
    }

    /// Revokes a token.
    pub async fn revoke(&self, token: &str) -> Answer {
        self.post(Endpoint::Revocation, &[("token", token)]).await
    }

    /// Introspects a token.
    pub async fn introspect(&self, token: &str) -> Answer {
        self.post(Endpoint::Introspection, &[("token", token)]).await
    }

    /// Whether introspection says that the token is alive.
    pub async fn finds_active(&self, token: &str) -> bool {
        let answer = self.introspect(token).await.success();
        let active = answer["active"].as_bool().expect("active");
        if !active {
            assert_eq!(answer.as_object().unwrap().len(), 1, "an inactive token says nothing else: {answer}");
        }
        active
    }

    /// POSTs a form to an endpoint, with the application's own credentials.
    pub async fn post(&self, endpoint: Endpoint, form: &[(&str, &str)]) -> Answer {
        self.post_to(&endpoint.url(&self.issuer), form).await
    }

    /// The same, to a URL.
    pub async fn post_to(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        Answer::of(self.request(url, form)).await
    }

    /// The same, as a request to which more can be added.
    pub fn request(&self, url: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let id = ("client_id", self.client_id.as_str());
        let assertion;
        let form = match &self.auth {
            ClientAuth::Key { key, ambient } => {
                assertion = key.asserts(&self.client_id, &self.issuer, ambient.now().as_seconds());
                [form, &[("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &assertion)]].concat()
            }
            ClientAuth::Post(secret) => [form, &[id, ("client_secret", secret)]].concat(),
            ClientAuth::Public => [form, &[id]].concat(),
            ClientAuth::Basic(_) | ClientAuth::RawBasic(_) | ClientAuth::Nothing => form.to_vec(),
        };
        let request = self.wire.post_request(url, &form);
        match &self.auth {
            ClientAuth::Basic(secret) => {
                request.header(AUTHORIZATION, basic(&encoded(&self.client_id), &encoded(secret)))
            }
            ClientAuth::RawBasic(secret) => request.header(AUTHORIZATION, basic(&self.client_id, secret)),
            ClientAuth::Post(_) | ClientAuth::Key { .. } | ClientAuth::Public | ClientAuth::Nothing => request,
        }
    }
}

/// The value of an `Authorization: Basic` header.
fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// A text as `application/x-www-form-urlencoded` has it.
fn encoded(text: &str) -> String {
    form_body(&[("", text)])[1..].to_owned()
}
