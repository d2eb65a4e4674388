//! What every backend does. Each fact is tested on the memory of the process and on a real Redis.

use std::time::Duration;

use palatine_domain::ids::TenantScoped as _;
use palatine_ephemeral::{
    AssertionMark, AssertionUse, BusEvent, Decision, Invalidation, LARGEST_NOTE, LONGEST_ENTRY, Lease, Limit, Mark,
    MarkKind, NoteKind, NotePut, NoteSwap, SHORTEST_TOMBSTONE, SessionPut, SessionRead, Subscription, TenantEphemeral,
};

use crate::support::{Fixture, Tenant, hash, seconds, tenants};

/// Runs each fact on each backend.
macro_rules! contract {
    ($($fact:ident)*) => {
        mod on_memory {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                super::$fact(super::Fixture::memory().await).await;
            }
        )*}
        mod on_redis {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                super::$fact(super::Fixture::redis().await).await;
            }
        )*}
    };
}

contract! {
    a_mark_is_first_once
    a_mark_is_forgotten_after_its_life
    marks_of_other_kinds_and_tenants_do_not_meet
    of_64_parallel_marks_exactly_one_is_first
    a_note_is_kept_once_and_read_back
    a_note_is_forgotten_after_its_life_however_often_it_was_changed
    a_note_is_changed_only_by_whoever_knows_what_it_says
    of_64_parallel_changes_exactly_one_is_done
    notes_of_other_kinds_and_tenants_do_not_meet
    an_assertion_is_accepted_once
    an_assertion_from_before_the_store_is_refused
    a_limit_allows_its_capacity_and_says_when_to_come_back
    a_limit_refills_with_time
    a_check_takes_nothing_and_a_charge_does
    a_refund_gives_one_back
    limits_of_other_names_keys_and_tenants_do_not_meet
    of_64_parallel_requests_exactly_the_capacity_is_allowed
    a_large_limit_allows_its_capacity_and_then_refuses
    a_session_is_read_as_it_was_put
    an_older_copy_never_replaces_a_newer_one
    an_ended_session_cannot_be_refilled
    a_copy_lives_a_minute_at_most_and_a_tombstone_outlives_it
    a_second_end_never_shortens_the_first
    a_copy_that_is_too_large_is_not_kept
    sessions_of_other_tenants_do_not_meet
    every_subscriber_hears_what_is_published
    a_lease_has_one_holder_until_it_ends
    a_lease_is_given_back_by_its_holder_alone
    hostile_identifiers_stay_apart
}

const KIND: MarkKind = MarkKind::ClientAssertion;

async fn mark(tenant: TenantEphemeral<'_>, id: &str) -> Mark {
    tenant.mark_once(KIND, id, seconds(60)).await.unwrap()
}

fn allowed(decision: Decision) -> bool {
    matches!(decision, Decision::Allowed { .. })
}

/// How many of `tries` requests one after another are allowed.
async fn allowed_of(tries: usize, tenant: TenantEphemeral<'_>, limit: &Limit, key: &str) -> usize {
    let mut count = 0;
    for _ in 0..tries {
        count += usize::from(allowed(tenant.take(limit, key).await));
    }
    count
}

async fn a_mark_is_first_once(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    assert_eq!(mark(tenant, "a").await, Mark::First);
    assert_eq!(mark(tenant, "a").await, Mark::Seen);
    assert_eq!(mark(tenant, "b").await, Mark::First);
}

async fn a_mark_is_forgotten_after_its_life(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    assert_eq!(mark(tenant, "a").await, Mark::First);
    fixture.pass(seconds(50)).await;
    assert_eq!(mark(tenant, "a").await, Mark::Seen);
    fixture.pass(seconds(11)).await;
    assert_eq!(mark(tenant, "a").await, Mark::First);
}

