//! One realm with two applications and one person, served in the process.

use std::collections::BTreeMap;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, Error};
use palatine_authn::{Authenticator, ClientSecrets, HashPool, HashSettings, Lane};
use palatine_domain::api::ScopeDefinition;
use palatine_domain::client::{Client, ClientId, ClientScope};
use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::ids::TenantScoped as _;
use palatine_domain::tenant::RealmSettings;
use palatine_domain::usage::UsageTally;
use palatine_domain::user::{User, UserProfile};
use palatine_domain::{Ambient, RealmSlug, SecretText};
use palatine_ephemeral::Ephemeral;
use palatine_login_ui::dev::{self, DevRealmInfo, DevSite, DevUserInfo};
use palatine_outbound::{Outbound, OutboundSettings};
use palatine_protocol::scope::{Scope, ScopeSet};
use palatine_realm::routes::REALM_PATTERN;
use palatine_realm::{MasterKeys, Realm, Resolver, ResolverSettings};
use palatine_store::TenantWrite;
use palatine_tenant_routing::{cors, observe, scope, surface};
use palatine_token_service::built_in::BuiltInClients;
use palatine_token_service::{People, TokenService};
use serde_json::json;
use url::Url;

use crate::support::TestStore;

pub(crate) const PASSWORD: &str = "lantern gravel oboe";
pub(crate) const ORIGIN: &str = "http://localhost:8080";
/// The realm's path.
pub(crate) const ACME: &str = "/realms/acme";

/// The services behind the pages.
pub(crate) struct Site {
    pub(crate) db: TestStore,
    resolver: Resolver,
    tokens: TokenService,
    authenticator: Authenticator,
    hashing: HashPool,
    start_page: DevSite,
}

impl Site {
    /// With the realm `acme`: ann, the application `app`, and the application `asking`, which needs consent.
    pub(crate) async fn new() -> Self {
        Self::with_policy(json!({})).await
    }

    pub(crate) async fn with_policy(policy: serde_json::Value) -> Self {
        let db = TestStore::sqlite().await;
        let ambient = db.store.ambient().clone();
        let public_url: Url = ORIGIN.parse().unwrap();
        let cheap = HashSettings { memory_kib: 64, iterations: 1, threads: Some(2), ..HashSettings::default() };
        let hashing = HashPool::start(&cheap, ambient.clone()).unwrap();
        let resolver = Resolver::new(
            ResolverSettings::new(public_url.clone()),
            db.store.clone(),
            Ephemeral::memory(ambient.clone()),
            MasterKeys::new(&[[7; 32]]).unwrap(),
            ambient.clone(),
        )
        .unwrap();
        let built_in = BuiltInClients::production("http://localhost/callback")
            .with_dev(&dev::callback_url(&public_url), &dev::start_url(&public_url));
        let secrets = ClientSecrets::new(hashing.clone(), &ambient);
        let outbound = Outbound::new(OutboundSettings::default()).unwrap();
        let listed = DevRealmInfo {
            slug: RealmSlug::parse("acme").unwrap(),
            display_name: "Acme".to_owned(),
            users: vec![DevUserInfo { identifier: "ann".to_owned(), password: Some(PASSWORD.to_owned()) }],
            clients: Vec::new(),
        };
        let authenticator = Authenticator::new(hashing.clone(), ambient.clone());
        let people = People { authenticator: authenticator.clone(), store: db.store.clone() };
        let site = Self {
            tokens: TokenService::new(ambient, people, secrets, built_in, outbound, UsageTally::new(1_000)),
            authenticator,
            start_page: DevSite::new(vec![listed]),
            db,
            resolver,
            hashing,
        };
        site.fill(policy).await;
        site
    }

    async fn fill(&self, policy: serde_json::Value) {
        let scope = self.db.tenant("acme").await;
        let settings: RealmSettings =
            serde_json::from_value(json!({ "display_name": "Acme", "policy": policy })).unwrap();
        let phc = self.hashing.hash(scope.tenant_id(), Lane::People, SecretText::new(PASSWORD)).await.unwrap();
        let ambient = self.ambient();
        let tx = self.db.store.write(&scope).await.unwrap();
        tx.settings().put(&settings).await.unwrap();
        for name in ["openid", "profile", "email", "offline_access", "read"] {
            let scope = Scope::parse(name).unwrap();
            let description = format!("What {name} allows");
            tx.scopes().insert(&ScopeDefinition { id: ambient.id(), scope, description, api: None }).await.unwrap();
        }
        tx.clients().insert(&client(ambient, "app", false)).await.unwrap();
        tx.clients().insert(&client(ambient, "asking", true)).await.unwrap();
        let user = person(ambient, "ann");
        tx.users().insert(&user).await.unwrap();
        assert!(tx.credentials().set_password(user.id, &phc).await.unwrap());
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

    /// What ann has allowed to `asking`.
    pub(crate) async fn consent(&self) -> Option<ScopeSet> {
        let tx = self.rows().await;
        let ann = tx.users().by_identifier(&NormalisedIdentifier::parse("ann").unwrap()).await.unwrap().unwrap();
        let asking = tx.clients().by_client_id(&ClientId::parse("asking").unwrap()).await.unwrap().unwrap();
        tx.consents().get(ann.id, asking.key).await.unwrap()
    }

    /// The application, wired as the server does it.
    pub(crate) fn app(
        &self,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        App::new()
            .app_data(Data::new(self.ambient().clone()))
            .app_data(Data::new(self.resolver.clone()))
            .app_data(Data::new(self.tokens.clone()))
            .app_data(Data::new(self.authenticator.clone()))
            .app_data(Data::new(self.db.store.clone()))
            .app_data(Data::new(self.start_page.clone()))
            .service(
                web::scope(REALM_PATTERN)
                    .configure(palatine_token_service::http::configure)
                    .configure(palatine_login_ui::configure)
                    .default_service(web::to(surface::not_found))
                    .wrap(from_fn(cors::share))
                    .wrap(from_fn(scope::resolve_realm)),
            )
            .service(web::scope("").configure(dev::configure))
            .wrap(from_fn(observe::observe))
    }
}

fn client(ambient: &Ambient, id: &str, consent_required: bool) -> Client {
    let settings = json!({
        "kind": "web",
        "auth_method": "client_secret_basic",
        "redirect_uris": [format!("https://{id}.example.com/cb")],
        "post_logout_redirect_uris": [format!("https://{id}.example.com/bye")],
        "grant_types": ["authorization_code"],
        "consent_required": consent_required,
    });
    let allowed = [("openid", true), ("profile", true), ("email", false), ("read", false)];
    let allowed = allowed.map(|(name, default)| ClientScope { scope: Scope::parse(name).unwrap(), default });
    Client {
        key: ambient.id(),
        client_id: ClientId::parse(id).unwrap(),
        name: format!("The {id}"),
        enabled: true,
        settings: serde_json::from_value(settings).unwrap(),
        scopes: allowed.into(),
        linked_apis: Vec::new(),
        secrets: Vec::new(),
    }
}

fn person(ambient: &Ambient, name: &str) -> User {
    let now = ambient.now();
    User {
        id: ambient.id(),
        subject: format!("sub-{name}"),
        enabled: true,
        username: name.to_owned(),
        email: Some(format!("{name}@acme.test")),
        email_verified: true,
        profile: UserProfile { name: Some("Ann".to_owned()), ..UserProfile::default() },
        custom: BTreeMap::new(),
        created_at: now,
        updated_at: now,
    }
}
