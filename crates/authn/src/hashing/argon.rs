//! argon2 (RFC 9106) and the PHC strings that carry its parameters. New hashes are argon2id.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use palatine_domain::SecretText;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::settings::{MAX_ITERATIONS, MAX_MEMORY_KIB, MAX_PARALLELISM};
use super::{HashError, Verdict};

/// A stored hash, read and found to be within the ceilings.
pub(crate) struct ArgonHash {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Salt,
    output: Output,
}

impl ArgonHash {
    /// Reads a PHC string: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
    pub(super) fn parse(phc: &str) -> Result<Self, HashError> {
        let hash = PasswordHash::new(phc).map_err(|_| HashError::Corrupt("it is no PHC string"))?;
        let algorithm = Algorithm::new(hash.algorithm).map_err(|_| HashError::Corrupt("it is not of argon2"))?;
        let version = match (hash.version, algorithm) {
            // What has no version is of the first, in which there was no argon2id.
            (None, Algorithm::Argon2i | Algorithm::Argon2d) => Some(Version::V0x10),
            (number, _) => number.and_then(|number| Version::try_from(number).ok()),
        };
        let version = version.ok_or(HashError::Corrupt("the version of argon2 must be 16 or 19"))?;
        let params =
            Params::try_from(&hash).map_err(|_| HashError::Corrupt("the parameters of argon2 make no sense"))?;
        match (hash.salt, hash.hash) {
            (Some(salt), Some(output)) => Self { algorithm, version, params, salt, output }.within_bounds(),
            _ => Err(HashError::Corrupt("its salt or its hash is missing")),
        }
    }

    /// From parts that were kept apart.
    pub(crate) fn of_parts(
        algorithm: Algorithm,
        version: u32,
        params: Params,
        salt: Salt,
        output: Output,
    ) -> Result<Self, HashError> {
        let version =
            Version::try_from(version).map_err(|_| HashError::Corrupt("the version of argon2 must be 16 or 19"))?;
        Self { algorithm, version, params, salt, output }.within_bounds()
    }

    fn within_bounds(self) -> Result<Self, HashError> {
        let params = &self.params;
        if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_ITERATIONS || params.p_cost() > MAX_PARALLELISM {
            return Err(HashError::Corrupt("argon2 may take at most 262144 KiB of memory, 10 passes and 64 lanes"));
        }
        // The key would be elsewhere, and no password would match.
        if !params.keyid().is_empty() || !params.data().is_empty() {
            return Err(HashError::Corrupt("argon2 with a key or with associated data is not supported"));
        }
        Ok(self)
    }

    /// A hash that no secret has, at the cost of `params`.
    pub(super) fn decoy(params: &Params, salt: [u8; 16], output: [u8; 32]) -> Result<Self, HashError> {
        let unusable = |_| HashError::Corrupt("the decoy");
        Ok(Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: params.clone(),
            salt: Salt::new(&salt).map_err(unusable)?,
            output: Output::new(&output).map_err(unusable)?,
        })
    }

    /// How much work a comparison is: KiB of memory times passes.
    pub(super) fn cost(&self) -> u64 {
        cost(&self.params)
    }

    /// How many blocks of memory a comparison needs.
    pub(super) fn blocks(&self) -> usize {
        self.params.block_count()
    }

    /// Compares, without telling by time how much was equal.
    pub(super) fn verify(&self, secret: &SecretText, current: &Params, memory: &mut [Block]) -> Verdict {
        let mut computed = Zeroizing::new([0_u8; Output::MAX_LENGTH]);
        let Some(computed) = computed.get_mut(..self.output.len()) else { return Verdict::Mismatch };
        let argon = Argon2::new(self.algorithm, self.version, self.params.clone());
        let done = argon.hash_password_into_with_memory(secret.expose().as_bytes(), &self.salt, computed, memory);
        let equal: bool = computed.ct_eq(self.output.as_bytes()).into();
        match (done, equal) {
            (Ok(()), true) if self.is_like(current) => Verdict::Match,
            (Ok(()), true) => Verdict::MatchOutdated,
            _ => Verdict::Mismatch,
        }
    }

    fn is_like(&self, current: &Params) -> bool {
        self.algorithm == Algorithm::Argon2id && self.version == Version::V0x13 && self.params == *current
    }

    /// The PHC string.
    pub(super) fn to_phc(&self) -> Result<String, HashError> {
        let params = ParamsString::try_from(&self.params);
        let phc = PasswordHash {
            algorithm: self.algorithm.ident(),
            version: Some(self.version.into()),
            params: params.map_err(|_| HashError::Corrupt("the parameters of argon2 make no sense"))?,
            salt: Some(self.salt),
            hash: Some(self.output),
        };
        Ok(phc.to_string())
    }
}

