//! One realm with three APIs, its applications, and two people.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use palatine_authn::{Authenticator, ClientSecrets, HashPool, HashSettings, Lane};
use palatine_domain::api::{Api, ScopeDefinition};
use palatine_domain::client::{Client, ClientId, ClientScope, ClientSecret, SecretVerifier};
use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::ids::TenantScoped as _;
use palatine_domain::interaction::Interaction;
use palatine_domain::session::Acr;
use palatine_domain::usage::UsageTally;
use palatine_domain::user::{User, UserProfile};
use palatine_domain::{Ambient, SecretText, TokenHash};
use palatine_ephemeral::Ephemeral;
use palatine_outbound::{Outbound, OutboundSettings};
use palatine_protocol::client_auth::PresentedCredentials;
use palatine_protocol::params::Params;
use palatine_protocol::scope::Scope;
use palatine_realm::{MasterKeys, Realm, Resolver, ResolverSettings};
use palatine_store::TenantWrite;
use palatine_token_service::authorize::Arrived;
use palatine_token_service::built_in::BuiltInClients;
use palatine_token_service::client_auth::ClientAuthError;
use palatine_token_service::session::SignIn;
use palatine_token_service::{AuthenticatedClient, AuthorizeError, BrowserSession, Outcome, People, TokenService};
use serde_json::{Value, json};

use crate::support::TestStore;

pub(crate) const CALLBACK: &str = "https://app.example.com/cb";
/// The secret that `app` was given; a generated one by its verifier.
pub(crate) const GENERATED: &str = "generated-secret";
/// The secret that somebody chose for `chosen`: read as a form it is another.
pub(crate) const CHOSEN: &str = "a%41+b";

