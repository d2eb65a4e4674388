//! What goes for good: tenants whose grace is over, audit events that nobody keeps.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use palatine_domain::admin::OperatorEntry;
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::ids::TenantScoped as _;
use palatine_domain::key::{DataKey, MasterKeyId, SigningKey};
use palatine_domain::policy::AuditPolicy;
use palatine_domain::tenant::{RealmProfile, RealmSettings, TenantState};
use palatine_domain::{Instant, RealmSlug};
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_store::{AuditFilter, OperatorProof, OperatorTx, Store, StoreError, TenantScope};
use serde_json::json;
use support::{START, TestDatabase, TestStore, on_both_databases};

const DAY: Duration = Duration::from_hours(24);

async fn operator(db: &TestStore) -> OperatorTx {
    db.store.as_operator(OperatorProof::job("purge")).await.unwrap()
}

fn slug(text: &str) -> RealmSlug {
    RealmSlug::parse(text).unwrap()
}

fn event(db: &TestStore, at: Instant) -> AuditEvent {
    AuditEvent {
        id: db.store.ambient().id(),
        at,
        kind: AuditKind::LoginSucceeded,
        actor: Actor::System,
        user: None,
        client: None,
        session: None,
        address: None,
        request_id: None,
        details: json!({}),
    }
}

/// A tenant with settings, a data key, some events, and a signing key if it has served.
async fn tenant(db: &TestStore, name: &str, served: bool) -> TenantScope {
    let scope = db.tenant(name).await;
    let tx = db.store.write(&scope).await.unwrap();
    tx.settings().put(&settings(400)).await.unwrap();
    let data_key =
        DataKey { id: db.store.ambient().id(), master_key: MasterKeyId(7), wrapped: vec![1], created_at: START };
    tx.keys().insert_data_key(&data_key, 1).await.unwrap();
    if served {
        tx.keys().insert_signing_key(&signing_key(db)).await.unwrap();
    }
    for ago in 0..5 {
        tx.audit().append(&event(db, START.minus(DAY * ago))).await.unwrap();
    }
    tx.commit().await.unwrap();
    scope
}

fn signing_key(db: &TestStore) -> SigningKey {
    SigningKey {
        id: db.store.ambient().id(),
        kid: "kid".to_owned(),
        algorithm: SigningAlgorithm::ES256,
        generation: 1,
        public: serde_json::from_value(json!({ "kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ" })).unwrap(),
        sealed_private: vec![4],
        created_at: START,
        active_from: START,
        rotates_at: None,
        retirement: None,
    }
}

fn settings(retention_days: u64) -> RealmSettings {
    let mut settings: RealmSettings = serde_json::from_value(json!({ "display_name": "Acme" })).unwrap();
    settings.policy.audit = AuditPolicy { retention_days };
    settings
}

async fn set_state(db: &TestStore, scope: &TenantScope, state: TenantState) -> bool {
    let tx = operator(db).await;
    let done = tx.set_state(scope.tenant_id(), state).await.unwrap();
    tx.commit().await.unwrap();
    done
}

async fn purge(db: &TestStore, budget: u64) -> u64 {
    let tx = operator(db).await;
    let done = tx.purge_deleted(tx.now(), budget).await.unwrap();
    tx.commit().await.unwrap();
    done
}

async fn events(db: &TestStore, scope: &TenantScope) -> usize {
    let tx = db.store.read(scope).await.unwrap();
    tx.audit().list(&AuditFilter::default(), None, 100).await.unwrap().len()
}

async fn create(db: &TestStore, name: &str) -> Result<(), StoreError> {
    let tx = operator(db).await.create_tenant(&slug(name), RealmProfile::Standard).await?;
    tx.commit().await
}

