//! Password hashes of other systems: what may be stored, so that people sign in with the passwords they have.
//!
//! An imported hash is compared once. The sign-in that it lets through replaces it by one of the platform's own
//! (argon2id with the parameters of [`crate::HashSettings`]), as it does with any that is outdated.

use argon2::password_hash::phc::{Output, Salt};
use argon2::{Algorithm, Params};

use crate::hashing::{ArgonHash, HashError, Pbkdf2Hash, Stored};

pub use crate::hashing::Pbkdf2Algorithm;

/// The longest text that is read, in bytes. The longest hash that is taken is shorter by half.
const MAX_BYTES: usize = 512;

/// A password hash that was read and found to be within the ceilings.
///
/// argon2i, argon2d and argon2id with at most 256 MiB, 10 passes and 64 lanes; bcrypt (`$2a$`, `$2b$`, `$2y$`) of a
/// cost from 4 to 16; PBKDF2 with SHA-1, SHA-256 or SHA-512 and at most 10,000,000 rounds, which are its iterations
/// times the blocks that the hash is long. Salts have 8 to 48 bytes, hashes 10 to 64.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportedHash(String);

/// Why a text or parts are no usable password hash: what is wrong, in words. Never any of the hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this password hash cannot be used: {0}")]
pub struct ImportedHashError(&'static str);

/// Which argon2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argon2Algorithm {
    /// Its memory is read in an order that the password decides.
    Argon2d,
    /// In an order that nothing decides.
    Argon2i,
    /// One after the other.
    Argon2id,
}

/// What a hash of argon2 was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Parameters {
    /// Which argon2.
    pub algorithm: Argon2Algorithm,
    /// Its version: 16 or 19.
    pub version: u32,
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

/// Reads a hash as other systems write it: a PHC string of argon2 or PBKDF2
/// (`$pbkdf2-sha256$i=600000,l=32$salt$hash`), or bcrypt's own form.
///
/// # Errors
///
/// It is none of these, or asks for more work than the ceilings allow.
pub fn parse(text: &str) -> Result<ImportedHash, ImportedHashError> {
    let text = text.trim();
    if text.len() > MAX_BYTES {
        return Err(ImportedHashError("it is too long for a hash of argon2, bcrypt or PBKDF2"));
    }
    if !["$argon2", "$2", "$pbkdf2"].iter().any(|prefix| text.starts_with(prefix)) {
        return Err(ImportedHashError(
            "it is none of argon2 ($argon2id$…), bcrypt ($2b$…) and PBKDF2 ($pbkdf2-sha256$i=…,l=…$salt$hash)",
        ));
    }
    ImportedHash::of(&Stored::parse(text)?)
}

impl ImportedHash {
    /// PBKDF2, from parts that were kept apart.
    pub fn pbkdf2(
        algorithm: Pbkdf2Algorithm,
        iterations: u32,
        salt: &[u8],
        hash: &[u8],
    ) -> Result<Self, ImportedHashError> {
        let parts = Pbkdf2Hash::of_parts(algorithm, iterations, read_salt(salt)?, read_output(hash)?)?;
        Self::of(&Stored::Pbkdf2(parts))
    }

    /// argon2, from parts that were kept apart.
    pub fn argon2(parameters: Argon2Parameters, salt: &[u8], hash: &[u8]) -> Result<Self, ImportedHashError> {
        let (salt, output) = (read_salt(salt)?, read_output(hash)?);
        let Argon2Parameters { memory_kib, iterations, parallelism, .. } = parameters;
        let params = Params::new(memory_kib, iterations, parallelism, Some(output.len()))
            .map_err(|_| ImportedHashError("the parameters of argon2 make no sense"))?;
        let algorithm = match parameters.algorithm {
            Argon2Algorithm::Argon2d => Algorithm::Argon2d,
            Argon2Algorithm::Argon2i => Algorithm::Argon2i,
            Argon2Algorithm::Argon2id => Algorithm::Argon2id,
        };
        let parts = ArgonHash::of_parts(algorithm, parameters.version, params, salt, output)?;
        Self::of(&Stored::Argon(parts))
    }

    fn of(stored: &Stored) -> Result<Self, ImportedHashError> {
        Ok(Self(stored.to_text()?))
    }

    /// The text to store: always the same for the same hash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ImportedHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ImportedHash(…)")
    }
}

impl From<HashError> for ImportedHashError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Corrupt(what) => Self(what),
            HashError::Busy { .. } | HashError::TooLong | HashError::Stopped => Self("it cannot be read"),
        }
    }
}

fn read_salt(bytes: &[u8]) -> Result<Salt, ImportedHashError> {
    Salt::new(bytes).map_err(|_| ImportedHashError("its salt must have 8 to 48 bytes"))
}

fn read_output(bytes: &[u8]) -> Result<Output, ImportedHashError> {
    Output::new(bytes).map_err(|_| ImportedHashError("the hash itself must have 10 to 64 bytes"))
}

#[cfg(test)]
mod tests;
