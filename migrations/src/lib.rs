//! The schema, as the list of steps that lead to it: one schema for SQLite and PostgreSQL.
//!
//! **Owns** tables, indexes, partitions, row-level security, grants, and the PostgreSQL roles they name.
//!
//! **Must not know** entities, repositories, domain types: a step never changes after its release, and those do.
//!
//! **To extend it**: a file `mYYYYMMDD_NNNNNN_<concern>.rs` and a line in [`Migrator`]. `README.md` beside this crate
//! has the rules by which two versions of the program can run over one database (expand, then contract).

#![expect(clippy::disallowed_methods, reason = "migrations are written in SQL: that is what they are")]

use sea_orm_migration::prelude::*;

mod ddl;
mod m20261101_000001_routing;
mod m20261101_000002_realm;
mod m20261101_000003_clients;
mod m20261101_000004_users;
mod m20261101_000005_roles;
mod m20261101_000006_sessions;
mod m20261101_000007_grants;
mod m20261101_000008_lockouts;
mod m20261101_000009_audit;
mod m20261122_000001_registration;
mod m20261122_000004_key_life;
mod m20261122_000006_realm_secrets;
mod m20261122_000007_claim_mappers;
mod m20261122_000008_registrations;
mod m20261122_000009_account_choice;
mod m20261122_000010_granted_claims;
mod m20261122_000013_device;
mod m20261122_000015_refused_scopes;
mod m20261122_000016_client_logos;
mod m20261122_000021_delivered;
mod m20261129_000001_admin_roles;
mod m20261129_000002_admin;
mod m20261129_000003_realm_words;
mod m20261129_000004_audit_retention;
mod m20261129_000005_members;
mod m20261129_000006_admin_api;
mod m20261129_000007_usage;
pub mod roles;

pub use ddl::{APP_ROLE_SETTING, OPERATOR_ROLE_SETTING, PARTITIONS};

/// Every step, oldest first.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261101_000001_routing::Migration),
            Box::new(m20261101_000002_realm::Migration),
            Box::new(m20261101_000003_clients::Migration),
            Box::new(m20261101_000004_users::Migration),
            Box::new(m20261101_000005_roles::Migration),
            Box::new(m20261101_000006_sessions::Migration),
            Box::new(m20261101_000007_grants::Migration),
            Box::new(m20261101_000008_lockouts::Migration),
            Box::new(m20261101_000009_audit::Migration),
            Box::new(m20261122_000001_registration::Migration),
            Box::new(m20261122_000004_key_life::Migration),
            Box::new(m20261122_000006_realm_secrets::Migration),
            Box::new(m20261122_000007_claim_mappers::Migration),
            Box::new(m20261122_000008_registrations::Migration),
            Box::new(m20261122_000009_account_choice::Migration),
            Box::new(m20261122_000010_granted_claims::Migration),
            Box::new(m20261122_000013_device::Migration),
            Box::new(m20261122_000015_refused_scopes::Migration),
            Box::new(m20261122_000016_client_logos::Migration),
            Box::new(m20261122_000021_delivered::Migration),
            Box::new(m20261129_000001_admin_roles::Migration),
            Box::new(m20261129_000002_admin::Migration),
            Box::new(m20261129_000003_realm_words::Migration),
            Box::new(m20261129_000004_audit_retention::Migration),
            Box::new(m20261129_000005_members::Migration),
            Box::new(m20261129_000006_admin_api::Migration),
            Box::new(m20261129_000007_usage::Migration),
        ]
    }
}

/// The names of every step, oldest first: what a database that is up to date has in `seaql_migrations`.
pub fn names() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

/// The text of every step. Tests derive the name of their template database from it.
pub const SOURCES: &[&str] = &[
    include_str!("ddl.rs"),
    include_str!("m20261101_000001_routing.rs"),
    include_str!("m20261101_000002_realm.rs"),
    include_str!("m20261101_000003_clients.rs"),
    include_str!("m20261101_000004_users.rs"),
    include_str!("m20261101_000005_roles.rs"),
    include_str!("m20261101_000006_sessions.rs"),
    include_str!("m20261101_000007_grants.rs"),
    include_str!("m20261101_000008_lockouts.rs"),
    include_str!("m20261101_000009_audit.rs"),
    include_str!("m20261122_000001_registration.rs"),
    include_str!("m20261122_000004_key_life.rs"),
    include_str!("m20261122_000006_realm_secrets.rs"),
    include_str!("m20261122_000007_claim_mappers.rs"),
    include_str!("m20261122_000008_registrations.rs"),
    include_str!("m20261122_000009_account_choice.rs"),
    include_str!("m20261122_000010_granted_claims.rs"),
    include_str!("m20261122_000013_device.rs"),
    include_str!("m20261122_000015_refused_scopes.rs"),
    include_str!("m20261122_000016_client_logos.rs"),
    include_str!("m20261122_000021_delivered.rs"),
    include_str!("m20261129_000001_admin_roles.rs"),
    include_str!("m20261129_000002_admin.rs"),
    include_str!("m20261129_000003_realm_words.rs"),
    include_str!("m20261129_000004_audit_retention.rs"),
    include_str!("m20261129_000005_members.rs"),
    include_str!("m20261129_000006_admin_api.rs"),
    include_str!("m20261129_000007_usage.rs"),
];