/// How much work a hash is: KiB of memory times passes.
pub(super) fn cost(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

/// A new PHC string.
pub(super) fn hash(
    secret: &SecretText,
    salt: [u8; 16],
    params: &Params,
    memory: &mut [Block],
) -> Result<String, HashError> {
    let mut output = Zeroizing::new([0_u8; Params::DEFAULT_OUTPUT_LEN]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(secret.expose().as_bytes(), &salt, output.as_mut_slice(), memory)
        .map_err(|_| HashError::Corrupt("the parameters of new hashes"))?;
    let unwritable = |_| HashError::Corrupt("the new hash has no PHC form");
    let hash = ArgonHash {
        algorithm: Algorithm::Argon2id,
        version: Version::V0x13,
        params: params.clone(),
        salt: Salt::new(&salt).map_err(unwritable)?,
        output: Output::new(output.as_slice()).map_err(unwritable)?,
    };
    hash.to_phc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Params {
        Params::new(64, 1, 1, Some(32)).unwrap()
    }

    fn verify(phc: &str, secret: &str) -> Verdict {
        let stored = ArgonHash::parse(phc).unwrap();
        let mut memory = vec![Block::new(); stored.blocks()];
        stored.verify(&SecretText::new(secret), &cheap(), &mut memory)
    }

    #[test]
    fn a_hash_matches_its_secret_and_no_other() {
        let mut memory = vec![Block::new(); cheap().block_count()];
        let phc = hash(&SecretText::new("correct horse"), [7; 16], &cheap(), &mut memory).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{phc}");
        assert_eq!(verify(&phc, "correct horse"), Verdict::Match);
        assert_eq!(verify(&phc, "correct horsf"), Verdict::Mismatch);
        assert_eq!(verify(&phc, ""), Verdict::Mismatch);
    }

    #[test]
    fn a_hash_made_elsewhere_is_honoured_and_called_outdated() {
        // Made with the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`.
        let foreign = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert_eq!(verify(foreign, "password"), Verdict::MatchOutdated);
        assert_eq!(verify(foreign, "Password"), Verdict::Mismatch);
    }

    #[test]
    fn a_hash_above_the_ceilings_or_of_another_kind_is_refused() {
        let salt_and_hash = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        for start in [
            "$argon2id$v=19$m=262145,t=2,p=1$",
            "$argon2id$v=19$m=65536,t=11,p=1$",
            "$argon2id$v=19$m=65536,t=2,p=65$",
            "$argon2id$v=19$m=4,t=2,p=1$",
            "$argon2id$v=20$m=65536,t=2,p=1$",
            "$argon2id$m=65536,t=2,p=1$",
            "$argon2i$v=20$m=65536,t=2,p=1$",
            "$argon2x$v=19$m=65536,t=2,p=1$",
            "$argon2id$v=19$m=65536,t=2,p=1,keyid=c29tZQ$",
            "$argon2id$v=19$m=65536,t=2,p=1,data=c29tZQ$",
            "$pbkdf2-sha256$i=1000$",
            "",
        ] {
            let phc = format!("{start}{salt_and_hash}");
            assert!(matches!(ArgonHash::parse(&phc), Err(HashError::Corrupt(_))), "{start}");
        }
        for cut in ["", "$argon2id$v=19$m=64,t=1,p=1", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ", "not a hash"] {
            assert!(matches!(ArgonHash::parse(cut), Err(HashError::Corrupt(_))), "{cut}");
        }
    }

    #[test]
    fn no_secret_matches_the_decoy() {
        let decoy = ArgonHash::decoy(&cheap(), [1; 16], [2; 32]).unwrap();
        let mut memory = vec![Block::new(); decoy.blocks()];
        assert_eq!(decoy.verify(&SecretText::new(""), &cheap(), &mut memory), Verdict::Mismatch);
        assert_eq!(decoy.cost(), cost(&cheap()));
    }
}
