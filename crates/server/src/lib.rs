//! The binary `palatine`: one process from its configuration to its end.
//!
//! **Owns** the configuration ([`config`]), logs, traces and metrics of the process ([`telemetry`]), the wiring of every
//! crate's routes and layers (`http`), background work (`workers`), health ([`readiness`]), the start and the graceful
//! end of a server ([`server`]), its ports ([`sockets`]) and its certificate (`tls`), the command line ([`cli`]), and the words in which a start is refused ([`refusal`]).
//!
//! **Must not know** business rules: what a realm, a grant or a password is, is decided below.
//!
//! **To extend it**: a crate's setting is a field of its own `Settings` and a commented line in
//! `palatine.default.toml`; a crate's routes are a line in `http/mod.rs`; a background job is a variant in `workers.rs`;
//! a command is a variant in `cli/mod.rs` and a file beside it; a reason not to start is a variant of
//! [`refusal::Refusal`] that says what to do.

pub mod cli;
pub mod config;
mod demo;
mod http;
pub mod readiness;
pub mod refusal;
pub mod server;
pub mod services;
pub mod sockets;
pub mod telemetry;
mod tls;
mod workers;

pub use config::Config;
pub use server::{Profile, RunningServer, Server};
pub use services::Services;
