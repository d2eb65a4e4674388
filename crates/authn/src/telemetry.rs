//! The metrics of this crate.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

const WAITING: &str = "palatine_hash_waiting";
const WAIT: &str = "palatine_hash_wait_seconds";
const HASHES: &str = "palatine_hash_total";
const REFUSED: &str = "palatine_hash_refused_total";
const SIGN_INS: &str = "palatine_sign_in_total";

/// Says what each metric means, to whichever recorder is installed.
pub(crate) fn describe() {
    describe_gauge!(WAITING, "Password hashes that wait for a thread, by lane: people, clients.");
    describe_histogram!(WAIT, Unit::Seconds, "Time a password hash waited for a thread, by lane.");
    describe_counter!(HASHES, "Password hashes computed, by kind: hash, verify, decoy.");
    describe_counter!(REFUSED, "Password hashes refused because the queue was full or the wait too long, by lane.");
    describe_counter!(SIGN_INS, "Sign-ins with a password, by outcome: proved, refused, locked.");
}

pub(crate) fn waiting(lane: &'static str, jobs: usize) {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    gauge!(WAITING, "lane" => lane).set(jobs as f64);
}

pub(crate) fn waited(lane: &'static str, time: Duration) {
    histogram!(WAIT, "lane" => lane).record(time);
}

pub(crate) fn hashed(kind: &'static str) {
    counter!(HASHES, "kind" => kind).increment(1);
}

pub(crate) fn refused(lane: &'static str) {
    counter!(REFUSED, "lane" => lane).increment(1);
}

pub(crate) fn sign_in(outcome: &'static str) {
    counter!(SIGN_INS, "outcome" => outcome).increment(1);
}