pub(crate) struct World {
    pub(crate) db: TestStore,
    pub(crate) resolver: Resolver,
    pub(crate) tokens: TokenService,
    pub(crate) hashing: HashPool,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_policy(json!({})).await
    }

    pub(crate) async fn with_policy(policy: Value) -> Self {
        let db = TestStore::sqlite().await;
        let ambient = db.store.ambient().clone();
        let cheap = HashSettings { memory_kib: 64, iterations: 1, threads: Some(2), ..HashSettings::default() };
        let hashing = HashPool::start(&cheap, ambient.clone()).unwrap();
        let resolver = Resolver::new(
            ResolverSettings::new("https://id.example.com".parse().unwrap()),
            db.store.clone(),
            Ephemeral::memory(ambient.clone()),
            MasterKeys::new(&[[7; 32]]).unwrap(),
            ambient.clone(),
        )
        .unwrap();
        let secrets = ClientSecrets::new(hashing.clone(), &ambient);
        let outbound = Outbound::new(OutboundSettings::default()).unwrap();
        let authenticator = Authenticator::new(hashing.clone(), ambient.clone());
        let people = People { authenticator, store: db.store.clone() };
        let tokens = TokenService::new(
            ambient,
            people,
            secrets,
            BuiltInClients::production("http://localhost/admin/api/docs/oauth2-redirect.html"),
            outbound,
            UsageTally::new(1_000),
        );
        let world = Self { db, resolver, tokens, hashing };
        world.fill(policy).await;
        world
    }

    async fn fill(&self, policy: Value) {
        let scope = self.db.tenant("acme").await;
        let phc = self.hashing.hash(scope.tenant_id(), Lane::Clients, SecretText::new(CHOSEN)).await.unwrap();
        let ambient = self.ambient();
        let tx = self.db.store.write(&scope).await.unwrap();
        let settings = json!({ "display_name": "Acme", "policy": policy });
        tx.settings().put(&serde_json::from_value(settings).unwrap()).await.unwrap();
        for name in ["openid", "profile", "offline_access"] {
            tx.scopes().insert(&definition(ambient, name, None)).await.unwrap();
        }
        for (identifier, scopes) in [("orders", &["read", "write"][..]), ("billing", &["pay"]), ("empty", &[])] {
            let name = identifier.to_owned();
            let api =
                Api { id: ambient.id(), identifier: name.clone(), name, profile: None, algorithm: None, client: None };
            tx.apis().insert(&api).await.unwrap();
            for name in scopes {
                tx.scopes().insert(&definition(ambient, name, Some(&api))).await.unwrap();
            }
        }
        let app = client(ambient, "app", SecretVerifier::Sha256(TokenHash::of(GENERATED)));
        let asking = Client {
            settings: palatine_domain::client::ClientSettings { consent_required: true, ..app.settings.clone() },
            ..client(ambient, "asking", SecretVerifier::Sha256(TokenHash::of(GENERATED)))
        };
        for client in [app, asking, client(ambient, "chosen", SecretVerifier::Argon2id(phc))] {
            tx.clients().insert(&client).await.unwrap();
        }
        for name in ["ann", "bob"] {
            tx.users().insert(&person(ambient, name)).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    pub(crate) fn ambient(&self) -> &Ambient {
        self.db.store.ambient()
    }

    pub(crate) async fn realm(&self) -> Realm {
        self.resolver.by_slug("acme").await.unwrap()
    }

    pub(crate) async fn rows(&self) -> TenantWrite {
        self.realm().await.write().await.unwrap()
    }

    pub(crate) async fn client(&self, id: &str) -> Arc<Client> {
        self.realm().await.client(&ClientId::parse(id).unwrap()).await.unwrap().unwrap()
    }

    /// Changes a client as an admin would.
    pub(crate) async fn change(&self, id: &str, change: impl FnOnce(&mut Client)) {
        let mut client = (*self.client(id).await).clone();
        change(&mut client);
        let tx = self.rows().await;
        assert!(tx.clients().update(&client).await.unwrap());
        tx.commit().await.unwrap();
    }

    pub(crate) async fn user(&self, name: &str) -> User {
        let name = NormalisedIdentifier::parse(name).unwrap();
        self.rows().await.users().by_identifier(&name).await.unwrap().unwrap()
    }

    /// A browser in which somebody has just signed in, with the cookie that it got.
    pub(crate) async fn sign_in(&self, name: &str, before: Option<&BrowserSession>) -> (BrowserSession, String) {
        let (user, realm) = (self.user(name).await.id, self.realm().await);
        let sign_in = SignIn {
            user,
            acr: Acr::OneFactor,
            amr: "pwd".to_owned(),
            remembered: false,
            address: "192.0.2.1".to_owned(),
            user_agent: "test".to_owned(),
        };
        let tx = realm.write().await.unwrap();
        let begun = self.tokens.begin_session(&tx, &realm, before, sign_in).await.unwrap();
        tx.commit().await.unwrap();
        self.tokens.session_begun(&realm, &begun).await;
        let cookie = begun.secret.to_wire();
        (self.browser(&cookie).await.unwrap(), cookie)
    }

    pub(crate) async fn browser(&self, cookie: &str) -> Option<BrowserSession> {
        self.tokens.browser_session(&self.realm().await, Some(cookie)).await.unwrap()
    }

    /// An authorization request of `app` or another client.
    pub(crate) async fn authorize(
        &self,
        more: &[(&str, &str)],
        browser: Option<&BrowserSession>,
    ) -> Result<Outcome, AuthorizeError> {
        self.tokens.authorize(&self.realm().await, &Arrived::Now(request(more)), ready(Ok(browser.cloned()))).await
    }

    /// The interaction that a request began.
    pub(crate) async fn interaction(&self, outcome: Result<Outcome, AuthorizeError>) -> Interaction {
        let Ok(Outcome::Interact { id, .. }) = outcome else { panic!("{outcome:?}") };
        self.rows().await.interactions().get(id).await.unwrap().unwrap()
    }

    /// Presents credentials by HTTP Basic, exactly as given.
    pub(crate) async fn present(&self, id: &str, secret: &str) -> Result<AuthenticatedClient, ClientAuthError> {
        let header = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let presented = PresentedCredentials::read(Some(&header), &Params::default()).unwrap();
        let realm = self.realm().await;
        let claimed = self.tokens.claimed_client(&realm, presented).await.unwrap();
        self.tokens.authenticate(&realm, claimed, "192.0.2.1").await
    }
}

/// The parameters of a request of `app` for a code; `more` replaces and adds.
pub(crate) fn request(more: &[(&str, &str)]) -> Params {
    let usual = [("client_id", "app"), ("redirect_uri", CALLBACK), ("response_type", "code"), ("scope", "openid read")];
    let usual = usual.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    Params::from_pairs(usual.chain(more.iter().copied())).unwrap()
}

/// The parameters that the client gets.
pub(crate) fn answered(outcome: Result<Outcome, AuthorizeError>) -> BTreeMap<String, String> {
    let location = match outcome {
        Ok(Outcome::Redirect(location)) => location,
        Err(AuthorizeError::Redirectable { to, error }) => match to.error(&error) {
            Outcome::Redirect(location) => location,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let query = location.strip_prefix(CALLBACK).and_then(|rest| rest.strip_prefix('?')).unwrap();
    let params = Params::parse(query.as_bytes()).unwrap();
    params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn definition(ambient: &Ambient, name: &str, api: Option<&Api>) -> ScopeDefinition {
    let scope = Scope::parse(name).unwrap();
    ScopeDefinition { id: ambient.id(), scope, description: String::new(), api: api.map(|api| api.id) }
}

fn client(ambient: &Ambient, id: &str, verifier: SecretVerifier) -> Client {
    let settings = json!({
        "kind": "web",
        "auth_method": "client_secret_basic",
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": ["https://app.example.com/bye"],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    });
    let allowed = [("openid", true), ("profile", true), ("offline_access", false), ("read", true), ("write", false)];
    let allowed = allowed.into_iter().chain([("pay", false)]);
    Client {
        key: ambient.id(),
        client_id: ClientId::parse(id).unwrap(),
        name: id.to_owned(),
        enabled: true,
        settings: serde_json::from_value(settings).unwrap(),
        scopes: allowed.map(|(name, default)| ClientScope { scope: Scope::parse(name).unwrap(), default }).collect(),
        linked_apis: Vec::new(),
        secrets: vec![ClientSecret {
            id: ambient.id(),
            label: String::new(),
            hint: String::new(),
            verifier,
            created_at: ambient.now(),
            expires_at: None,
            last_used_at: None,
        }],
    }
}

fn person(ambient: &Ambient, name: &str) -> User {
    let now = ambient.now();
    User {
        id: ambient.id(),
        subject: format!("sub-{name}"),
        enabled: true,
        username: name.to_owned(),
        email: None,
        email_verified: false,
        profile: UserProfile::default(),
        custom: BTreeMap::new(),
        created_at: now,
        updated_at: now,
    }
}
