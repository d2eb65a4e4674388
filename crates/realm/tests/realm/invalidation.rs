//! How nodes hear of each other's changes.

use std::time::Duration;

use palatine_domain::api::Api;
use palatine_domain::ids::TenantScoped as _;
use palatine_domain::{Ambient, RealmSlug};
use palatine_ephemeral::{Ephemeral, Invalidation};
use palatine_realm::{FreshnessState, Resolver, ResolverSettings};
use palatine_store::Store;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::nodes::{make_realm, masters, name_on, node_over, node_with, other_node, realm_on_a_node, rename, settings};
use crate::support::{TestStore, on_both_databases, postgres_url};

/// Longer than any test: what is heard was heard from the bus.
const NEVER: u64 = 3_600_000;

/// Asks until the answer is there.
async fn soon(node: &Resolver, slug: &str, name: &str) {
    let hear = async {
        while name_on(node, slug).await != name {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), hear).await.unwrap();
}

on_both_databases! {
    async fn a_change_on_another_node_is_seen_after_one_poll(db) {
        make_realm(&db, "acme").await;
        let node = other_node(&db).await;
        assert_eq!(name_on(&node, "acme").await, "acme");
        rename(&db, "acme", "Acme Inc.").await;
        assert_eq!(name_on(&node, "acme").await, "acme", "nothing was heard yet");
        node.poll().await.unwrap();
        assert_eq!(name_on(&node, "acme").await, "Acme Inc.");
    }

    async fn a_realm_made_on_another_node_is_found_after_one_poll(db) {
        let node = other_node(&db).await;
        assert!(node.by_slug("acme").await.is_err());
        make_realm(&db, "acme").await;
        node.poll().await.unwrap();
        assert!(node.by_slug("acme").await.is_ok());
    }

    async fn a_poll_reaches_back_to_the_last_one_that_was_answered(db) {
        make_realm(&db, "acme").await;
        let node = other_node(&db).await;
        assert_eq!(name_on(&node, "acme").await, "acme");
        rename(&db, "acme", "Acme Inc.").await;
        // An hour without an answer.
        db.clock.advance(Duration::from_hours(1));
        node.poll().await.unwrap();
        assert_eq!(name_on(&node, "acme").await, "Acme Inc.");
    }

    async fn a_poll_that_brings_no_news_reloads_nothing(db) {
        let (node, _) = realm_on_a_node(&db, "acme").await;
        node.poll().await.unwrap();
        node.by_slug("acme").await.unwrap();
        let before = db.store.statements();
        node.poll().await.unwrap();
        let polled = db.store.statements();
        assert_eq!(polled - before, 1);
        node.by_slug("acme").await.unwrap();
        assert_eq!(db.store.statements(), polled);
    }

    async fn an_old_snapshot_is_never_kept_over_newer_news(db) {
        make_realm(&db, "acme").await;
        let ephemeral = Ephemeral::memory(db.store.ambient().clone());
        let store = Store::connect(&db.database.settings, db.store.ambient().clone()).await.unwrap();
        let node = node_with(&store, settings(), masters(), ephemeral.clone());
        let realm = node.by_slug("acme").await.unwrap();
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn({
            let node = node.clone();
            async move { node.run_invalidation(async { drop(ended.await) }).await }
        });
        // News of a version that this node cannot read yet, as if its load had begun before the commit.
        let next = Invalidation { tenant: realm.scope().tenant_id(), version: realm.version().0 + 1 };
        let reloads = async {
            loop {
                ephemeral.global().publish(next).await;
                let before = store.statements();
                node.by_slug("acme").await.unwrap();
                if store.statements() - before > 5 {
                    break;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), reloads).await.unwrap();
        rename(&db, "acme", "Acme Inc.").await;
        assert_eq!(name_on(&node, "acme").await, "Acme Inc.");
        drop(end);
        running.await.unwrap();
    }

    async fn the_bus_brings_a_change_before_any_poll(db) {
        make_realm(&db, "acme").await;
        let ephemeral = Ephemeral::memory(db.store.ambient().clone());
        let rarely = ResolverSettings { poll_interval_millis: NEVER, ..settings() };
        let far = Store::connect(&db.database.settings, db.store.ambient().clone()).await.unwrap();
        let nodes = [&db.store, &far].map(|store| node_with(store, rarely.clone(), masters(), ephemeral.clone()));
        let (end, _) = tokio::sync::broadcast::channel::<()>(1);
        let running = nodes.clone().map(|node| {
            let mut ended = end.subscribe();
            tokio::spawn(async move { node.run_invalidation(async { drop(ended.recv().await) }).await })
        });
        let [near, far] = nodes;
        assert_eq!(name_on(&far, "acme").await, "acme");
        // Whichever is first, the subscription or the change: one of these is heard.
        for name in ["Acme", "Acme Inc."] {
            rename(&db, "acme", name).await;
            soon(&near, "acme", name).await;
        }
        soon(&far, "acme", "Acme Inc.").await;
        drop(end);
        for running in running {
            running.await.unwrap();
        }
    }

    async fn a_node_that_has_just_polled_is_fresh(db) {
        let node = node_over(&db.store);
        node.poll().await.unwrap();
        assert_eq!(node.freshness().state, FreshnessState::Fresh);
        db.clock.advance(Duration::from_hours(24));
        assert_eq!(node.freshness().state, FreshnessState::Fresh, "the wall clock does not matter");
        db.store.close().await;
        assert!(node.poll().await.is_err());
    }
}

/// A load that has read the version and stops before the settings, while the realm changes.
#[tokio::test]
async fn a_load_that_a_change_overtakes_is_repeated() {
    let db = TestStore::postgres().await;
    make_realm(&db, "acme").await;
    let node = other_node(&db).await;
    let mut locker = lock_settings(&db).await;
    let loading = tokio::spawn({
        let node = node.clone();
        async move { node.by_slug("acme").await.unwrap().catalogue().apis().len() }
    });
    wait_for_a_waiter(&mut locker).await;
    let slug = RealmSlug::parse("acme").unwrap();
    let (scope, before) = db.store.tenant_by_slug(&slug).await.unwrap().unwrap();
    let tx = db.store.write(&scope).await.unwrap();
    tx.apis().insert(&api(db.store.ambient())).await.unwrap();
    tx.commit().await.unwrap();
    node.poll().await.unwrap();
    locker.execute("COMMIT").await.unwrap();
    assert_eq!(loading.await.unwrap(), 1);
    assert!(node.by_slug("acme").await.unwrap().version() > before.version);
}

/// Nobody reads settings until this connection commits.
async fn lock_settings(db: &TestStore) -> PgConnection {
    let database = db.database.settings.url.expose().rsplit('/').next().unwrap();
    let mut locker = PgConnection::connect(&postgres_url(database)).await.unwrap();
    locker.execute("BEGIN; LOCK TABLE realm_settings IN ACCESS EXCLUSIVE MODE").await.unwrap();
    locker
}

async fn wait_for_a_waiter(locker: &mut PgConnection) {
    let waiting = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database \
                   WHERE NOT granted AND d.datname = current_database()";
    let wait = async {
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *locker).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap();
}

fn api(ambient: &Ambient) -> Api {
    Api {
        id: ambient.id(),
        identifier: "orders".to_owned(),
        name: "Orders".to_owned(),
        profile: None,
        algorithm: None,
        client: None,
    }
}
