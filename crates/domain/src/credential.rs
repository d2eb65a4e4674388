//! What a person proves to be themselves with.

use crate::ids::{CredentialId, DeviceId, UserId};
use crate::secret::TokenHash;
use crate::time::Instant;

/// A credential of a user.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Its row.
    pub id: CredentialId,
    /// Whose it is.
    pub user: UserId,
    /// The proof itself.
    pub kind: CredentialKind,
    /// When it was made.
    pub created_at: Instant,
}

/// The proof.
#[derive(Clone)]
pub enum CredentialKind {
    /// A password hash, with its algorithm and parameters in it: argon2id as a PHC string, or until its owner next signs in
    /// what another system made of the password.
    Password(String),
}

impl std::fmt::Debug for CredentialKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Password(_) => f.write_str("Password(…)"),
        }
    }
}

/// A browser that an account has signed in with, known by its `pal_device` cookie.
#[derive(Clone, Debug)]
pub struct KnownDevice {
    /// Its row.
    pub id: DeviceId,
    /// The account.
    pub user: UserId,
    /// The hash of its cookie.
    pub secret: TokenHash,
    /// When it last signed in.
    pub last_used_at: Instant,
}
