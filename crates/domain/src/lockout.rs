//! How long a guesser waits. Pure: the counters live in `store`, the pipeline in `authn`.

use std::time::Duration;

use crate::policy::LockoutPolicy;
use crate::time::Instant;

/// Which counter of an account counts a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockoutScope {
    /// Failures from one address prefix (IPv4 address, IPv6 /64).
    Address,
    /// Failures from a browser that the account knows.
    Device,
    /// Failures from anywhere.
    Account,
}

impl LockoutScope {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Device => "device",
            Self::Account => "account",
        }
    }

    /// From the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Address, Self::Device, Self::Account].into_iter().find(|scope| scope.as_str() == word)
    }

    /// The longest wait and the failure from which it begins.
    fn rule(self, policy: &LockoutPolicy) -> (u32, u64) {
        match self {
            Self::Address | Self::Device => (policy.address_threshold, policy.address_max_seconds),
            Self::Account => (policy.account_threshold, policy.account_max_seconds),
        }
    }
}

/// A counter of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutCounter {
    /// Failures, attempts under way included.
    pub failures: u32,
    /// When the last one was counted.
    pub counted_at: Instant,
    /// Until when no further attempt is made.
    pub locked_until: Instant,
}

impl LockoutCounter {
    /// Counts one more attempt as failed before it is made, or says until when none may be made.
    ///
    /// Counting first is what makes parallel guesses count: a success takes the reservation back.
    pub fn reserve(
        before: Option<Self>,
        scope: LockoutScope,
        now: Instant,
        policy: &LockoutPolicy,
    ) -> Result<Self, Instant> {
        let failures = match before {
            Some(counter) if now < counter.locked_until => return Err(counter.locked_until),
            Some(counter) if now.since(counter.counted_at) < Duration::from_secs(policy.forget_seconds) => {
                counter.failures
            }
            _ => 0,
        };
        let failures = failures.saturating_add(1);
        Ok(Self { failures, counted_at: now, locked_until: now.plus(wait_after(failures, scope, policy)) })
    }
}

/// The wait that follows the `failures`-th failure: `first`, doubled by each further one, up to the maximum.
fn wait_after(failures: u32, scope: LockoutScope, policy: &LockoutPolicy) -> Duration {
    let (threshold, most) = scope.rule(policy);
    let Some(doublings) = failures.checked_sub(threshold) else { return Duration::ZERO };
    let factor = 1_u64.checked_shl(doublings.min(32)).unwrap_or(u64::MAX);
    Duration::from_secs(policy.first_seconds.saturating_mul(factor).min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(times: u32, scope: LockoutScope) -> LockoutCounter {
        let policy = LockoutPolicy::default();
        let mut counter = None;
        let mut now = Instant::EPOCH;
        for _ in 0..times {
            let next = LockoutCounter::reserve(counter, scope, now, &policy).unwrap();
            now = next.locked_until.max(now);
            counter = Some(next);
        }
        counter.unwrap()
    }

    fn wait(counter: LockoutCounter) -> u64 {
        counter.counted_at.until(counter.locked_until).as_secs()
    }

    #[test]
    fn an_address_waits_from_the_fifth_failure_and_never_longer_than_fifteen_minutes() {
        assert_eq!(wait(fail(4, LockoutScope::Address)), 0);
        assert_eq!(wait(fail(5, LockoutScope::Address)), 60);
        assert_eq!(wait(fail(6, LockoutScope::Address)), 120);
        assert_eq!(wait(fail(40, LockoutScope::Address)), 900);
    }

    #[test]
    fn an_account_waits_from_the_fiftieth_failure_and_never_longer_than_five_minutes() {
        assert_eq!(wait(fail(49, LockoutScope::Account)), 0);
        assert_eq!(wait(fail(50, LockoutScope::Account)), 60);
        assert_eq!(wait(fail(60, LockoutScope::Account)), 300);
    }

    #[test]
    fn a_locked_counter_takes_no_attempt_and_says_until_when() {
        let policy = LockoutPolicy::default();
        let locked = fail(5, LockoutScope::Address);
        let refused = LockoutCounter::reserve(Some(locked), LockoutScope::Address, locked.counted_at, &policy);
        assert_eq!(refused, Err(locked.locked_until));
    }

    #[test]
    fn failures_are_forgotten_after_twelve_hours() {
        let policy = LockoutPolicy::default();
        let old = fail(4, LockoutScope::Address);
        let later = old.counted_at.plus(Duration::from_hours(12));
        let fresh = LockoutCounter::reserve(Some(old), LockoutScope::Address, later, &policy).unwrap();
        assert_eq!(fresh.failures, 1);
    }
}
