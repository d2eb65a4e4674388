//! The metrics of this crate.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

const HITS: &str = "palatine_realm_cache_hits_total";
const MISSES: &str = "palatine_realm_cache_misses_total";
const UNKNOWN: &str = "palatine_realm_unknown_total";
const LOADS: &str = "palatine_realm_load_seconds";
const CLIENT_HITS: &str = "palatine_realm_client_cache_hits_total";
const CLIENT_MISSES: &str = "palatine_realm_client_cache_misses_total";
const INVALIDATIONS: &str = "palatine_realm_invalidations_total";
const POLL_AGE: &str = "palatine_realm_poll_age_seconds";
const POLL_FAILURES: &str = "palatine_realm_poll_failures_total";
const KEYS_MADE: &str = "palatine_realm_signing_keys_made_total";
const KEYS_ROTATED: &str = "palatine_realm_signing_keys_rotated_total";
const KEYS_RETIRED: &str = "palatine_realm_signing_keys_retired_total";
const SPARE_KEYS: &str = "palatine_realm_spare_rsa_keys";

/// Says what each metric means, to whichever recorder is installed.
pub(crate) fn describe() {
    describe_counter!(HITS, "Realms that were found in memory.");
    describe_counter!(MISSES, "Realms that had to be loaded, or were waited for while another request loaded them.");
    describe_counter!(UNKNOWN, "Requests for a realm that does not exist.");
    describe_histogram!(LOADS, Unit::Seconds, "Time that loading a realm took.");
    describe_counter!(CLIENT_HITS, "Clients that were found in memory.");
    describe_counter!(CLIENT_MISSES, "Clients that had to be loaded.");
    describe_counter!(INVALIDATIONS, "Changes of a realm's configuration heard of, by source: local, bus, poll.");
    describe_gauge!(POLL_AGE, Unit::Seconds, "Time since the database last said what has changed.");
    describe_counter!(POLL_FAILURES, "Questions about what has changed that the database did not answer.");
    describe_counter!(KEYS_MADE, "Signing keys made by this node, by algorithm.");
    describe_counter!(KEYS_ROTATED, "Signing keys that were given a successor by this node, by algorithm.");
    describe_counter!(KEYS_RETIRED, "Signing keys that were taken out of use at once by this node, by algorithm.");
    describe_gauge!(SPARE_KEYS, "RSA keys made ahead.");
}

pub(crate) fn hit() {
    counter!(HITS).increment(1);
}

pub(crate) fn miss() {
    counter!(MISSES).increment(1);
}

pub(crate) fn unknown() {
    counter!(UNKNOWN).increment(1);
}

pub(crate) fn loaded(took: Duration) {
    histogram!(LOADS).record(took);
}

pub(crate) fn client_hit() {
    counter!(CLIENT_HITS).increment(1);
}

pub(crate) fn client_miss() {
    counter!(CLIENT_MISSES).increment(1);
}

pub(crate) fn invalidation(source: &'static str) {
    counter!(INVALIDATIONS, "source" => source).increment(1);
}

pub(crate) fn poll_age(age: Duration) {
    gauge!(POLL_AGE).set(age.as_secs_f64());
}

pub(crate) fn poll_failure() {
    counter!(POLL_FAILURES).increment(1);
}

pub(crate) fn key_made(algorithm: &'static str) {
    counter!(KEYS_MADE, "algorithm" => algorithm).increment(1);
}

pub(crate) fn key_rotated(algorithm: &'static str) {
    counter!(KEYS_ROTATED, "algorithm" => algorithm).increment(1);
}

pub(crate) fn key_retired(algorithm: &'static str) {
    counter!(KEYS_RETIRED, "algorithm" => algorithm).increment(1);
}

pub(crate) fn spare_keys(spare: usize) {
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    gauge!(SPARE_KEYS).set(spare as f64);
}
