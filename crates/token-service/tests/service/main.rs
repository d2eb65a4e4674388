//! The token service over a real store: what no single function shows.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests fail loudly")]

#[path = "../../../store/tests/support/mod.rs"]
mod support;

mod authorize;
mod client_authentication;
mod grants;
mod http;
mod targets;
mod world;
