//! The pool: a queue, its threads, and the handle that keeps both alive.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::Params;
use palatine_domain::ids::TenantId;
use palatine_domain::{Ambient, Instant, SecretText};
use tokio::sync::oneshot;

use super::queue::{FairQueue, Full, Limits};
use super::{HashError, HashSettings, HashSettingsError, Lane, Place, Stored, Verdict, worker};
use crate::telemetry;

/// The threads that hash. Cheap to clone; all clones are one, and the threads end with the last.
#[derive(Clone)]
pub struct HashPool {
    handle: Arc<Handle>,
}

/// What the handles share, so that the threads, which hold the rest, can tell when the last one is gone.
struct Handle {
    shared: Arc<Shared>,
}

/// What handles, places and threads share.
pub(super) struct Shared {
    pub(super) ambient: Ambient,
    pub(super) params: Params,
    pub(super) longest_wait: Duration,
    limits: Limits,
    threads: usize,
    queue: Mutex<Queue>,
    work_waits: Condvar,
    /// A moving average of what a hash takes, in microseconds.
    hash_micros: AtomicU64,
    hashed: AtomicU64,
    verified: AtomicU64,
    decoys: AtomicU64,
}

struct Queue {
    jobs: FairQueue<Job>,
    tickets: u64,
    closed: bool,
}

/// Something to hash, and who waits for it.
pub(super) struct Job {
    pub(super) lane: Lane,
    pub(super) secret: SecretText,
    pub(super) work: Work,
    pub(super) sender: oneshot::Sender<Result<Answer, HashError>>,
    pub(super) since: Instant,
}

/// What is to be done with a secret.
pub(super) enum Work {
    /// Hash it with this salt and today's parameters.
    Hash([u8; 16]),
    /// Compare it.
    Verify(Stored),
    /// Compare it with nothing, at the same cost.
    Decoy(Stored),
}

/// What came of it.
pub(super) enum Answer {
    Hashed(String),
    Verified(Verdict),
}

/// How many hashes a pool has computed since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashCounts {
    /// New hashes.
    pub hashed: u64,
    /// Comparisons with a stored hash.
    pub verified: u64,
    /// Comparisons with nothing.
    pub decoys: u64,
}

impl HashPool {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// A setting is out of its bounds, or a thread cannot be had.
    pub fn start(settings: &HashSettings, ambient: Ambient) -> Result<Self, HashSettingsError> {
        let pool = Self::without_threads(settings, ambient)?;
        telemetry::describe();
        for number in 0..pool.handle.shared.threads {
            let shared = Arc::clone(&pool.handle.shared);
            let thread = std::thread::Builder::new().name(format!("palatine-hash-{number}"));
            thread.spawn(move || worker::work(&shared))?;
        }
        Ok(pool)
    }

    fn without_threads(settings: &HashSettings, ambient: Ambient) -> Result<Self, HashSettingsError> {
        let shared = Shared {
            params: settings.params()?,
            longest_wait: settings.longest_wait(),
            limits: Limits { per_tenant: settings.queue_per_tenant, total: settings.queue_total },
            threads: settings.thread_count(),
            ambient,
            queue: Mutex::new(Queue { jobs: FairQueue::new(), tickets: 0, closed: false }),
            work_waits: Condvar::new(),
            hash_micros: AtomicU64::new(0),
            hashed: AtomicU64::new(0),
            verified: AtomicU64::new(0),
            decoys: AtomicU64::new(0),
        };
        Ok(Self { handle: Arc::new(Handle { shared: Arc::new(shared) }) })
    }

    /// Takes a place in the queue.
    ///
    /// # Errors
    ///
    /// [`HashError::Busy`] if the tenant, or all tenants together, have as many hashes under way as may be.
    pub fn enter(&self, tenant: TenantId, lane: Lane) -> Result<Place, HashError> {
        let shared = &self.handle.shared;
        // The lock is let go here: telling when to come back takes it again.
        let entered = shared.lock().jobs.enter(lane, tenant, shared.limits);
        entered.map_err(|Full| {
            telemetry::refused(lane.as_str());
            HashError::Busy { retry_after: shared.retry_after() }
        })?;
        Ok(Place::new(Arc::clone(shared), tenant, lane))
    }

