//! Who is the human: the proof of a password, and all that stands between a guesser and an account.
//!
//! **Owns** password hashing behind a fair bounded queue ([`HashPool`]), the one pipeline by which a name and a
//! password become a proved user ([`Authenticator`]), lockout, the choice of passwords ([`password_policy`]), and
//! the check of client secrets ([`ClientSecrets`]), which shares the pool. Hashes of other systems are read in
//! [`imported`].
//!
//! **Must not know** HTTP, cookies, pages, tokens, or how a realm is found: it takes the store, the tenant's scope
//! and the realm's policy, and answers with a person or with nothing.
//!
//! **To extend it**: every door at which a password is typed (login page, password grant, device, dashboard) calls
//! [`Authenticator::sign_in`]; none checks a password itself. A second factor is a step after `Proved`, with a file
//! of its own. A new reason to refuse is a word of `Refusal` in `sign_in/refusal.rs`, and the same answer outside.

mod change_password;
pub mod client_secrets;
mod hashing;
pub mod imported;
pub mod lockout;
pub mod password_policy;
pub mod sign_in;
mod telemetry;

pub use change_password::NewPassword;
pub use client_secrets::ClientSecrets;
pub use hashing::{
    HashCounts, HashError, HashPool, HashSettings, HashSettingsError, Lane, MAX_SECRET_BYTES, Place, Verdict,
};
pub use imported::{Argon2Algorithm, Argon2Parameters, ImportedHash, ImportedHashError, Pbkdf2Algorithm};
pub use lockout::address_prefix;
pub use password_policy::PasswordProblem;
pub use sign_in::{Authenticator, Conclusion, Proved, SignInAttempt, SignInError, SignInOutcome};
