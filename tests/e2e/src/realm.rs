//! A realm from outside: its URLs, its applications, its people.

use palatine_domain::{Ambient, Instant};
use serde_json::Value;

use crate::api::Api;
use crate::app::{App, ClientAuth};
use crate::ask::unguessable;
use crate::browser::{Browser, Person};
use crate::key_holder::KeyHolder;
use crate::service::Service;
use crate::wire::{Answer, Wire};
use palatine_protocol::endpoints::Endpoint;

/// A realm, as its applications and people see it.
#[derive(Clone)]
pub struct RealmUnderTest {
    slug: String,
    wire: Wire,
    ambient: Ambient,
}

impl RealmUnderTest {
    pub(crate) fn new(slug: &str, wire: Wire, ambient: Ambient) -> Self {
        Self { slug: slug.to_owned(), wire, ambient }
    }

    /// The same realm on another node.
    #[must_use]
    pub fn at(&self, node: &crate::Node) -> Self {
        Self { wire: node.wire().clone(), ..self.clone() }
    }

    /// The same realm by another way.
    #[must_use]
    pub fn by(&self, wire: Wire) -> Self {
        Self { wire, ..self.clone() }
    }

    /// Its slug.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// The world's time.
    pub fn now(&self) -> Instant {
        self.ambient.now()
    }

    /// The way to its node.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        format!("{}/realms/{}", self.wire.public_url().as_str().trim_end_matches('/'), self.slug)
    }

    /// The canonical URL of an endpoint.
    pub fn url(&self, endpoint: Endpoint) -> String {
        endpoint.url(&self.issuer())
    }

    /// The URL of an endpoint in each of its spellings.
    pub fn urls(&self, endpoint: Endpoint) -> Vec<String> {
        endpoint.paths().iter().map(|path| format!("{}{path}", self.issuer())).collect()
    }

    /// A page of a person's own account: `""` is the profile.
    pub fn account(&self, page: &str) -> String {
        format!("{}/account{page}", self.issuer())
    }

    /// The discovery document.
    pub async fn discovery(&self) -> Value {
        self.wire.get(&self.url(Endpoint::Discovery)).await.success()
    }

    /// The key set.
    pub async fn jwks(&self) -> Value {
        self.wire.get(&self.url(Endpoint::Jwks)).await.success()
    }

    /// Userinfo, by the token in the header.
    pub async fn userinfo(&self, access_token: &str) -> Answer {
        let request = self.wire.request(reqwest::Method::GET, &self.url(Endpoint::Userinfo));
        Answer::of(request.bearer_auth(access_token)).await
    }

    /// A fresh browser.
    pub fn browser(&self) -> Browser {
        Browser::new(self.wire.clone(), self.ambient.clone())
    }

    /// Ada, who has an account in every realm.
    pub fn ada(&self) -> Person {
        Person::new("ada@example.com", &format!("{}-ada-kettle-orchid", self.slug))
    }

    /// Grace, who has one, too.
    pub fn grace(&self) -> Person {
        Person::new("grace@example.com", &format!("{}-grace-lantern-plum", self.slug))
    }

    /// A confidential application; its secret is sent by HTTP Basic, encoded.
    pub fn app(&self, client_id: &str, secret: &str, redirect_uri: &str) -> App {
        App {
            issuer: self.issuer(),
            client_id: client_id.to_owned(),
            auth: ClientAuth::Basic(secret.to_owned()),
            redirect_uri: redirect_uri.to_owned(),
            wire: self.wire.clone(),
        }
    }

    /// A confidential application that signs its assertions with this key.
    pub fn keyed_app(&self, client_id: &str, key: &KeyHolder, redirect_uri: &str) -> App {
        let auth = ClientAuth::Key { key: key.clone(), ambient: self.ambient.clone() };
        App { auth, ..self.app(client_id, "", redirect_uri) }
    }

    fn own_app(&self, name: &str) -> App {
        let secret = format!("{}-{name}-secret", self.slug);
        let host = if name == "web" { "shop" } else { name };
        self.app(&format!("{name}-app"), &secret, &format!("https://{host}.example.com/callback"))
    }

    fn public_app(&self, client_id: &str, redirect_uri: &str) -> App {
        App { auth: ClientAuth::Public, ..self.app(client_id, "", redirect_uri) }
    }

    /// `web-app`: of the house, with a backend.
    pub fn web_app(&self) -> App {
        self.own_app("web")
    }

    /// `tv-app`: a device without a keyboard.
    pub fn tv_app(&self) -> App {
        self.public_app("tv-app", "")
    }

    /// `direct-app`: takes names and passwords itself.
    pub fn direct_app(&self) -> App {
        self.own_app("direct")
    }

    /// `es-app`: its ID tokens are signed with ES256 and carry the profile.
    pub fn es_app(&self) -> App {
        App { auth: ClientAuth::Basic(format!("{}-es-new", self.slug)), ..self.own_app("es") }
    }

    /// `short-app`: without refresh tokens.
    pub fn short_app(&self) -> App {
        self.own_app("short")
    }

    /// `partner-app`: of somebody else; people are asked.
    pub fn partner_app(&self) -> App {
        self.own_app("partner")
    }

    /// `guest-app`: of somebody else; people are asked for `offline_access` alone.
    pub fn guest_app(&self) -> App {
        self.own_app("guest")
    }

    /// `hybrid-app`: of the house, with every response type.
    pub fn hybrid_app(&self) -> App {
        self.own_app("hybrid")
    }

    /// `page-app`: public, in the browser, with ID tokens by the browser.
    pub fn page_app(&self) -> App {
        self.public_app("page-app", "https://page.example.com/callback")
    }

    /// `spa-app`: public, in the browser.
    pub fn spa_app(&self) -> App {
        self.public_app("spa-app", "https://spa.example.com/callback")
    }

    /// `native-app`: public, on a device.
    pub fn native_app(&self) -> App {
        self.public_app("native-app", "myapp://callback")
    }

    /// A service by its name: `worker`, `stranger`, or `orders-backend`.
    pub fn service(&self, client_id: &str) -> Service {
        let word = client_id.rsplit('-').next().unwrap_or(client_id);
        let secret = format!("{}-{word}-secret", self.slug);
        Service::new(self.app(client_id, &secret, ""), self.ambient.clone())
    }

    /// A resource server of this realm.
    pub fn api(&self, audience: &str) -> Api {
        Api::new(self.clone(), audience, self.ambient.clone())
    }

    /// A name that nobody else has.
    pub fn fresh_name() -> String {
        unguessable()
    }
}
