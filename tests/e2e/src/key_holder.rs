//! Whoever holds a private key: a client that signs assertions and request objects.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_protocol::jwk::SigningAlgorithm;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::ask::unguessable;

/// A private key with its name. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KeyHolder {
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// The `kid` of its public key.
    pub kid: String,
    pair: Arc<Pair>,
}

#[derive(Debug)]
enum Pair {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl KeyHolder {
    /// With a new key.
    pub fn new(algorithm: SigningAlgorithm, kid: &str) -> Self {
        let random = SystemRandom::new();
        let pair = match algorithm {
            SigningAlgorithm::ES256 => {
                let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
                Pair::Ec(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap())
            }
            SigningAlgorithm::EdDSA => Pair::Ed(Ed25519KeyPair::generate().unwrap()),
            SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => {
                Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
            }
        };
        Self { algorithm, kid: kid.to_owned(), pair: Arc::new(pair) }
    }

    /// The public key.
    pub fn jwk(&self) -> Value {
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &*self.pair {
            Pair::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y)})
            }
            Pair::Ed(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key().as_ref())}),
            Pair::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "n": encoded(&public.n), "e": encoded(&public.e)})
            }
        };
        jwk["kid"] = self.kid.as_str().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// The public key as a set.
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// The public key as DER, as somebody who confuses algorithms would use it as a secret.
    pub fn public_bytes(&self) -> Vec<u8> {
        match &*self.pair {
            Pair::Ec(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// An assertion of this client, for the issuer, that was never used (RFC 7523, section 3).
    pub fn asserts(&self, client_id: &str, issuer: &str, now: i64) -> String {
        let jti = unguessable();
        self.signs(&json!({"iss": client_id, "sub": client_id, "aud": issuer, "iat": now, "exp": now + 60, "jti": jti}))
    }

    /// A JWS with the usual header.
    pub fn signs(&self, claims: &Value) -> String {
        self.signs_as(&json!({"alg": self.algorithm, "kid": self.kid, "typ": "JWT"}), claims)
    }

    /// A JWS with any header.
    pub fn signs_as(&self, header: &Value, claims: &Value) -> String {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let input = format!("{}.{}", part(header), part(claims));
        let (random, message) = (SystemRandom::new(), input.as_bytes());
        let signature = match &*self.pair {
            Pair::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding = match self.algorithm {
                    SigningAlgorithm::PS256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                pair.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