async fn marks_of_other_kinds_and_tenants_do_not_meet(fixture: Fixture) {
    let (t1, t2) = tenants();
    assert_eq!(mark(fixture.ephemeral.for_tenant(&t1), "a").await, Mark::First);
    assert_eq!(mark(fixture.ephemeral.for_tenant(&t2), "a").await, Mark::First);
    let proof = fixture.ephemeral.for_tenant(&t1).mark_once(MarkKind::DpopProof, "a", seconds(60)).await;
    assert_eq!(proof, Ok(Mark::First));
    assert_eq!(mark(fixture.ephemeral.for_tenant(&t2), "a").await, Mark::Seen);
}

async fn of_64_parallel_marks_exactly_one_is_first(fixture: Fixture) {
    let tenant = tenants().0;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let ephemeral = fixture.ephemeral.clone();
            tokio::spawn(async move { mark(ephemeral.for_tenant(&tenant), "a").await })
        })
        .collect();
    let mut first = 0;
    for task in tasks {
        first += usize::from(task.await.unwrap() == Mark::First);
    }
    assert_eq!(first, 1);
}

const DEVICE: NoteKind = NoteKind::Device;

async fn a_note_is_kept_once_and_read_back(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    assert_eq!(tenant.note_get(DEVICE, "a").await, Ok(None));
    let bytes = b"\0\xff\r\n{}";
    assert_eq!(tenant.note_put(DEVICE, "a", bytes, seconds(60)).await, Ok(NotePut::Kept));
    assert_eq!(tenant.note_put(DEVICE, "a", b"other", seconds(60)).await, Ok(NotePut::Taken));
    assert_eq!(tenant.note_get(DEVICE, "a").await, Ok(Some(bytes.to_vec())));
    let too_large = vec![0; LARGEST_NOTE + 1];
    assert!(tenant.note_put(DEVICE, "b", &too_large, seconds(60)).await.is_err());
}

async fn a_note_is_forgotten_after_its_life_however_often_it_was_changed(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    assert_eq!(tenant.note_put(DEVICE, "a", b"1", seconds(60)).await, Ok(NotePut::Kept));
    fixture.pass(seconds(50)).await;
    assert_eq!(tenant.note_swap(DEVICE, "a", b"1", b"2").await, Ok(NoteSwap::Done));
    fixture.pass(seconds(9)).await;
    assert_eq!(tenant.note_get(DEVICE, "a").await, Ok(Some(b"2".to_vec())));
    fixture.pass(seconds(2)).await;
    assert_eq!(tenant.note_get(DEVICE, "a").await, Ok(None));
    assert_eq!(tenant.note_swap(DEVICE, "a", b"2", b"3").await, Ok(NoteSwap::Changed));
    assert_eq!(tenant.note_put(DEVICE, "a", b"4", seconds(60)).await, Ok(NotePut::Kept));
}

async fn a_note_is_changed_only_by_whoever_knows_what_it_says(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    assert_eq!(tenant.note_put(DEVICE, "a", b"1", seconds(60)).await, Ok(NotePut::Kept));
    assert_eq!(tenant.note_swap(DEVICE, "a", b"0", b"2").await, Ok(NoteSwap::Changed));
    assert_eq!(tenant.note_swap(DEVICE, "b", b"1", b"2").await, Ok(NoteSwap::Changed));
    assert_eq!(tenant.note_get(DEVICE, "a").await, Ok(Some(b"1".to_vec())));
    assert_eq!(tenant.note_get(DEVICE, "b").await, Ok(None));
}

async fn of_64_parallel_changes_exactly_one_is_done(fixture: Fixture) {
    let tenant = tenants().0;
    let put = fixture.ephemeral.for_tenant(&tenant).note_put(DEVICE, "a", b"waits", seconds(60)).await;
    assert_eq!(put, Ok(NotePut::Kept));
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let ephemeral = fixture.ephemeral.clone();
            tokio::spawn(async move { ephemeral.for_tenant(&tenant).note_swap(DEVICE, "a", b"waits", b"done").await })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += usize::from(task.await.unwrap() == Ok(NoteSwap::Done));
    }
    assert_eq!(done, 1);
}

