//! The OpenID Foundation's certification plans for providers, one test for each of their modules (docs/CONFORMANCE.md).

mod authentication;
mod backchannel_logout;
mod codes;
mod config;
mod documented;
mod dynamic;
mod frontchannel_logout;
mod parameters;
mod provider;
mod redirect_uris;
mod registering;
mod relying_party;
mod request_objects;
mod rp_initiated_logout;
mod scopes;
mod server;
mod session_management;
mod signed_in;
mod third_party_login;
mod userinfo;
mod variant;
