//! Password hashing on threads of its own, behind a queue that is bounded and fair to tenants.
//!
//! A hash costs about 15 ms of a core and 19 MiB. Request threads never pay it: they take a [`Place`] in the queue
//! and wait for the answer. One tenant under a guessing attack fills its own places and takes its own share.

mod argon;
mod bcrypt;
mod memory;
mod pbkdf2;
mod place;
mod pool;
mod queue;
mod settings;
mod stored;
mod worker;

use std::time::Duration;

pub(crate) use argon::ArgonHash;
pub(crate) use pbkdf2::Pbkdf2Hash;
pub(crate) use stored::Stored;

pub use pbkdf2::Pbkdf2Algorithm;
pub use place::Place;
pub use pool::{HashCounts, HashPool};
pub use settings::{HashSettings, HashSettingsError};

/// The longest secret that is ever hashed, in bytes (PROTOCOL.md section 9).
pub const MAX_SECRET_BYTES: usize = 512;

/// Whose secret is hashed. Each lane has its own places and its own half of the threads, so that a flood in one
/// never starves the other; what one does not use, the other may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Passwords of people.
    People,
    /// Client secrets that somebody chose.
    Clients,
}

impl Lane {
    /// The word in metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Clients => "clients",
        }
    }
}

/// What the comparison of a secret with a stored hash said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The secret is the right one.
    Match,
    /// It is not.
    Mismatch,
    /// It is, and the stored hash was made by another algorithm or with other parameters than today's: the caller may
    /// store a new one.
    MatchOutdated,
}

/// Why nothing was hashed. `Clone`, because one answer may serve several callers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The queue is full, or the wait grew too long. Nothing was computed for this call.
    #[error("too many password hashes are waiting; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When to try again: 1 to 60 whole seconds.
        retry_after: Duration,
    },
    /// The secret is longer than [`MAX_SECRET_BYTES`].
    #[error("the secret is longer than {MAX_SECRET_BYTES} bytes")]
    TooLong,
    /// The stored hash is none that we can compare, or asks for more than the ceilings allow.
    #[error("the stored hash cannot be used: {0}")]
    Corrupt(&'static str),
    /// The pool was shut down.
    #[error("the hashing threads have ended")]
    Stopped,
}
