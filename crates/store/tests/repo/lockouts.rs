//! Counters of failed sign-ins.

use std::time::Duration;

use palatine_domain::lockout::LockoutScope;
use palatine_domain::policy::LockoutPolicy;
use palatine_domain::{Instant, TokenHash};
use palatine_store::TenantWrite;

use crate::support::{TestStore, on_both_databases};
use crate::world::World;

fn counters() -> [(LockoutScope, String); 2] {
    [(LockoutScope::Address, "203.0.113.7".to_owned()), (LockoutScope::Account, String::new())]
}

async fn reserve(tx: &TenantWrite, counters: &[(LockoutScope, String)]) -> Result<(), Instant> {
    let account = TokenHash::of("jane");
    tx.lockouts().reserve(&account, counters, &LockoutPolicy::default(), tx.now()).await.unwrap()
}

on_both_databases! {
    async fn the_sixth_attempt_from_an_address_waits_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        for _ in 0..5 {
            assert_eq!(reserve(&tx, &counters()).await, Ok(()));
        }
        let until = tx.now().plus(Duration::from_mins(1));
        assert_eq!(reserve(&tx, &counters()).await, Err(until));
        // A refused attempt counts nowhere: the account's own counter stands at five.
        let elsewhere = [(LockoutScope::Address, "198.51.100.1".to_owned()), (LockoutScope::Account, String::new())];
        assert_eq!(reserve(&tx, &elsewhere).await, Ok(()));
        tx.commit().await.unwrap();
        let failures = "SELECT sum(failures) FROM lockouts WHERE tenant_id = {tenant} AND scope = 'account'";
        assert_eq!(world.count(failures).await, 6);
        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        assert_eq!(reserve(&other, &counters()).await, Ok(()));
    }

    async fn a_lock_is_over_after_its_time_and_the_next_one_is_longer(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        for _ in 0..5 {
            assert_eq!(reserve(&tx, &counters()).await, Ok(()));
        }
        tx.commit().await.unwrap();
        world.db.clock.advance(Duration::from_mins(1));
        let tx = world.write().await;
        assert_eq!(reserve(&tx, &counters()).await, Ok(()));
        assert_eq!(reserve(&tx, &counters()).await, Err(tx.now().plus(Duration::from_mins(2))));
    }

    async fn a_success_lets_the_counters_begin_again_in_its_own_tenant(db) {
        let world = World::on(db).await;
        for scope in [&world.t1.scope, &world.t2.scope] {
            let tx = world.db.store.write(scope).await.unwrap();
            for _ in 0..5 {
                assert_eq!(reserve(&tx, &counters()).await, Ok(()));
            }
            tx.commit().await.unwrap();
        }
        let tx = world.write().await;
        tx.lockouts().release(&TokenHash::of("jane"), &counters()).await.unwrap();
        for _ in 0..5 {
            assert_eq!(reserve(&tx, &counters()).await, Ok(()));
        }
        assert!(reserve(&tx, &counters()).await.is_err());
        tx.commit().await.unwrap();
        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        assert!(reserve(&other, &counters()).await.is_err());
    }

    async fn a_success_from_one_address_leaves_the_locks_of_others(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        for _ in 0..5 {
            assert_eq!(reserve(&tx, &counters()).await, Ok(()));
        }
        let elsewhere = [(LockoutScope::Address, "198.51.100.1".to_owned())];
        tx.lockouts().release(&TokenHash::of("jane"), &elsewhere).await.unwrap();
        assert!(reserve(&tx, &counters()).await.is_err());
    }

    async fn a_realm_without_lockout_counts_nothing(db) {
        let world = World::on(db).await;
        let off = LockoutPolicy { enabled: false, ..LockoutPolicy::default() };
        let tx = world.write().await;
        for _ in 0..9 {
            let reserved = tx.lockouts().reserve(&TokenHash::of("jane"), &counters(), &off, tx.now()).await.unwrap();
            assert_eq!(reserved, Ok(()));
        }
        tx.commit().await.unwrap();
        assert_eq!(world.count("SELECT count(*) FROM lockouts").await, 0);
    }
}