async fn notes_of_other_kinds_and_tenants_do_not_meet(fixture: Fixture) {
    let (t1, t2) = tenants();
    let (one, two) = (fixture.ephemeral.for_tenant(&t1), fixture.ephemeral.for_tenant(&t2));
    assert_eq!(one.note_put(DEVICE, "a", b"1", seconds(60)).await, Ok(NotePut::Kept));
    assert_eq!(two.note_get(DEVICE, "a").await, Ok(None));
    assert_eq!(one.note_get(NoteKind::UserCode, "a").await, Ok(None));
    assert_eq!(two.note_swap(DEVICE, "a", b"1", b"2").await, Ok(NoteSwap::Changed));
    assert_eq!(two.note_put(DEVICE, "a", b"2", seconds(60)).await, Ok(NotePut::Kept));
    assert_eq!(one.note_get(DEVICE, "a").await, Ok(Some(b"1".to_vec())));
}

fn assertion<'a>(fixture: &Fixture, id: &'a str) -> AssertionUse<'a> {
    AssertionUse { id, issued_at: fixture.now(), leeway: seconds(30), lives: seconds(300) }
}

async fn an_assertion_is_accepted_once(fixture: Fixture) {
    let (t1, t2) = tenants();
    let ephemeral = &fixture.ephemeral;
    ephemeral.global().known_since().await.unwrap();
    fixture.pass(seconds(30)).await;
    let used = assertion(&fixture, "jti");
    assert_eq!(ephemeral.for_tenant(&t1).mark_assertion(KIND, &used).await, Ok(AssertionMark::First));
    assert_eq!(ephemeral.for_tenant(&t1).mark_assertion(KIND, &used).await, Ok(AssertionMark::Seen));
    assert_eq!(ephemeral.for_tenant(&t2).mark_assertion(KIND, &used).await, Ok(AssertionMark::First));
}

async fn an_assertion_from_before_the_store_is_refused(fixture: Fixture) {
    let ephemeral = &fixture.ephemeral;
    let tenant = ephemeral.for_tenant(&tenants().0);
    let known_since = ephemeral.global().known_since().await.unwrap();
    let refused = Ok(AssertionMark::BeforeStore { known_since });
    let mut old = assertion(&fixture, "old");
    old.issued_at = known_since.minus(seconds(10));
    assert_eq!(tenant.mark_assertion(KIND, &old).await, refused);
    let mut within_leeway = assertion(&fixture, "within-leeway");
    within_leeway.issued_at = known_since.plus(seconds(29));
    assert_eq!(tenant.mark_assertion(KIND, &within_leeway).await, refused);
    let mut new = assertion(&fixture, "new");
    new.issued_at = known_since.plus(seconds(30));
    assert_eq!(tenant.mark_assertion(KIND, &new).await, Ok(AssertionMark::First));
}

const LOGIN: Limit = Limit::new("login", 20, Duration::from_hours(20));

async fn a_limit_allows_its_capacity_and_says_when_to_come_back(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    assert_eq!(tenant.take(&LOGIN, "10.0.0.1").await, Decision::Allowed { remaining: 19 });
    assert_eq!(allowed_of(30, tenant, &LOGIN, "10.0.0.1").await, 19);
    let Decision::Refused { retry_after } = tenant.take(&LOGIN, "10.0.0.1").await else { panic!("it is empty") };
    assert!((seconds(3_500)..=seconds(3_600)).contains(&retry_after), "{retry_after:?}");
    let closed = Limit::per_minute("closed", 0);
    assert_eq!(tenant.take(&closed, "x").await, Decision::Refused { retry_after: seconds(60) });
}

async fn a_limit_refills_with_time(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    assert_eq!(allowed_of(30, tenant, &LOGIN, "a").await, 20);
    fixture.pass(seconds(3_700)).await;
    assert_eq!(allowed_of(30, tenant, &LOGIN, "a").await, 1);
    fixture.pass(seconds(30 * 3_600)).await;
    assert_eq!(allowed_of(30, tenant, &LOGIN, "a").await, 20);
}

