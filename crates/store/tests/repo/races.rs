//! Sixty-four at once: the database decides, and exactly one wins.

use palatine_domain::TokenHash;
use palatine_domain::grant::EndReason;
use palatine_domain::import::{ImportState, ImportedChunk};
use palatine_domain::lockout::LockoutScope;
use palatine_domain::policy::LockoutPolicy;
use palatine_store::{RefreshRotation, StoreError, TenantWrite};

use crate::admin::import;
use crate::filled::{later, scopes, settings, token};
use crate::support::{TestStore, on_both_databases};
use crate::world::World;

const MANY: usize = 64;
/// Each of these waits for all before it, with a connection in its hand.
const FEW: usize = 8;

/// Runs the same attempt many times at once, each in its own transaction; how many won.
async fn winners<F>(world: &World, attempt: F) -> usize
where
    F: AsyncFn(&World, &TenantWrite, usize) -> Result<bool, StoreError>,
{
    let attempts = (0..MANY).map(|number| {
        let attempt = &attempt;
        async move {
            let tx = world.write().await;
            let won = attempt(world, &tx, number).await.unwrap();
            tx.commit().await.unwrap();
            won
        }
    });
    futures_util::future::join_all(attempts).await.into_iter().filter(|won| *won).count()
}

on_both_databases! {
    async fn of_many_uses_of_a_code_one_wins(db) {
        let world = World::on(db).await;
        let won = winners(&world, async |world, tx, _| tx.grants().consume_code(world.t1.code.id, tx.now()).await).await;
        assert_eq!(won, 1);
    }

    async fn of_many_uses_of_a_refresh_token_one_wins_and_one_successor_exists(db) {
        let world = World::on(db).await;
        let won = winners(&world, async |world, tx, number| {
            let used = &world.t1.token;
            let successor = token(world.ambient(), &world.t1.family, &format!("successor {number}"), Some(used));
            let scope = scopes("openid");
            let sealed = format!("sealed {number}");
            let rotation = RefreshRotation {
                used: used.id,
                used_parent: None,
                at: tx.now(),
                successor: &successor,
                sealed: sealed.as_bytes(),
                window_ends_at: tx.now(),
                scope: &scope,
            };
            tx.refresh().rotate(rotation).await
        })
        .await;
        assert_eq!(won, 1);
        let tokens = "SELECT count(*) FROM refresh_tokens WHERE tenant_id = {tenant}";
        assert_eq!(world.count(tokens).await, 2);
        let used = world.read().await.refresh().by_hash(&world.t1.token.hash).await.unwrap().unwrap().token.used.unwrap();
        let sealed = String::from_utf8(used.sealed_successor.unwrap()).unwrap();
        let successor = TokenHash::of(&sealed.replace("sealed", "successor"));
        let successor = world.read().await.refresh().by_hash(&successor).await.unwrap().unwrap();
        assert_eq!(successor.token.id, used.successor, "what is sealed is what was stored");
    }

    async fn of_many_uses_of_a_second_token_one_wins_and_the_first_gives_it_to_nobody(db) {
        let world = World::on(db).await;
        let second = token(world.ambient(), &world.t1.family, "second", Some(&world.t1.token));
        let tx = world.write().await;
        let scope = scopes("openid");
        let first_use = RefreshRotation {
            used: world.t1.token.id,
            used_parent: None,
            at: tx.now(),
            successor: &second,
            sealed: b"sealed",
            window_ends_at: tx.now(),
            scope: &scope,
        };
        assert!(tx.refresh().rotate(first_use).await.unwrap());
        tx.commit().await.unwrap();
        let won = winners(&world, async |world, tx, number| {
            let successor = token(world.ambient(), &world.t1.family, &format!("third {number}"), Some(&second));
            let second_use =
                RefreshRotation { used: second.id, used_parent: second.parent, successor: &successor, ..first_use };
            tx.refresh().rotate(second_use).await
        })
        .await;
        assert_eq!(won, 1);
        let first = world.read().await.refresh().by_hash(&world.t1.token.hash).await.unwrap().unwrap();
        assert_eq!(first.token.used.unwrap().sealed_successor, None);
    }

    async fn whoever_locks_the_tenant_reads_what_the_one_before_has_committed(db) {
        let world = World::on(db).await;
        let writers = (0..FEW).map(|_| async {
            let tx = world.write().await;
            tx.lock_tenant().await.unwrap();
            let mut settings = tx.settings().get().await.unwrap();
            settings.display_name.push('!');
            tx.settings().put(&settings).await.unwrap();
            tx.commit().await.unwrap();
        });
        futures_util::future::join_all(writers).await;
        let name = world.read().await.settings().get().await.unwrap().display_name;
        assert_eq!(name.matches('!').count(), FEW, "none undid another's");
    }

    async fn chunks_that_are_finished_at_once_are_all_counted_and_the_last_ends_the_import(db) {
        let world = World::on(db).await;
        let job = import(world.ambient(), MANY as u64);
        let tx = world.write().await;
        tx.import_jobs().create(&job, &vec![serde_json::json!([]); MANY / 2]).await.unwrap();
        tx.commit().await.unwrap();
        // Each chunk twice.
        let won = winners(&world, async |_, tx, number| {
            let came = ImportedChunk { done: 2, ..ImportedChunk::default() };
            tx.import_jobs().finish_chunk(job.id, u32::try_from(number / 2).unwrap(), &came).await
        })
        .await;
        let job = world.read().await.import_jobs().get(job.id).await.unwrap().unwrap();
        assert_eq!((won, job.state, job.done), (MANY / 2, ImportState::Done, MANY as u64));
    }

    async fn of_many_answers_to_an_interaction_one_wins(db) {
        let world = World::on(db).await;
        let won = winners(&world, async |world, tx, _| tx.interactions().take(world.t1.interaction.id).await).await;
        assert_eq!(won, 1);
    }

    async fn of_many_ends_of_a_session_one_gets_its_cookie(db) {
        let world = World::on(db).await;
        let won = winners(&world, async |world, tx, _| {
            let ended = tx.sessions().end(world.t1.session.id, EndReason::SignOut, tx.now()).await?;
            Ok(ended.is_some())
        })
        .await;
        assert_eq!(won, 1);
    }

    async fn of_many_ends_of_a_grant_one_wins(db) {
        let world = World::on(db).await;
        let won = winners(&world, async |world, tx, _| {
            tx.grants().end(world.t1.grant.id, EndReason::Revoked, later(tx.now())).await
        })
        .await;
        assert_eq!(won, 1);
    }

    async fn of_many_parallel_guesses_as_many_are_made_as_one_after_the_other(db) {
        let world = World::on(db).await;
        let policy = LockoutPolicy::default();
        assert_eq!(policy.address_threshold, 5);
        let made = winners(&world, async |_, tx, number| {
            // In whatever order the caller names them.
            let mut counters =
                vec![(LockoutScope::Account, String::new()), (LockoutScope::Address, "203.0.113.7".to_owned())];
            if number % 2 == 0 {
                counters.reverse();
            }
            let reserved = tx.lockouts().reserve(&TokenHash::of("jane"), &counters, &policy, tx.now()).await?;
            Ok(reserved.is_ok())
        })
        .await;
        assert_eq!(made, 5);
    }
}

#[tokio::test]
async fn a_locked_tenant_holds_up_its_own_writers_and_no_others() {
    let world = World::on(TestStore::postgres().await).await;
    let first = world.write().await;
    let version = first.lock_tenant().await.unwrap();
    assert_eq!(version.0, world.version().await);
    let other = world.db.store.write(&world.t2.scope).await.unwrap();
    other.lock_tenant().await.unwrap();
    let second = world.write().await;
    let goes_first = async {
        first.settings().put(&settings("Renamed")).await.unwrap();
        first.commit().await.unwrap();
    };
    let (seen, ()) = tokio::join!(second.lock_tenant(), goes_first);
    assert_eq!(seen.unwrap().0, version.0 + 1);
    assert_eq!(second.settings().get().await.unwrap().display_name, "Renamed");
}
