//! Redis is flushed, restarted, paused, gone, and comes back: the table of docs/ARCHITECTURE.md, "What is kept where".

use std::sync::Arc;
use std::time::Duration;

use palatine_domain::Instant;
use palatine_domain::ids::TenantScoped as _;
use palatine_domain::time::FakeClock;
use palatine_ephemeral::{
    AssertionMark, AssertionUse, BusEvent, Decision, Ephemeral, EphemeralError, Invalidation, Lease, Limit, Mark,
    MarkKind, NoteKind, SessionPut, SessionRead, Subscription, TenantEphemeral,
};

use crate::support::{Fixture, RedisServer, ambient, eventually, hash, redis_settings, seconds, tenants};

const KIND: MarkKind = MarkKind::ClientAssertion;
const LOGIN: Limit = Limit::new("login", 20, Duration::from_hours(1));
const GONE: EphemeralError = EphemeralError::Unavailable;

async fn allowed(tries: usize, tenant: TenantEphemeral<'_>, limit: &Limit) -> usize {
    let mut count = 0;
    for _ in 0..tries {
        count += usize::from(matches!(tenant.take(limit, "a").await, Decision::Allowed { .. }));
    }
    count
}

async fn back(ephemeral: &Ephemeral) {
    eventually("Redis counts as reachable", async || ephemeral.health().reachable).await;
}

async fn hears(subscription: &mut Subscription, event: BusEvent) {
    let heard = async { while subscription.next().await != Some(event) {} };
    tokio::time::timeout(seconds(20), heard).await.unwrap_or_else(|_| panic!("never heard: {event:?}"));
}

#[tokio::test]
async fn without_redis_marks_are_refused_limits_go_local_and_sessions_miss() {
    let mut fixture = Fixture::private_redis().await;
    let ephemeral = fixture.ephemeral.clone();
    let node = fixture.another_node().await;
    let scope = tenants().0;
    let tenant = ephemeral.for_tenant(&scope);
    let large = Limit::new("token", 36_000, seconds(3_600));
    assert_eq!(tenant.session_put(&hash("s"), 1, b"bytes", seconds(60)).await, SessionPut::Kept);
    assert_eq!(allowed(30, tenant, &LOGIN).await, 20);

    fixture.server().kill();

    assert_eq!(tenant.mark_once(KIND, "a", seconds(60)).await, Err(GONE));
    assert!(!ephemeral.health().reachable);
    assert_eq!(ephemeral.health().backend, "redis");
    let used = AssertionUse { id: "a", issued_at: fixture.now(), leeway: seconds(30), lives: seconds(60) };
    assert_eq!(tenant.mark_assertion(KIND, &used).await, Err(GONE));
    assert_eq!(ephemeral.global().known_since().await, Err(GONE));

    for node in [&ephemeral, &node] {
        assert_eq!(allowed(30, node.for_tenant(&scope), &LOGIN).await, 20, "each node enforces the full limit");
        assert!(matches!(node.for_tenant(&scope).check(&LOGIN, "a").await, Decision::Refused { .. }));
        node.for_tenant(&scope).refund(&LOGIN, "a").await;
        assert_eq!(allowed(30, node.for_tenant(&scope), &LOGIN).await, 1);
        assert_eq!(allowed(40_000, node.for_tenant(&scope), &large).await, 36_000);
    }

    assert_eq!(tenant.note_put(NoteKind::Device, "a", b"1", seconds(60)).await, Err(GONE));
    assert_eq!(tenant.note_get(NoteKind::Device, "a").await, Err(GONE));
    assert_eq!(tenant.note_swap(NoteKind::Device, "a", b"1", b"2").await, Err(GONE));
    assert_eq!(tenant.session_get(&hash("s")).await, SessionRead::Miss);
    assert_eq!(tenant.session_put(&hash("s"), 2, b"bytes", seconds(60)).await, SessionPut::NotKept);
    assert_eq!(ephemeral.global().lease("sweep", "n1", seconds(60)).await, Err(GONE));
    assert_eq!(ephemeral.global().release("sweep", "n1").await, Err(GONE));

    fixture.server().start_again().await;
    back(&ephemeral).await;
    back(&node).await;

    assert_eq!(tenant.mark_once(KIND, "a", seconds(60)).await, Ok(Mark::First));
    assert_eq!(node.for_tenant(&scope).mark_once(KIND, "a", seconds(60)).await, Ok(Mark::Seen));
    let both = allowed(15, tenant, &LOGIN).await + allowed(15, node.for_tenant(&scope), &LOGIN).await;
    assert_eq!(both, 20, "one limit for both again");
    assert_eq!(tenant.session_put(&hash("s"), 2, b"bytes", seconds(60)).await, SessionPut::Kept);
    assert_eq!(ephemeral.global().lease("sweep", "n1", seconds(60)).await, Ok(Lease::Held));
}