async fn a_check_takes_nothing_and_a_charge_does(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    for _ in 0..30 {
        assert_eq!(tenant.check(&LOGIN, "a").await, Decision::Allowed { remaining: 19 });
    }
    for _ in 0..20 {
        tenant.charge(&LOGIN, "a").await;
    }
    assert!(!allowed(tenant.check(&LOGIN, "a").await));
    tenant.charge(&LOGIN, "a").await;
    fixture.pass(seconds(3_700)).await;
    assert!(allowed(tenant.check(&LOGIN, "a").await), "a charge on an empty bucket is no debt");
}

async fn a_refund_gives_one_back(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    tenant.refund(&LOGIN, "a").await;
    assert_eq!(allowed_of(30, tenant, &LOGIN, "a").await, 20, "a full bucket holds no more");
    tenant.refund(&LOGIN, "a").await;
    assert_eq!(allowed_of(30, tenant, &LOGIN, "a").await, 1);
}

async fn limits_of_other_names_keys_and_tenants_do_not_meet(fixture: Fixture) {
    let (t1, t2) = tenants();
    let ephemeral = &fixture.ephemeral;
    assert_eq!(allowed_of(30, ephemeral.for_tenant(&t1), &LOGIN, "a").await, 20);
    assert!(!allowed(ephemeral.for_tenant(&t1).check(&LOGIN, "a").await));
    let mail = Limit { name: "mail", ..LOGIN };
    assert!(allowed(ephemeral.for_tenant(&t1).check(&LOGIN, "b").await));
    assert!(allowed(ephemeral.for_tenant(&t1).check(&mail, "a").await));
    assert!(allowed(ephemeral.for_tenant(&t2).check(&LOGIN, "a").await));
    assert!(allowed(ephemeral.global().check(&LOGIN, "a").await));
    ephemeral.for_tenant(&t2).refund(&LOGIN, "a").await;
    ephemeral.for_tenant(&t2).charge(&LOGIN, "a").await;
    assert!(!allowed(ephemeral.for_tenant(&t1).take(&LOGIN, "a").await), "another's refund is not ours");
    assert_eq!(ephemeral.global().take(&LOGIN, "a").await, Decision::Allowed { remaining: 19 });
    ephemeral.global().charge(&LOGIN, "a").await;
    ephemeral.global().refund(&LOGIN, "a").await;
    assert_eq!(ephemeral.global().check(&LOGIN, "a").await, Decision::Allowed { remaining: 18 });
}

async fn of_64_parallel_requests_exactly_the_capacity_is_allowed(fixture: Fixture) {
    let tenant = tenants().0;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let ephemeral = fixture.ephemeral.clone();
            tokio::spawn(async move { ephemeral.for_tenant(&tenant).take(&LOGIN, "a").await })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += usize::from(allowed(task.await.unwrap()));
    }
    assert_eq!(count, 20);
}

/// The smallest limit that is leased.
const TOKENS: Limit = Limit::per_minute("token", 600);

async fn a_large_limit_allows_its_capacity_and_then_refuses(fixture: Fixture) {
    let (tenant, other) = tenants();
    let ephemeral = &fixture.ephemeral;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let ephemeral = ephemeral.clone();
            tokio::spawn(async move { allowed_of(20, ephemeral.for_tenant(&tenant), &TOKENS, "a").await })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    // Redis refills by its own clock: ten a second, and this takes a fraction of a second, on a busy machine more.
    assert!((600..=700).contains(&count), "{count}");
    assert!(allowed(ephemeral.for_tenant(&other).take(&TOKENS, "a").await));
    assert!(allowed(ephemeral.for_tenant(&other).check(&TOKENS, "a").await));
    ephemeral.for_tenant(&other).refund(&TOKENS, "a").await;
    fixture.pass(seconds(60)).await;
    assert!(allowed(ephemeral.for_tenant(&tenant).check(&TOKENS, "a").await));
    let again = allowed_of(1_000, ephemeral.for_tenant(&tenant), &TOKENS, "a").await;
    assert!((600..=700).contains(&again), "{again}");
}

const ENTRY: Duration = Duration::from_secs(30);

