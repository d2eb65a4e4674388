//! A stored hash: one of ours, or one that came from elsewhere and stays until its password is next seen.

use argon2::{Block, Params};
use palatine_domain::SecretText;

use super::argon::ArgonHash;
use super::bcrypt::BcryptHash;
use super::pbkdf2::Pbkdf2Hash;
use super::{HashError, Verdict};

/// A stored hash, read and found to be within the ceilings of its algorithm.
pub(crate) enum Stored {
    /// argon2, as a PHC string.
    Argon(ArgonHash),
    /// bcrypt, in its own form.
    Bcrypt(BcryptHash),
    /// PBKDF2, as a PHC string.
    Pbkdf2(Pbkdf2Hash),
}

impl Stored {
    /// Reads what is stored.
    pub(crate) fn parse(text: &str) -> Result<Self, HashError> {
        if BcryptHash::is_one(text) {
            BcryptHash::parse(text).map(Self::Bcrypt)
        } else if Pbkdf2Hash::is_one(text) {
            Pbkdf2Hash::parse(text).map(Self::Pbkdf2)
        } else {
            ArgonHash::parse(text).map(Self::Argon)
        }
    }

    /// The text to store.
    pub(crate) fn to_text(&self) -> Result<String, HashError> {
        match self {
            Self::Argon(hash) => hash.to_phc(),
            Self::Bcrypt(hash) => Ok(hash.to_text()),
            Self::Pbkdf2(hash) => hash.to_phc(),
        }
    }

    /// How much work a comparison is: KiB of argon2 memory times passes, or as much of another kind.
    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::Argon(hash) => hash.cost(),
            Self::Bcrypt(hash) => hash.cost(),
            Self::Pbkdf2(hash) => hash.cost(),
        }
    }

    /// How many blocks of memory a comparison needs.
    pub(super) fn blocks(&self) -> usize {
        match self {
            Self::Argon(hash) => hash.blocks(),
            Self::Bcrypt(_) | Self::Pbkdf2(_) => 0,
        }
    }

    /// Compares, without telling by time how much was equal. Whatever is not argon2id with today's parameters is
    /// outdated.
    pub(super) fn verify(&self, secret: &SecretText, current: &Params, memory: &mut [Block]) -> Verdict {
        let matches = match self {
            Self::Argon(hash) => return hash.verify(secret, current, memory),
            Self::Bcrypt(hash) => hash.matches(secret),
            Self::Pbkdf2(hash) => hash.matches(secret),
        };
        if matches { Verdict::MatchOutdated } else { Verdict::Mismatch }
    }
}
