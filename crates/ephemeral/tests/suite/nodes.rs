//! What several nodes on one Redis share, and what stands in it.

use palatine_domain::ids::TenantScoped as _;
use palatine_ephemeral::{
    BusEvent, Decision, Invalidation, Lease, Limit, Mark, MarkKind, SessionPut, SessionRead, TenantEphemeral,
};

use crate::support::{Fixture, hash, seconds, tenants};

const KIND: MarkKind = MarkKind::DpopProof;
const LOGIN: Limit = Limit::new("login", 20, std::time::Duration::from_hours(1));

async fn allowed(tries: usize, tenant: TenantEphemeral<'_>, limit: &Limit) -> usize {
    let mut count = 0;
    for _ in 0..tries {
        count += usize::from(matches!(tenant.take(limit, "a").await, Decision::Allowed { .. }));
    }
    count
}

#[tokio::test]
async fn nodes_share_marks_sessions_tombstones_and_leases() {
    let fixture = Fixture::redis().await;
    let node = fixture.another_node().await;
    let scope = tenants().0;
    let (here, there) = (fixture.ephemeral.for_tenant(&scope), node.for_tenant(&scope));

    assert_eq!(here.mark_once(KIND, "a", seconds(60)).await, Ok(Mark::First));
    assert_eq!(there.mark_once(KIND, "a", seconds(60)).await, Ok(Mark::Seen));

    assert_eq!(here.session_put(&hash("s"), 1, b"bytes", seconds(60)).await, SessionPut::Kept);
    assert_eq!(there.session_get(&hash("s")).await, SessionRead::Hit(b"bytes".to_vec()));
    there.session_end(&hash("s"), seconds(60)).await.unwrap();
    assert_eq!(here.session_get(&hash("s")).await, SessionRead::Ended);
    assert_eq!(here.session_put(&hash("s"), 2, b"bytes", seconds(60)).await, SessionPut::Ended);

    assert_eq!(fixture.ephemeral.global().lease("sweep", "n1", seconds(60)).await, Ok(Lease::Held));
    assert_eq!(node.global().lease("sweep", "n2", seconds(60)).await, Ok(Lease::Elsewhere));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_parallel_marks_on_two_nodes_exactly_one_is_first() {
    let fixture = Fixture::redis().await;
    let nodes = [fixture.ephemeral.clone(), fixture.another_node().await];
    let scope = tenants().0;
    let tasks: Vec<_> = nodes
        .iter()
        .cycle()
        .take(64)
        .map(|node| {
            let node = node.clone();
            tokio::spawn(async move { node.for_tenant(&scope).mark_once(KIND, "a", seconds(60)).await.unwrap() })
        })
        .collect();
    let mut first = 0;
    for task in tasks {
        first += usize::from(task.await.unwrap() == Mark::First);
    }
    assert_eq!(first, 1);
}

#[tokio::test]
async fn nodes_share_a_small_limit_exactly() {
    let fixture = Fixture::redis().await;
    let node = fixture.another_node().await;
    let scope = tenants().0;
    let (here, there) = (fixture.ephemeral.for_tenant(&scope), node.for_tenant(&scope));
    assert_eq!(allowed(15, here, &LOGIN).await + allowed(15, there, &LOGIN).await, 20);
    here.refund(&LOGIN, "a").await;
    assert_eq!(allowed(15, there, &LOGIN).await, 1);
}

#[tokio::test]
async fn nodes_share_a_large_limit_but_for_the_batches_they_hold() {
    let fixture = Fixture::redis().await;
    let node = fixture.another_node().await;
    let scope = tenants().0;
    let limit = Limit::per_minute("token", 600);
    let mut count = 0;
    for _ in 0..40 {
        count += allowed(25, fixture.ephemeral.for_tenant(&scope), &limit).await;
        count += allowed(25, node.for_tenant(&scope), &limit).await;
    }
    // A batch is at most 30, and one node may hold one that it does not spend; ten a second refill meanwhile.
    assert!((570..=700).contains(&count), "{count}");
}

#[tokio::test]
async fn a_large_limit_seldom_asks_redis() {
    let fixture = Fixture::private_redis().await;
    let scope = tenants().0;
    let limit = Limit::per_minute("token", 6_000);
    let before = scripts_run(&fixture).await;
    assert_eq!(allowed(5_000, fixture.ephemeral.for_tenant(&scope), &limit).await, 5_000);
    // 8, 16, 32 … 300, 300: about 22 batches; the probe runs a script every 50 ms too.
    let asked = scripts_run(&fixture).await - before;
    assert!(asked < 300, "{asked} calls for 5,000 requests");
}

async fn scripts_run(fixture: &Fixture) -> u64 {
    let stats = fixture.info("commandstats").await;
    let line = stats.lines().find(|line| line.starts_with("cmdstat_evalsha:")).unwrap_or_default();
    let calls = line.split("calls=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or("0");
    calls.parse().unwrap()
}

#[tokio::test]
async fn a_batch_that_is_not_spent_goes_back() {
    let fixture = Fixture::redis().await;
    let scope = tenants().0;
    let limit = Limit::new("token", 36_000, seconds(3_600));
    let tenant = fixture.ephemeral.for_tenant(&scope);
    // One request in each life of a batch: were the rest of each batch lost, 7 of 8 would be.
    let mut remaining = 0;
    for _ in 0..50 {
        let Decision::Allowed { remaining: now } = tenant.take(&limit, "a").await else { panic!("it is nearly full") };
        remaining = now;
        fixture.clock.advance(seconds(6));
    }
    assert!(remaining >= 36_000 - 50, "{remaining}");
}

#[tokio::test]
async fn nodes_hear_each_other_on_the_bus() {
    let fixture = Fixture::redis().await;
    let node = fixture.another_node().await;
    let mut there = node.global().subscribe();
    let change = Invalidation { tenant: tenants().0.tenant_id(), version: 7 };
    fixture.ephemeral.global().publish(change).await;
    let heard = async {
        loop {
            if let Some(BusEvent::Invalidation(heard)) = there.next().await {
                return heard;
            }
        }
    };
    assert_eq!(tokio::time::timeout(seconds(20), heard).await.unwrap(), change);
}

#[tokio::test]
async fn every_key_names_its_tenant_in_its_only_hash_tag_and_expires() {
    let fixture = Fixture::redis().await;
    let scope = tenants().0;
    let tenant = fixture.ephemeral.for_tenant(&scope);
    let _ = tenant.mark_once(KIND, "john@example.com", seconds(60)).await.unwrap();
    let _ = tenant.take(&LOGIN, "2001:db8::/64").await;
    let _ = tenant.session_put(&hash("s"), 1, b"bytes", seconds(60)).await;
    tenant.session_end(&hash("e"), seconds(60)).await.unwrap();
    let keys = fixture.keys().await;
    let of_tenant: Vec<_> = keys.iter().filter(|key| !key.contains("{global:")).collect();
    assert_eq!(of_tenant.len(), 4, "{keys:?}");
    for key in of_tenant {
        let begins = format!("{}:{{{}:", fixture.settings.namespace, scope.tenant_id());
        assert!(key.starts_with(&begins) && key.ends_with('}') && key.matches('{').count() == 1, "{key}");
        assert!(!key.contains("john"), "no address of a person in {key}");
    }
    // Everything has a life: after the longest of them nothing is left.
    fixture.pass(seconds(31 * 24 * 3_600)).await;
    assert_eq!(fixture.keys().await, Vec::<String>::new());
}
