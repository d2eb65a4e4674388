//! How much was used, by hour.

use std::time::Duration;

use palatine_domain::Instant;
use palatine_domain::client::ClientId;
use palatine_domain::ids::{TenantId, TenantScoped as _};
use palatine_domain::usage::{TenantUsage, UsageCount, UsageKey, UsageOutcome};
use palatine_protocol::token::GrantType;
use palatine_store::{OperatorProof, OperatorTx, StoreError, TenantRead, UsageFilter};

use crate::filled::nobody;
use crate::support::{START, TestStore, on_both_databases};
use crate::world::World;

const HOUR: Duration = Duration::from_hours(1);

async fn operator(db: &TestStore) -> OperatorTx {
    db.store.as_operator(OperatorProof::job("usage")).await.unwrap()
}

fn key(hour: Instant, client: Option<&str>, outcome: UsageOutcome) -> UsageKey {
    UsageKey {
        hour,
        client_id: client.map(|client| ClientId::parse(client).unwrap()),
        grant_type: client.map(|_| GrantType::ClientCredentials),
        outcome,
    }
}

fn of(tenant: TenantId, key: &UsageKey, count: u64) -> TenantUsage {
    TenantUsage { tenant, client: None, usage: UsageCount { key: key.clone(), count } }
}

async fn add(db: &TestStore, counted: &[TenantUsage]) {
    let tx = operator(db).await;
    tx.add_usage(counted).await.unwrap();
    tx.commit().await.unwrap();
}

async fn all(tx: TenantRead) -> Vec<(UsageKey, u64)> {
    let found = tx.usage().list(&UsageFilter::default(), None, 10_000).await.unwrap();
    found.into_iter().map(|one| (one.key, one.count)).collect()
}