async fn put(tenant: TenantEphemeral<'_>, name: &str, version: i64, bytes: &[u8]) -> SessionPut {
    tenant.session_put(&hash(name), version, bytes, ENTRY).await
}

async fn get(tenant: TenantEphemeral<'_>, name: &str) -> SessionRead {
    tenant.session_get(&hash(name)).await
}

fn hit(bytes: &[u8]) -> SessionRead {
    SessionRead::Hit(bytes.to_vec())
}

async fn a_session_is_read_as_it_was_put(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    assert_eq!(get(tenant, "s").await, SessionRead::Miss);
    for bytes in [&b""[..], b"plain", b"\n\0\xff E L1\n"] {
        assert_eq!(put(tenant, "s", 1, bytes).await, SessionPut::Kept);
        assert_eq!(get(tenant, "s").await, hit(bytes));
    }
    fixture.pass(ENTRY).await;
    assert_eq!(get(tenant, "s").await, SessionRead::Miss);
}

async fn an_older_copy_never_replaces_a_newer_one(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    let version = 1_750_000_000_000_001;
    assert_eq!(put(tenant, "s", version, b"new").await, SessionPut::Kept);
    assert_eq!(put(tenant, "s", version - 1, b"old").await, SessionPut::Superseded);
    assert_eq!(get(tenant, "s").await, hit(b"new"));
    assert_eq!(put(tenant, "s", version + 1, b"newer").await, SessionPut::Kept);
    assert_eq!(get(tenant, "s").await, hit(b"newer"));
}

async fn an_ended_session_cannot_be_refilled(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    assert_eq!(put(tenant, "s", 1, b"bytes").await, SessionPut::Kept);
    tenant.session_end(&hash("s"), seconds(1)).await.unwrap();
    assert_eq!(get(tenant, "s").await, SessionRead::Ended);
    assert_eq!(put(tenant, "s", 2, b"bytes").await, SessionPut::Ended);
    assert_eq!(get(tenant, "s").await, SessionRead::Ended);
    tenant.session_end(&hash("never-cached"), seconds(1)).await.unwrap();
    assert_eq!(put(tenant, "never-cached", 1, b"bytes").await, SessionPut::Ended);
}

async fn a_copy_lives_a_minute_at_most_and_a_tombstone_outlives_it(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    assert_eq!(tenant.session_put(&hash("a"), 1, b"bytes", seconds(86_400)).await, SessionPut::Kept);
    tenant.session_end(&hash("b"), Duration::ZERO).await.unwrap();
    fixture.pass(LONGEST_ENTRY).await;
    assert_eq!(get(tenant, "a").await, SessionRead::Miss);
    assert_eq!(get(tenant, "b").await, SessionRead::Ended);
    fixture.pass(SHORTEST_TOMBSTONE.saturating_sub(LONGEST_ENTRY + seconds(10))).await;
    assert_eq!(put(tenant, "b", 1, b"bytes").await, SessionPut::Ended);
    fixture.pass(seconds(11)).await;
    assert_eq!(get(tenant, "b").await, SessionRead::Miss);
}

async fn a_second_end_never_shortens_the_first(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    tenant.session_end(&hash("s"), seconds(3_600)).await.unwrap();
    tenant.session_end(&hash("s"), Duration::ZERO).await.unwrap();
    fixture.pass(seconds(3_500)).await;
    assert_eq!(get(tenant, "s").await, SessionRead::Ended);
}

async fn a_copy_that_is_too_large_is_not_kept(fixture: Fixture) {
    let tenant = fixture.ephemeral.for_tenant(&tenants().0);
    assert_eq!(put(tenant, "s", 1, &[7; 4_097]).await, SessionPut::NotKept);
    assert_eq!(get(tenant, "s").await, SessionRead::Miss);
    assert_eq!(put(tenant, "s", 1, &[7; 4_096]).await, SessionPut::Kept);
}

