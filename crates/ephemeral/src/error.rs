//! What can go wrong.

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EphemeralError {
    /// The place cannot answer, or has no room left. Nothing may be concluded: whoever needed the answer refuses,
    /// with 503 and `Retry-After` on the wire. What was asked for may or may not have happened.
    #[error("the ephemeral store is unavailable")]
    Unavailable,
}
