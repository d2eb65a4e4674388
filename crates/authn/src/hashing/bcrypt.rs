//! bcrypt, as other systems stored it. Nothing new is hashed with it.

use ::bcrypt::bcrypt;
use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use palatine_domain::SecretText;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::HashError;

/// The least cost that a stored hash may have.
const MIN_COST: u32 = 4;

/// The most: three seconds of a core.
const MAX_COST: u32 = 16;

/// What bcrypt takes of a password; the rest means nothing to it.
const MAX_PASSWORD_BYTES: usize = 72;

/// How much work one of the 2^cost rounds is, as KiB of argon2 memory: both take about 60 microseconds.
const WORK_OF_A_ROUND: u64 = 128;

/// The last character of the salt holds four bits that mean nothing; some systems left anything in them.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone),
);

/// A stored hash, read and found to be within the ceilings.
pub(crate) struct BcryptHash {
    cost: u32,
    salt: [u8; 16],
    output: [u8; 23],
}

impl BcryptHash {
    /// Whether the text begins like one. `$2a$`, `$2b$` and `$2y$` are one algorithm; `$2x$` marks hashes of a faulty
    /// one, and is none.
    pub(super) fn is_one(text: &str) -> bool {
        ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix))
    }

    /// Reads `$2b$10$` with 22 characters of salt and 31 of hash.
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        let malformed = || HashError::Corrupt("a bcrypt hash has 60 characters: $2b$10$, 22 of salt, 31 of hash");
        let cost = text.get(4..6).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        let cost: u32 = cost.and_then(|digits| digits.parse().ok()).ok_or_else(malformed)?;
        let (Some("$"), Some(salt_text), Some(output_text)) = (text.get(6..7), text.get(7..29), text.get(29..)) else {
            return Err(malformed());
        };
        if !(MIN_COST..=MAX_COST).contains(&cost) {
            return Err(HashError::Corrupt("the cost of bcrypt must be from 4 to 16"));
        }
        let (mut salt, mut output) = ([0; 16], [0; 23]);
        let fills = |text: &str, to: &mut [u8]| BASE64.decode_slice(text, to).is_ok_and(|read| read == to.len());
        if text.len() == 60 && fills(salt_text, &mut salt) && fills(output_text, &mut output) {
            Ok(Self { cost, salt, output })
        } else {
            Err(malformed())
        }
    }

    /// How much work a comparison is, in the measure of argon2.
    pub(super) fn cost(&self) -> u64 {
        WORK_OF_A_ROUND << self.cost
    }

    /// Compares, without telling by time how much was equal.
    pub(super) fn matches(&self, secret: &SecretText) -> bool {
        let secret = secret.expose().as_bytes();
        // A zero byte ends the password, unless it fills all the space.
        let mut terminated = Zeroizing::new([0_u8; MAX_PASSWORD_BYTES]);
        terminated.iter_mut().zip(secret).for_each(|(to, from)| *to = *from);
        let Some(password) = terminated.get(..(secret.len() + 1).min(MAX_PASSWORD_BYTES)) else { return false };
        let computed = Zeroizing::new(bcrypt(self.cost, self.salt, password));
        computed.get(..self.output.len()).is_some_and(|computed| computed.ct_eq(&self.output).into())
    }

    /// The text.
    pub(super) fn to_text(&self) -> String {
        format!("$2b${:02}${}{}", self.cost, BASE64.encode(self.salt), BASE64.encode(self.output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with the Python package bcrypt 5.0.0: `bcrypt.hashpw(b"lantern gravel oboe", bcrypt.gensalt(4, b"2a"))`.
    const FOREIGN: &str = "$2a$04$QF0pQPneIhEx.w/kiSqRAeUKZPrU8GDCivrNMUHjWYXj0LFq1DjY6";

    fn matches(hash: &str, password: &str) -> bool {
        BcryptHash::parse(hash).unwrap().matches(&SecretText::new(password))
    }

    #[test]
    fn a_hash_of_another_program_matches_its_password_under_each_of_its_names() {
        let five = "$2b$05$OcSkTe0XWHS/vvQPa//RauPQ6HHrDZLu7cpyz9HDzAjbbCijJTOpq";
        for hash in [FOREIGN, five, &FOREIGN.replace("$2a$", "$2y$"), &FOREIGN.replace("$2a$", "$2b$")] {
            assert!(BcryptHash::is_one(hash) && matches(hash, "lantern gravel oboe"), "{hash}");
            assert!(!matches(hash, "lantern gravel obof") && !matches(hash, ""), "{hash}");
        }
        // From the tests of jBCrypt, the implementation of OpenBSD's bcrypt in Java.
        assert!(matches("$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", ""));
        assert!(matches("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"));
    }

    #[test]
    fn the_73rd_byte_means_nothing_to_bcrypt() {
        // Made with the Python package bcrypt 5.0.0, of 72 times `x`.
        let full = "$2b$04$h7cZ2CBmS3vq9nqGEZpoO.PFSryGBdFBiDNW1F6YGHS.pcSjexi1e";
        assert!(matches(full, &"x".repeat(72)) && matches(full, &format!("{}yz", "x".repeat(72))));
        assert!(!matches(full, &"x".repeat(71)));
    }

    #[test]
    fn a_hash_is_written_as_it_was_read_and_bits_without_meaning_are_dropped() {
        assert_eq!(BcryptHash::parse(FOREIGN).unwrap().to_text(), FOREIGN.replace("$2a$", "$2b$"));
        let stray = FOREIGN.replace("RAeUKZ", "RAfUKZ");
        assert_eq!(BcryptHash::parse(&stray).unwrap().to_text(), FOREIGN.replace("$2a$", "$2b$"));
    }

    #[test]
    fn a_hash_out_of_bounds_or_of_another_shape_is_refused() {
        for (from, to) in [("$04$", "$03$"), ("$04$", "$17$"), ("$04$", "$99$")] {
            let refused = BcryptHash::parse(&FOREIGN.replace(from, to));
            assert!(matches!(refused, Err(HashError::Corrupt("the cost of bcrypt must be from 4 to 16"))), "{to}");
        }
        let short = FOREIGN.get(..59).unwrap();
        let long = format!("{FOREIGN}A");
        for bad in
            ["$2a$", "$2a$04$", "$2a$+4$", short, &long, &FOREIGN.replace('Q', "="), &FOREIGN.replace("SqRA", "é")]
        {
            assert!(matches!(BcryptHash::parse(bad), Err(HashError::Corrupt(_))), "{bad}");
        }
        assert!(!BcryptHash::is_one(&FOREIGN.replace("$2a$", "$2x$")) && !BcryptHash::is_one("$2$"));
    }
}
