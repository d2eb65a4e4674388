//! A realm as a request needs it: found by the slug in its path, kept as an immutable snapshot, with its issuer, its
//! policy, its keys and its documents.
//!
//! **Owns**: slug → [`Realm`] behind a bounded, single-flight, version-checked cache ([`Resolver`]); the issuer and
//! every other URL ([`routes`]); the key ring and its timeline ([`KeyRing`]); master keys, data keys and sealing
//! ([`MasterKeys`], [`Realm::seal`]); pairwise subjects ([`PairwiseSubjects`]); the discovery, JWKS and realm-info documents.
//!
//! Also what others sign: their public keys and the check of a signature ([`PublicKeys`]).
//!
//! **Must not know**: HTTP servers, forms, grants, pages. It says where a page is, not what is on it; it signs and
//! verifies tokens, and does not decide what a kind of token is good for.
//!
//! **To extend it**: what every request of a realm needs belongs into the snapshot (`snapshot.rs`), loaded with it, if
//! it is small; what only some need is loaded on first use and kept with it, as keys are. Whatever is kept must come
//! from rows whose change bumps the tenant's version: that is how caches learn (`versions.rs`). A page is a variant of
//! [`routes::Page`]; a protocol endpoint begins in `protocol::endpoints`; an algorithm is a variant of
//! `protocol::jwk::SigningAlgorithm` and a match arm in `keys/pair.rs`.

mod cache;
mod catalogue;
mod clients;
mod documents;
mod flights;
mod invalidation;
mod keys;
mod origins;
mod pairwise;
mod public_url;
mod realm;
mod resolver;
pub mod routes;
mod sealing;
mod settings;
mod snapshot;
mod telemetry;
mod versions;

pub use catalogue::Catalogue;
pub use invalidation::{Freshness, FreshnessState};
pub use keys::{
    Expiry, KeyError, KeyRing, MAX_TOKEN_BYTES, PublicKeys, TokenRefusal, Verified, VerifiedJws, Withdrawal,
    unverified_claims,
};
pub use origins::WebOrigins;
pub use pairwise::PairwiseSubjects;
pub use realm::Realm;
pub use resolver::{ResolveError, Resolver};
pub use sealing::{MasterKeyError, MasterKeys, SealContext, SealError};
pub use settings::{DemoRealms, ResolverSettings, SettingsError};
