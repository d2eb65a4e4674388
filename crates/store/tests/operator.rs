//! What operators and background jobs do across tenants.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use palatine_domain::RealmSlug;
use palatine_domain::admin::AdminRealm;
use palatine_domain::ids::TenantScoped as _;
use palatine_domain::key::{DataKey, MasterKeyId};
use palatine_domain::policy::RealmPolicy;
use palatine_domain::tenant::{Branding, RealmProfile, RealmSettings, TenantState};
use palatine_store::{OperatorProof, OperatorTx, StoreError, TenantFilter};
use support::{START, TestStore, on_both_databases};

fn slug(text: &str) -> RealmSlug {
    RealmSlug::parse(text).unwrap()
}

fn acme() -> RealmSettings {
    RealmSettings {
        display_name: "Acme".to_owned(),
        branding: Branding::default(),
        policy: RealmPolicy::default(),
        custom_fields: vec![],
    }
}

async fn operator(db: &TestStore) -> OperatorTx {
    db.store.as_operator(OperatorProof::command("test")).await.unwrap()
}

on_both_databases! {
    async fn a_tenant_is_made_with_what_it_is_filled_with_or_not_at_all(db) {
        let mut changes = db.store.version_changes();
        let tx = operator(&db).await.create_tenant(&slug("acme"), RealmProfile::Standard).await.unwrap();
        drop(tx);
        assert!(db.store.tenant_by_slug(&slug("acme")).await.unwrap().is_none());

        let tx = operator(&db).await.create_tenant(&slug("acme"), RealmProfile::InsecureDemo).await.unwrap();
        let settings = acme();
        tx.settings().put(&settings).await.unwrap();
        tx.commit().await.unwrap();
        let (scope, tenant) = db.store.tenant_by_slug(&slug("acme")).await.unwrap().unwrap();
        assert_eq!((tenant.state, tenant.profile), (TenantState::Active, RealmProfile::InsecureDemo));
        assert_eq!((tenant.version.0, tenant.created_at), (1, START));
        assert_eq!(db.store.read(&scope).await.unwrap().settings().get().await.unwrap(), settings);
        let announced = changes.try_recv().unwrap();
        assert_eq!((announced.tenant, announced.version), (scope.tenant_id(), tenant.version));
        assert!(changes.try_recv().is_err());
    }

    async fn a_tenant_is_made_with_its_built_in_roles_and_those_of_operators_are_in_system_alone(db) {
        for (name, kind) in [("system", AdminRealm::System), ("acme", AdminRealm::Customer)] {
            let scope = db.tenant(name).await;
            let roles = db.store.read(&scope).await.unwrap().roles().list().await.unwrap();
            let mut found: Vec<_> = roles.iter().map(|role| role.built_in(kind).unwrap()).collect();
            found.sort_unstable();
            assert_eq!(found, kind.roles(), "{name}");
            assert!(roles.iter().all(|role| role.description == role.built_in(kind).unwrap().description()));
        }
    }

    async fn a_slug_is_given_once(db) {
        db.tenant("acme").await;
        let error = operator(&db).await.create_tenant(&slug("acme"), RealmProfile::Standard).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict { what: "slug" }), "{error}");
    }

    async fn tenants_are_listed_by_slug_in_pages(db) {
        for name in ["b", "a", "c-1", "c"] {
            db.tenant(name).await;
        }
        let tx = operator(&db).await;
        let page = tx.tenants(None, 3).await.unwrap();
        assert_eq!(page.iter().map(|t| t.slug.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        let page = tx.tenants(page.last().map(|tenant| &tenant.slug), 3).await.unwrap();
        assert_eq!(page.iter().map(|t| t.slug.as_str()).collect::<Vec<_>>(), ["c-1"]);
    }

    async fn tenants_are_found_by_words_of_slug_and_name_in_pages(db) {
        for (name, display_name) in [("acme-north", "Acme North"), ("acme-south", "Ünited Bakers"), ("zoo", "The Zoo")] {
            let tx = db.store.write(&db.tenant(name).await).await.unwrap();
            tx.settings().put(&RealmSettings { display_name: display_name.to_owned(), ..acme() }).await.unwrap();
            tx.commit().await.unwrap();
        }
        db.tenant("bare").await;
        let suspend = operator(&db).await;
        let south = suspend.tenant(&slug("acme-south")).await.unwrap().unwrap();
        assert!(suspend.set_state(south.id, TenantState::Suspended).await.unwrap());
        suspend.commit().await.unwrap();
        let tx = operator(&db).await;
        let found = async |text: &str, state: Option<TenantState>, after: Option<&str>, limit: u64| {
            let filter = TenantFilter { text: text.to_owned(), state };
            let found = tx.search_tenants(&filter, after.map(slug).as_ref(), limit).await.unwrap();
            found.iter().map(|tenant| tenant.slug.to_string()).collect::<Vec<_>>().join(" ")
        };
        let (active, suspended) = (Some(TenantState::Active), Some(TenantState::Suspended));
        assert_eq!(found("", None, None, 9).await, "acme-north acme-south bare zoo");
        assert_eq!(found("", suspended, None, 9).await, "acme-south");
        assert_eq!(found("ACM", None, None, 9).await, "acme-north acme-south");
        assert_eq!(found("acme", None, None, 1).await, "acme-north");
        assert_eq!(found("acme", None, Some("acme-north"), 9).await, "acme-south");
        assert_eq!(found("acme", active, None, 9).await, "acme-north");
        assert_eq!(found("ünited acme", None, None, 9).await, "acme-south", "words of both, in any order");
        assert_eq!(found("bak nor", None, None, 9).await, "");
        assert_eq!(found("bar", None, None, 9).await, "bare", "also before it has settings");
        assert_eq!(found("the", suspended, None, 9).await, "");
    }

    async fn a_tenant_is_found_by_its_former_name_no_more(db) {
        let scope = db.tenant("acme").await;
        for display_name in ["Old", "New"] {
            let tx = db.store.write(&scope).await.unwrap();
            tx.settings().put(&RealmSettings { display_name: display_name.to_owned(), ..acme() }).await.unwrap();
            tx.commit().await.unwrap();
        }
        let tx = operator(&db).await;
        for (text, hits) in [("old", 0), ("new", 1), ("acme", 1)] {
            let filter = TenantFilter { text: text.to_owned(), state: None };
            assert_eq!(tx.search_tenants(&filter, None, 9).await.unwrap().len(), hits, "{text}");
        }
    }

    async fn demo_realms_are_known_by_name(db) {
        db.tenant("acme").await;
        db.tenant_with("demo", RealmProfile::InsecureDemo).await;
        assert_eq!(operator(&db).await.insecure_tenants().await.unwrap(), [slug("demo")]);
    }

    async fn a_transaction_that_is_open_uses_a_connection_of_its_pool(db) {
        let used = |pool: &str| {
            let states = db.store.connections();
            states.iter().find(|state| state.pool == pool).map_or(0, |state| state.in_use())
        };
        let writing = db.store.connections()[0].pool;
        let scope = db.tenant("acme").await;
        // A connection goes back to its pool a moment after its transaction.
        while used(writing) > 0 {
            tokio::task::yield_now().await;
        }
        let tx = db.store.write(&scope).await.unwrap();
        assert_eq!(used(writing), 1);
        for state in db.store.connections() {
            assert!((1..=state.most).contains(&state.open) && state.idle <= state.open, "{state:?}");
        }
        tx.commit().await.unwrap();
        while used(writing) > 0 {
            tokio::task::yield_now().await;
        }
    }

    async fn a_change_of_state_counts_the_version_up_and_is_announced_after_the_commit(db) {
        let scope = db.tenant("acme").await;
        let mut changes = db.store.version_changes();
        let tx = operator(&db).await;
        assert!(tx.set_state(scope.tenant_id(), TenantState::Suspended).await.unwrap());
        assert!(changes.try_recv().is_err());
        tx.commit().await.unwrap();
        assert_eq!(changes.try_recv().unwrap().version.0, 2);
        let (_, tenant) = db.store.tenant_by_slug(&slug("acme")).await.unwrap().unwrap();
        assert_eq!((tenant.state, tenant.version.0), (TenantState::Suspended, 2));
    }

    async fn a_deleted_tenant_is_unknown_by_name_and_can_be_brought_back(db) {
        let scope = db.tenant("acme").await;
        for (state, known) in [(TenantState::Deleting, false), (TenantState::Active, true)] {
            let tx = operator(&db).await;
            assert!(tx.set_state(scope.tenant_id(), state).await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!(db.store.tenant_by_slug(&slug("acme")).await.unwrap().is_some(), known);
        }
        let unknown = db.store.ambient().id();
        assert!(!operator(&db).await.set_state(unknown, TenantState::Active).await.unwrap());
    }

    async fn the_master_keys_of_all_tenants_are_listed_once_each(db) {
        for (name, keys) in [("one", vec![7, -3]), ("two", vec![7])] {
            let scope = db.tenant(name).await;
            let tx = db.store.write(&scope).await.unwrap();
            for (generation, key) in (1..).zip(keys) {
                let key = DataKey {
                    id: db.store.ambient().id(),
                    master_key: MasterKeyId(key),
                    wrapped: vec![1, 2, 3],
                    created_at: START,
                };
                assert!(tx.keys().insert_data_key(&key, generation).await.unwrap());
            }
            tx.commit().await.unwrap();
        }
        let found = operator(&db).await.master_keys_in_use().await.unwrap();
        assert_eq!(found, [MasterKeyId(-3), MasterKeyId(7)]);
    }

    async fn data_keys_are_wrapped_anew_once_each_and_only_from_what_they_were(db) {
        let (old, new) = (MasterKeyId(7), MasterKeyId(9));
        let mut keys = Vec::new();
        for name in ["one", "two"] {
            let scope = db.tenant(name).await;
            let key =
                DataKey { id: db.store.ambient().id(), master_key: old, wrapped: vec![1], created_at: START };
            let tx = db.store.write(&scope).await.unwrap();
            assert!(tx.keys().insert_data_key(&key, 1).await.unwrap());
            tx.commit().await.unwrap();
            keys.push((scope, key));
        }
        let tx = operator(&db).await;
        assert_eq!(tx.data_keys_not_under(new, 1).await.unwrap().len(), 1);
        assert_eq!(tx.data_keys_not_under(new, 10).await.unwrap().len(), 2);
        assert!(tx.data_keys_not_under(old, 10).await.unwrap().is_empty());
        let (scope, key) = &keys[0];
        let rewrapped = DataKey { master_key: new, wrapped: vec![2], ..key.clone() };
        assert!(!tx.rewrap_data_key(keys[1].0.tenant_id(), old, &rewrapped).await.unwrap(), "another tenant's");
        assert!(tx.rewrap_data_key(scope.tenant_id(), old, &rewrapped).await.unwrap());
        assert!(!tx.rewrap_data_key(scope.tenant_id(), old, &rewrapped).await.unwrap(), "once");
        tx.commit().await.unwrap();
        let stored = db.store.read(scope).await.unwrap().keys().data_keys().await.unwrap();
        assert_eq!((stored[0].master_key, stored[0].wrapped.as_slice()), (new, &[2][..]));
        assert_eq!(operator(&db).await.data_keys_not_under(new, 10).await.unwrap()[0].0, keys[1].0.tenant_id());
    }

    async fn a_job_has_one_holder_until_its_lease_ends(db) {
        let lives = Duration::from_secs(30);
        let take = async |holder: &'static str| {
            let tx = operator(&db).await;
            let taken = tx.lease_job("sweep", holder, lives).await.unwrap();
            tx.commit().await.unwrap();
            taken
        };
        assert!(take("node-a").await);
        assert!(!take("node-b").await);
        assert!(take("node-a").await, "its holder renews it");
        db.clock.advance(Duration::from_secs(29));
        assert!(!take("node-b").await);
        db.clock.advance(Duration::from_secs(1));
        assert!(take("node-b").await);
        assert!(!take("node-a").await);
    }

    async fn an_operators_transaction_that_is_dropped_changes_nothing(db) {
        let scope = db.tenant("acme").await;
        let tx = operator(&db).await;
        tx.set_state(scope.tenant_id(), TenantState::Deleting).await.unwrap();
        drop(tx);
        assert!(db.store.tenant_by_slug(&slug("acme")).await.unwrap().is_some());
    }

    async fn only_a_committed_change_of_configuration_moves_the_version(db) {
        let scope = db.tenant("acme").await;
        let mut changes = db.store.version_changes();
        let settings = acme();
        // Not touched; touched but dropped; touched and committed.
        db.store.write(&scope).await.unwrap().commit().await.unwrap();
        let tx = db.store.write(&scope).await.unwrap();
        tx.settings().put(&settings).await.unwrap();
        drop(tx);
        db.clock.advance(Duration::from_secs(5));
        assert!(changes.try_recv().is_err());
        let tx = db.store.write(&scope).await.unwrap();
        tx.settings().put(&settings).await.unwrap();
        tx.commit().await.unwrap();
        let change = changes.try_recv().unwrap();
        assert_eq!((change.version.0, change.changed_at), (2, START.plus(Duration::from_secs(5))));
        assert_eq!(db.store.versions_since(START.plus(Duration::from_secs(1))).await.unwrap(), [change]);
        assert_eq!(db.store.versions_since(START).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_audit_parts_of_the_coming_months_are_made_once() {
    // Fresh: parts are tables, and stay when a database is emptied for its next test.
    let database = support::TestDatabase::empty_postgres("postgres").await;
    palatine_store::Store::migrate(&database.settings).await.unwrap();
    let db = TestStore::over(database).await;
    // 2040, far from the parts that the migration made.
    db.clock.set(palatine_domain::Instant::from_seconds(2_208_988_800));
    for expected in [3, 0] {
        let tx = operator(&db).await;
        assert_eq!(tx.make_audit_parts().await.unwrap(), expected);
        tx.commit().await.unwrap();
    }
}
