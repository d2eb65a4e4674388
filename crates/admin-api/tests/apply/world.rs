//! A store, a pool that hashes cheaply, and `apply` over them.

use palatine_admin_api::document::SourceFile;
use palatine_admin_api::engine::SecretSources;
use palatine_admin_api::ops::apply::{Apply, RealmOutcome, RealmReport, Reason};
use palatine_authn::{HashPool, HashSettings, Lane, Verdict};
use palatine_domain::client::{Client, ClientId, SecretVerifier};
use palatine_domain::credential::CredentialKind;
use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::ids::TenantScoped as _;
use palatine_domain::tenant::TenantVersion;
use palatine_domain::user::User;
use palatine_domain::{Ambient, RealmSlug, SecretText};
use palatine_store::{TenantRead, TenantScope};

use crate::support::TestStore;

pub(crate) struct World {
    pub(crate) db: TestStore,
    pub(crate) pool: HashPool,
    pub(crate) apply: Apply,
}

impl World {
    pub(crate) fn new(db: TestStore) -> Self {
        Self::with(db, SecretSources::default())
    }

    pub(crate) fn with(db: TestStore, secrets: SecretSources) -> Self {
        let cheap = HashSettings { memory_kib: 64, iterations: 1, threads: Some(1), ..HashSettings::default() };
        let pool = HashPool::start(&cheap, Ambient::system()).unwrap();
        let apply = Apply::new(db.store.clone(), pool.clone(), db.store.ambient().clone(), secrets);
        Self { db, pool, apply }
    }

    pub(crate) async fn run(&self, files: &[SourceFile]) -> Vec<RealmOutcome> {
        self.apply.run(files, &Reason::parse("a test").unwrap()).await
    }

    /// Applies the body of a document about the realm `acme`.
    pub(crate) async fn outcome(&self, body: &str) -> RealmOutcome {
        self.run(&[acme(body)]).await.pop().unwrap()
    }

    pub(crate) async fn applied(&self, body: &str) -> RealmReport {
        self.outcome(body).await.unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// What was changed, in words.
    pub(crate) async fn changes(&self, body: &str) -> Vec<String> {
        self.applied(body).await.changes.iter().map(ToString::to_string).collect()
    }

    pub(crate) async fn refusal(&self, body: &str) -> String {
        match self.outcome(body).await {
            Ok(report) => panic!("{report:?}"),
            Err(failure) => failure.to_string(),
        }
    }

    pub(crate) async fn scope(&self, slug: &str) -> TenantScope {
        self.db.store.tenant_by_slug(&RealmSlug::parse(slug).unwrap()).await.unwrap().unwrap().0
    }

    pub(crate) async fn exists(&self, slug: &str) -> bool {
        self.db.store.tenant_by_slug(&RealmSlug::parse(slug).unwrap()).await.unwrap().is_some()
    }

    pub(crate) async fn version(&self, slug: &str) -> TenantVersion {
        self.db.store.tenant_by_slug(&RealmSlug::parse(slug).unwrap()).await.unwrap().unwrap().1.version
    }

    pub(crate) async fn read(&self, slug: &str) -> TenantRead {
        self.db.store.read(&self.scope(slug).await).await.unwrap()
    }

    pub(crate) async fn client(&self, slug: &str, client_id: &str) -> Option<Client> {
        self.read(slug).await.clients().by_client_id(&ClientId::parse(client_id).unwrap()).await.unwrap()
    }

    pub(crate) async fn user(&self, slug: &str, username: &str) -> Option<User> {
        let name = NormalisedIdentifier::parse(username).unwrap();
        self.read(slug).await.users().by_identifier(&name).await.unwrap()
    }

    pub(crate) async fn roles_of(&self, slug: &str, username: &str) -> Vec<String> {
        let user = self.user(slug, username).await.unwrap();
        let roles = self.read(slug).await.roles().roles_of_user(user.id).await.unwrap();
        roles.into_iter().map(|role| role.name).collect()
    }

    /// Whether the client has that secret.
    pub(crate) async fn has_secret(&self, slug: &str, client_id: &str, secret: &str) -> bool {
        for stored in self.client(slug, client_id).await.unwrap().secrets {
            let SecretVerifier::Argon2id(phc) = stored.verifier else { continue };
            if self.matches(slug, secret, &phc).await {
                return true;
            }
        }
        false
    }

    /// Whether the user has that password.
    pub(crate) async fn has_password(&self, slug: &str, username: &str, password: &str) -> bool {
        let user = self.user(slug, username).await.unwrap();
        let credential = self.read(slug).await.credentials().password_of(user.id).await.unwrap();
        let Some(credential) = credential else { return false };
        let CredentialKind::Password(phc) = credential.kind;
        self.matches(slug, password, &phc).await
    }

    async fn matches(&self, slug: &str, secret: &str, phc: &str) -> bool {
        let tenant = self.scope(slug).await.tenant_id();
        self.pool.verify(tenant, Lane::Clients, SecretText::new(secret), phc).await.unwrap() == Verdict::Match
    }
}

/// A document about the realm `acme`; its body begins on line 4.
pub(crate) fn acme(body: &str) -> SourceFile {
    named("acme", body)
}

pub(crate) fn named(slug: &str, body: &str) -> SourceFile {
    let text = format!("apiVersion: palatine/v1\nkind: Realm\nrealm: {slug}\n{body}");
    SourceFile::at(format!("realms/{slug}.yaml"), text)
}
