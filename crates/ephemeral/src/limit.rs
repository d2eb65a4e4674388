//! Rate limits: what they say and how they count.
//!
//! A limit is a bucket of `capacity` requests that refills evenly over `per`: a caller who was quiet may use all of
//! it at once, and afterwards gets `capacity` requests in each `per`. It is kept as one instant, the *theoretical
//! arrival time* of the generic cell rate algorithm (ITU-T I.371): the time at which the bucket will be full again.
//! A bucket that is full needs no memory.

use std::time::Duration;

use palatine_domain::Instant;

/// Limits of this many requests a minute or more are leased to nodes in batches.
const LEASED_FROM_PER_MINUTE: u128 = 600;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What it is called in keys and metrics: lower-case letters and hyphens. Buckets of different names never meet.
    pub name: &'static str,
    /// How many requests a full bucket holds. Zero refuses all.
    pub capacity: u32,
    /// How long an empty bucket takes to fill. At least a millisecond.
    pub per: Duration,
}

/// What a limit says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a limit that nobody obeys limits nothing"]
pub enum Decision {
    /// Go on.
    Allowed {
        /// How many more would be allowed now, as far as this node knows.
        remaining: u32,
    },
    /// Too many requests.
    Refused {
        /// How long until one would be allowed, if nobody else takes it.
        retry_after: Duration,
    },
}

impl Limit {
    /// `capacity` requests in each `per`.
    pub const fn new(name: &'static str, capacity: u32, per: Duration) -> Self {
        Self { name, capacity, per }
    }

    /// `capacity` requests a minute.
    pub const fn per_minute(name: &'static str, capacity: u32) -> Self {
        Self::new(name, capacity, Duration::from_mins(1))
    }

    /// Time in which one request is refilled: microseconds.
    pub(crate) fn interval(&self) -> i64 {
        let per = i64::try_from(self.per.as_micros()).unwrap_or(i64::MAX).max(1_000);
        (per / i64::from(self.capacity.max(1))).max(1)
    }

    /// Time in which an empty bucket is refilled: microseconds.
    pub(crate) fn burst(&self) -> i64 {
        self.interval().saturating_mul(i64::from(self.capacity))
    }

    /// Whether nodes take batches of it, so that most requests need no round trip.
    pub(crate) fn is_leased(&self) -> bool {
        u128::from(self.capacity) * 60_000_000 >= LEASED_FROM_PER_MINUTE * self.per.as_micros().max(1)
    }
}

/// The state of a bucket: when it will be full again. As `limit.lua` computes it in Redis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    full_at: Instant,
}

impl Bucket {
    /// A bucket that nobody has used.
    pub(crate) fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// When it will be full, and can be forgotten.
    pub(crate) fn full_at(self) -> Instant {
        self.full_at
    }

    /// Takes one request out, if there is one.
    pub(crate) fn take(&mut self, limit: &Limit, now: Instant) -> Decision {
        let decision = self.look(limit, now);
        if matches!(decision, Decision::Allowed { .. }) {
            self.full_at = Instant::from_micros(self.busy_until(limit, now).saturating_add(limit.interval()));
        }
        decision
    }

    /// What [`Self::take`] would say.
    pub(crate) fn look(self, limit: &Limit, now: Instant) -> Decision {
        let (interval, burst) = (limit.interval(), limit.burst());
        let used = self.busy_until(limit, now) - now.as_micros();
        let free = (burst - used) / interval;
        if free >= 1 {
            Decision::Allowed { remaining: u32::try_from(free - 1).unwrap_or(u32::MAX) }
        } else {
            let wait = used.saturating_add(interval) - burst;
            Decision::Refused { retry_after: Duration::from_micros(u64::try_from(wait).unwrap_or(0)) }
        }
    }

    /// Puts one request back.
    pub(crate) fn refund(&mut self, limit: &Limit, now: Instant) {
        let until = self.busy_until(limit, now) - limit.interval();
        self.full_at = Instant::from_micros(until.max(now.as_micros()));
    }

    /// The instant of fullness as it counts now: not in the past, and, should the clock have been set back, never
    /// further ahead than an empty bucket's.
    fn busy_until(self, limit: &Limit, now: Instant) -> i64 {
        let now = now.as_micros();
        self.full_at.as_micros().clamp(now, now.saturating_add(limit.burst()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit::per_minute("test", 20);

    fn at(millis: i64) -> Instant {
        Instant::from_micros(millis * 1_000)
    }

    fn taken(bucket: &mut Bucket, now: Instant, tries: usize) -> usize {
        (0..tries).filter(|_| matches!(bucket.take(&LIMIT, now), Decision::Allowed { .. })).count()
    }

    #[test]
    fn a_full_bucket_holds_exactly_its_capacity_and_refills_evenly() {
        let mut bucket = Bucket::full(at(0));
        assert_eq!(taken(&mut bucket, at(0), 100), 20);
        assert_eq!(bucket.take(&LIMIT, at(0)), Decision::Refused { retry_after: Duration::from_secs(3) });
        assert_eq!(taken(&mut bucket, at(2_999), 100), 0);
        assert_eq!(taken(&mut bucket, at(3_000), 100), 1);
        assert_eq!(taken(&mut bucket, at(63_000), 100), 20);
    }

    #[test]
    fn no_window_holds_more_than_capacity_and_refill() {
        let mut bucket = Bucket::full(at(0));
        let allowed: Vec<i64> = (0..120_000).step_by(37).filter(|t| taken(&mut bucket, at(*t), 1) == 1).collect();
        for start in &allowed {
            let in_window = allowed.iter().filter(|t| (*start..start + 60_000).contains(*t)).count();
            assert!(in_window <= 40, "{in_window} in the minute from {start}");
        }
        assert!((59..=60).contains(&allowed.len()), "20 at once and 40 in two minutes: {}", allowed.len());
    }

    #[test]
    fn a_clock_set_back_refuses_no_longer_than_an_empty_bucket() {
        let mut bucket = Bucket::full(at(300_000));
        assert_eq!(taken(&mut bucket, at(300_000), 20), 20);
        assert_eq!(bucket.look(&LIMIT, at(0)), Decision::Refused { retry_after: Duration::from_secs(3) });
    }

    #[test]
    fn a_capacity_of_zero_refuses_all() {
        let closed = Limit::per_minute("closed", 0);
        let decision = Bucket::full(at(0)).take(&closed, at(0));
        assert_eq!(decision, Decision::Refused { retry_after: Duration::from_mins(1) });
    }

    #[test]
    fn limits_of_600_a_minute_are_leased() {
        assert!(Limit::per_minute("x", 600).is_leased());
        assert!(Limit::new("x", 36_000, Duration::from_hours(1)).is_leased());
        assert!(!Limit::per_minute("x", 599).is_leased());
        assert!(!Limit::new("x", 5, Duration::from_hours(1)).is_leased());
    }
}
