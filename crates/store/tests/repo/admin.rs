//! What the admin plane keeps: entries of operators, pictures, imports.

use std::time::Duration;

use palatine_domain::admin::OperatorEntry;
use palatine_domain::asset::{Asset, AssetKind};
use palatine_domain::import::{ImportJob, ImportProblem, ImportState, ImportedChunk, MAX_IMPORT_PROBLEMS};
use palatine_domain::{Ambient, Instant};
use serde_json::json;

use crate::filled::{later, nobody};
use crate::support::{TestStore, on_both_databases};
use crate::world::World;

fn entry(ambient: &Ambient, operator: &str, writes: bool, minutes: u64) -> OperatorEntry {
    OperatorEntry {
        id: ambient.id(),
        operator: operator.to_owned(),
        operator_name: "Operator".to_owned(),
        reason: "ticket 7".to_owned(),
        writes,
        created_at: ambient.now(),
        expires_at: ambient.now().plus(Duration::from_mins(minutes)),
        ended_at: None,
    }
}

pub(crate) fn import(ambient: &Ambient, total: u64) -> ImportJob {
    ImportJob {
        id: ambient.id(),
        state: ImportState::Queued,
        total,
        done: 0,
        failed: 0,
        created_by: "jane".to_owned(),
        created_at: ambient.now(),
        updated_at: ambient.now(),
        finished_at: None,
        problems: Vec::new(),
    }
}

fn problem(item: u64) -> ImportProblem {
    ImportProblem { item, name: None, message: "the name is taken".to_owned() }
}

