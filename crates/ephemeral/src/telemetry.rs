//! The metrics of this crate.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;

const REDIS_UP: &str = "palatine_ephemeral_redis_up";
const BUS_UP: &str = "palatine_ephemeral_bus_up";
const CALLS: &str = "palatine_ephemeral_redis_call_seconds";
const FAILURES: &str = "palatine_ephemeral_redis_failures_total";
const REFUSALS: &str = "palatine_ephemeral_limit_refusals_total";
const LIMITS_LOCAL: &str = "palatine_ephemeral_limits_local";
const SESSION_READS: &str = "palatine_ephemeral_session_reads_total";
const EVICTIONS: &str = "palatine_ephemeral_evictions_total";
const ENDS_PENDING: &str = "palatine_ephemeral_session_ends_pending";

/// Says what each metric means, to whichever recorder is installed.
pub(crate) fn describe() {
    describe_gauge!(REDIS_UP, "1 while Redis answers, 0 while it does not. Absent with the memory backend.");
    describe_gauge!(BUS_UP, "1 while the subscription to the invalidation bus stands.");
    describe_histogram!(CALLS, Unit::Seconds, "Time a call to Redis took, by operation.");
    describe_counter!(FAILURES, "Calls to Redis that failed or ran out of time, by operation.");
    describe_counter!(REFUSALS, "Requests refused by a rate limit, by limit.");
    describe_gauge!(LIMITS_LOCAL, "1 while this node enforces rate limits alone because Redis is gone.");
    describe_counter!(SESSION_READS, "Reads of the session cache, by outcome: hit, ended, miss.");
    describe_counter!(EVICTIONS, "Entries dropped from the memory of the process before their time, by kind.");
    describe_gauge!(ENDS_PENDING, "Ended sessions whose tombstone still has to be written to Redis.");
}

pub(crate) fn redis_up(up: bool) {
    gauge!(REDIS_UP).set(if up { 1.0 } else { 0.0 });
    gauge!(LIMITS_LOCAL).set(if up { 0.0 } else { 1.0 });
}

pub(crate) fn bus_up(up: bool) {
    gauge!(BUS_UP).set(if up { 1.0 } else { 0.0 });
}

pub(crate) fn call(operation: &'static str, took: Duration) {
    histogram!(CALLS, "operation" => operation).record(took);
}

pub(crate) fn failure(operation: &'static str) {
    counter!(FAILURES, "operation" => operation).increment(1);
}

pub(crate) fn refusal(limit: &'static str) {
    counter!(REFUSALS, "limit" => limit).increment(1);
}

pub(crate) fn session_read(outcome: &'static str) {
    counter!(SESSION_READS, "outcome" => outcome).increment(1);
}

pub(crate) fn evicted(kind: &'static str, entries: usize) {
    counter!(EVICTIONS, "kind" => kind).increment(entries as u64);
}

pub(crate) fn ends_pending(sessions: usize) {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    gauge!(ENDS_PENDING).set(sessions as f64);
}
