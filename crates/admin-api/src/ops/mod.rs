//! Use cases, one a folder: a request type, the work, its errors, its tests.

pub mod apply;
pub mod keys;
pub mod master_key;
