//! A realm is its whole document, or what it was.

use palatine_domain::audit::AuditKind;
use palatine_store::AuditFilter;

use crate::support::{TestStore, on_both_databases};
use crate::world::{World, acme, named};

on_both_databases! {
    async fn a_bad_client_leaves_its_realm_as_it_was_and_the_others_are_applied(db) {
        let world = World::new(db);
        world.applied("display_name: Before\n").await;
        let version = world.version("acme").await;
        let bad = "display_name: After\nclients:\n  shop:\n    kind: web\n    redirect_uris: [ftp://x]\n";
        let outcomes = world.run(&[named("first", ""), acme(bad), named("last", "")]).await;
        let applied: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
        assert_eq!(applied, [true, false, true]);
        assert_eq!(world.read("acme").await.settings().get().await.unwrap().display_name, "Before");
        assert_eq!(world.version("acme").await, version);
        assert!(world.exists("first").await && world.exists("last").await);
    }

    async fn what_fails_in_the_middle_of_writing_is_undone_whole(db) {
        let world = World::new(db);
        world.applied("clients:\n  shop: {kind: service}\n").await;
        let version = world.version("acme").await;
        // Only the database knows that the subject is taken, and it is asked last.
        let refusal = world
            .refusal("display_name: After\nroles:\n  clerk: {}\nusers:\n  eve:\n    subject: shop\n")
            .await;
        assert!(refusal.contains("acme.yaml:8:3: another user, or a client, has this subject"), "{refusal}");
        let read = world.read("acme").await;
        assert_eq!(read.settings().get().await.unwrap().display_name, "acme");
        assert!(read.roles().by_name(None, "clerk").await.unwrap().is_none());
        assert!(world.user("acme", "eve").await.is_none());
        assert_eq!(world.version("acme").await, version);
    }

    async fn a_realm_that_cannot_be_filled_is_not_made(db) {
        let world = World::new(db);
        world.refusal("apis:\n  api: {scopes: {read: Read}}\nusers:\n  eve: {roles: [nobody]}\n").await;
        assert!(!world.exists("acme").await);
    }

    async fn two_who_make_the_same_realm_at_once_both_succeed(db) {
        let world = World::new(db);
        let body = "clients:\n  shop: {kind: service, secret: a-secret}\nusers:\n  ada: {email: ada@example.com}\n";
        let (one, two) = tokio::join!(world.applied(body), world.applied(body));
        assert_ne!(one.created, two.created);
        assert!(world.applied(body).await.changes.is_empty());
    }

    async fn two_who_change_the_same_secret_at_once_both_succeed(db) {
        let world = World::new(db);
        let body = "clients:\n  shop: {kind: service, secret: first-secret}\n";
        world.applied(body).await;
        let body = body.replace("first", "second");
        let (one, two) = tokio::join!(world.changes(&body), world.changes(&body));
        assert_eq!([one, two].concat(), ["secret shop/main updated"], "the other one found it done");
        assert_eq!(world.client("acme", "shop").await.unwrap().secrets.len(), 1);
        assert!(world.has_secret("acme", "shop", "second-secret").await);
    }

    async fn what_was_applied_stands_in_the_audit_log_with_its_reason(db) {
        let world = World::new(db);
        world.applied("clients:\n  shop: {kind: service, secret: hunter2-hunter2}\n").await;
        world.applied("clients:\n  shop: {kind: service, secret: hunter2-hunter2}\n").await;
        let filter = AuditFilter { kinds: vec![AuditKind::ConfigurationApplied], ..AuditFilter::default() };
        let events = world.read("acme").await.audit().list(&filter, None, 10).await.unwrap();
        assert_eq!(events.len(), 1, "the second time nothing changed");
        let shown = format!("{:?}", events[0]);
        assert!(shown.contains("a test") && shown.contains(r#""shop""#), "{shown}");
        let changes = events[0].details["changes"].as_array().unwrap();
        let shop = changes.iter().find(|change| change["name"] == "shop").unwrap();
        assert_eq!((&shop["what"], &shop["act"]), (&"client".into(), &"created".into()));
        let kind = shop["differences"].as_array().unwrap().iter().find(|one| one["at"] == "/kind").unwrap();
        assert_eq!(kind["after"], "service");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
