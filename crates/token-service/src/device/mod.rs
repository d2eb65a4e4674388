//! The device authorization grant (RFC 8628): a device without a browser asks, a person allows it somewhere else.
//!
//! What a device waits for is a note in `ephemeral` (`pending`): it may vanish, and then the device asks again. What a
//! person's consent gives is rows: a grant, and a code whose hash is that of the device code, consumed by one guarded
//! write when the device comes for it. So no lost or restored Redis ever gives tokens twice.
//!
//! - `begin`: the device's request, and the person who has typed its code;
//! - `decide`: what the person is asked, and what follows from the answer;
//! - `grants::device_code`: the device's polls.

mod begin;
mod decide;
pub(crate) mod pending;

use palatine_domain::TokenHash;

pub use begin::{Typed, verification_uri_complete};
pub use decide::{Decided, DeviceQuestion};

/// The hash of a device code. It is of a kind of its own: no device code passes for an authorization code, nor the other
/// way round.
pub(crate) fn code_hash(wire: &str) -> TokenHash {
    TokenHash::of(&format!("device code\n{wire}"))
}
