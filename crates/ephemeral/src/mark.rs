//! One-time marks: the first who comes is first, everyone after is not.

use std::time::Duration;

use palatine_domain::Instant;

/// What a mark is for. Marks of different kinds never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarkKind {
    /// The `jti` of a client assertion (RFC 7523, section 3, item 7).
    ClientAssertion,
    /// The `jti` of a `DPoP` proof (RFC 9449, section 11.1).
    DpopProof,
}

impl MarkKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::ClientAssertion => "client-assertion",
            Self::DpopProof => "dpop-proof",
        }
    }
}

/// Whether a mark was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a mark that nobody looks at protects nothing"]
pub enum Mark {
    /// It was not, and now it is.
    First,
    /// It was.
    Seen,
}

/// One use of something with its own issue time, such as a client assertion.
#[derive(Clone, Copy, Debug)]
pub struct AssertionUse<'a> {
    /// What makes it unique within its tenant: its issuer and `jti`.
    pub id: &'a str,
    /// Its `iat`. Without one, the earliest time at which it could have been issued: `exp` less the longest life
    /// that is accepted.
    pub issued_at: Instant,
    /// How far ahead of our clock an `iat` may lie.
    pub leeway: Duration,
    /// How long it could still be accepted, from now: the mark lives that long.
    pub lives: Duration,
}

/// Whether an assertion may be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a mark that nobody looks at protects nothing"]
pub enum AssertionMark {
    /// It was never seen, and would have been remembered if it had been.
    First,
    /// It was used before.
    Seen,
    /// It may have been used before the store lost its memory: refuse it. A newer one is accepted once the clock
    /// has passed `known_since` by the leeway.
    BeforeStore {
        /// Since when the store remembers everything.
        known_since: Instant,
    },
}

impl AssertionMark {
    /// `known_since` must have been read after the mark was set: a flush in between then shows.
    pub(crate) fn decide(mark: Mark, used: &AssertionUse<'_>, known_since: Instant) -> Self {
        match mark {
            Mark::Seen => Self::Seen,
            Mark::First if used.issued_at < known_since.plus(used.leeway) => Self::BeforeStore { known_since },
            Mark::First => Self::First,
        }
    }
}
