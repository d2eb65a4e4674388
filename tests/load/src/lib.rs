//! Load: databases of the size that a platform grows to, and how long the server's answers take over them.
//!
//! **Owns** the seeder ([`seed`]), which fills a migrated PostgreSQL with any number of realms and users; the server under
//! measurement ([`subject`]); what is asked of it ([`cases`]) and how long that takes ([`timing`]); and the comparison of
//! sizes ([`compare`]), which says what grows with the number of realms.
//!
//! **Must not know** the store's own statements: what it measures is what HTTP answers.
//!
//! **To extend it**: a question is a line in `cases.rs`. A table that every realm has rows of is copied by itself; one
//! that every user has rows of is a statement in `seed/users.rs`, and the test that compares a seeded user with one that
//! the store wrote says what is missing.

pub mod cases;
pub mod cli;
pub mod compare;
pub mod database;
pub mod error;
pub mod names;
pub mod report;
pub mod seed;
mod sign_in;
pub mod subject;
pub mod timing;

pub use database::Database;
pub use error::LoadError;