#[tokio::test]
async fn a_session_ended_without_redis_stays_ended_when_redis_is_back() {
    let mut fixture = Fixture::private_redis().await;
    let node = fixture.another_node().await;
    let ephemeral = fixture.ephemeral.clone();
    let scope = tenants().0;
    let tenant = ephemeral.for_tenant(&scope);
    assert_eq!(tenant.session_put(&hash("s"), 1, b"bytes", seconds(60)).await, SessionPut::Kept);
    fixture.command(&["SAVE"]).await;
    fixture.server().kill();

    assert_eq!(tenant.session_end(&hash("s"), seconds(60)).await, Err(GONE));
    assert_eq!(tenant.session_get(&hash("s")).await, SessionRead::Ended, "this node knows by itself");

    // The snapshot still has the copy.
    fixture.server().start_again().await;
    back(&ephemeral).await;
    back(&node).await;
    assert_eq!(tenant.session_get(&hash("s")).await, SessionRead::Ended);
    assert_eq!(node.for_tenant(&scope).session_get(&hash("s")).await, SessionRead::Ended, "and tells the others");
    assert_eq!(node.for_tenant(&scope).session_put(&hash("s"), 2, b"b", seconds(60)).await, SessionPut::Ended);
}

#[tokio::test]
async fn the_bus_reports_a_gap_when_it_is_back() {
    let mut fixture = Fixture::private_redis().await;
    let ephemeral = fixture.ephemeral.clone();
    let mut subscription = ephemeral.global().subscribe();
    let change = |version| Invalidation { tenant: tenants().0.tenant_id(), version };
    let first = change(1);
    ephemeral.global().publish(first).await;
    hears(&mut subscription, BusEvent::Invalidation(first)).await;

    fixture.server().kill();
    let alone = change(2);
    ephemeral.global().publish(alone).await;
    hears(&mut subscription, BusEvent::Invalidation(alone)).await;

    fixture.server().start_again().await;
    hears(&mut subscription, BusEvent::Gap).await;
    back(&ephemeral).await;
    let last = change(3);
    ephemeral.global().publish(last).await;
    hears(&mut subscription, BusEvent::Invalidation(last)).await;
}

#[tokio::test]
async fn an_assertion_used_before_a_flush_is_refused_after_it() {
    let fixture = Fixture::private_redis().await;
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    fixture.pass(seconds(30)).await;
    let used = AssertionUse { id: "jti", issued_at: fixture.now(), leeway: seconds(30), lives: seconds(300) };
    assert_eq!(tenant.mark_assertion(KIND, &used).await, Ok(AssertionMark::First));
    fixture.clock.advance(seconds(10));
    fixture.command(&["FLUSHALL"]).await;
    assert_eq!(tenant.mark_assertion(KIND, &used).await, Ok(AssertionMark::BeforeStore { known_since: fixture.now() }));
    fixture.clock.advance(seconds(30));
    let new = AssertionUse { id: "new", issued_at: fixture.now(), ..used };
    assert_eq!(tenant.mark_assertion(KIND, &new).await, Ok(AssertionMark::First));
}

#[tokio::test]
async fn an_assertion_used_after_the_snapshot_is_refused_after_a_restart_from_it() {
    let mut fixture = Fixture::private_redis().await;
    let ephemeral = fixture.ephemeral.clone();
    let tenant = ephemeral.for_tenant(&tenants().0);
    fixture.pass(seconds(30)).await;
    fixture.command(&["SAVE"]).await;
    let used = AssertionUse { id: "jti", issued_at: fixture.now(), leeway: seconds(30), lives: seconds(300) };
    assert_eq!(tenant.mark_assertion(KIND, &used).await, Ok(AssertionMark::First));

    fixture.clock.advance(seconds(10));
    fixture.server().kill();
    assert_eq!(tenant.mark_assertion(KIND, &used).await, Err(GONE));
    fixture.server().start_again().await;
    back(&ephemeral).await;
    let known_since = fixture.now();
    assert_eq!(tenant.mark_assertion(KIND, &used).await, Ok(AssertionMark::BeforeStore { known_since }));
}

