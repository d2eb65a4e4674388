//! Instants and the clock they come from.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time: microseconds since the Unix epoch, in UTC.
///
/// Both databases keep it as a 64-bit integer: text timestamps sort wrongly in SQLite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);

    /// As RFC 3339 in UTC, to the microsecond: `2026-11-29T08:15:30.123456Z`. The epoch, if no calendar reaches so far.
    pub fn to_rfc3339(self) -> String {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000);
        at.ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
    }

    /// From RFC 3339, with whatever offset; `None` if it is none, or out of reach.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos() / 1_000).ok().map(Self)
    }

    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the epoch, as in a JWT's `NumericDate` (RFC 7519, section 2).
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whole milliseconds since the epoch, rounded down.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// When the hour began that this instant lies in, in UTC.
    #[must_use]
    pub const fn start_of_hour(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(3_600_000_000)))
    }

    /// This instant, `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// This instant, `duration` earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// Time since `earlier`; zero if `earlier` lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Time until `later`; zero if `later` has passed.
    pub fn until(self, later: Self) -> Duration {
        later.since(self)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Tells the time. Handed in, so that a test can move it.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// A clock for tests: stands still until it is moved.
#[derive(Debug)]
pub struct FakeClock(AtomicI64);

impl FakeClock {
    /// A clock that shows `start`.
    pub fn at(start: Instant) -> Self {
        Self(AtomicI64::new(start.as_micros()))
    }

    /// Moves the clock ahead.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(micros(by), Ordering::SeqCst);
    }

    /// Sets the clock, also backwards.
    pub fn set(&self, to: Instant) {
        self.0.store(to.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// The system's clock moved by an offset, so that a running server can be told it is later. It can also be held, for a
/// test that must know the second on both sides of a limit however slow its machine is.
#[derive(Debug, Default)]
pub struct OffsetClock {
    offset_micros: AtomicI64,
    /// Where it was held, in microseconds since the epoch and without the offset; 0 while it runs.
    held_micros: AtomicI64,
}

impl OffsetClock {
    /// Moves the clock ahead by `by` more.
    pub fn advance(&self, by: Duration) {
        self.offset_micros.fetch_add(micros(by), Ordering::SeqCst);
    }

    /// Stops the clock: from now on only [`Self::advance`] moves it.
    pub fn hold(&self) {
        self.held_micros.store(crate::entropy::system_now().as_micros(), Ordering::SeqCst);
    }
}

impl Clock for OffsetClock {
    fn now(&self) -> Instant {
        let start = match self.held_micros.load(Ordering::SeqCst) {
            0 => crate::entropy::system_now().as_micros(),
            held => held,
        };
        Instant::from_micros(start.saturating_add(self.offset_micros.load(Ordering::SeqCst)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_down_on_both_sides_of_the_epoch() {
        assert_eq!(Instant::from_micros(1_999_999).as_seconds(), 1);
        assert_eq!(Instant::from_micros(-1).as_seconds(), -1);
    }

    #[test]
    fn an_hour_begins_before_what_lies_in_it_on_both_sides_of_the_epoch() {
        let hour = |micros| Instant::from_micros(micros).start_of_hour().as_seconds();
        assert_eq!([-1, 0, 1, 3_599_999_999, 3_600_000_000].map(hour), [-3_600, 0, 0, 0, 3_600]);
    }

    #[test]
    fn time_since_a_later_instant_is_zero() {
        assert_eq!(Instant::EPOCH.since(Instant::from_seconds(5)), Duration::ZERO);
    }
}
