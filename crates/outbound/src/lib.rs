//! The one way out: every URL that the server fetches or posts to because a client, a realm or an upstream named it.
//!
//! **Owns** which places may be reached at all ([`OutboundSettings`]), the check of every address that a name resolves
//! to, and a client that connects to the checked address and to no other ([`Outbound`]).
//!
//! **Must not know** what is fetched and why: it gives bytes with their status and type, or a reason that may be shown
//! to strangers ([`OutboundError`]).
//!
//! A URL that a stranger chose must not turn the server into their browser inside our network. So: `https` alone, no
//! credentials in the URL, every address of the name public, no second look-up between check and connection (DNS
//! rebinding), no redirect followed, no proxy taken from the environment, no cookie, no compression, and caps on time and
//! size. An operator lifts the first rules place by place with [`AllowedPlace`].
//!
//! **To extend it**: a further special range is a line in `address.rs`; a further kind of request is a method of
//! [`Outbound`] that goes through the same destination check and the same exchange.

mod address;
mod allowed;
mod client;
mod destination;
mod error;
mod known_certificates;
mod resolve;
mod settings;
mod tls;

pub use allowed::{AllowedPlace, AllowedPlaceError};
pub use client::{Fetched, GetLimits, Outbound};
pub use error::{OutboundError, SetupError};
pub use resolve::{Resolve, SystemResolver};
pub use settings::OutboundSettings;
pub use tls::config as tls_config;
