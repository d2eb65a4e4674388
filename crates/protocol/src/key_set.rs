//! The public keys that a client registers (RFC 7591 section 2, `jwks`), and what a public key can verify.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::jwk::{Jwk, JwkSet, KeyMaterial, KeyUse, SigningAlgorithm};

/// The most keys that are looked at in the set of a client.
pub const MAX_CLIENT_KEYS: usize = 32;

/// Sizes of the modulus of an RSA key that is taken, in bytes: 2048 to 8192 bits (RFC 7518 section 3.3).
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// The largest public exponent that is taken, in bytes.
const RSA_EXPONENT_BYTES: usize = 8;

/// The size of a coordinate of P-256 and of a public key of Ed25519, in bytes.
const CURVE_BYTES: usize = 32;

/// Members of a JWK that are private (RFC 7518 sections 6.2.2, 6.3.2, 6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a key set cannot be a client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetProblem {
    /// No object with an array `keys`.
    #[error("expected an object with an array `keys`")]
    NotASet,
    /// More than [`MAX_CLIENT_KEYS`].
    #[error("there are more than {MAX_CLIENT_KEYS} keys")]
    TooMany,
    /// A private or symmetric key, which is nobody's business but its owner's.
    #[error("there is a private or symmetric key in it; give public keys alone")]
    Private,
    /// Nothing that a signature could be verified with.
    #[error("there is no key in it for RS256, PS256, ES256 or EdDSA")]
    NoSigningKey,
}

impl JwkSet {
    /// Reads the set that a client registers: public keys alone, at least one of which verifies signatures. Keys of
    /// kinds that are not known here are skipped.
    pub fn of_client(value: &Value) -> Result<Self, KeySetProblem> {
        let keys = value.get("keys").and_then(Value::as_array).ok_or(KeySetProblem::NotASet)?;
        if keys.len() > MAX_CLIENT_KEYS {
            return Err(KeySetProblem::TooMany);
        }
        if keys.iter().any(|key| PRIVATE_MEMBERS.iter().any(|member| key.get(member).is_some())) {
            return Err(KeySetProblem::Private);
        }
        let set: Self = serde_json::from_value(value.clone()).map_err(|_| KeySetProblem::NotASet)?;
        let can_verify = set.keys.iter().any(|key| !key.verifies().is_empty());
        if can_verify { Ok(set) } else { Err(KeySetProblem::NoSigningKey) }
    }
}

impl Jwk {
    /// The algorithms whose signatures the key can verify: those of its kind, or its own `alg` alone. None for a key
    /// that is for encryption, or malformed.
    pub fn verifies(&self) -> Vec<SigningAlgorithm> {
        if self.key_use == Some(KeyUse::Encryption) {
            return Vec::new();
        }
        let of_kind: &[SigningAlgorithm] = match &self.material {
            KeyMaterial::Rsa { n, e } if is_rsa(n, e) => &[SigningAlgorithm::RS256, SigningAlgorithm::PS256],
            KeyMaterial::Ec { crv, x, y } if crv == "P-256" && [x, y].iter().all(|part| is_coordinate(part)) => {
                &[SigningAlgorithm::ES256]
            }
            KeyMaterial::Okp { crv, x } if crv == "Ed25519" && is_coordinate(x) => &[SigningAlgorithm::EdDSA],
            KeyMaterial::Rsa { .. } | KeyMaterial::Ec { .. } | KeyMaterial::Okp { .. } => &[],
        };
        of_kind.iter().copied().filter(|algorithm| self.alg.is_none_or(|alg| alg == *algorithm)).collect()
    }
}

fn is_rsa(modulus: &str, exponent: &str) -> bool {
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_or(0, |bytes| bytes.len());
    RSA_MODULUS_BYTES.contains(&bytes(modulus)) && (1..=RSA_EXPONENT_BYTES).contains(&bytes(exponent))
}

fn is_coordinate(part: &str) -> bool {
    URL_SAFE_NO_PAD.decode(part).is_ok_and(|bytes| bytes.len() == CURVE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COORDINATE: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

    fn ec(more: Value) -> Value {
        let mut key = json!({"kty": "EC", "crv": "P-256", "x": COORDINATE, "y": COORDINATE});
        let Value::Object(more) = more else { panic!("an object of members") };
        key.as_object_mut().unwrap().extend(more);
        key
    }

    fn of(key: Value) -> Result<JwkSet, KeySetProblem> {
        JwkSet::of_client(&Value::from_iter([("keys", vec![key])]))
    }

    #[test]
    fn a_set_needs_a_key_that_verifies() {
        assert!(of(ec(json!({}))).is_ok());
        assert!(of(ec(json!({"use": "sig", "alg": "ES256", "kid": "a"}))).is_ok());
        for useless in [
            json!({"use": "enc"}),
            json!({"alg": "RS256"}),
            json!({"alg": "ES512"}),
            json!({"crv": "P-384"}),
            json!({"x": "AQE"}),
            json!({"x": "***"}),
        ] {
            assert_eq!(of(ec(useless.clone())), Err(KeySetProblem::NoSigningKey), "{useless}");
        }
        assert_eq!(JwkSet::of_client(&json!({"keys": []})), Err(KeySetProblem::NoSigningKey));
    }

    #[test]
    fn a_private_or_symmetric_key_is_refused_as_a_whole() {
        assert_eq!(of(ec(json!({"d": COORDINATE}))), Err(KeySetProblem::Private));
        assert_eq!(of(json!({"kty": "oct", "k": "c2VjcmV0"})), Err(KeySetProblem::Private));
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for value in [json!(null), json!([]), json!({}), json!({"keys": {}}), json!("x")] {
            assert_eq!(JwkSet::of_client(&value), Err(KeySetProblem::NotASet), "{value}");
        }
        let many = vec![ec(json!({})); MAX_CLIENT_KEYS + 1];
        assert_eq!(JwkSet::of_client(&json!({ "keys": many })), Err(KeySetProblem::TooMany));
    }

    #[test]
    fn an_rsa_key_serves_both_paddings_unless_it_says_which_and_is_no_small_one() {
        let rsa = |bytes: usize, alg: Option<&str>| {
            let n = URL_SAFE_NO_PAD.encode(vec![0xC1; bytes]);
            let key = json!({"kty": "RSA", "n": n, "e": "AQAB"});
            let mut key: Jwk = serde_json::from_value(key).unwrap();
            key.alg = alg.and_then(SigningAlgorithm::from_wire);
            key.verifies()
        };
        assert_eq!(rsa(256, None), [SigningAlgorithm::RS256, SigningAlgorithm::PS256]);
        assert_eq!(rsa(256, Some("PS256")), [SigningAlgorithm::PS256]);
        assert!(rsa(128, None).is_empty() && rsa(1025, None).is_empty());
    }
}
