//! A realm's signing keys: listed, rotated, taken out of use. Each needs an operator's rights, or the realm's own
//! `keys` permission once the admin API gives it.

mod list;
mod retire;
mod rotate;

use palatine_domain::Instant;
use palatine_domain::key::{KeyState, SigningKey};
use palatine_protocol::jwk::SigningAlgorithm;

pub use list::list;
pub use retire::{RetireError, RetireKeys, RetiredKey, retire};
pub use rotate::{RotateKeys, rotate};

/// What is shown of a key: never more than its public half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownKey {
    /// `kid`.
    pub kid: String,
    /// What it signs.
    pub algorithm: SigningAlgorithm,
    /// Counts the keys of this algorithm, from 1.
    pub generation: i32,
    /// What it is good for now.
    pub state: KeyState,
    /// When it was made and first published.
    pub created_at: Instant,
    /// From when on it signs.
    pub active_from: Instant,
    /// When its successor will be made; `None` if it has one.
    pub rotates_at: Option<Instant>,
    /// From when on it is published no more, if that is decided.
    pub published_until: Option<Instant>,
}

impl ShownKey {
    fn of(key: &SigningKey, now: Instant) -> Self {
        Self {
            kid: key.kid.clone(),
            algorithm: key.algorithm,
            generation: key.generation,
            state: key.state(now),
            created_at: key.created_at,
            active_from: key.active_from,
            rotates_at: key.rotates_at,
            published_until: key.retirement.map(|end| end.published_until),
        }
    }
}