on_both_databases! {
    async fn a_tenant_goes_when_its_grace_is_over_and_leaves_its_name_if_it_has_served(db) {
        let [fresh, served, kept] =
            [tenant(&db, "fresh", false).await, tenant(&db, "served", true).await, tenant(&db, "kept", true).await];
        for scope in [&fresh, &served] {
            assert!(set_state(&db, scope, TenantState::Deleting).await);
        }
        let found = operator(&db).await.tenant(&slug("served")).await.unwrap().unwrap();
        assert_eq!((found.state, found.delete_after), (TenantState::Deleting, Some(START.plus(DAY * 30))));
        db.clock.set(START.plus(DAY * 30).minus(Duration::from_micros(1)));
        assert_eq!(purge(&db, 1_000).await, 0);
        assert_eq!(events(&db, &served).await, 5);

        db.clock.set(START.plus(DAY * 30));
        assert!(purge(&db, 1_000).await > 0);
        assert_eq!(purge(&db, 1_000).await, 0);
        for scope in [&fresh, &served] {
            assert_eq!(events(&db, scope).await, 0);
            let tx = db.store.read(scope).await.unwrap();
            assert!(tx.keys().all_signing_keys().await.unwrap().is_empty());
            assert!(tx.roles().list().await.unwrap().is_empty());
            assert!(matches!(tx.settings().get().await, Err(StoreError::Corrupt { .. })), "there are none");
            drop(tx);
            assert!(!set_state(&db, scope, TenantState::Active).await);
        }
        assert_eq!(events(&db, &kept).await, 5);
        let tx = operator(&db).await;
        assert_eq!(tx.tenants(None, 10).await.unwrap().len(), 1);
        assert!(tx.tenant(&slug("served")).await.unwrap().is_none());
        drop(tx);
        create(&db, "fresh").await.unwrap();
        assert!(matches!(create(&db, "served").await, Err(StoreError::Conflict { what: "slug" })));
    }

    async fn a_tombstone_is_lifted_and_nothing_else_is(db) {
        let served = tenant(&db, "served", true).await;
        let lift = async |name: &str| {
            let tx = operator(&db).await;
            let lifted = tx.lift_tombstone(&slug(name)).await.unwrap();
            tx.commit().await.unwrap();
            lifted
        };
        assert!(!lift("served").await);
        assert!(set_state(&db, &served, TenantState::Deleting).await);
        assert!(!lift("served").await, "it can be brought back still");
        db.clock.advance(DAY * 30);
        purge(&db, 1_000).await;
        assert!(lift("served").await);
        assert!(!lift("served").await);
        create(&db, "served").await.unwrap();
    }

    async fn a_large_tenant_goes_in_parts_and_is_lost_from_the_first_on(db) {
        let scope = tenant(&db, "large", true).await;
        assert!(set_state(&db, &scope, TenantState::Deleting).await);
        db.clock.advance(DAY * 30);
        assert_eq!(purge(&db, 3).await, 3);
        assert_eq!(events(&db, &scope).await, 2);
        assert!(db.store.read(&scope).await.unwrap().keys().data_keys().await.unwrap().is_empty(), "keys go first");
        assert!(!set_state(&db, &scope, TenantState::Active).await);
        let mut rounds = 0;
        while purge(&db, 3).await >= 3 {
            rounds += 1;
        }
        assert!(rounds > 2);
        assert!(operator(&db).await.tenant(&slug("large")).await.unwrap().is_none());
    }

    async fn who_was_in_a_realm_is_forgotten_after_ninety_days(db) {
        let scope = db.tenant("acme").await;
        let entry = OperatorEntry {
            id: db.store.ambient().id(),
            operator: "op".to_owned(),
            operator_name: "Operator".to_owned(),
            reason: "ticket 7".to_owned(),
            writes: false,
            created_at: START,
            expires_at: START.plus(Duration::from_hours(1)),
            ended_at: Some(START),
        };
        let tx = db.store.write(&scope).await.unwrap();
        tx.operator_entries().insert(&entry).await.unwrap();
        tx.commit().await.unwrap();
        let tx = operator(&db).await;
        let over = entry.expires_at.plus(DAY * 90);
        assert_eq!(tx.sweep_expired(over, 100).await.unwrap(), 0);
        assert_eq!(tx.sweep_expired(over.plus(Duration::from_secs(1)), 100).await.unwrap(), 1);
    }

    async fn who_was_suspended_shows_since_when(db) {
        let scope = db.tenant("acme").await;
        db.clock.advance(DAY);
        assert!(set_state(&db, &scope, TenantState::Suspended).await);
        let found = operator(&db).await.tenant(&slug("acme")).await.unwrap().unwrap();
        assert_eq!((found.suspended_at, found.delete_after), (Some(START.plus(DAY)), None));
        assert!(set_state(&db, &scope, TenantState::Active).await);
        assert_eq!(operator(&db).await.tenant(&slug("acme")).await.unwrap().unwrap().suspended_at, None);
    }

    async fn each_realm_keeps_its_audit_events_as_long_as_it_chose(db) {
        let mut scopes = Vec::new();
        for (name, days) in [("short", 10), ("default", 400), ("long", 1_000)] {
            let scope = db.tenant(name).await;
            let tx = db.store.write(&scope).await.unwrap();
            tx.settings().put(&settings(days)).await.unwrap();
            for days in [9, 11, 399, 401, 999, 1_001] {
                tx.audit().append(&event(&db, START.minus(DAY * days))).await.unwrap();
            }
            tx.commit().await.unwrap();
            scopes.push(scope);
        }
        let tx = operator(&db).await;
        assert_eq!(tx.longest_audit_retention().await.unwrap(), DAY * 1_000);
        assert_eq!(tx.sweep_audit(START, 4).await.unwrap(), 4);
        assert_eq!(tx.sweep_audit(START, 100).await.unwrap(), 5);
        assert_eq!(tx.sweep_audit(START, 100).await.unwrap(), 0);
        tx.commit().await.unwrap();
        let mut left = Vec::new();
        for scope in &scopes {
            left.push(events(&db, scope).await);
        }
        assert_eq!(left, [1, 3, 5]);

        // The default again.
        let tx = db.store.write(scopes.last().unwrap()).await.unwrap();
        tx.settings().put(&settings(400)).await.unwrap();
        tx.commit().await.unwrap();
        let tx = operator(&db).await;
        assert_eq!(tx.longest_audit_retention().await.unwrap(), DAY * 400);
        assert_eq!(tx.sweep_audit(START, 100).await.unwrap(), 2);
    }
}

