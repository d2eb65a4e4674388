//! Rate limits in Redis: small ones by one atomic call a request, large ones by batches that a node takes ahead.
//!
//! A batch is taken out of the shared bucket before it is spent, so nodes together never allow more than the bucket
//! held. It is spent within [`LIVES`]; what is left then goes back with the next order. A batch is at most a
//! twentieth of the capacity and follows the use: twice what the last one spent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use palatine_domain::{Ambient, Instant};

use super::link::Link;
use super::scripts::Scripts;
use crate::EphemeralError;
use crate::bounded::{Bounded, Expires, WhenFull};
use crate::key::Key;
use crate::limit::{Decision, Limit};

/// How long a node may spend a batch.
const LIVES: Duration = Duration::from_secs(5);
/// A node that was refused does not ask again sooner, however small the interval: a flood costs 20 calls a second.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// The first batch, and the smallest later one, where the capacity allows it.
const SMALLEST_BATCH: u32 = 8;

/// What is asked of a shared bucket.
#[derive(Clone, Copy)]
pub(super) struct Order {
    wanted: u32,
    given_back: u32,
    write: bool,
}

impl Order {
    pub(super) const TAKE_ONE: Self = Self { wanted: 1, given_back: 0, write: true };
    pub(super) const REFUND_ONE: Self = Self { wanted: 0, given_back: 1, write: true };
    pub(super) const LOOK: Self = Self { wanted: 0, given_back: 0, write: false };
}

/// What a shared bucket answered.
#[derive(Clone, Copy)]
pub(super) struct Grant {
    granted: u32,
    remaining: u32,
    wait: Duration,
}

impl Grant {
    /// The decision for the one request that was asked for.
    pub(super) fn decision(self) -> Decision {
        if self.granted > 0 {
            Decision::Allowed { remaining: self.remaining }
        } else {
            Decision::Refused { retry_after: self.wait }
        }
    }

    /// The decision, had one been asked for.
    pub(super) fn would_be(self) -> Decision {
        match self.remaining.checked_sub(1) {
            Some(remaining) => Decision::Allowed { remaining },
            None => Decision::Refused { retry_after: self.wait },
        }
    }
}

/// One atomic call.
pub(super) async fn ask(
    link: &Link,
    scripts: &Scripts,
    key: &Key,
    limit: &Limit,
    order: Order,
) -> Result<Grant, EphemeralError> {
    let answer: (u32, u32, u64) = link
        .call("limit", |mut live| async move {
            let mut ask = scripts.limit.key(key.as_str());
            ask.arg(limit.interval()).arg(limit.burst()).arg(order.wanted).arg(order.given_back);
            ask.arg(u8::from(order.write)).invoke_async(&mut live.connection).await
        })
        .await?;
    let (granted, remaining, wait) = answer;
    Ok(Grant { granted, remaining, wait: Duration::from_micros(wait) })
}

/// The batches of this node.
pub(super) struct NodeLeases {
    ambient: Ambient,
    cells: Bounded<Cell>,
}

struct Cell {
    batch: Arc<Batch>,
    idle_at: Instant,
}

impl Expires for Cell {
    fn expires_at(&self) -> Instant {
        self.idle_at
    }
}

/// One bucket's batch. Whoever finds it empty orders the next, one at a time.
#[derive(Default)]
struct Batch {
    held: Mutex<Held>,
    ordering: tokio::sync::Mutex<()>,
}

struct Held {
    left: u32,
    spent: u32,
    /// What the shared bucket still held when the batch was taken.
    beyond: u32,
    /// When the batch was taken, or refused, and until when that holds. A clock set back ends it too.
    from: Instant,
    until: Instant,
    /// Set if the last order was refused.
    refused: bool,
}

impl Default for Held {
    fn default() -> Self {
        Self { left: 0, spent: 0, beyond: 0, from: Instant::EPOCH, until: Instant::EPOCH, refused: false }
    }
}

impl NodeLeases {
    pub(super) fn new(entries: usize, ambient: Ambient) -> Self {
        Self { ambient, cells: Bounded::new("limit-leases", entries, WhenFull::Evict) }
    }

    pub(super) async fn take(
        &self,
        link: &Link,
        scripts: &Scripts,
        key: &Key,
        limit: &Limit,
    ) -> Result<Decision, EphemeralError> {
        let batch = self.batch(key);
        if let Some(decision) = batch.held().take(self.ambient.now()) {
            return Ok(decision);
        }
        let _ordering = batch.ordering.lock().await;
        if let Some(decision) = batch.held().take(self.ambient.now()) {
            return Ok(decision);
        }
        let order = batch.held().order(limit);
        let grant = ask(link, scripts, key, limit, order).await?;
        Ok(batch.held().receive(grant, self.ambient.now()))
    }

    /// What the batch at hand says, if it says anything.
    pub(super) fn look(&self, key: &Key, now: Instant) -> Option<Decision> {
        self.cells.read(key.as_str(), now, |cell| cell.map(|cell| cell.batch.clone()))?.held().look(now)
    }

    /// Puts one back into the batch at hand, if there is one.
    pub(super) fn refund(&self, key: &Key, now: Instant) -> bool {
        let batch = self.cells.read(key.as_str(), now, |cell| cell.map(|cell| cell.batch.clone()));
        batch.is_some_and(|batch| batch.held().refund(now))
    }

    fn batch(&self, key: &Key) -> Arc<Batch> {
        let now = self.ambient.now();
        let found = self.cells.change(key.as_str(), now, |slot| {
            let batch = slot.take().map_or_else(Arc::default, |cell| cell.batch);
            // Kept beyond its life, so that what is left of it goes back with the next order.
            *slot = Some(Cell { batch: Arc::clone(&batch), idle_at: now.plus(LIVES * 12) });
            batch
        });
        found.unwrap_or_default()
    }
}

impl Batch {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn counts(&self, now: Instant) -> bool {
        self.from <= now && now < self.until
    }

    fn look(&self, now: Instant) -> Option<Decision> {
        if !self.counts(now) {
            return None;
        }
        if self.refused {
            return Some(Decision::Refused { retry_after: now.until(self.until) });
        }
        let remaining = self.left.checked_sub(1)?.saturating_add(self.beyond);
        Some(Decision::Allowed { remaining })
    }

    fn take(&mut self, now: Instant) -> Option<Decision> {
        let decision = self.look(now)?;
        if let Decision::Allowed { .. } = decision {
            self.left -= 1;
            self.spent += 1;
        }
        Some(decision)
    }

    fn refund(&mut self, now: Instant) -> bool {
        let takes_back = self.counts(now) && !self.refused && self.spent > 0;
        if takes_back {
            self.left += 1;
            self.spent -= 1;
        }
        takes_back
    }

    /// The next order. What is left goes back with it, and is gone from here: should the answer be lost, it has been
    /// given back at most once.
    fn order(&mut self, limit: &Limit) -> Order {
        let largest = (limit.capacity / 20).max(1);
        let wanted = self.spent.saturating_mul(2).max(SMALLEST_BATCH).min(largest);
        let given_back = std::mem::take(&mut self.left);
        self.spent = 0;
        Order { wanted, given_back, write: true }
    }

    /// Keeps what was granted, and spends one of it.
    fn receive(&mut self, grant: Grant, now: Instant) -> Decision {
        self.from = now;
        self.left = grant.granted;
        self.beyond = grant.remaining;
        self.refused = grant.granted == 0;
        self.until = now.plus(if self.refused { grant.wait.max(ASK_AGAIN_AFTER) } else { LIVES });
        self.take(now).unwrap_or_else(|| grant.decision())
    }
}
