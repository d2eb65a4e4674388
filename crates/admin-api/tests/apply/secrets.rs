//! Secrets and passwords.

use palatine_admin_api::document::SourceFile;
use palatine_admin_api::engine::SecretSources;
use palatine_domain::client::{ClientId, ClientSecret, SecretVerifier};
use palatine_domain::{Ambient, SecretText};

use crate::support::{TestStore, on_both_databases};
use crate::world::{World, named};

on_both_databases! {
    async fn a_secret_is_compared_by_verifying_and_replaced_when_it_is_another(db) {
        let world = World::new(db);
        let body = "clients:\n  job: {kind: service, secrets: {a: first-secret, b: second-secret}}\n";
        world.applied(body).await;
        assert_eq!(world.changes(body).await, [] as [&str; 0]);
        let other = body.replace("second-secret", "third-secret");
        assert_eq!(world.changes(&other).await, ["secret job/b updated"]);
        assert!(world.has_secret("acme", "job", "first-secret").await);
        assert!(world.has_secret("acme", "job", "third-secret").await);
        assert!(!world.has_secret("acme", "job", "second-secret").await);
        assert_eq!(world.client("acme", "job").await.unwrap().secrets.len(), 2);
    }

    async fn a_secret_that_we_generated_is_recognised(db) {
        let world = World::new(db);
        world.applied("clients:\n  job: {kind: service}\n").await;
        let generated = Ambient::system().secret();
        let secret = ClientSecret {
            id: Ambient::system().id(),
            label: "from the dashboard".into(),
            hint: String::new(),
            verifier: SecretVerifier::Sha256(generated.hash()),
            created_at: world.db.store.ambient().now(),
            expires_at: None,
            last_used_at: None,
        };
        let tx = world.db.store.write(&world.scope("acme").await).await.unwrap();
        let key = tx.clients().by_client_id(&ClientId::parse("job").unwrap()).await.unwrap().unwrap().key;
        assert!(tx.clients().add_secret(key, &secret).await.unwrap());
        tx.commit().await.unwrap();
        let body = format!("clients:\n  job: {{kind: service, secret: {}}}\n", generated.to_wire());
        assert_eq!(world.changes(&body).await, [] as [&str; 0]);
    }

    async fn a_client_holds_no_third_secret_that_somebody_chose(db) {
        let world = World::new(db);
        world.applied("clients:\n  job: {kind: service, secrets: {a: first-secret, b: second-secret}}\n").await;
        let refusal = world.refusal("clients:\n  job: {kind: service, secrets: {c: third-secret}}\n").await;
        assert!(refusal.contains("acme.yaml:5:34: the realm would hold too many imported secrets"), "{refusal}");
        assert_eq!(world.client("acme", "job").await.unwrap().secrets.len(), 2);
    }

    async fn an_initial_password_counts_at_creation_alone(db) {
        let world = World::new(db);
        world.applied("users:\n  ada: {initial_password: lantern gravel oboe}\n").await;
        assert!(world.has_password("acme", "ada", "lantern gravel oboe").await);
        let again = "users:\n  ada: {initial_password: cobalt thimble orchard}\n";
        assert_eq!(world.changes(again).await, [] as [&str; 0]);
        assert!(world.has_password("acme", "ada", "lantern gravel oboe").await);
        // Not even its source is looked at.
        assert_eq!(world.changes("users:\n  ada: {initial_password: env:NOWHERE}\n").await, [] as [&str; 0]);
    }

    async fn a_demo_password_is_for_demo_realms_alone(db) {
        let world = World::new(db);
        let body = "users:\n  john@acme.com: {email: john@acme.com, initial_password: secure123}\n";
        let refusal = world.refusal(body).await;
        assert!(refusal.contains("acme.yaml:5:41: this password is easy to guess"), "{refusal}");
        assert!(!refusal.contains("secure123") && !world.exists("acme").await);
        world.applied(&format!("profile: insecure-demo\n{body}")).await;
        assert!(world.has_password("acme", "john@acme.com", "secure123").await);
    }

    async fn a_realm_does_not_become_a_demo_realm_nor_cease_to_be_one(db) {
        let world = World::new(db);
        world.applied("").await;
        let refusal = world.refusal("profile: insecure-demo\nusers:\n  eve: {initial_password: password}\n").await;
        assert!(refusal.contains("acme.yaml:4:1: the realm `acme` has the profile `standard`"), "{refusal}");
        assert!(world.user("acme", "eve").await.is_none());
        world.run(&[named("demo", "profile: insecure-demo\n")]).await.remove(0).unwrap();
        let refused = world.run(&[named("demo", "")]).await.remove(0).unwrap_err().to_string();
        assert!(refused.contains("has the profile `insecure-demo`"), "{refused}");
    }
}

#[tokio::test]
async fn secrets_are_found_where_the_document_points() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("job.secret"), "from-the-file\n").unwrap();
    let sources = SecretSources::default()
        .with_environment(|name| (name == "JOB").then(|| "from-the-environment".to_owned()))
        .with_generated("ada", SecretText::new("lantern gravel oboe"));
    let world = World::with(TestStore::sqlite().await, sources);
    let text = "apiVersion: palatine/v1\nkind: Realm\nrealm: acme\nclients:\n  \
                job: {kind: service, secrets: {a: file:job.secret, b: env:JOB}}\n\
                users:\n  ada: {initial_password: generated:ada}\n";
    let outcome = world.run(&[SourceFile::at(folder.path().join("acme.yaml"), text)]).await.remove(0);
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(world.has_secret("acme", "job", "from-the-file").await);
    assert!(world.has_secret("acme", "job", "from-the-environment").await);
    assert!(world.has_password("acme", "ada", "lantern gravel oboe").await);
}

#[tokio::test]
async fn a_secret_that_is_not_there_names_its_place() {
    let world = World::new(TestStore::sqlite().await);
    for (source, words) in [
        ("env:NOWHERE", "acme.yaml:7:5: the environment variable NOWHERE is not set"),
        ("file:/nowhere/at/all", "acme.yaml:7:5: the file /nowhere/at/all cannot be read"),
        ("generated:job", "acme.yaml:7:5: nothing was generated under the name `job`"),
        ("''", "acme.yaml:7:5: this secret is empty"),
    ] {
        let refusal = world.refusal(&format!("clients:\n  job:\n    kind: service\n    secret: {source}\n")).await;
        assert!(refusal.contains(words), "{refusal}");
    }
    let long = format!("clients:\n  job:\n    kind: service\n    secret: {}\n", "x".repeat(513));
    assert!(world.refusal(&long).await.contains("acme.yaml:7:5: the secret is longer than 512 bytes"));
}
