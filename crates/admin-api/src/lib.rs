//! What administrators do, as use cases that surfaces call.
//!
//! **Owns** the realm document ([`document`]), what makes a realm like it ([`engine`]: check, compare, write, guard, export),
//! who may ask ([`access`]), the operations ([`ops`]), one use case a folder, what makes a document of another system's
//! export ([`keycloak`]), and the admin API as it is asked over HTTP ([`http`]) and described ([`built_in`]).
//!
//! **Must not know** HTML, nor how grants work. Rows are reached through `store` alone, passwords and secrets are
//! hashed by `authn` alone.
//!
//! **To extend it**: a new part of a realm is a file in `document/` with its section's type, a check in
//! `engine/check/`, its rows in `engine/state.rs`, its comparison in `engine/plan/`, an `Op` that writes it in
//! `engine/write.rs`, and its member in `engine/export.rs`. An operation of its own is a folder under `ops/`; its route
//! is a handler in `http/` with its description and the permission it needs.

pub mod access;
pub mod built_in;
pub mod document;
pub mod engine;
pub mod error;
pub mod http;
pub mod keycloak;
pub mod ops;
