//! Keycloak's exports in real databases: their people sign in with the passwords they had.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up must fail")]

#[path = "../../../store/tests/support/mod.rs"]
mod support;

use palatine_admin_api::engine::SecretSources;
use palatine_admin_api::keycloak::{self, Conversion};
use palatine_admin_api::ops::apply::{Apply, RealmOutcome, RealmReport, Reason};
use palatine_admin_api::ops::import;
use palatine_authn::{Authenticator, Conclusion, HashPool, HashSettings, SignInAttempt, SignInOutcome};
use palatine_domain::credential::CredentialKind;
use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::policy::RealmPolicy;
use palatine_domain::user::User;
use palatine_domain::{Ambient, RealmSlug, SecretText};
use palatine_store::TenantScope;
use support::{TestStore, on_both_databases};

const ACME: &str = include_str!("acme-realm.json");
const USERS: &str = include_str!("acme-users-0.json");

/// Each by another algorithm.
const PEOPLE: [(&str, &str); 5] = [
    ("ada", "lantern gravel oboe"),
    ("ben", "cobalt thimble orchard"),
    ("cleo", "marble kettle violin"),
    ("dora", "velvet anchor tundra"),
    ("finn", "pewter lagoon sonnet"),
];

struct World {
    db: TestStore,
    apply: Apply,
    authenticator: Authenticator,
}

impl World {
    fn new(db: TestStore) -> Self {
        let cheap = HashSettings { memory_kib: 64, iterations: 1, threads: Some(2), ..HashSettings::default() };
        let pool = HashPool::start(&cheap, Ambient::system()).unwrap();
        let ambient = db.store.ambient().clone();
        let apply = Apply::new(db.store.clone(), pool.clone(), ambient.clone(), SecretSources::default());
        Self { db, apply, authenticator: Authenticator::new(pool, ambient) }
    }

    async fn outcomes(&self, conversion: Conversion) -> Vec<RealmOutcome> {
        let mut outcomes = Vec::new();
        for step in import::steps(conversion.document, "export.json").unwrap() {
            outcomes.extend(self.apply.run(&[step], &Reason::parse("a test").unwrap()).await);
        }
        outcomes
    }

    async fn imported(&self, files: &[&str], slug: Option<&str>) -> RealmReport {
        let slug = slug.map(|slug| RealmSlug::parse(slug).unwrap());
        let conversion = keycloak::convert(files, slug.as_ref()).unwrap();
        let mut outcomes = self.outcomes(conversion).await;
        outcomes.pop().unwrap().unwrap_or_else(|failure| panic!("{failure}"))
    }

    async fn scope(&self, slug: &str) -> TenantScope {
        self.db.store.tenant_by_slug(&RealmSlug::parse(slug).unwrap()).await.unwrap().unwrap().0
    }

    async fn user(&self, slug: &str, username: &str) -> User {
        let name = NormalisedIdentifier::parse(username).unwrap();
        let tx = self.db.store.read(&self.scope(slug).await).await.unwrap();
        tx.users().by_identifier(&name).await.unwrap().unwrap()
    }

    async fn stored_password(&self, slug: &str, username: &str) -> String {
        let user = self.user(slug, username).await;
        let tx = self.db.store.read(&self.scope(slug).await).await.unwrap();
        let CredentialKind::Password(hash) = tx.credentials().password_of(user.id).await.unwrap().unwrap().kind;
        hash
    }

    /// As the login page does it; whether it lets the person in.
    async fn signs_in(&self, slug: &str, username: &str, password: &str) -> bool {
        let scope = self.scope(slug).await;
        let attempt = SignInAttempt {
            identifier: username,
            password: SecretText::new(password),
            address: "192.0.2.1",
            device: None,
            request_id: "req-1",
            user_agent: "Browser/1",
            client: None,
        };
        let policy = RealmPolicy::default();
        let outcome = self.authenticator.sign_in(&self.db.store, &scope, &policy, attempt).await.unwrap();
        let SignInOutcome::Proved(proved) = outcome else { return false };
        let tx = self.db.store.write(&scope).await.unwrap();
        let session = self.db.store.ambient().id();
        assert_eq!(self.authenticator.conclude_success(&tx, &proved, session).await.unwrap(), Conclusion::Concluded);
        tx.commit().await.unwrap();
        true
    }
}

