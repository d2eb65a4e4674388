//! PBKDF2 (RFC 8018), as other systems stored it. Nothing new is hashed with it.

use std::num::NonZeroU32;

use argon2::password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt};
use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};
use palatine_domain::SecretText;

use super::HashError;

/// The most rounds of a comparison: about five seconds of a core.
const MAX_ROUNDS: u32 = 10_000_000;

/// The hash function inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pbkdf2Algorithm {
    /// HMAC with SHA-1.
    Sha1,
    /// HMAC with SHA-256.
    Sha256,
    /// HMAC with SHA-512.
    Sha512,
}

impl Pbkdf2Algorithm {
    /// Its name in PHC strings.
    const fn ident(self) -> Ident {
        Ident::new_unwrap(match self {
            Self::Sha1 => "pbkdf2",
            Self::Sha256 => "pbkdf2-sha256",
            Self::Sha512 => "pbkdf2-sha512",
        })
    }

    fn of(ident: &str) -> Option<Self> {
        match ident {
            "pbkdf2" | "pbkdf2-sha1" => Some(Self::Sha1),
            "pbkdf2-sha256" => Some(Self::Sha256),
            "pbkdf2-sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    const fn output_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// A stored hash, read and found to be within the ceilings.
pub(crate) struct Pbkdf2Hash {
    algorithm: Pbkdf2Algorithm,
    iterations: NonZeroU32,
    salt: Salt,
    output: Output,
}

impl Pbkdf2Hash {
    /// Whether the text begins like one.
    pub(super) fn is_one(text: &str) -> bool {
        text.starts_with("$pbkdf2")
    }

    /// Reads a PHC string: `$pbkdf2-sha256$i=600000,l=32$salt$hash`.
    pub(super) fn parse(phc: &str) -> Result<Self, HashError> {
        let malformed = HashError::Corrupt("a PBKDF2 hash is written $pbkdf2-sha256$i=600000,l=32$salt$hash");
        let Ok(PasswordHash { algorithm, version: None, params, salt: Some(salt), hash: Some(output) }) =
            PasswordHash::new(phc)
        else {
            return Err(malformed);
        };
        let algorithm = Pbkdf2Algorithm::of(algorithm.as_str());
        let algorithm = algorithm.ok_or(HashError::Corrupt("PBKDF2 is known with SHA-1, SHA-256 and SHA-512"))?;
        let number = |name: &str| params.get_decimal(name);
        let iterations = number("i").ok_or(malformed.clone())?;
        let length = params.get("l").map(|_| number("l").and_then(|length| usize::try_from(length).ok()));
        let foreign = params.iter().any(|(name, _)| !matches!(name.as_str(), "i" | "l"));
        if foreign || length.is_some_and(|length| length != Some(output.len())) {
            return Err(malformed);
        }
        Self::of_parts(algorithm, iterations, salt, output)
    }

    /// From parts that were kept apart.
    pub(crate) fn of_parts(
        algorithm: Pbkdf2Algorithm,
        iterations: u32,
        salt: Salt,
        output: Output,
    ) -> Result<Self, HashError> {
        let out_of_bounds = HashError::Corrupt(
            "the iterations of PBKDF2, times the blocks that the hash is long, must be from 1 to 10000000",
        );
        let iterations = NonZeroU32::new(iterations).ok_or(out_of_bounds.clone())?;
        let hash = Self { algorithm, iterations, salt, output };
        if hash.cost() <= MAX_ROUNDS.into() { Ok(hash) } else { Err(out_of_bounds) }
    }

    /// How much work a comparison is, in the measure of argon2: a round is about as much as a KiB of its memory.
    pub(super) fn cost(&self) -> u64 {
        let blocks = self.output.len().div_ceil(self.algorithm.output_bytes());
        u64::from(self.iterations.get()) * blocks as u64
    }

    /// Compares, without telling by time how much was equal.
    pub(super) fn matches(&self, secret: &SecretText) -> bool {
        let algorithm = match self.algorithm {
            Pbkdf2Algorithm::Sha1 => PBKDF2_HMAC_SHA1,
            Pbkdf2Algorithm::Sha256 => PBKDF2_HMAC_SHA256,
            Pbkdf2Algorithm::Sha512 => PBKDF2_HMAC_SHA512,
        };
        pbkdf2::verify(algorithm, self.iterations, &self.salt, secret.expose().as_bytes(), self.output.as_bytes())
            .is_ok()
    }

    /// The PHC string.
    pub(super) fn to_phc(&self) -> Result<String, HashError> {
        let unwritable = |_| HashError::Corrupt("the parameters of PBKDF2 have no PHC form");
        let mut params = ParamsString::new();
        params.add_decimal("i", self.iterations.get()).map_err(unwritable)?;
        params.add_decimal("l", u32::try_from(self.output.len()).unwrap_or(u32::MAX)).map_err(unwritable)?;
        let algorithm = self.algorithm.ident();
        let phc = PasswordHash { algorithm, version: None, params, salt: Some(self.salt), hash: Some(self.output) };
        Ok(phc.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python's hashlib: `hashlib.pbkdf2_hmac(name, b"lantern gravel oboe", bytes(range(16)), i, l)`.
    const FOREIGN: [&str; 4] = [
        "$pbkdf2$i=20000,l=20$AAECAwQFBgcICQoLDA0ODw$jawNccQ7QwSohD4iRrPj87L6XRg",
        "$pbkdf2-sha256$i=27500,l=32$AAECAwQFBgcICQoLDA0ODw$dp8ccAS90jWM1U7aQQGIb+P3ll40YGB1tzGCpBPdQro",
        "$pbkdf2-sha256$i=27500,l=64$AAECAwQFBgcICQoLDA0ODw$dp8ccAS90jWM1U7aQQGIb+P3ll40YGB1tzGCpBPdQrreuzhQhxxELNLb36D0B+x5BbPzIFH7cTCQQXguu5TOBg",
        "$pbkdf2-sha512$i=1000,l=64$AAECAwQFBgcICQoLDA0ODw$4qMtiwabXgM5T/Vdl1MtJNha5mF79UH9nVrgbjCJ9/he+fGTHSllg8QWxawlopHO1FarbzNol9C1BMADu1arRA",
    ];

    #[test]
    fn a_hash_of_another_program_matches_its_password_and_is_written_as_it_was_read() {
        for phc in FOREIGN {
            let hash = Pbkdf2Hash::parse(phc).unwrap();
            assert!(Pbkdf2Hash::is_one(phc) && hash.matches(&SecretText::new("lantern gravel oboe")), "{phc}");
            assert!(!hash.matches(&SecretText::new("lantern gravel obof")) && !hash.matches(&SecretText::new("")));
            assert_eq!(hash.to_phc().unwrap(), phc);
        }
        let [sha1, ..] = FOREIGN;
        let other_name = sha1.replace("$pbkdf2$", "$pbkdf2-sha1$").replace(",l=20", "");
        assert_eq!(Pbkdf2Hash::parse(&other_name).unwrap().to_phc().unwrap(), sha1);
    }

    #[test]
    fn a_hash_out_of_bounds_or_of_another_shape_is_refused() {
        let [_, one_block, two_blocks, _] = FOREIGN;
        let refused = |phc: &str| matches!(Pbkdf2Hash::parse(phc), Err(HashError::Corrupt(_)));
        assert!(!refused(&one_block.replace("i=27500", "i=10000000")));
        assert!(!refused(&two_blocks.replace("i=27500", "i=5000000")));
        for (from, to) in [
            ("i=27500", "i=0"),
            ("i=27500", "i=10000001"),
            ("i=27500", "i=99999999999"),
            ("i=27500,", ""),
            ("l=32", "l=31"),
            ("l=32", "l=x"),
            ("l=32", "m=32"),
            ("sha256", "sha384"),
            ("$i=", "$v=1$i="),
            ("AAECAwQFBgcICQoLDA0ODw", "AAEC"),
            ("$dp8", "$d.8"),
        ] {
            assert!(refused(&one_block.replace(from, to)), "{to}");
        }
        assert!(refused(&two_blocks.replace("i=27500", "i=5000001")));
        // passlib writes the iterations alone, and another base64.
        assert!(refused("$pbkdf2-sha256$29000$hVDKeU8ppfQeIwTAOIfQGg$xYDgKUYfzlR5gsUCvnwTTIoQz.bvZ2ICSBdmACTZcXk"));
    }
}
