//! The files of `deploy/`.

use palatine_admin_api::document::SourceFile;
use palatine_admin_api::engine::{SecretSources, What};
use palatine_admin_api::ops::apply::RealmReport;
use palatine_domain::SecretText;
use palatine_domain::client::{Client, ClientAuthMethod, ClientKind};
use palatine_domain::policy::RegistrationPolicy;
use palatine_domain::tenant::RealmProfile;
use palatine_protocol::token::GrantType;
use palatine_store::OperatorProof;

use crate::support::{TestStore, on_both_databases};
use crate::world::World;

const SYSTEM: &str = include_str!("../../../../deploy/dev/system.yaml");
const DEV: &str = include_str!("../../../../deploy/dev/dev.yaml");
const ACME: &str = include_str!("../../../../deploy/dev/acme-corp.yaml");
const WIDGETS: &str = include_str!("../../../../deploy/dev/widgets-inc.yaml");
const CONFORMANCE: &str = include_str!("../../../../deploy/conformance/realm.yaml");
const BROWSER: &str = include_str!("../../../../tests/browser/realm.yaml");
const README: &str = include_str!("../../../../deploy/README.md");

fn demo_files() -> Vec<SourceFile> {
    let files = [("system", SYSTEM), ("dev", DEV), ("acme-corp", ACME), ("widgets-inc", WIDGETS)];
    files.into_iter().map(|(name, text)| SourceFile::embedded(format!("deploy/dev/{name}.yaml"), text)).collect()
}

fn operator_password() -> SecretSources {
    SecretSources::default().with_generated("operator", SecretText::new("q7Yx0Wd2-generated-Zr81"))
}

async fn demo(db: TestStore) -> World {
    let world = World::with(db, operator_password());
    let reports: Vec<RealmReport> = world.run(&demo_files()).await.into_iter().map(Result::unwrap).collect();
    assert!(reports.iter().all(|report| report.created));
    assert!(reports[0].has_created(What::User, "operator"));
    world
}

fn scopes(client: &Client, default: bool) -> Vec<&str> {
    client.scopes.iter().filter(|scope| scope.default == default).map(|scope| scope.scope.as_str()).collect()
}

