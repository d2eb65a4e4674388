//! From a path segment to a realm.

use std::time::Duration;

use palatine_domain::RealmSlug;
use palatine_domain::tenant::TenantState;
use palatine_ephemeral::Ephemeral;
use palatine_realm::{ResolveError, Resolver, ResolverSettings};
use palatine_store::OperatorProof;

use crate::nodes::{at_once, make_realm, masters, name_on, node_over, node_with, realm_on_a_node, rename, settings};
use crate::support::{TestStore, on_both_databases};

async fn is_unknown(node: &Resolver, segment: &str) -> bool {
    matches!(node.by_slug(segment).await, Err(ResolveError::Unknown))
}

async fn set_state(db: &TestStore, slug: &str, state: TenantState) {
    let (_, tenant) = db.store.tenant_by_slug(&RealmSlug::parse(slug).unwrap()).await.unwrap().unwrap();
    let operator = db.store.as_operator(OperatorProof::command("test")).await.unwrap();
    operator.set_state(tenant.id, state).await.unwrap();
    operator.commit().await.unwrap();
}

on_both_databases! {
    async fn a_realm_is_found_by_its_slug_and_knows_where_it_is(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        assert_eq!(realm.slug().as_str(), "acme");
        assert_eq!(realm.issuer(), "https://id.example.com/auth/realms/acme");
        assert_eq!(realm.path(), "/auth/realms/acme");
        assert_eq!(realm.state(), TenantState::Active);
        assert_eq!(node.issuer_of(realm.slug()), realm.issuer());
        assert_eq!(node.path_of(realm.slug()), realm.path());
        assert_eq!((node.origin(), node.path_prefix()), ("https://id.example.com", "/auth"));
    }

    async fn a_realm_costs_six_statements_once_and_then_none(db) {
        make_realm(&db, "acme").await;
        let node = node_over(&db.store);
        let before = db.store.statements();
        node.by_slug("acme").await.unwrap();
        let loaded = db.store.statements();
        assert!(loaded - before <= 6, "{} statements", loaded - before);
        for _ in 0..10 {
            node.by_slug("acme").await.unwrap();
        }
        assert_eq!(db.store.statements(), loaded);
    }

    async fn sixty_four_requests_at_once_share_one_load(db) {
        make_realm(&db, "acme").await;
        let before = db.store.statements();
        node_over(&db.store).by_slug("acme").await.unwrap();
        let one_load = db.store.statements() - before;
        let node = node_over(&db.store);
        let before = db.store.statements();
        let answers = at_once(&[node], 64, |node| async move { node.by_slug("acme").await.is_ok() }).await;
        assert!(answers.into_iter().all(|found| found));
        assert_eq!(db.store.statements() - before, one_load);
    }

    async fn only_the_slug_itself_names_a_realm(db) {
        let (node, _) = realm_on_a_node(&db, "acme").await;
        let before = db.store.statements();
        let segments = ["", "Acme", "ACME", "%61cme", "acme%2F", "acme/", " acme", "acme ", "acme\0", "ácme", "acme?x"];
        for segment in segments {
            assert!(is_unknown(&node, segment).await, "{segment:?}");
        }
        assert_eq!(db.store.statements(), before, "no database is asked for what is no slug");
    }

    async fn a_suspended_realm_is_found_and_a_deleted_one_is_not(db) {
        let (node, _) = realm_on_a_node(&db, "acme").await;
        set_state(&db, "acme", TenantState::Suspended).await;
        assert_eq!(node.by_slug("acme").await.unwrap().state(), TenantState::Suspended);
        set_state(&db, "acme", TenantState::Deleting).await;
        assert!(is_unknown(&node, "acme").await);
    }

    async fn an_unknown_slug_is_remembered_for_its_time(db) {
        let node = node_over(&db.store);
        assert!(is_unknown(&node, "nobody").await);
        let asked = db.store.statements();
        db.clock.advance(Duration::from_millis(4_999));
        assert!(is_unknown(&node, "nobody").await);
        assert_eq!(db.store.statements(), asked);
        db.clock.advance(Duration::from_millis(1));
        assert!(is_unknown(&node, "nobody").await);
        assert!(db.store.statements() > asked);
    }

    async fn a_realm_that_was_unknown_a_moment_ago_is_found_once_it_is_made(db) {
        let node = node_over(&db.store);
        assert!(is_unknown(&node, "acme").await);
        make_realm(&db, "acme").await;
        assert_eq!(name_on(&node, "acme").await, "acme");
    }

    async fn a_flood_of_unknown_slugs_does_not_push_a_realm_out(db) {
        make_realm(&db, "acme").await;
        let small = ResolverSettings { cached_realms: 4, max_unknown_slugs: 4, ..settings() };
        let node = node_with(&db.store, small, masters(), Ephemeral::memory(db.store.ambient().clone()));
        node.by_slug("acme").await.unwrap();
        for i in 0..100 {
            assert!(is_unknown(&node, &format!("nobody-{i}")).await);
        }
        let asked = db.store.statements();
        node.by_slug("acme").await.unwrap();
        assert_eq!(db.store.statements(), asked);
    }

    async fn a_change_on_this_node_is_seen_by_its_next_request(db) {
        let (node, before) = realm_on_a_node(&db, "acme").await;
        rename(&db, "acme", "Acme Inc.").await;
        assert_eq!(name_on(&node, "acme").await, "Acme Inc.");
        assert_eq!(before.settings().display_name, "acme", "a request under way keeps what it has");
    }

    async fn without_a_database_known_realms_are_served_and_others_are_not_called_unknown(db) {
        make_realm(&db, "other").await;
        let (node, _) = realm_on_a_node(&db, "acme").await;
        db.store.close().await;
        assert!(node.by_slug("acme").await.is_ok());
        for segment in ["other", "nobody", "other"] {
            assert!(matches!(node.by_slug(segment).await, Err(ResolveError::Unavailable(_))), "{segment}");
        }
    }
}