on_both_databases! {
    async fn an_operator_is_in_a_realm_by_an_entry_of_its_own(db) {
        let world = World::on(db).await;
        let looks = entry(world.ambient(), "op", false, 60);
        world.db.clock.advance(Duration::from_secs(1));
        let writes = entry(world.ambient(), "op", true, 30);
        let tx = world.write().await;
        tx.operator_entries().insert(&looks).await.unwrap();
        tx.operator_entries().insert(&writes).await.unwrap();
        tx.commit().await.unwrap();

        let tx = world.write().await;
        let active = async |operator: &str, now: Instant| tx.operator_entries().active_of(operator, now).await.unwrap();
        assert_eq!(active("op", tx.now()).await.as_ref(), Some(&writes), "the one that allows more");
        assert_eq!(active("op", writes.expires_at).await.as_ref(), Some(&looks));
        assert_eq!(active("op", looks.expires_at).await, None);
        assert_eq!(active("other", tx.now()).await, None);
        assert!(tx.operator_entries().end(writes.id, tx.now()).await.unwrap());
        assert!(!tx.operator_entries().end(writes.id, tx.now()).await.unwrap(), "once");
        assert!(!tx.operator_entries().end(looks.id, looks.expires_at).await.unwrap(), "it is over by itself");
        assert_eq!(active("op", tx.now()).await.as_ref(), Some(&looks));
        tx.commit().await.unwrap();

        let tx = world.read().await;
        let ended = OperatorEntry { ended_at: Some(tx.now()), ..writes };
        assert_eq!(tx.operator_entries().list(None, 10).await.unwrap(), [ended.clone(), looks.clone()]);
        assert_eq!(tx.operator_entries().list(None, 1).await.unwrap(), std::slice::from_ref(&ended));
        assert_eq!(tx.operator_entries().list(Some(ended.id), 10).await.unwrap(), std::slice::from_ref(&looks));
        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        assert_eq!(other.operator_entries().active_of("op", other.now()).await.unwrap(), None);
        assert!(other.operator_entries().list(None, 10).await.unwrap().is_empty());
        assert!(!other.operator_entries().end(looks.id, other.now()).await.unwrap());
    }

    async fn a_realm_has_one_picture_for_each_purpose(db) {
        let world = World::on(db).await;
        let version = world.version().await;
        let first = Asset::new(AssetKind::Logo, "image/png", vec![1, 2, 3], world.now());
        let second = Asset::new(AssetKind::Logo, "image/jpeg", vec![4, 5], later(world.now()));
        let tab = Asset::new(AssetKind::Favicon, "image/png", Vec::new(), world.now());
        let tx = world.write().await;
        for asset in [&first, &second, &tab] {
            tx.assets().put(asset).await.unwrap();
        }
        assert_eq!(tx.assets().get(AssetKind::Logo).await.unwrap().as_ref(), Some(&second));
        assert_eq!(tx.assets().get(AssetKind::Background).await.unwrap(), None);
        assert_eq!(tx.assets().list().await.unwrap(), [tab.about.clone(), second.about.clone()]);
        tx.commit().await.unwrap();
        assert_eq!(world.version().await, version + 1);

        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        assert!(other.assets().list().await.unwrap().is_empty());
        assert_eq!(other.assets().get(AssetKind::Logo).await.unwrap(), None);
        assert!(!other.assets().delete(AssetKind::Logo).await.unwrap());
        drop(other);
        let tx = world.write().await;
        assert!(tx.assets().delete(AssetKind::Logo).await.unwrap());
        assert!(!tx.assets().delete(AssetKind::Logo).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.version().await, version + 2);
    }

    async fn an_import_is_done_with_its_last_chunk(db) {
        let world = World::on(db).await;
        let job = import(world.ambient(), 3);
        let tx = world.write().await;
        tx.import_jobs().create(&job, &[json!(["a", "b"]), json!(["c"])]).await.unwrap();
        assert_eq!(tx.import_jobs().get(job.id).await.unwrap().as_ref(), Some(&job));
        tx.commit().await.unwrap();

        world.db.clock.advance(Duration::from_secs(1));
        let tx = world.write().await;
        let came = ImportedChunk { done: 1, failed: 1, problems: vec![problem(2)] };
        assert!(tx.import_jobs().finish_chunk(job.id, 0, &came).await.unwrap());
        assert!(!tx.import_jobs().finish_chunk(job.id, 0, &came).await.unwrap(), "once");
        let running = tx.import_jobs().get(job.id).await.unwrap().unwrap();
        assert_eq!((running.state, running.done, running.failed, running.finished_at), (ImportState::Running, 1, 1, None));
        let came = ImportedChunk { done: 1, ..ImportedChunk::default() };
        assert!(tx.import_jobs().finish_chunk(job.id, 1, &came).await.unwrap());
        let done = ImportJob {
            state: ImportState::Done,
            done: 2,
            failed: 1,
            updated_at: tx.now(),
            finished_at: Some(tx.now()),
            problems: vec![problem(2)],
            ..job.clone()
        };
        assert_eq!(tx.import_jobs().get(job.id).await.unwrap().as_ref(), Some(&done));
        assert!(!tx.import_jobs().cancel(job.id).await.unwrap(), "it is over");
        tx.commit().await.unwrap();
        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        assert_eq!(other.import_jobs().get(job.id).await.unwrap(), None);
        assert!(other.import_jobs().list(None, 10).await.unwrap().is_empty());
    }

    async fn an_import_that_was_stopped_takes_nobody_any_more(db) {
        let world = World::on(db).await;
        let cancelled = import(world.ambient(), 1);
        world.db.clock.advance(Duration::from_secs(1));
        let given_up = import(world.ambient(), 1);
        let tx = world.write().await;
        for job in [&cancelled, &given_up] {
            tx.import_jobs().create(job, &[json!([])]).await.unwrap();
        }
        tx.commit().await.unwrap();
        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        assert!(!other.import_jobs().cancel(cancelled.id).await.unwrap());
        assert!(!other.import_jobs().fail(cancelled.id).await.unwrap());
        assert!(!other.import_jobs().finish_chunk(cancelled.id, 0, &ImportedChunk::default()).await.unwrap());
        other.commit().await.unwrap();

        let tx = world.write().await;
        assert!(tx.import_jobs().cancel(cancelled.id).await.unwrap());
        assert!(!tx.import_jobs().cancel(cancelled.id).await.unwrap());
        assert!(tx.import_jobs().fail(given_up.id).await.unwrap());
        assert!(!tx.import_jobs().cancel(nobody(world.ambient())).await.unwrap());
        assert!(!tx.import_jobs().finish_chunk(cancelled.id, 0, &ImportedChunk::default()).await.unwrap());
        let found = tx.import_jobs().list(None, 10).await.unwrap();
        let found: Vec<_> = found.iter().map(|job| (job.id, job.state, job.finished_at.is_some())).collect();
        let expected = [(given_up.id, ImportState::Failed, true), (cancelled.id, ImportState::Cancelled, true)];
        assert_eq!(found, expected, "newest first");
        assert_eq!(tx.import_jobs().list(Some(given_up.id), 10).await.unwrap().len(), 1);
        assert_eq!(tx.import_jobs().list(None, 1).await.unwrap().len(), 1);
        tx.commit().await.unwrap();
        assert_eq!(world.count("SELECT count(*) FROM import_chunks").await, 0);
    }

    async fn the_first_problems_of_an_import_are_kept_and_all_are_counted(db) {
        let world = World::on(db).await;
        let job = import(world.ambient(), 4_000);
        let tx = world.write().await;
        // More chunks than one statement writes down.
        tx.import_jobs().create(&job, &vec![json!([]); 201]).await.unwrap();
        let came = ImportedChunk { done: 0, failed: 700, problems: (1..=700).map(problem).collect() };
        for number in [0, 200] {
            assert!(tx.import_jobs().finish_chunk(job.id, number, &came).await.unwrap());
        }
        let found = tx.import_jobs().get(job.id).await.unwrap().unwrap();
        assert_eq!((found.failed, found.problems.len()), (1_400, MAX_IMPORT_PROBLEMS));
    }
}