#[tokio::test]
async fn a_redis_that_hangs_costs_one_timeout_and_then_nothing() {
    let mut fixture = Fixture::private_redis().await;
    let ephemeral = fixture.ephemeral.clone();
    let scope = tenants().0;
    let tenant = ephemeral.for_tenant(&scope);
    assert_eq!(tenant.mark_once(KIND, "a", seconds(60)).await, Ok(Mark::First));
    fixture.server().pause();

    // 64 at once share one timeout of a second; were they queued, they would take a minute.
    let many = async {
        let calls = (0..64).map(|i| {
            let ephemeral = ephemeral.clone();
            tokio::spawn(async move { ephemeral.for_tenant(&scope).mark_once(KIND, &i.to_string(), seconds(60)).await })
        });
        for call in calls.collect::<Vec<_>>() {
            assert_eq!(call.await.unwrap(), Err(GONE));
        }
    };
    tokio::time::timeout(seconds(15), many).await.expect("nobody waits for anybody");
    assert!(!ephemeral.health().reachable);

    // The circuit is open: ten thousand calls cost nothing.
    let more = async {
        for _ in 0..10_000 {
            assert_eq!(tenant.mark_once(KIND, "a", seconds(60)).await, Err(GONE));
        }
    };
    tokio::time::timeout(seconds(15), more).await.expect("no call waits while the circuit is open");

    fixture.server().resume();
    back(&ephemeral).await;
    assert_eq!(tenant.mark_once(KIND, "a", seconds(60)).await, Ok(Mark::Seen));
}

#[tokio::test]
async fn by_default_a_redis_that_hangs_is_given_up_after_200_ms() {
    let settings = palatine_ephemeral::EphemeralSettings::default();
    assert_eq!((settings.call_timeout_ms, settings.probe_every_ms), (200, 1_000));
}

#[tokio::test]
async fn a_node_starts_without_redis_and_finds_it_later() {
    let mut server = RedisServer::stopped();
    let clock = Arc::new(FakeClock::at(Instant::from_seconds(1_750_000_000)));
    let ephemeral = Ephemeral::start(redis_settings(&server.url()), ambient(&clock)).await.unwrap();
    let scope = tenants().0;
    let tenant = ephemeral.for_tenant(&scope);
    assert!(!ephemeral.health().reachable);
    assert_eq!(tenant.mark_once(KIND, "a", seconds(60)).await, Err(GONE));
    assert_eq!(allowed(30, tenant, &LOGIN).await, 20);
    server.start_again().await;
    back(&ephemeral).await;
    assert_eq!(tenant.mark_once(KIND, "a", seconds(60)).await, Ok(Mark::First));
}

#[tokio::test]
async fn a_redis_that_takes_no_writes_counts_as_gone_until_it_does() {
    let fixture = Fixture::private_redis().await;
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    // Out of memory, and evicting nothing.
    fixture.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    eventually("it counts as gone", async || !fixture.ephemeral.health().reachable).await;
    assert_eq!(tenant.mark_once(KIND, "a", seconds(60)).await, Err(GONE));
    fixture.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    back(&fixture.ephemeral).await;
    assert_eq!(tenant.mark_once(KIND, "a", seconds(60)).await, Ok(Mark::First));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_does_not_die_with_the_runtime_that_noticed_the_loss() {
    let mut fixture = Fixture::private_redis().await;
    let ephemeral = fixture.ephemeral.clone();
    let scope = tenants().0;
    fixture.server().kill();
    // A request thread with a runtime of its own notices, and ends.
    let worker = ephemeral.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let marked = runtime.block_on(worker.for_tenant(&scope).mark_once(KIND, "a", seconds(60)));
        assert_eq!(marked, Err(GONE));
    })
    .join()
    .unwrap();
    fixture.server().start_again().await;
    back(&ephemeral).await;
    for id in ["a", "b", "c"] {
        assert_eq!(ephemeral.for_tenant(&scope).mark_once(KIND, id, seconds(60)).await, Ok(Mark::First));
    }
    assert!(ephemeral.health().reachable);
}
