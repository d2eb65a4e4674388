//! A realm as the document that would make it.

use palatine_admin_api::document::SourceFile;
use palatine_admin_api::ops::export::{export, export_with_hashes};
use palatine_domain::client::{ClientId, ClientSecret, SecretVerifier};
use palatine_domain::{Ambient, RealmSlug};

use crate::support::{TestStore, on_both_databases};
use crate::world::World;

const DEV: &str = include_str!("../../../../deploy/dev/dev.yaml");
const CONFORMANCE: &str = include_str!("../../../../deploy/conformance/realm.yaml");
const BROWSER: &str = include_str!("../../../../tests/browser/realm.yaml");

async fn exported(world: &World, slug: &str) -> String {
    export(&world.db.store, &RealmSlug::parse(slug).unwrap(), true).await.unwrap()
}

async fn with_hashes(world: &World, slug: &str) -> String {
    export_with_hashes(&world.db.store, &RealmSlug::parse(slug).unwrap(), true).await.unwrap()
}

/// The realm that a document is about.
fn slug_of(document: &str) -> &str {
    document.lines().find_map(|line| line.strip_prefix("realm: ")).unwrap()
}

async fn apply(world: &World, document: &str) -> usize {
    let outcome = world.run(&[SourceFile::embedded("realm.yaml".to_owned(), document)]).await.pop().unwrap();
    outcome.unwrap_or_else(|failure| panic!("{failure}")).changes.len()
}

on_both_databases! {
    async fn what_is_exported_makes_the_same_realm_elsewhere_and_changes_nothing_here(db) {
        let world = World::new(db);
        for document in [DEV, CONFORMANCE, BROWSER] {
            let slug = slug_of(document);
            apply(&world, document).await;
            let text = exported(&world, slug).await;
            assert_eq!(apply(&world, &text).await, 0, "{slug}");
            let elsewhere = text.replace(&format!("\nrealm: {slug}\n"), "\nrealm: elsewhere\n");
            assert_ne!(elsewhere, text);
            if !world.exists("elsewhere").await {
                apply(&world, &elsewhere).await;
                assert_eq!(exported(&world, "elsewhere").await, elsewhere);
            }
        }
    }

    async fn secrets_and_passwords_are_in_no_export(db) {
        let world = World::new(db);
        world
            .applied(
                "clients:\n  app:\n    kind: web\n    secret: a-secret-of-the-app\n    redirect_uris: [https://app.example/]\n\
                 users:\n  ada:\n    initial_password: copper-meadow-9\n",
            )
            .await;
        let text = exported(&world, "acme").await;
        assert!(text.contains("app:") && text.contains("ada:"), "{text}");
        assert!(!text.contains("a-secret-of-the-app") && !text.contains("copper-meadow-9"), "{text}");
        assert!(!text.contains("$argon2"), "{text}");
    }

    async fn with_its_hashes_a_realm_moves_with_what_its_people_and_clients_have(db) {
        let world = World::new(db);
        world
            .applied(
                "custom_fields: {floor: {type: number}}\n\
                 clients:\n  job: {kind: service, secrets: {a: first-secret, b: second-secret}}\n  robot: {kind: service}\n\
                 users:\n  ada: {initial_password: lantern gravel oboe, custom: {floor: 3}}\n  eve: {}\n\
                 \x20 ben: {password_hash: '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$pZ0aIqNVHbJZ7rRcNa8jv1e6EJm0Zc2DZR3jSLPwJgM'}\n",
            )
            .await;
        let generated = [("made", None), ("made", Some(86_400)), ("over", Some(0))].map(|(label, seconds)| {
            let secret = Ambient::system().secret();
            let now = world.db.store.ambient().now();
            let expires_at = seconds.map(|seconds| now.plus(std::time::Duration::from_secs(seconds)));
            let verifier = SecretVerifier::Sha256(secret.hash());
            let (id, label, hint) = (Ambient::system().id(), label.to_owned(), "wxyz".to_owned());
            ClientSecret { id, label, hint, verifier, created_at: now, expires_at, last_used_at: None }
        });
        let tx = world.db.store.write(&world.scope("acme").await).await.unwrap();
        let robot = tx.clients().by_client_id(&ClientId::parse("robot").unwrap()).await.unwrap().unwrap().key;
        for secret in &generated {
            assert!(tx.clients().add_secret(robot, secret).await.unwrap());
        }
        tx.commit().await.unwrap();

        let text = with_hashes(&world, "acme").await;
        assert_eq!(text.matches("$argon2id$").count(), 4, "{text}");
        assert!(text.contains("made 2:") && text.contains("hint: wxyz") && !text.contains("over:"), "{text}");
        assert_eq!(apply(&world, &text).await, 0, "the realm has all of it");
        let elsewhere = text.replace("\nrealm: acme\n", "\nrealm: elsewhere\n");
        let report = world.run(&[SourceFile::at("elsewhere.yaml", &elsewhere)]).await.pop().unwrap().unwrap();
        assert!(!format!("{report:?}").contains("argon2"), "{report:?}");
        assert_eq!(with_hashes(&world, "elsewhere").await, elsewhere);
        assert!(world.has_password("elsewhere", "ada", "lantern gravel oboe").await);
        assert!(world.has_secret("elsewhere", "job", "first-secret").await);
        assert!(world.has_secret("elsewhere", "job", "second-secret").await);
        let robot = world.client("elsewhere", "robot").await.unwrap();
        assert_eq!(robot.secrets.len(), 2);
        for stored in &robot.secrets {
            let SecretVerifier::Sha256(stored) = &stored.verifier else { panic!("{stored:?}") };
            let is = |secret: &ClientSecret| matches!(&secret.verifier, SecretVerifier::Sha256(own) if own.matches(stored));
            assert!(generated.iter().any(is));
        }
        assert!(!exported(&world, "elsewhere").await.contains("hash"));
        // A password that was changed since stays; a secret that is another takes the place of the one of its label.
        let job = &elsewhere[elsewhere.find("  job:").unwrap()..];
        let first = &job[job.find("$argon2id$").unwrap()..];
        let first = first.split_whitespace().next().unwrap().trim_matches(['"', '\'']);
        let other = elsewhere.replacen(first, "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$pZ0aIqNVHbJZ7rRcNa8jv1e6EJm0Zc2DZR3jSLPwJgM", 1);
        let report = world.run(&[SourceFile::at("elsewhere.yaml", &other)]).await.pop().unwrap().unwrap();
        assert_eq!(report.changes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["secret job/a updated"]);
        assert!(!world.has_secret("elsewhere", "job", "first-secret").await);
    }
}
