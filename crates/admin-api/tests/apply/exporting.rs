//! A realm as the document that would make it.

use palatine_admin_api::document::SourceFile;
use palatine_admin_api::ops::export::export;
use palatine_domain::RealmSlug;

use crate::support::{TestStore, on_both_databases};
use crate::world::World;

const DEV: &str = include_str!("../../../../deploy/dev/dev.yaml");
const CONFORMANCE: &str = include_str!("../../../../deploy/conformance/realm.yaml");
const BROWSER: &str = include_str!("../../../../tests/browser/realm.yaml");

async fn exported(world: &World, slug: &str) -> String {
    export(&world.db.store, &RealmSlug::parse(slug).unwrap(), true).await.unwrap()
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
}
