//! The authorization server of a realm: requests in, codes and tokens out.
//!
//! **Owns** the authorization pipeline ([`authorize`]), client authentication ([`client_auth`]), the keys of clients
//! ([`client_keys`]), the grants ([`grants`]), minting ([`mint`]), our own verifier ([`verify`]), userinfo, introspection,
//! revocation, registration, the end of a session and what tells clients of it ([`logout_token`], [`logout_frames`]), the
//! who stands behind a token at our own APIs ([`bearer`]), the
//! sessions of browsers ([`session`]), the sign-in to a page of our own ([`own_page`]), and what people do with their own
//! account ([`account`]).
//!
//! **Must not know** how a person proves who they are, or what a login form looks like: it says that a person is
//! needed ([`Outcome::Interact`]) and goes on when `login-ui` brings one.
//!
//! **To extend it**: a grant is a file of [`grants`] and an arm of [`TokenService::token`]; a check of the
//! authorization request is a step of [`authorize`]; an endpoint is a file here, a handler in [`http`] and a row of
//! `protocol::endpoints`. The services know no actix; it begins in [`http`].

pub mod account;
mod account_choice;
pub mod authorize;
pub mod bearer;
pub mod built_in;
pub mod claims;
pub mod client_auth;
pub mod client_keys;
pub mod consent;
pub mod device;
pub mod end_session;
pub mod error;
pub mod grants;
pub mod http;
pub mod interact;
pub mod introspect;
pub mod logout_frames;
pub mod logout_token;
pub mod mint;
pub mod outcome;
pub mod own_page;
pub mod refresh_seal;
pub mod registration;
pub mod revoke;
pub mod session;
pub mod targets;
mod telemetry;
pub mod userinfo;
pub mod verify;

pub use authorize::{AuthorizeError, Callback};
pub use client_auth::AuthenticatedClient;
pub use error::ServiceError;
pub use outcome::Outcome;
pub use session::BrowserSession;

use palatine_authn::{Authenticator, ClientSecrets};
use palatine_domain::Ambient;
use palatine_domain::usage::UsageTally;
use palatine_outbound::Outbound;
use palatine_store::Store;

use crate::built_in::BuiltInClients;
use crate::client_auth::ProvedBefore;
use crate::client_keys::FetchedKeys;

/// The service; cheap to clone, one for all realms.
#[derive(Clone)]
pub struct TokenService {
    ambient: Ambient,
    people: People,
    secrets: ClientSecrets,
    proved_before: ProvedBefore,
    built_in: BuiltInClients,
    outbound: Outbound,
    fetched_keys: FetchedKeys,
    usage: UsageTally,
}

/// Who proves people for the one grant that brings a password itself; everywhere else a page does.
#[derive(Clone, Debug)]
pub struct People {
    /// The pipeline of the login page.
    pub authenticator: Authenticator,
    /// Where it looks people up.
    pub store: Store,
}

impl TokenService {
    /// From the platform's time and randomness, who proves people, the check of client secrets, the clients that need
    /// no row, the way out to what clients name, and where usage is counted.
    pub fn new(
        ambient: Ambient,
        people: People,
        secrets: ClientSecrets,
        built_in: BuiltInClients,
        outbound: Outbound,
        usage: UsageTally,
    ) -> Self {
        telemetry::describe();
        let proved_before = ProvedBefore::new(&ambient);
        let fetched_keys = FetchedKeys::new();
        Self { ambient, people, secrets, proved_before, built_in, outbound, fetched_keys, usage }
    }

    /// The way out to what clients name.
    pub fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// Where usage is counted.
    pub fn usage(&self) -> &UsageTally {
        &self.usage
    }

    /// Time and randomness.
    pub fn ambient(&self) -> &Ambient {
        &self.ambient
    }
}
