//! Use cases, one a folder: a request type, the work, its errors, its tests.

pub mod apply;
pub mod audit;
pub mod clients;
pub mod error;
pub mod export;
pub mod groups;
pub mod import;
pub mod keys;
pub mod lists;
pub mod master_key;
pub mod object;
pub mod realm_keys;
pub mod realms;
pub mod sessions;
pub mod users;
