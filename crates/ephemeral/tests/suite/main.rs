//! What `palatine-ephemeral` promises, on the memory of a process and on a real Redis.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that fails, fails its test"
)]

mod contract;
mod nodes;
mod outage;
mod support;
