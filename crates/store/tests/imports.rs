//! Imports from the worker's side: chunks of all tenants, claimed for a while.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use palatine_domain::ids::ImportJobId;
use palatine_domain::import::{ImportJob, ImportState, ImportedChunk};
use palatine_store::{ClaimedChunk, OperatorProof, OperatorTx, TenantScope};
use serde_json::json;
use support::{START, TestStore, on_both_databases};

const LEASE: Duration = Duration::from_mins(5);

async fn worker(db: &TestStore) -> OperatorTx {
    db.store.as_operator(OperatorProof::job("imports")).await.unwrap()
}

async fn begin(db: &TestStore, scope: &TenantScope, chunks: usize) -> ImportJobId {
    let job = ImportJob {
        id: db.store.ambient().id(),
        state: ImportState::Queued,
        total: chunks as u64,
        done: 0,
        failed: 0,
        created_by: "jane".to_owned(),
        created_at: db.store.ambient().now(),
        updated_at: db.store.ambient().now(),
        finished_at: None,
        problems: Vec::new(),
    };
    let tx = db.store.write(scope).await.unwrap();
    tx.import_jobs().create(&job, &vec![json!([1]); chunks]).await.unwrap();
    tx.commit().await.unwrap();
    job.id
}

async fn claim(db: &TestStore, limit: u64) -> Vec<ClaimedChunk> {
    let tx = worker(db).await;
    let claimed = tx.claim_import_chunks(limit, LEASE).await.unwrap();
    tx.commit().await.unwrap();
    claimed
}

fn numbers(claimed: &[ClaimedChunk]) -> Vec<(ImportJobId, u32, u32)> {
    claimed.iter().map(|chunk| (chunk.job, chunk.number, chunk.attempt)).collect()
}

on_both_databases! {
    async fn a_small_import_does_not_wait_for_a_large_one(db) {
        let [one, two] = [db.tenant("one").await, db.tenant("two").await];
        let large = begin(&db, &one, 10).await;
        db.clock.advance(Duration::from_secs(1));
        let small = begin(&db, &two, 1).await;
        let mut first = numbers(&claim(&db, 2).await);
        first.sort_unstable();
        let mut expected = [(large, 0, 1), (small, 0, 1)];
        expected.sort_unstable();
        assert_eq!(first, expected);
        assert_eq!(numbers(&claim(&db, 1).await), [(large, 1, 1)]);
    }

    async fn a_claimed_chunk_comes_back_after_its_lease_unless_it_was_finished(db) {
        let scope = db.tenant("one").await;
        let job = begin(&db, &scope, 2).await;
        let claimed = claim(&db, 10).await;
        assert_eq!(numbers(&claimed), [(job, 0, 1), (job, 1, 1)]);
        let first = claimed.first().unwrap();
        assert_eq!((&first.scope, first.realm.as_ref().unwrap().as_str()), (&scope, "one"));
        assert_eq!(first.payload, json!([1]));
        let read = db.store.read(&scope).await.unwrap();
        assert_eq!(read.import_jobs().get(job).await.unwrap().unwrap().state, ImportState::Running);
        drop(read);
        let tx = db.store.write(&scope).await.unwrap();
        assert!(tx.import_jobs().finish_chunk(job, 0, &ImportedChunk::default()).await.unwrap());
        tx.commit().await.unwrap();
        assert!(claim(&db, 10).await.is_empty());
        db.clock.advance(LEASE);
        assert_eq!(numbers(&claim(&db, 10).await), [(job, 1, 2)]);
    }

    async fn what_came_of_an_import_is_forgotten_after_a_month(db) {
        let scope = db.tenant("one").await;
        let [over, open] = [begin(&db, &scope, 1).await, begin(&db, &scope, 1).await];
        let tx = db.store.write(&scope).await.unwrap();
        assert!(tx.import_jobs().cancel(over).await.unwrap());
        tx.commit().await.unwrap();
        let tx = worker(&db).await;
        let month = Duration::from_hours(30 * 24);
        assert_eq!(tx.sweep_expired(START.plus(month), 100).await.unwrap(), 0);
        assert_eq!(tx.sweep_expired(START.plus(month + Duration::from_secs(1)), 100).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let left = db.store.read(&scope).await.unwrap().import_jobs().list(None, 10).await.unwrap();
        assert_eq!(left.iter().map(|job| job.id).collect::<Vec<_>>(), [open]);
    }
}
