//! OAuth 2.0 and OpenID Connect on the wire: what is read, what is answered, and the checks that need nothing but
//! the values themselves.
//!
//! **Owns**: request and response types of every protocol endpoint, error codes, claims, keys as JSON, the
//! capability table ([`capabilities`]) that discovery is rendered from, and the pure checks: PKCE, scope algebra,
//! redirect-URI rules, prompt rules, credential parsing.
//!
//! **Must not know**: I/O, the clock, randomness, the database, HTTP frameworks, realms. Everything here is a function
//! of its arguments, bounded in time and memory by constants with units, and never panics on hostile input.
//!
//! **To add a parameter**: read it in the request type of its endpoint, refuse what is malformed there, and add its
//! row to the table test. **To add a feature** (a grant, a response type, a method): extend the enum, then
//! [`capabilities`]; discovery ([`metadata`]) follows, and a parser answers `unsupported_…` until the table says yes.
//! **To add an endpoint**: a variant of [`endpoints::Endpoint`], its paths, and its member in [`metadata`].

pub mod device;
mod encoding;
mod wire_enum;

pub mod authorization;
pub mod bearer;
pub mod capabilities;
pub mod claims;
pub mod claims_request;
pub mod client_auth;
pub mod end_session;
pub mod endpoints;
pub mod error;
pub mod introspection;
pub mod jwk;
pub mod key_set;
pub mod logout;
pub mod metadata;
pub mod params;
pub mod pkce;
pub mod prompt;
pub mod redirect_uri;
pub mod registration;
pub mod request_object;
pub mod resource;
pub mod response;
pub mod revocation;
pub mod scope;
pub mod secret;
pub mod session_management;
pub mod token;
