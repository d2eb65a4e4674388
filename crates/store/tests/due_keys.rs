//! What the background work on signing keys finds across tenants.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use palatine_domain::Instant;
use palatine_domain::ids::TenantScoped as _;
use palatine_domain::key::{Retirement, SigningKey};
use palatine_domain::tenant::TenantState;
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_store::{OperatorProof, OperatorTx, TenantScope};
use serde_json::json;
use support::{START, TestStore, on_both_databases};

const HOUR: Duration = Duration::from_hours(1);

async fn job(db: &TestStore) -> OperatorTx {
    db.store.as_operator(OperatorProof::job("test")).await.unwrap()
}

async fn key(db: &TestStore, scope: &TenantScope, algorithm: SigningAlgorithm, due: Instant, end: Option<Retirement>) {
    let key = SigningKey {
        id: db.store.ambient().id(),
        kid: db.store.ambient().random_uuid().to_string(),
        algorithm,
        generation: 1,
        public: serde_json::from_value(json!({ "kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ" })).unwrap(),
        sealed_private: vec![1],
        created_at: START,
        active_from: due.minus(HOUR),
        rotates_at: end.is_none().then_some(due),
        retirement: end,
    };
    let tx = db.store.write(scope).await.unwrap();
    assert!(tx.keys().insert_signing_key(&key).await.unwrap());
    tx.commit().await.unwrap();
}

/// The pages of due realms, of so many keys each.
async fn pages(db: &TestStore, keys: u64) -> Vec<Vec<String>> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let due = job(db).await.realms_with_due_keys(after, keys).await.unwrap();
        pages.push(due.realms.iter().map(ToString::to_string).collect());
        after = due.next;
        if after.is_none() {
            return pages;
        }
    }
}

on_both_databases! {
    async fn due_realms_come_in_pages_the_longest_due_first_and_each_once_a_page(db) {
        use SigningAlgorithm::{ES256, RS256};
        let ago = |hours: u32| START.minus(HOUR * hours);
        for (slug, dues) in [("late", vec![ago(2)]), ("latest", vec![ago(9), ago(8)]), ("fine", vec![START.plus(HOUR)])] {
            let scope = db.tenant(slug).await;
            for (algorithm, due) in [ES256, RS256].into_iter().zip(dues) {
                key(&db, &scope, algorithm, due, None).await;
            }
        }
        let gone = db.tenant("gone").await;
        key(&db, &gone, ES256, ago(20), None).await;
        let tx = job(&db).await;
        assert!(tx.set_state(gone.tenant_id(), TenantState::Deleting).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(pages(&db, 100).await, [["latest", "late"]]);
        assert_eq!(pages(&db, 3).await, [vec!["latest"], vec!["late"]]);
        assert_eq!(job(&db).await.oldest_signing_key().await.unwrap(), Some(ago(21)));
    }

    async fn the_private_half_is_destroyed_when_a_key_is_good_for_nothing(db) {
        let scope = db.tenant("acme").await;
        let end = Retirement { signs_until: START, published_until: START, hints_until: START.plus(HOUR) };
        key(&db, &scope, SigningAlgorithm::ES256, START, Some(end)).await;
        key(&db, &scope, SigningAlgorithm::RS256, START.plus(HOUR), None).await;
        for (passed, destroyed) in [(Duration::ZERO, 0), (HOUR, 1), (Duration::ZERO, 0)] {
            db.clock.advance(passed);
            let tx = job(&db).await;
            assert_eq!(tx.destroy_ended_keys().await.unwrap(), destroyed);
            tx.commit().await.unwrap();
        }
        let keys = db.store.read(&scope).await.unwrap().keys().all_signing_keys().await.unwrap();
        assert!(keys[0].sealed_private.is_empty() && !keys[1].sealed_private.is_empty());
        db.clock.advance(Duration::from_hours(91 * 24));
        let tx = job(&db).await;
        assert_eq!(tx.sweep_expired(tx.now(), 100).await.unwrap(), 1, "and its row goes");
    }
}
