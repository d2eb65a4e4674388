//! Key pairs: made, parsed, used to sign. One match arm per algorithm.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256,
    RsaKeyPair, RsaPublicKeyComponents, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_protocol::jwk::{Jwk, KeyMaterial, KeyUse, SigningAlgorithm};
use zeroize::Zeroizing;

use super::KeyError;

/// A key pair that was just made: the private half in PKCS#8 (RFC 5958), wiped when dropped.
///
/// Its randomness, and that of ECDSA signatures, is the cryptographic library's own and cannot be handed in.
pub(crate) struct NewKey {
    pub(crate) pkcs8: Zeroizing<Vec<u8>>,
    pub(crate) public: Jwk,
}

impl NewKey {
    /// Makes a key. RSA (2048 bits) takes some 100 ms of a core: never on a request's thread, see [`super::pool`].
    pub(crate) fn generate(algorithm: SigningAlgorithm) -> Result<Self, KeyError> {
        let pkcs8 = match algorithm {
            SigningAlgorithm::ES256 => {
                let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
                document.map(|document| document.as_ref().to_vec())
            }
            SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => RsaKeyPair::generate(KeySize::Rsa2048)
                .and_then(|pair| pair.as_der())
                .map(|der: Pkcs8V1Der<'_>| der.as_ref().to_vec()),
            SigningAlgorithm::EdDSA => {
                let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new());
                document.map(|document| document.as_ref().to_vec())
            }
        };
        let pkcs8 = Zeroizing::new(pkcs8.map_err(|_| KeyError::Generation)?);
        let public = SigningPair::parse(algorithm, &pkcs8)?.public_jwk()?;
        Ok(Self { pkcs8, public })
    }

    /// The same RSA key for the other RSA algorithm.
    pub(crate) fn for_algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        self.public.alg = Some(algorithm);
        self
    }
}

/// A key pair, parsed once. Does not print itself.
pub(crate) struct SigningPair {
    algorithm: SigningAlgorithm,
    pair: Pair,
}

impl std::fmt::Debug for SigningPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningPair").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl SigningPair {
    /// Parses PKCS#8.
    pub(crate) fn parse(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = match algorithm {
            SigningAlgorithm::ES256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Pair::Ec),
            SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => RsaKeyPair::from_pkcs8(pkcs8).map(Pair::Rsa),
            SigningAlgorithm::EdDSA => Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map(Pair::Ed),
        };
        Ok(Self { algorithm, pair: pair.map_err(|_| KeyError::Unreadable)? })
    }

    /// Signs, in the form of a JWS (RFC 7518, section 3.4: ECDSA as `R ‖ S`).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
            Pair::Ed(pair) => pair.try_sign(message).map(|signature| signature.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding = match self.algorithm {
                    SigningAlgorithm::PS256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                pair.sign(padding, &random, message, &mut signature).map(|()| signature)
            }
        }
        .map_err(|_| KeyError::Signing)
    }

    /// The public half, as published: with its thumbprint as `kid`.
    pub(crate) fn public_jwk(&self) -> Result<Jwk, KeyError> {
        let material = match &self.pair {
            Pair::Ec(pair) => {
                // SEC 1, section 2.3.3: 04 ‖ X ‖ Y.
                let point = pair.public_key().as_ref().strip_prefix(&[4]).filter(|point| point.len() == 64);
                let (x, y) = point.ok_or(KeyError::Unreadable)?.split_at(32);
                KeyMaterial::Ec { crv: "P-256".to_owned(), x: base64url(x), y: base64url(y) }
            }
            Pair::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                KeyMaterial::Rsa { n: base64url(&public.n), e: base64url(&public.e) }
            }
            Pair::Ed(pair) => KeyMaterial::Okp { crv: "Ed25519".to_owned(), x: base64url(pair.public_key().as_ref()) },
        };
        let mut jwk = Jwk { material, kid: None, key_use: Some(KeyUse::Signature), alg: Some(self.algorithm) };
        jwk.kid = Some(jwk.thumbprint());
        Ok(jwk)
    }

    /// What verifies its signatures, parsed once.
    pub(crate) fn verifier(&self) -> Result<ParsedPublicKey, KeyError> {
        let (algorithm, public): (&'static dyn VerificationAlgorithm, &[u8]) = match &self.pair {
            Pair::Ec(pair) => (&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()),
            Pair::Ed(pair) => (&ED25519, pair.public_key().as_ref()),
            Pair::Rsa(pair) => match self.algorithm {
                SigningAlgorithm::PS256 => (&RSA_PSS_2048_8192_SHA256, pair.public_key().as_ref()),
                _ => (&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()),
            },
        };
        ParsedPublicKey::new(algorithm, public).map_err(|_| KeyError::Unreadable)
    }

    /// The public half as DER, `SubjectPublicKeyInfo` (RFC 5280, section 4.1).
    pub(crate) fn public_der(&self) -> Result<Vec<u8>, KeyError> {
        let der = self.verifier()?.as_der().map(|der: PublicKeyX509Der<'_>| der.as_ref().to_vec());
        der.map_err(|_| KeyError::Unreadable)
    }
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_signs_what_its_verifier_accepts() {
        for &algorithm in SigningAlgorithm::ALL {
            let made = NewKey::generate(algorithm).unwrap();
            let pair = SigningPair::parse(algorithm, &made.pkcs8).unwrap();
            let signature = pair.sign(b"message").unwrap();
            let verifier = pair.verifier().unwrap();
            assert!(verifier.verify_sig(b"message", &signature).is_ok(), "{algorithm}");
            assert!(verifier.verify_sig(b"messagf", &signature).is_err(), "{algorithm}");
            assert_eq!(pair.public_jwk().unwrap(), made.public);
            assert_eq!(made.public.kid, Some(made.public.thumbprint()));
        }
    }

    #[test]
    fn a_key_of_another_kind_is_not_parsed() {
        let made = NewKey::generate(SigningAlgorithm::ES256).unwrap();
        for algorithm in [SigningAlgorithm::RS256, SigningAlgorithm::EdDSA] {
            assert!(matches!(SigningPair::parse(algorithm, &made.pkcs8), Err(KeyError::Unreadable)));
        }
    }

    #[test]
    fn a_pair_does_not_print_its_private_half() {
        for &algorithm in SigningAlgorithm::ALL {
            let made = NewKey::generate(algorithm).unwrap();
            let shown = format!("{:?}", SigningPair::parse(algorithm, &made.pkcs8).unwrap());
            assert_eq!(shown, format!("SigningPair {{ algorithm: {algorithm:?}, .. }}"));
        }
    }
}
