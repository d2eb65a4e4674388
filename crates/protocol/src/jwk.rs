//! Public keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037) and their thumbprints (RFC 7638).

use crate::wire_enum::wire_enum;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

wire_enum! {
    /// Algorithms a realm may sign with (RFC 7518 section 3.1; RFC 8037 section 3.1).
    pub enum SigningAlgorithm {
        /// ECDSA on P-256 with SHA-256.
        ES256 = "ES256",
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        RS256 = "RS256",
        /// RSASSA-PSS with SHA-256.
        PS256 = "PS256",
        /// Ed25519.
        EdDSA = "EdDSA",
    }
}

impl SigningAlgorithm {
    /// Size of the algorithm's hash, in bits; it decides `at_hash` and `c_hash`. Ed25519 hashes with SHA-512.
    pub const fn hash_bits(self) -> u16 {
        match self {
            Self::ES256 | Self::RS256 | Self::PS256 => 256,
            Self::EdDSA => 512,
        }
    }
}

wire_enum! {
    /// What a key is for (RFC 7517 section 4.2).
    pub enum KeyUse {
        /// Signatures.
        Signature = "sig",
        /// Encryption.
        Encryption = "enc",
    }
}

/// The members that are the key, base64url each. `kty` tells them apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum KeyMaterial {
    /// RFC 7518 section 6.3.
    #[serde(rename = "RSA")]
    Rsa {
        /// Modulus.
        n: String,
        /// Exponent.
        e: String,
    },
    /// RFC 7518 section 6.2.
    #[serde(rename = "EC")]
    Ec {
        /// Curve, such as `P-256`.
        crv: String,
        /// Coordinate.
        x: String,
        /// Coordinate.
        y: String,
    },
    /// RFC 8037 section 2.
    #[serde(rename = "OKP")]
    Okp {
        /// Curve, such as `Ed25519`.
        crv: String,
        /// The public key.
        x: String,
    },
}

/// One public key. There is no place for a private member, so none can be published by mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// The key itself.
    #[serde(flatten)]
    pub material: KeyMaterial,
    /// Its name in token headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// What it is for.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub key_use: Option<KeyUse>,
    /// The one algorithm it is used with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<SigningAlgorithm>,
}

impl Jwk {
    /// The SHA-256 thumbprint, base64url: the required members alone, in lexicographic order, without spaces (RFC 7638
    /// section 3).
    pub fn thumbprint(&self) -> String {
        let members: Vec<(&str, &str)> = match &self.material {
            KeyMaterial::Rsa { n, e } => vec![("e", e), ("kty", "RSA"), ("n", n)],
            KeyMaterial::Ec { crv, x, y } => vec![("crv", crv), ("kty", "EC"), ("x", x), ("y", y)],
            KeyMaterial::Okp { crv, x } => vec![("crv", crv), ("kty", "OKP"), ("x", x)],
        };
        let members: Vec<String> =
            members.into_iter().map(|(name, value)| format!("\"{name}\":{}", serde_json::Value::from(value))).collect();
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{{{}}}", members.join(","))))
    }
}

/// A set of keys. Reading one skips keys of kinds this server does not know (RFC 7517 section 5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys, in order.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// The key of that name.
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid.as_deref() == Some(kid))
    }
}

impl<'de> Deserialize<'de> for JwkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Open {
            keys: Vec<serde_json::Value>,
        }
        let open = Open::deserialize(deserializer)?;
        Ok(Self { keys: open.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: serde_json::Value) -> Jwk {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638() {
        let key = read(json!({
            "kty": "RSA", "kid": "2011-04-29", "alg": "RS256", "e": "AQAB",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZC\
                  iFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZg\
                  nYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIq\
                  bw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
        }));
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn the_thumbprint_of_an_okp_key_is_that_of_rfc_8037() {
        let key = read(json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}));
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_key_is_named_in_its_set() {
        let json = json!({"keys": [
            {"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "kid": "one", "use": "sig", "alg": "ES256"},
            {"kty": "oct", "k": "secret", "kid": "two"},
            {"kty": "RSA", "n": "n", "e": "e", "kid": "three", "alg": "RSA-OAEP"}
        ]});
        let set: JwkSet = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(set.keys.len(), 1);
        assert_eq!(set.find("one").unwrap().alg, Some(SigningAlgorithm::ES256));
        assert_eq!(set.find("two"), None);
        assert_eq!(serde_json::to_value(&set).unwrap()["keys"][0], json["keys"][0]);
    }

    #[test]
    fn a_private_member_is_not_carried_on() {
        let key = read(json!({"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "private"}));
        assert!(!serde_json::to_string(&key).unwrap().contains("private"));
    }
}
