//! Rate limits that this process enforces alone: with the memory backend, and while Redis is gone.

use palatine_domain::Instant;

use crate::bounded::{Bounded, Expires, Full, WhenFull};
use crate::key::Key;
use crate::limit::{Bucket, Decision, Limit};

impl Expires for Bucket {
    fn expires_at(&self) -> Instant {
        self.full_at()
    }
}

/// The buckets. When there are too many, those that are nearly full are forgotten first: that gives away least.
pub(crate) struct LocalLimits(Bounded<Bucket>);

impl LocalLimits {
    pub(crate) fn new(entries: usize) -> Self {
        Self(Bounded::new("limits", entries, WhenFull::Evict))
    }

    pub(crate) fn take(&self, key: &Key, limit: &Limit, now: Instant) -> Decision {
        let taken = self.with_bucket(key, now, |bucket| bucket.take(limit, now));
        // A map that evicts is never full; if it were, refusing would be the safe answer.
        taken.unwrap_or(Decision::Refused { retry_after: limit.per })
    }

    pub(crate) fn look(&self, key: &Key, limit: &Limit, now: Instant) -> Decision {
        self.0.read(key.as_str(), now, |bucket| bucket.copied().unwrap_or(Bucket::full(now)).look(limit, now))
    }

    pub(crate) fn refund(&self, key: &Key, limit: &Limit, now: Instant) {
        let _ = self.with_bucket(key, now, |bucket| bucket.refund(limit, now));
    }

    fn with_bucket<R>(&self, key: &Key, now: Instant, work: impl FnOnce(&mut Bucket) -> R) -> Result<R, Full> {
        self.0.change(key.as_str(), now, |slot| {
            let mut bucket = slot.unwrap_or(Bucket::full(now));
            let result = work(&mut bucket);
            *slot = Some(bucket).filter(|bucket| bucket.full_at() > now);
            result
        })
    }
}
