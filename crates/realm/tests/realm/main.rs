//! Realms over a real store, on both databases.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests fail loudly")]

#[path = "../../../store/tests/support/mod.rs"]
mod support;

mod clients;
mod documents;
mod invalidation;
mod keys;
mod nodes;
mod resolving;
mod rotation;
mod sealing;
