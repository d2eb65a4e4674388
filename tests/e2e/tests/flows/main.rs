//! The server as its clients meet it: one module, one subject.
//!
//! All of them are one program, because each program would carry the whole server in it: three dozen of those cost more
//! disk and linking time than the tests themselves. `metrics_health` alone is apart, since a process has one recorder of
//! metrics and those tests read its absolute numbers.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what a test needs must be there"
)]
#![expect(clippy::large_futures, reason = "one test's future lives on one test's stack")]

mod account;
mod admin;
mod advertised;
mod architecture;
mod authorize;
mod back_channel_logout;
mod bad_cookies;
mod bad_forms;
mod bad_heads;
mod bad_uris;
mod canary;
mod claims_parameter;
mod client_authentication;
mod codes;
mod conformance;
mod consent;
mod cors;
mod device;
mod disabled;
mod discovery;
mod enumeration;
mod freshness;
mod front_channel_logout;
mod hot_path;
mod introspection;
mod keycloak_import;
mod keys;
mod limits;
mod lockout;
mod logos;
mod logout;
mod mappers;
mod mobile;
mod password;
mod private_key_jwt;
mod process;
mod prompts;
mod races;
mod redis;
mod refresh;
mod refresh_limits;
mod refusals;
mod registration;
mod request_objects;
mod response_types;
mod revocation;
mod roles;
mod rust_client;
mod services;
mod session_iframe;
mod sessions;
mod stolen_database;
mod subjects;
mod tenancy;
mod threat_model;
mod tls;
mod tls_process;
mod token_kinds;
mod userinfo;
mod web_app;