async fn sessions_of_other_tenants_do_not_meet(fixture: Fixture) {
    let (t1, t2) = tenants();
    let (t1, t2) = (fixture.ephemeral.for_tenant(&t1), fixture.ephemeral.for_tenant(&t2));
    assert_eq!(put(t1, "s", 9, b"one").await, SessionPut::Kept);
    assert_eq!(get(t2, "s").await, SessionRead::Miss);
    assert_eq!(put(t2, "s", 1, b"two").await, SessionPut::Kept, "not superseded by another tenant's");
    t2.session_end(&hash("s"), ENTRY).await.unwrap();
    assert_eq!(get(t1, "s").await, hit(b"one"));
    assert_eq!(get(t2, "s").await, SessionRead::Ended);
}

fn change(tenant: &Tenant, version: i64) -> Invalidation {
    Invalidation { tenant: tenant.tenant_id(), version }
}

/// The next invalidation, past any gap.
async fn heard(subscription: &mut Subscription) -> Invalidation {
    loop {
        let next = tokio::time::timeout(seconds(20), subscription.next()).await.expect("something is heard");
        if let BusEvent::Invalidation(invalidation) = next.expect("the bus is open") {
            return invalidation;
        }
    }
}

async fn every_subscriber_hears_what_is_published(fixture: Fixture) {
    let (t1, t2) = tenants();
    let global = fixture.ephemeral.global();
    global.publish(change(&t1, 1)).await;
    let (mut one, mut two) = (global.subscribe(), global.subscribe());
    global.publish(change(&t1, 2)).await;
    global.publish(change(&t2, 3)).await;
    for subscription in [&mut one, &mut two] {
        let mut first = heard(subscription).await;
        if first == change(&t1, 1) {
            // It was published before, but may arrive after the subscription was made.
            first = heard(subscription).await;
        }
        assert_eq!(first, change(&t1, 2));
        assert_eq!(heard(subscription).await, change(&t2, 3));
    }
}

async fn a_lease_has_one_holder_until_it_ends(fixture: Fixture) {
    let global = fixture.ephemeral.global();
    assert_eq!(global.lease("sweep", "n1", seconds(30)).await, Ok(Lease::Held));
    assert_eq!(global.lease("sweep", "n2", seconds(30)).await, Ok(Lease::Elsewhere));
    assert_eq!(global.lease("other", "n2", seconds(30)).await, Ok(Lease::Held));
    fixture.pass(seconds(20)).await;
    assert_eq!(global.lease("sweep", "n1", seconds(30)).await, Ok(Lease::Held), "prolonged");
    fixture.pass(seconds(20)).await;
    assert_eq!(global.lease("sweep", "n2", seconds(30)).await, Ok(Lease::Elsewhere));
    fixture.pass(seconds(11)).await;
    assert_eq!(global.lease("sweep", "n2", seconds(30)).await, Ok(Lease::Held));
}

async fn a_lease_is_given_back_by_its_holder_alone(fixture: Fixture) {
    let global = fixture.ephemeral.global();
    assert_eq!(global.lease("sweep", "n1", seconds(30)).await, Ok(Lease::Held));
    global.release("sweep", "n2").await.unwrap();
    assert_eq!(global.lease("sweep", "n2", seconds(30)).await, Ok(Lease::Elsewhere));
    global.release("sweep", "n1").await.unwrap();
    assert_eq!(global.lease("sweep", "n2", seconds(30)).await, Ok(Lease::Held));
}

async fn hostile_identifiers_stay_apart(fixture: Fixture) {
    let (t1, t2) = tenants();
    let (a, b) = (fixture.ephemeral.for_tenant(&t1), fixture.ephemeral.for_tenant(&t2));
    let forged = format!("x}}:{{{}:client-assertion:id", t2.tenant_id());
    let long = "l".repeat(100_000);
    let ids = ["", "id", "id ", "ID", "id}", "{id}", "id\r\nDEL *", "id\0", "ïd", "*", forged.as_str(), long.as_str()];
    for id in ids {
        assert_eq!(mark(a, id).await, Mark::First, "{id:.40?}");
    }
    for id in ids {
        assert_eq!(mark(a, id).await, Mark::Seen, "{id:.40?}");
        assert_eq!(mark(b, id).await, Mark::First, "{id:.40?}");
    }
}
