use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use palatine_domain::ids::RowId;
use uuid::Uuid;

use super::super::memory::Memory;
use super::*;

fn cheap() -> HashSettings {
    HashSettings { memory_kib: 64, iterations: 1, threads: Some(2), ..HashSettings::default() }
}

fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

fn secret(text: &str) -> SecretText {
    SecretText::new(text)
}

/// A pool whose only thread is the test.
struct ByHand {
    pool: HashPool,
    memory: Memory,
}

impl ByHand {
    fn new(settings: &HashSettings) -> Self {
        Self { pool: HashPool::without_threads(settings, Ambient::system()).unwrap(), memory: Memory::new(64) }
    }

    /// Serves the next job; false if none waits.
    fn serve(&mut self) -> bool {
        let shared = &self.pool.handle.shared;
        match shared.try_next() {
            Next::Job(job) => worker::serve(shared, &mut self.memory, *job),
            Next::Nothing | Next::End => return false,
        }
        true
    }

    /// A hash that has been asked for and waits.
    fn ask(&self, number: u128) -> std::pin::Pin<Box<dyn Future<Output = Result<String, HashError>>>> {
        let pool = self.pool.clone();
        let mut hash = Box::pin(async move { pool.hash(tenant(number), Lane::People, secret("correct horse")).await });
        assert!(is_pending(&mut hash));
        hash
    }
}

fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

fn is_ok<F: Future<Output = Result<String, HashError>> + Unpin>(future: &mut F) -> bool {
    matches!(pin!(future).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_)))
}

#[tokio::test]
async fn a_secret_matches_its_own_hash_alone() {
    let pool = HashPool::start(&cheap(), Ambient::system()).unwrap();
    let phc = pool.hash(tenant(1), Lane::People, secret("correct horse")).await.unwrap();
    let verify = async |text: &str| pool.verify(tenant(1), Lane::People, secret(text), &phc).await.unwrap();
    assert_eq!(verify("correct horse").await, Verdict::Match);
    assert_eq!(verify("battery staple").await, Verdict::Mismatch);
    pool.enter(tenant(1), Lane::People).unwrap().verify_nothing(secret("correct horse")).await.unwrap();
    assert_eq!(pool.counts(), HashCounts { hashed: 1, verified: 2, decoys: 1 });
}

#[tokio::test]
async fn a_hash_with_other_parameters_still_matches_and_is_called_outdated() {
    let old = HashPool::start(&HashSettings { memory_kib: 128, iterations: 2, ..cheap() }, Ambient::system()).unwrap();
    let phc = old.hash(tenant(1), Lane::People, secret("correct horse")).await.unwrap();
    let pool = HashPool::start(&cheap(), Ambient::system()).unwrap();
    let verdict = pool.verify(tenant(1), Lane::People, secret("correct horse"), &phc).await;
    assert_eq!(verdict, Ok(Verdict::MatchOutdated));
    let verdict = pool.verify(tenant(1), Lane::People, secret("wrong"), &phc).await;
    assert_eq!(verdict, Ok(Verdict::Mismatch));
}

#[tokio::test]
async fn equal_secrets_have_different_hashes() {
    let pool = HashPool::start(&cheap(), Ambient::system()).unwrap();
    let hash = || pool.hash(tenant(1), Lane::People, secret("correct horse"));
    assert_ne!(hash().await, hash().await);
}

#[tokio::test]
async fn a_secret_of_more_than_512_bytes_is_never_hashed() {
    let pool = HashPool::start(&cheap(), Ambient::system()).unwrap();
    let hash = async |length| pool.hash(tenant(1), Lane::People, secret(&"x".repeat(length))).await;
    assert!(hash(512).await.is_ok());
    assert_eq!(hash(513).await, Err(HashError::TooLong));
    assert_eq!(pool.counts().hashed, 1);
}

#[tokio::test]
async fn a_tenant_under_a_flood_delays_another_by_no_more_than_its_own_jobs() {
    let mut hand = ByHand::new(&HashSettings { queue_per_tenant: 200, ..cheap() });
    let mut flood: Vec<_> = (0..200).map(|_| hand.ask(1)).collect();
    let mut few: Vec<_> = (0..5).map(|_| hand.ask(2)).collect();
    for _ in 0..11 {
        assert!(hand.serve());
    }
    assert!(few.iter_mut().all(is_ok), "five jobs are done after at most six of the flood");
    assert_eq!(flood.iter_mut().map(is_pending).filter(|pending| !pending).count(), 6);
}

#[tokio::test]
async fn a_full_queue_refuses_and_says_when_to_come_back() {
    let hand = ByHand::new(&HashSettings { queue_per_tenant: 2, queue_total: 3, ..cheap() });
    let _held = [hand.ask(1), hand.ask(1), hand.ask(2)];
    for number in [1, 3] {
        let refused = hand.pool.hash(tenant(number), Lane::People, secret("x")).await;
        assert_eq!(refused, Err(HashError::Busy { retry_after: Duration::from_secs(1) }));
    }
    assert!(hand.pool.enter(tenant(1), Lane::Clients).is_ok(), "the other lane has its own places");
}

#[tokio::test]
async fn a_hash_whose_caller_went_away_is_never_computed() {
    let mut hand = ByHand::new(&HashSettings { queue_per_tenant: 2, ..cheap() });
    let gone = hand.ask(1);
    let mut stays = hand.ask(1);
    drop(gone);
    drop(hand.ask(1));
    assert!(hand.serve());
    assert!(!hand.serve());
    assert!(is_ok(&mut stays));
    assert_eq!(hand.pool.counts().hashed, 1);
}

#[tokio::test]
async fn a_wait_beyond_the_limit_is_given_up() {
    let mut hand = ByHand::new(&HashSettings { wait_millis: 1, ..cheap() });
    let refused = hand.pool.hash(tenant(1), Lane::People, secret("x")).await;
    assert!(matches!(refused, Err(HashError::Busy { .. })));
    assert!(!hand.serve(), "nothing is computed for it later");
}

#[tokio::test]
async fn a_stored_hash_that_cannot_be_used_takes_no_thread() {
    let mut hand = ByHand::new(&cheap());
    let dear = "$argon2id$v=19$m=1048576,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for phc in [dear, "", "hunter2"] {
        let refused = hand.pool.verify(tenant(1), Lane::People, secret("x"), phc).await;
        assert!(matches!(refused, Err(HashError::Corrupt(_))), "{phc}");
    }
    assert!(!hand.serve());
}

#[tokio::test]
async fn who_still_waits_when_the_pool_ends_is_told_at_once() {
    let hand = ByHand::new(&cheap());
    let place = hand.pool.enter(tenant(1), Lane::People).unwrap();
    let mut waiting = Box::pin(place.hash(secret("x")));
    assert!(is_pending(&mut waiting));
    drop(hand);
    let answer = pin!(waiting).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(answer, Poll::Ready(Err(HashError::Stopped)));
}

#[tokio::test]
async fn the_threads_end_with_the_last_handle() {
    let pool = HashPool::start(&cheap(), Ambient::system()).unwrap();
    let place = pool.enter(tenant(1), Lane::People).unwrap();
    let shared = Arc::downgrade(&pool.handle.shared);
    drop(pool);
    assert_eq!(place.hash(secret("x")).await, Err(HashError::Stopped));
    while shared.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
}
