//! APIs (resource servers) and the scopes they own.

use palatine_protocol::jwk::SigningAlgorithm;
use palatine_protocol::scope::Scope;

use crate::ids::{ApiId, ClientKey, ScopeId};
use crate::policy::AccessTokenProfile;

/// How many scopes an API may own.
pub const MAX_SCOPES_PER_API: usize = 100;

/// An API that tokens are made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Its row.
    pub id: ApiId,
    /// The `aud` value: any string without spaces, URI or not, at most 255 bytes; unique in the realm over APIs and
    /// clients, except that a client and an API may be one registration.
    pub identifier: String,
    /// The name people see.
    pub name: String,
    /// The profile of its access tokens; `None`: the realm's.
    pub profile: Option<AccessTokenProfile>,
    /// The algorithm of its access tokens; `None`: the realm's.
    pub algorithm: Option<SigningAlgorithm>,
    /// The client that is the same registration: its roles are in this API's tokens, it may introspect them, and both
    /// may have one name.
    pub client: Option<ClientKey>,
}

/// A scope of the realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeDefinition {
    /// Its row.
    pub id: ScopeId,
    /// The scope: one opaque string, unique in the realm.
    pub scope: Scope,
    /// What it allows, in words for the consent page.
    pub description: String,
    /// The API that owns it; `None` for identity scopes and plain ones.
    pub api: Option<ApiId>,
}
