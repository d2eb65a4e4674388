//! The front door of every realm: a request enters, is told once which realm it belongs to, and carries it on.
//!
//! **Owns** what a request meets before and after any handler: its id, span and metrics ([`observe`]), the client's
//! address ([`address`]), the one resolution of the realm ([`scope`]), limits ([`limits`]), CORS ([`cors`]), the
//! table of content security policies ([`csp`]), cookies ([`cookies`]), the tokens of our own forms ([`csrf`]), the
//! bounds of a body ([`body`]) and the faces of an error ([`surface`]).
//!
//! **Must not know** grants, tokens, or what a page is about.
//!
//! **To extend it**: a new kind of page is a row of [`csp::PageKind`]; a new bucket is a row of [`limits::Bucket`]; a
//! new endpoint that scripts of other origins may call is named in [`cors`].

pub mod address;
pub mod body;
pub mod cookies;
pub mod cors;
pub mod csp;
pub mod csrf;
pub mod limits;
pub mod observe;
pub mod page;
pub mod scope;
pub mod surface;

pub use address::{ClientAddress, TrustedProxies};
pub use observe::RequestId;
pub use scope::CurrentRealm;
