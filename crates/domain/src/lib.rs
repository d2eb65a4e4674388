//! What the platform talks about: realms, clients, people, sessions, grants, and their rules.
//!
//! **Owns** the identifiers, the instants, the secret types, the entities and the state machines that decide
//! what an entity may become; and the traits through which time and randomness are handed in.
//!
//! **Must not know** async, I/O, databases, HTTP. A rule that needs to ask somebody belongs on a higher floor.
//!
//! **To extend it**: an entity is one file with its identifier, its fields (with units) and its transitions.
//! A column of `store` mirrors a field here; a wire type of `protocol` never holds one of these.

pub mod admin;
pub mod api;
pub mod asset;
pub mod audit;
pub mod client;
pub mod credential;
pub mod entropy;
pub mod grant;
pub mod identifier;
pub mod ids;
pub mod import;
pub mod interaction;
pub mod key;
pub mod lockout;
pub mod logout;
pub mod mapper;
pub mod policy;
pub mod profile;
pub mod refresh;
pub mod registration;
pub mod roles;
pub mod secret;
pub mod session;
pub mod slug;
pub mod tenant;
pub mod time;
pub mod usage;
pub mod user;

pub use entropy::{Ambient, Entropy};
pub use secret::{SecretText, SecretToken, TokenHash};
pub use slug::RealmSlug;
pub use time::{Clock, Instant};