    /// Takes a place and hashes a secret for storing: a PHC string with a fresh salt and today's parameters.
    pub async fn hash(&self, tenant: TenantId, lane: Lane, secret: SecretText) -> Result<String, HashError> {
        self.enter(tenant, lane)?.hash(secret).await
    }

    /// Takes a place and compares a secret with a stored hash.
    pub async fn verify(
        &self,
        tenant: TenantId,
        lane: Lane,
        secret: SecretText,
        phc: &str,
    ) -> Result<Verdict, HashError> {
        self.enter(tenant, lane)?.verify(secret, phc).await
    }

    /// How many hashes were computed since the start.
    pub fn counts(&self) -> HashCounts {
        let shared = &self.handle.shared;
        HashCounts {
            hashed: shared.hashed.load(Ordering::Relaxed),
            verified: shared.verified.load(Ordering::Relaxed),
            decoys: shared.decoys.load(Ordering::Relaxed),
        }
    }
}

impl std::fmt::Debug for HashPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HashPool").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        // Places may outlive the handle; whoever waits in one is answered by the loss of the job.
        let unserved = std::mem::replace(&mut queue.jobs, FairQueue::new());
        drop(queue);
        drop(unserved);
        self.shared.work_waits.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a job wait, and gives the ticket by which it can be taken out.
    pub(super) fn submit(&self, lane: Lane, tenant: TenantId, cost: u64, job: Job) -> u64 {
        let mut queue = self.lock();
        queue.tickets += 1;
        let ticket = queue.tickets;
        // After the end nobody serves it: dropped here, it answers its caller at once.
        if !queue.closed {
            queue.jobs.push(lane, tenant, ticket, cost, job);
            telemetry::waiting(lane.as_str(), queue.jobs.waiting(lane));
        }
        drop(queue);
        self.work_waits.notify_one();
        ticket
    }

    /// Gives a place back.
    pub(super) fn leave(&self, lane: Lane, tenant: TenantId, ticket: Option<u64>) {
        let mut queue = self.lock();
        queue.jobs.leave(lane, tenant, ticket);
        telemetry::waiting(lane.as_str(), queue.jobs.waiting(lane));
    }

    /// The next job, if one waits.
    pub(super) fn try_next(&self) -> Next {
        Self::take(&mut self.lock())
    }

    /// The next job, as soon as there is one.
    pub(super) fn next(&self) -> Next {
        let mut queue = self.lock();
        loop {
            match Self::take(&mut queue) {
                Next::Nothing => queue = self.work_waits.wait(queue).unwrap_or_else(PoisonError::into_inner),
                next => return next,
            }
        }
    }

    fn take(queue: &mut Queue) -> Next {
        if queue.closed {
            return Next::End;
        }
        let Some(job) = queue.jobs.pop() else { return Next::Nothing };
        telemetry::waiting(job.lane.as_str(), queue.jobs.waiting(job.lane));
        Next::Job(Box::new(job))
    }

    /// Counts a hash that took `time`.
    pub(super) fn count(&self, work: &Work, time: Duration) {
        let (counter, kind) = match work {
            Work::Hash(_) => (&self.hashed, "hash"),
            Work::Verify(_) => (&self.verified, "verify"),
            Work::Decoy(_) => (&self.decoys, "decoy"),
        };
        counter.fetch_add(1, Ordering::Relaxed);
        telemetry::hashed(kind);
        let took = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).min(10_000_000);
        let before = self.hash_micros.load(Ordering::Relaxed);
        // Two threads may lose each other's sample: it is an average.
        self.hash_micros.store(if before == 0 { took } else { (before * 7 + took) / 8 }, Ordering::Relaxed);
    }

    /// How long the hashes under way will take, in whole seconds from 1 to 60.
    pub(super) fn retry_after(&self) -> Duration {
        let places = self.lock().jobs.places() as u64;
        let micros = places.saturating_mul(self.hash_micros.load(Ordering::Relaxed)) / self.threads as u64;
        Duration::from_secs(micros.div_ceil(1_000_000).clamp(1, 60))
    }
}

/// What a thread is told.
pub(super) enum Next {
    /// Do this.
    Job(Box<Job>),
    /// Nothing waits.
    Nothing,
    /// The pool has ended.
    End,
}

#[cfg(test)]
mod tests;