on_both_databases! {
    async fn people_sign_in_with_their_old_passwords_and_get_hashes_of_ours(db) {
        let world = World::new(db);
        let report = world.imported(&[ACME, USERS], None).await;
        assert_eq!((report.slug.as_str(), report.created), ("acme-shop", true));
        for (username, password) in PEOPLE {
            let before = world.stored_password("acme-shop", username).await;
            assert!(!before.starts_with("$argon2id$v=19$m=64,"), "{username}: {before}");
            assert!(!world.signs_in("acme-shop", username, "another password").await, "{username}");
            assert_eq!(world.stored_password("acme-shop", username).await, before);
            assert!(world.signs_in("acme-shop", username, password).await, "{username}");
            let after = world.stored_password("acme-shop", username).await;
            assert!(after.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{username}: {after}");
            assert!(world.signs_in("acme-shop", username, password).await, "{username}, once more");
        }
        assert!(!world.signs_in("acme-shop", "eli", "any").await, "a user whose hash was not imported");
    }

    async fn people_keep_their_sub_their_names_and_their_roles(db) {
        let world = World::new(db);
        world.imported(&[ACME, USERS], None).await;
        let ada = world.user("acme-shop", "ada").await;
        assert_eq!(ada.subject, "5f0f4dcb-0000-4000-8000-000000000064");
        assert_eq!((ada.email.as_deref(), ada.email_verified), (Some("ada@acme.example"), true));
        assert_eq!(ada.profile.name.as_deref(), Some("Ada Example"));
        assert!(!world.user("acme-shop", "eli").await.enabled);
        let tx = world.db.store.read(&world.scope("acme-shop").await).await.unwrap();
        let mut roles: Vec<_> =
            tx.roles().direct_roles_of_user(ada.id).await.unwrap().into_iter().map(|role| role.name).collect();
        roles.sort();
        assert_eq!(roles, ["customer", "editor", "realm-admin"]);
    }

    async fn importing_again_changes_nothing_and_resets_no_password(db) {
        let world = World::new(db);
        world.imported(&[ACME, USERS], None).await;
        assert!(world.signs_in("acme-shop", "ada", "lantern gravel oboe").await);
        let ours = world.stored_password("acme-shop", "ada").await;
        let again = world.imported(&[ACME, USERS], None).await;
        assert_eq!((again.created, again.changes.len()), (false, 0));
        assert_eq!(world.stored_password("acme-shop", "ada").await, ours);
    }
}

#[tokio::test]
async fn an_export_that_lacks_a_part_imports_without_it() {
    let world = World::new(TestStore::sqlite().await);
    for (number, part) in
        ["roles", "defaultRole", "groups", "clients", "clientScopes", "scopeMappings", "users", "components"]
            .into_iter()
            .enumerate()
    {
        let mut export: serde_json::Value = serde_json::from_str(ACME).unwrap();
        export.as_object_mut().unwrap().remove(part).unwrap();
        let report = world.imported(&[&export.to_string()], Some(&format!("without-{number}"))).await;
        assert!(report.created, "without {part}");
    }
}

#[tokio::test]
async fn a_document_with_a_hash_that_cannot_be_used_is_refused_with_its_place() {
    let world = World::new(TestStore::sqlite().await);
    for (user, words) in [
        ("{password_hash: hunter2}", "acme.yaml:5:9: this password hash cannot be used: it is none of argon2"),
        ("{password_hash: $2b$31$x}", "bcrypt"),
        (
            "{password_hash: '$2a$04$QF0pQPneIhEx.w/kiSqRAeUKZPrU8GDCivrNMUHjWYXj0LFq1DjY6', initial_password: x}",
            "either",
        ),
    ] {
        let text = format!("apiVersion: palatine/v1\nkind: Realm\nrealm: acme\nusers:\n  ada: {user}\n");
        let file = palatine_admin_api::document::SourceFile::at("acme.yaml", text);
        let outcome = world.apply.run(&[file], &Reason::parse("a test").unwrap()).await.remove(0);
        let refusal = outcome.unwrap_err().to_string();
        assert!(refusal.contains(words) && !refusal.contains("hunter2"), "{refusal}");
    }
}
