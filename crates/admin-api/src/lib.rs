//! What administrators do, as use cases that surfaces call.
//!
//! **Owns** the realm document ([`document`]) and the operations over realms ([`ops`]), one use case a folder. The first
//! is [`ops::apply`], which makes a realm what its document says.
//!
//! **Must not know** HTML, nor how grants work. Rows are reached through `store` alone, passwords and secrets are
//! hashed by `authn` alone.
//!
//! **To extend it**: a new part of a realm is a file in `document/` with its section's type, a check in
//! `ops/apply/check/`, its rows in `ops/apply/state.rs`, its comparison in `ops/apply/plan/`, and an `Op` that writes
//! it in `ops/apply/write.rs`. An operation that is not `apply` is a folder of its own under `ops/`.

pub mod document;
pub mod error;
pub mod ops;
