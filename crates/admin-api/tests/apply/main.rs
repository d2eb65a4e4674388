//! `apply` over real databases: SQLite and PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up must fail"
)]

#[path = "../../../store/tests/support/mod.rs"]
mod support;
mod world;

mod access;
mod all_or_nothing;
mod demo_realms;
mod drift;
mod exporting;
mod refusals;
mod secrets;
mod twice;
mod updates;
