//! How long answers took.

use std::time::Duration;

use serde_json::{Value, json};

/// The times of one question, asked again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// Half of the answers took no longer, seen from the client.
    pub p50: Duration,
    /// Nine of ten.
    pub p90: Duration,
    /// Ninety-nine of a hundred.
    pub p99: Duration,
    /// What the server itself says they took on average.
    pub server_mean: Duration,
    /// How many there were.
    pub requests: usize,
    /// The most items that an answer had, of a list.
    pub items: usize,
}

impl Timing {
    /// Of what was measured. `server` is the time of all of them together.
    pub fn of(mut times: Vec<Duration>, server: Duration, items: usize) -> Self {
        times.sort_unstable();
        let requests = times.len();
        let part = |percent: usize| {
            let at = (requests * percent).div_ceil(100).saturating_sub(1);
            times.get(at).copied().unwrap_or_default()
        };
        let server_mean = server / u32::try_from(requests.max(1)).unwrap_or(u32::MAX);
        Self { p50: part(50), p90: part(90), p99: part(99), server_mean, requests, items }
    }

    /// For programs: milliseconds.
    pub fn to_json(&self) -> Value {
        json!({
            "p50_ms": millis(self.p50),
            "p90_ms": millis(self.p90),
            "p99_ms": millis(self.p99),
            "server_mean_ms": millis(self.server_mean),
            "requests": self.requests,
            "items": self.items,
        })
    }
}

/// Milliseconds, to three places.
pub fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_the_smallest_time_that_so_many_did_not_exceed() {
        let timing = Timing::of((1..=200).rev().map(Duration::from_millis).collect(), Duration::from_secs(2), 3);
        assert_eq!([timing.p50, timing.p90, timing.p99], [100, 180, 198].map(Duration::from_millis));
        assert_eq!(timing.server_mean, Duration::from_millis(10));
        assert_eq!(Timing::of(Vec::new(), Duration::ZERO, 0).p99, Duration::ZERO);
    }
}
