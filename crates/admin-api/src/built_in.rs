//! The admin API as an API of every realm: what its tokens are for, and the scopes that it owns.
//!
//! Its rows are made with the realm, like those of the standard scopes, so that tokens for it are made as for any other
//! API. Its names are reserved.

pub use palatine_domain::admin::{API_IDENTIFIER as ADMIN_API, SCOPE_READ, SCOPE_WRITE};

/// The name of the admin API. A migration repeats it.
pub(crate) const ADMIN_API_NAME: &str = "Palatine administration";

/// The scopes of the admin API, with what they allow, in words for the consent page. A migration repeats them.
pub(crate) const ADMIN_SCOPES: [(&str, &str); 2] =
    [(SCOPE_READ, "Look at this realm's administration"), (SCOPE_WRITE, "Change this realm's administration")];

/// Whether an API is the admin API.
pub(crate) fn is_admin_api(identifier: &str) -> bool {
    identifier == ADMIN_API
}

/// Whether a scope is one of the admin API's.
pub(crate) fn is_admin_scope(name: &str) -> bool {
    name == SCOPE_READ || name == SCOPE_WRITE
}
