//! Everything that must not be lost, in SQLite or PostgreSQL, one schema.
//!
//! **Owns** the rows: SeaORM entities (private), the tenant's scope, transactions, repositories, [`StoreError`].
//! Rows are reached through [`TenantRead`] and [`TenantWrite`], which are had with a [`TenantScope`], which is made
//! here when a realm is looked up by its name. Work across tenants has a type of its own, [`OperatorTx`].
//!
//! **Must not know** HTTP, protocol errors, caches. Not-found is `None`; decisions are the callers'.
//!
//! **To extend it**: a table is a migration, an entity in `entities/` (and a line in its list), a repository in `repo/`
//! (a method on [`TenantTx`] gives it), and a test per method that another tenant gets nothing. Raw SQL lives in
//! `scope.rs` and the migrations alone.
//!
//! Entities cannot be named elsewhere:
//!
//! ```compile_fail,E0603
//! use palatine_store::entities::users;
//! ```
//! ```
//! use palatine_store::TenantRead;
//! ```
//!
//! Connections belong to the runtime that opened them, so [`Store::connect`] is awaited on the main one, before any
//! HTTP worker starts; see `pools.rs`.

mod counted_usage;
mod deliveries;
mod due_imports;
mod due_keys;
mod due_logos;
mod entities;
mod error;
mod find_tenants;
mod migrate;
mod operator;
mod pools;
mod repo;
mod scope;
mod settings;
mod store;
mod sweeps;
mod transaction;
mod word_search;
mod wrapped_keys;

pub use deliveries::ClaimedEntry;
pub use due_imports::ClaimedChunk;
pub use due_keys::{DueCursor, DueRealms};
pub use due_logos::DueLogo;
pub use error::StoreError;
pub use find_tenants::TenantFilter;
pub use migrate::MigrateReport;
pub use operator::{OperatorProof, OperatorTx};
pub use pools::PoolState;
pub use repo::*;
pub use scope::{ReadOnly, ReadWrite, TenantRead, TenantScope, TenantTx, TenantWrite};
pub use settings::{Backend, Durability, RoleName, StoreRoles, StoreSettings};
pub use store::{Isolation, Store, VersionChange};

/// The tests inside the crate share their databases with those beside it, which name the crate.
#[cfg(test)]
extern crate self as palatine_store;

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;
