//! The pages in front of a real store and a real token service, as a browser without script uses them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail loudly")]

#[path = "../../../store/tests/support/mod.rs"]
mod support;

mod browser;
mod consent;
mod dev;
mod sign_out;
mod signing_in;
mod site;
