//! Every repository method, on both databases: what it does in a tenant, and that another tenant gets nothing of it.
//!
//! Two tenants hold the same natural keys. Each scenario acts as the first; the second's identifiers are the foreign
//! ones. `coverage.rs` demands that every method is named here.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod admin;
mod clients;
mod corrupt;
mod coverage;
mod filled;
mod grants;
mod hot;
mod keys;
mod lists;
mod lockouts;
mod logos;
mod mappers;
mod races;
mod records;
mod refresh;
mod registrations;
mod resources;
mod roles;
mod sessions;
mod usage;
mod users;
mod world;