on_both_databases! {
    async fn counts_of_many_tenants_are_added_to_those_that_are_there(db) {
        let world = World::on(db).await;
        let [t1, t2] = [&world.t1, &world.t2].map(|tenant| tenant.scope.tenant_id());
        let hour = START.start_of_hour();
        let (issued, refused) = (key(hour, Some("app"), UsageOutcome::Issued), key(hour, None, UsageOutcome::Refused));
        // A client that was made anew under its name within the hour is one row; what is of nobody is left out.
        let gone: TenantId = nobody(world.ambient());
        let counted = [of(t1, &issued, 2), of(t2, &issued, 5), of(t1, &refused, 1), of(t1, &issued, 3), of(gone, &issued, 9)];
        add(&world.db, &counted).await;
        assert_eq!(all(world.read().await).await, [(issued.clone(), 5), (refused.clone(), 1)]);
        assert_eq!(all(world.read_other().await).await, [(issued.clone(), 5)]);
        add(&world.db, &[of(t1, &refused, 4), of(t1, &issued, 10)]).await;
        add(&world.db, &[]).await;
        assert_eq!(all(world.read().await).await, [(issued.clone(), 15), (refused, 5)]);
        assert_eq!(all(world.read_other().await).await, [(issued, 5)]);
        assert_eq!(world.count("SELECT count(*) FROM usage_hours").await, 3);
    }

    async fn more_counts_than_a_statement_takes_are_written_by_several(db) {
        let world = World::on(db).await;
        let t1 = world.t1.scope.tenant_id();
        let hour = |number: u32| key(Instant::EPOCH.plus(HOUR * number), Some("app"), UsageOutcome::Issued);
        let counted: Vec<_> = (0..2_500).map(|number| of(t1, &hour(number), 1)).collect();
        for _ in 0..2 {
            add(&world.db, &counted).await;
        }
        let found = all(world.read().await).await;
        assert!(found.len() == 2_500 && found.iter().all(|(_, count)| *count == 2));
    }

    async fn nodes_that_write_the_same_rows_at_once_add_up(db) {
        let world = World::on(db).await;
        let [t1, t2] = [&world.t1, &world.t2].map(|tenant| tenant.scope.tenant_id());
        let hour = |number: u32| key(Instant::EPOCH.plus(HOUR * number), Some("app"), UsageOutcome::Issued);
        let mut counted: Vec<_> = (0..50).flat_map(|n| [of(t1, &hour(n), 1), of(t2, &hour(n), 1)]).collect();
        let forth = counted.clone();
        counted.reverse();
        for _ in 0..5 {
            tokio::join!(add(&world.db, &forth), add(&world.db, &counted));
        }
        assert!(all(world.read().await).await.iter().all(|(_, count)| *count == 10));
    }

    async fn usage_is_listed_in_pages_by_client_and_by_hours(db) {
        let world = World::on(db).await;
        let [t1, t2] = [&world.t1, &world.t2].map(|tenant| tenant.scope.tenant_id());
        let hours = [START.start_of_hour(), START.start_of_hour().plus(HOUR), START.start_of_hour().plus(HOUR * 2)];
        let mut keys = Vec::new();
        for hour in hours.into_iter().rev() {
            for (client, outcome) in [
                (Some("till"), UsageOutcome::Issued),
                (Some("app"), UsageOutcome::Refused),
                (Some("app"), UsageOutcome::Issued),
                (None, UsageOutcome::Refused),
            ] {
                keys.push(key(hour, client, outcome));
            }
        }
        let counted: Vec<_> = keys.iter().flat_map(|key| [of(t1, key, 1), of(t2, key, 7)]).collect();
        add(&world.db, &counted).await;
        let tx = world.read().await;
        let mut seen = Vec::new();
        loop {
            let page = tx.usage().list(&UsageFilter::default(), seen.last(), 5).await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.iter().all(|one| one.count == 1));
            seen.extend(page.into_iter().map(|one| one.key));
        }
        assert_eq!(seen, keys, "newest hour first");
        let [first, second, third] = hours;
        let app = ClientId::parse("app").unwrap();
        for (client, from, to, expected) in [
            (Some(&app), None, None, 6),
            (None, Some(second), None, 8),
            (None, None, Some(second), 4),
            (Some(&app), Some(first.plus(Duration::from_secs(1))), Some(third), 2),
            (None, Some(third.plus(Duration::from_secs(1))), None, 0),
        ] {
            let filter = UsageFilter { client: client.cloned(), from, to };
            let found = tx.usage().list(&filter, None, 100).await.unwrap();
            assert_eq!(found.len(), expected, "{filter:?}");
        }
    }

    async fn old_hours_are_removed_within_the_budget(db) {
        let world = World::on(db).await;
        let [t1, t2] = [&world.t1, &world.t2].map(|tenant| tenant.scope.tenant_id());
        let hour = |number: u32| key(Instant::EPOCH.plus(HOUR * number), None, UsageOutcome::Refused);
        let counted: Vec<_> = (0..4).flat_map(|n| [of(t1, &hour(n), 1), of(t2, &hour(n), 1)]).collect();
        add(&world.db, &counted).await;
        for expected in [4, 2, 0] {
            let tx = operator(&world.db).await;
            let before = Instant::EPOCH.plus(HOUR * 3);
            assert_eq!(tx.sweep_usage(before, 4).await.unwrap(), expected);
            tx.commit().await.unwrap();
        }
        for tx in [world.read().await, world.read_other().await] {
            assert_eq!(all(tx).await, [(hour(3), 1)]);
        }
    }

    async fn a_count_that_makes_no_sense_is_an_error_that_names_it(db) {
        let world = World::on(db).await;
        let mut vandal = world.vandal().await;
        for (column, value) in [("client_id", "'two words'"), ("grant_type", "'wish'"), ("outcome", "'lost'"), ("count", "-1")] {
            add(&world.db, &[of(world.t1.scope.tenant_id(), &key(START, None, UsageOutcome::Issued), 1)]).await;
            vandal.run(&format!("UPDATE usage_hours SET {column} = {value}")).await;
            match world.read().await.usage().list(&UsageFilter::default(), None, 9).await {
                Err(StoreError::Corrupt { table, column: named, .. }) => assert_eq!((table, named), ("usage_hours", column)),
                other => panic!("{column}: {other:?}"),
            }
            vandal.run("DELETE FROM usage_hours").await;
        }
    }
}
