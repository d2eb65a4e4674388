//! Somebody who administers by the API.

use reqwest::Method;
use serde_json::Value;

use crate::ask::{Answered, Ask};
use crate::realm::RealmUnderTest;
use crate::wire::{Answer, Wire};
use crate::{Person, World};

/// The path of the API.
pub const API: &str = "/admin/api/v1";

/// Where the documentation's own client takes answers.
const DOCS_CALLBACK: &str = "/admin/api/docs/oauth2-redirect.html";

/// An access token, and the way to the node.
#[derive(Clone)]
pub struct Admin {
    wire: Wire,
    token: String,
}

impl Admin {
    /// With a token.
    pub fn with(wire: &Wire, token: &str) -> Self {
        Self { wire: wire.clone(), token: token.to_owned() }
    }

    /// A service of the realm, whose secret is its name and `-secret-1`.
    pub async fn service(realm: &RealmUnderTest, client_id: &str) -> Self {
        let app = realm.app(client_id, &format!("{client_id}-secret-1"), "");
        let tokens = crate::Tokens::of(&app.client_credentials(&[]).await);
        Self::with(realm.wire(), &tokens.access)
    }

    /// A person of the realm, signed in by the documentation's own client.
    pub async fn person(realm: &RealmUnderTest, person: &Person) -> Self {
        let callback = format!("{}{DOCS_CALLBACK}", realm.wire().origin());
        let app = realm.app("palatine-api-docs", "", &callback).authenticating(crate::ClientAuth::Public);
        let ask: Ask = app.ask().scope("openid admin:read admin:write");
        // The answer comes to a page of the server itself, so that the browser stays here.
        let mut browser = realm.browser();
        let visit = browser.open(&ask.url()).await;
        let landed = browser.sign_in_if_asked(visit, person).await;
        let code = Answered::at(&landed.page().url, &ask).code();
        let tokens = crate::Tokens::of(&app.redeem(&code, &ask).await);
        Self::with(realm.wire(), &tokens.access)
    }

    /// The first operator, who signs in at the realm `system`.
    pub async fn operator(world: &World) -> Self {
        let system = world.realm("system");
        Self::person(&system, &Person::new("operator", "operator-copper-meadow-9")).await
    }

    /// Asks, with a body if there is one; changes whatever version is there.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.ask_if(method, path, body, Some("*")).await
    }

    /// Asks with this `If-Match`, or none.
    pub async fn ask_if(&self, method: Method, path: &str, body: Option<&Value>, if_match: Option<&str>) -> Answer {
        let body = body.map(|body| ("application/json", body.to_string().into_bytes()));
        self.ask_with(method, path, body, if_match).await
    }

    /// Asks with a body of this media type, and this `If-Match`.
    pub async fn ask_with(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
        if_match: Option<&str>,
    ) -> Answer {
        let mut request = self.wire.request(method, &format!("{API}{path}")).bearer_auth(&self.token);
        if let Some(version) = if_match {
            request = request.header("if-match", version);
        }
        if let Some((media_type, bytes)) = body {
            request = request.header("content-type", media_type).body(bytes);
        }
        Answer::of(request).await
    }

    /// Sends a body as it is.
    pub async fn send(&self, method: Method, path: &str, media_type: &str, body: &str) -> Answer {
        let request = self.wire.request(method, &format!("{API}{path}")).bearer_auth(&self.token);
        Answer::of(request.header("content-type", media_type).body(body.to_owned())).await
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    /// Makes.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(&body)).await
    }

    /// Changes.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PATCH, path, Some(&body)).await
    }

    /// Sets.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path, Some(&body)).await
    }

    /// Removes.
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, None).await
    }
}
