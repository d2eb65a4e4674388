//! A realm's signing keys: made on first need, parsed once, used by their timeline, given successors in time, taken out
//! of use when one has leaked.
//!
//! A key is used with one algorithm alone (RFC 8725, section 3.1): RS256 and PS256 have RSA keys of their own, so that
//! the `kid` of a token names its algorithm, and what breaks one padding leaves the other alone.

mod error;
mod events;
mod jws;
mod make;
mod pair;
mod pool;
mod public;
mod ring;
mod rotate;
mod withdraw;

pub use error::{KeyError, TokenRefusal};
pub use jws::MAX_TOKEN_BYTES;
pub use public::{PublicKeys, VerifiedJws, unverified_claims};
pub use ring::{Expiry, KeyRing, Verified};
pub use withdraw::Withdrawal;

pub(crate) use make::{load_or_make, stored as stored_keys};
pub(crate) use pool::RsaPool;
pub(crate) use rotate::{Rotation, rotate};
pub(crate) use withdraw::withdraw;
