//! The outbox: decided in a tenant's transaction, delivered by a worker that sees all tenants.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use palatine_domain::audit::OutboxEntry;
use palatine_domain::ids::OutboxId;
use palatine_store::{ClaimedEntry, OperatorProof, OperatorTx, TenantScope};
use support::{START, TestStore, on_both_databases};

const LEASE: Duration = Duration::from_mins(1);

async fn worker(db: &TestStore) -> OperatorTx {
    db.store.as_operator(OperatorProof::job("outbox")).await.unwrap()
}

/// An entry that is due `after` the start.
async fn decide(db: &TestStore, scope: &TenantScope, after: u64) -> OutboxId {
    let entry = OutboxEntry {
        id: db.store.ambient().id(),
        kind: "mail".to_owned(),
        payload: serde_json::json!({ "after": after }),
        due_at: START.plus(Duration::from_secs(after)),
        attempts: 0,
        created_at: START.plus(Duration::from_secs(after)),
    };
    let tx = db.store.write(scope).await.unwrap();
    tx.outbox().enqueue(&entry).await.unwrap();
    tx.commit().await.unwrap();
    entry.id
}

async fn claim(db: &TestStore, after: u64, limit: u64) -> Vec<ClaimedEntry> {
    let tx = worker(db).await;
    let claimed = tx.claim_outbox(START.plus(Duration::from_secs(after)), limit, LEASE).await.unwrap();
    tx.commit().await.unwrap();
    claimed
}

fn ids(claimed: &[ClaimedEntry]) -> Vec<OutboxId> {
    claimed.iter().map(|claimed| claimed.entry.id).collect()
}

on_both_databases! {
    async fn entries_of_all_tenants_are_claimed_when_due_the_longest_due_first(db) {
        let [one, two] = [db.tenant("one").await, db.tenant("two").await];
        let second = decide(&db, &two, 2).await;
        let first = decide(&db, &one, 1).await;
        decide(&db, &one, 100).await;
        let claimed = claim(&db, 5, 1).await;
        assert_eq!(ids(&claimed), [first]);
        let claimed = claim(&db, 5, 10).await;
        assert_eq!(ids(&claimed), [second]);
        let ClaimedEntry { scope, realm, entry } = claimed.first().unwrap();
        assert_eq!((scope, realm.as_ref().unwrap().as_str()), (&two, "two"));
        assert_eq!((entry.attempts, &entry.payload), (1, &serde_json::json!({ "after": 2 })));
    }

    async fn a_claimed_entry_comes_back_after_its_lease_unless_it_was_finished(db) {
        let scope = db.tenant("one").await;
        let [lost, done] = [decide(&db, &scope, 0).await, decide(&db, &scope, 0).await];
        assert_eq!(claim(&db, 0, 10).await.len(), 2);
        assert!(claim(&db, 59, 10).await.is_empty());
        let tx = worker(&db).await;
        assert!(tx.finish_outbox(&scope, done, START).await.unwrap());
        assert!(!tx.finish_outbox(&scope, done, START).await.unwrap());
        tx.commit().await.unwrap();
        let again = claim(&db, 60, 10).await;
        let again: Vec<_> = again.iter().map(|claimed| (claimed.entry.id, claimed.entry.attempts)).collect();
        assert_eq!(again, [(lost, 2)]);
    }

    async fn an_entry_that_is_put_off_comes_back_then_unless_it_was_finished(db) {
        let scope = db.tenant("one").await;
        let [late, done] = [decide(&db, &scope, 0).await, decide(&db, &scope, 0).await];
        claim(&db, 0, 10).await;
        let tx = worker(&db).await;
        let at = START.plus(Duration::from_secs(5));
        assert!(tx.postpone_outbox(&scope, late, at).await.unwrap());
        assert!(tx.finish_outbox(&scope, done, START).await.unwrap());
        assert!(!tx.postpone_outbox(&scope, done, at).await.unwrap());
        assert_eq!(tx.waiting_deliveries().await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert!(claim(&db, 4, 10).await.is_empty());
        assert_eq!(ids(&claim(&db, 5, 10).await), [late]);
    }

    async fn the_courier_is_woken_by_what_is_committed_and_by_nothing_else(db) {
        let scope = db.tenant("one").await;
        decide(&db, &scope, 0).await;
        db.store.outbox_filled().await;
        let tx = db.store.write(&scope).await.unwrap();
        tx.commit().await.unwrap();
        assert!(futures_util::FutureExt::now_or_never(db.store.outbox_filled()).is_none());
    }

    async fn what_was_delivered_is_forgotten_after_a_day(db) {
        let scope = db.tenant("one").await;
        let [done, _waiting] = [decide(&db, &scope, 0).await, decide(&db, &scope, 0).await];
        let tx = worker(&db).await;
        assert!(tx.finish_outbox(&scope, done, START).await.unwrap());
        let day = Duration::from_hours(24);
        assert_eq!(tx.sweep_expired(START.plus(day), 100).await.unwrap(), 0);
        assert_eq!(tx.sweep_expired(START.plus(day + Duration::from_secs(1)), 100).await.unwrap(), 1);
    }

    async fn an_entry_is_finished_in_its_own_tenant_alone(db) {
        let [one, two] = [db.tenant("one").await, db.tenant("two").await];
        let id = decide(&db, &one, 0).await;
        let tx = worker(&db).await;
        assert!(!tx.finish_outbox(&two, id, START).await.unwrap());
        assert!(!tx.postpone_outbox(&two, id, START).await.unwrap());
    }
}