#[tokio::test]
async fn whole_months_that_are_over_are_dropped() {
    // Fresh: parts are tables, and stay dropped when a database is emptied for its next test.
    let database = TestDatabase::empty_postgres("postgres").await;
    Store::migrate(&database.settings).await.unwrap();
    let db = TestStore::over(database).await;
    let scope = db.tenant("acme").await;
    // January to April 2040, far from the parts that the migration made.
    let january = Instant::from_seconds(2_208_988_800);
    let tx = db.store.write(&scope).await.unwrap();
    for month in 0..3 {
        tx.audit().append(&event(&db, january.plus(DAY * (31 * month)))).await.unwrap();
    }
    tx.commit().await.unwrap();
    db.clock.set(january);
    let tx = operator(&db).await;
    assert_eq!(tx.make_audit_parts().await.unwrap(), 3);
    tx.commit().await.unwrap();
    let tx = operator(&db).await;
    let before = tx.drop_audit_parts(january).await.unwrap();
    assert!(before >= 3, "what the migration made, long over by then");
    assert_eq!(tx.drop_audit_parts(january.plus(DAY * 30)).await.unwrap(), 0, "January is not over");
    assert_eq!(tx.drop_audit_parts(january.plus(DAY * 31)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(events(&db, &scope).await, 2);
}

#[tokio::test]
async fn a_file_has_no_months_to_drop() {
    let db = TestStore::sqlite().await;
    tenant(&db, "acme", false).await;
    assert_eq!(operator(&db).await.drop_audit_parts(START.plus(DAY * 1_000)).await.unwrap(), 0);
}
