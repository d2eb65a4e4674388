//! The OpenID Foundation's certification plans for providers, one test for each of their modules (docs/CONFORMANCE.md).

mod authentication;
mod codes;
mod config;
mod documented;
mod dynamic;
mod parameters;
mod provider;
mod redirect_uris;
mod registering;
mod relying_party;
mod request_objects;
mod scopes;
mod server;
mod signed_in;
mod third_party_login;
mod userinfo;
mod variant;