on_both_databases! {
    async fn the_demo_realms_are_made_from_their_files(db) {
        let world = demo(db).await;
        let dev = world.read("dev").await.settings().get().await.unwrap();
        assert_eq!(dev.policy.registration, RegistrationPolicy::Open);
        assert!(!dev.policy.rate_limits.enabled && !dev.policy.lockout.enabled);
        assert!(world.has_password("dev", "dev@example.com", "dev-password-123").await);
        assert!(world.has_password("acme-corp", "john@acme.com", "secure123").await);
        assert!(world.has_password("widgets-inc", "jane@widgets.com", "secure456").await);
        let secrets = [
            ("dev", "test-app", "test-secret"),
            ("dev", "notification-service", "notification-secret"),
            ("dev", "service-api-client", "s3cr3tK3y123!"),
            ("dev", "internal-service", "Int3rnalK3y!"),
            ("acme-corp", "acme-app", "acme-secret"),
            ("widgets-inc", "widgets-app", "widgets-secret"),
        ];
        for (realm, client, secret) in secrets {
            assert!(world.has_secret(realm, client, secret).await, "{client}");
        }
        let operator = world.db.store.as_operator(OperatorProof::command("test")).await.unwrap();
        let insecure: Vec<_> = operator.insecure_tenants().await.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(insecure, ["acme-corp", "dev", "widgets-inc"]);
    }

    async fn the_demo_clients_may_do_what_their_kinds_do(db) {
        let world = demo(db).await;
        let app = world.client("dev", "test-app").await.unwrap();
        assert_eq!(app.settings.grant_types, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
        assert_eq!(app.settings.redirect_uris, ["http://localhost:3000/callback"]);
        assert!(app.settings.first_party && !app.settings.consent_required);
        assert_eq!(scopes(&app, false), ["offline_access"]);
        let mobile = world.client("dev", "mobile-app").await.unwrap();
        assert_eq!((mobile.settings.kind, mobile.settings.auth_method), (ClientKind::Native, ClientAuthMethod::None));
        assert_eq!(mobile.settings.redirect_uris, ["myapp://callback", "http://127.0.0.1/callback"]);
        let service = world.client("dev", "internal-service").await.unwrap();
        assert_eq!(service.settings.grant_types, [GrantType::ClientCredentials]);
        assert_eq!(scopes(&service, true), ["admin", "read", "write"]);
    }

    async fn each_demo_customer_has_its_own_people_and_fields(db) {
        let world = demo(db).await;
        let john = world.user("acme-corp", "john@acme.com").await.unwrap();
        assert!(john.email_verified);
        assert_eq!(john.custom["customer_id"], "cust-acme-1");
        assert_eq!(world.roles_of("acme-corp", "john@acme.com").await, ["realm-admin"]);
        let jane = world.user("widgets-inc", "jane@widgets.com").await.unwrap();
        assert_eq!((&jane.custom["department"], &jane.custom["role"]), (&"sales".into(), &"owner".into()));
        assert!(world.user("acme-corp", "jane@widgets.com").await.is_none());
        let acme = world.read("acme-corp").await.settings().get().await.unwrap();
        assert!(acme.custom_fields.iter().any(|field| field.claim == "customerId"));
    }

    async fn every_realm_has_the_built_in_scopes_and_its_admin_role(db) {
        let world = demo(db).await;
        let read = world.read("system").await;
        let scopes: Vec<_> = read.scopes().list().await.unwrap().into_iter().map(|s| s.scope.to_string()).collect();
        assert_eq!(
            scopes,
            [
                "address",
                "admin:read",
                "admin:write",
                "email",
                "groups",
                "offline_access",
                "openid",
                "phone",
                "profile",
                "roles"
            ]
        );
        let api = read.apis().by_identifier("palatine-admin").await.unwrap().unwrap();
        let owned = read.scopes().list().await.unwrap().into_iter().filter(|scope| scope.api == Some(api.id));
        assert_eq!(owned.count(), 2);
        assert!(read.roles().by_name(None, "realm-admin").await.unwrap().is_some());
    }

    async fn the_operator_gets_the_generated_password_once(db) {
        let world = demo(db).await;
        assert!(world.has_password("system", "operator", "q7Yx0Wd2-generated-Zr81").await);
        assert_eq!(world.roles_of("system", "operator").await, ["operator-admin", "realm-admin"]);
        let other = SecretSources::default().with_generated("operator", SecretText::new("another-generated-one-9"));
        let world = World::with(world.db, other);
        let report = world.run(&demo_files()).await.swap_remove(0).unwrap();
        assert!(!report.has_created(What::User, "operator"));
        assert!(world.has_password("system", "operator", "q7Yx0Wd2-generated-Zr81").await);
    }

    async fn the_demo_files_change_nothing_when_applied_again(db) {
        let world = demo(db).await;
        let mut before = Vec::new();
        for slug in ["system", "dev", "acme-corp", "widgets-inc"] {
            before.push(world.version(slug).await);
        }
        let reports: Vec<RealmReport> = world.run(&demo_files()).await.into_iter().map(Result::unwrap).collect();
        for (report, before) in reports.iter().zip(before) {
            assert!(!report.created && report.changes.is_empty(), "{report:?}");
            assert_eq!(world.version(report.slug.as_str()).await, before, "{}", report.slug);
        }
    }
}

#[tokio::test]
async fn the_realms_for_test_suites_are_made_from_their_files() {
    let world = World::new(TestStore::sqlite().await);
    let files = [SourceFile::at("realm.yaml", CONFORMANCE), SourceFile::at("browser.yaml", BROWSER)];
    for _ in 0..2 {
        for outcome in world.run(&files).await {
            let report = outcome.unwrap_or_else(|failure| panic!("{failure}"));
            assert_eq!(report.created, !report.changes.is_empty(), "{report:?}");
        }
    }
    let user = world.user("conformance", "conformance").await.unwrap();
    let claims = serde_json::to_value(&user.profile).unwrap();
    assert_eq!(claims.as_object().unwrap().len(), 15, "every standard claim that is no column of its own");
    assert_eq!(world.roles_of("conformance", "conformance").await, ["tester"]);
    let operator = world.db.store.as_operator(OperatorProof::command("test")).await.unwrap();
    let tenants = operator.tenants(None, 10).await.unwrap();
    assert!(tenants.iter().all(|tenant| tenant.profile == RealmProfile::InsecureDemo));
}

#[tokio::test]
async fn the_example_of_the_readme_is_a_document() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("owner.password"), "lantern gravel oboe\n").unwrap();
    let secrets =
        SecretSources::default().with_environment(|name| (name == "STOREFRONT_SECRET").then(|| "s3cret-one".into()));
    let world = World::with(TestStore::sqlite().await, secrets);
    let example = README.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let outcome = world.run(&[SourceFile::at(folder.path().join("shop.yaml"), example)]).await.swap_remove(0);
    assert!(outcome.unwrap_or_else(|failure| panic!("{failure}")).created);
    assert!(world.has_password("shop", "owner@example.com", "lantern gravel oboe").await);
}
