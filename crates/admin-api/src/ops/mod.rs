//! Use cases, one a folder: a request type, the work, its errors, its tests.

pub mod apply;
pub mod audit;
pub mod clients;
pub mod consents;
pub mod error;
pub mod export;
pub mod grants;
pub mod groups;
pub mod import;
pub mod initial_tokens;
pub mod keys;
pub mod lists;
pub mod master_key;
mod named_clients;
pub mod object;
pub mod pictures;
pub mod realm_document;
pub mod realm_keys;
pub mod realms;
pub mod sessions;
pub mod usage;
pub mod user_imports;
pub mod users;
