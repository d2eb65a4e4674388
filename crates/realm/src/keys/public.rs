//! Public keys of somebody else, and what was signed with them: client assertions, request objects.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_protocol::jwk::{Jwk, JwkSet, KeyMaterial, SigningAlgorithm};
use palatine_protocol::key_set::MAX_CLIENT_KEYS;
use serde_json::{Map, Value};

use super::TokenRefusal;
use super::jws::Compact;

/// The public keys of one party, parsed once.
#[derive(Debug)]
pub struct PublicKeys(Vec<PublicKey>);

#[derive(Debug)]
struct PublicKey {
    kid: Option<String>,
    verifiers: Vec<(SigningAlgorithm, ParsedPublicKey)>,
}

/// What somebody else signed, after the signature was found right. What it is good for is for the caller to decide:
/// look at `typ`, `iss`, `aud` and the times.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedJws {
    /// The `typ` of its header, as written.
    pub typ: Option<String>,
    /// How it was signed.
    pub algorithm: SigningAlgorithm,
    /// Its claims.
    pub claims: Map<String, Value>,
}

/// What a JWS claims before anybody has verified it: to find whose keys to ask, and for nothing else.
pub fn unverified_claims(jws: &str) -> Result<Map<String, Value>, TokenRefusal> {
    Compact::parse(jws)?.claims()
}

impl PublicKeys {
    /// From a set; keys that verify nothing are left out.
    pub fn new(set: &JwkSet) -> Self {
        let keys = set.keys.iter().take(MAX_CLIENT_KEYS).map(PublicKey::new);
        Self(keys.filter(|key| !key.verifiers.is_empty()).collect())
    }

    /// Verifies that a JWS was signed with one of these keys and one of the `allowed` algorithms. The key decides
    /// which algorithms it is used with, never the header; keys that a header brings along are not looked at.
    ///
    /// # Errors
    ///
    /// [`TokenRefusal::UnknownKey`] also where the header names no key and the one that fits did not sign: it may be
    /// of a newer one.
    pub fn verify(&self, jws: &str, allowed: &[SigningAlgorithm]) -> Result<VerifiedJws, TokenRefusal> {
        let compact = Compact::parse(jws)?;
        let algorithm = SigningAlgorithm::from_wire(&compact.header.alg).filter(|alg| allowed.contains(alg));
        let algorithm = algorithm.ok_or(TokenRefusal::WrongAlgorithm)?;
        let named = compact.header.kid.as_deref().filter(|kid| self.0.iter().any(|key| key.is_named(kid)));
        let verifier = match named {
            Some(kid) => self.named(kid, algorithm)?,
            None => self.only_one(compact.header.kid.is_some(), algorithm)?,
        };
        let signature = verifier.verify_sig(compact.signing_input.as_bytes(), &compact.signature);
        signature.map_err(|_| if named.is_some() { TokenRefusal::BadSignature } else { TokenRefusal::UnknownKey })?;
        let claims = compact.claims()?;
        Ok(VerifiedJws { typ: compact.header.typ, algorithm, claims })
    }

    fn named(&self, kid: &str, algorithm: SigningAlgorithm) -> Result<&ParsedPublicKey, TokenRefusal> {
        let mut fitting = self.0.iter().filter(|key| key.is_named(kid)).filter_map(|key| key.verifier(algorithm));
        fitting.next().ok_or(TokenRefusal::WrongAlgorithm)
    }

    /// "If there are multiple keys in the referenced JWK Set document, a kid value MUST be provided in the JOSE Header"
    /// (OpenID Connect Core, section 10.1). A name that no key has may be that of a key without a name.
    fn only_one(&self, named_otherwise: bool, algorithm: SigningAlgorithm) -> Result<&ParsedPublicKey, TokenRefusal> {
        let may_be_meant = |key: &&PublicKey| !named_otherwise || key.kid.is_none();
        let mut fitting = self.0.iter().filter(may_be_meant).filter_map(|key| key.verifier(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(TokenRefusal::UnknownKey),
        }
    }
}

impl PublicKey {
    fn new(jwk: &Jwk) -> Self {
        let parsed = |algorithm| parse(&jwk.material, algorithm).map(|key| (algorithm, key));
        Self { kid: jwk.kid.clone(), verifiers: jwk.verifies().into_iter().filter_map(parsed).collect() }
    }

    fn is_named(&self, kid: &str) -> bool {
        self.kid.as_deref() == Some(kid)
    }

    fn verifier(&self, wanted: SigningAlgorithm) -> Option<&ParsedPublicKey> {
        self.verifiers.iter().find(|(algorithm, _)| *algorithm == wanted).map(|(_, key)| key)
    }
}

fn parse(material: &KeyMaterial, algorithm: SigningAlgorithm) -> Option<ParsedPublicKey> {
    match (material, algorithm) {
        (KeyMaterial::Rsa { n, e }, SigningAlgorithm::RS256 | SigningAlgorithm::PS256) => {
            let components = RsaPublicKeyComponents { n: integer(n)?, e: integer(e)? };
            let parameters = match algorithm {
                SigningAlgorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
                _ => &RSA_PKCS1_2048_8192_SHA256,
            };
            components.to_parsed_public_key(parameters).ok()
        }
        (KeyMaterial::Ec { x, y, .. }, SigningAlgorithm::ES256) => {
            // SEC 1, section 2.3.3: 04 ‖ X ‖ Y.
            let point = [vec![4], decoded(x)?, decoded(y)?].concat();
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()
        }
        (KeyMaterial::Okp { x, .. }, SigningAlgorithm::EdDSA) => ParsedPublicKey::new(&ED25519, decoded(x)?).ok(),
        _ => None,
    }
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

/// A `Base64urlUInt` (RFC 7518, section 2); some writers put zeros in front.
fn integer(part: &str) -> Option<Vec<u8>> {
    let bytes = decoded(part)?;
    Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::jws::{append_signature, encoded_header, signing_input};
    use crate::keys::pair::{NewKey, SigningPair};
    use serde_json::json;

    struct Owner {
        algorithm: SigningAlgorithm,
        key: NewKey,
    }

    impl Owner {
        fn new(algorithm: SigningAlgorithm) -> Self {
            Self { algorithm, key: NewKey::generate(algorithm).unwrap() }
        }

        fn kid(&self) -> &str {
            self.key.public.kid.as_deref().unwrap()
        }

        /// Signs under any header.
        fn signs(&self, header: &Value) -> String {
            let header = URL_SAFE_NO_PAD.encode(header.to_string());
            let input = signing_input(&header, &json!({"iss": "somebody"})).unwrap();
            let pair = SigningPair::parse(self.algorithm, &self.key.pkcs8).unwrap();
            let signature = pair.sign(input.as_bytes()).unwrap();
            append_signature(input, &signature)
        }

        fn usual(&self) -> String {
            self.signs(&json!({"alg": self.algorithm, "kid": self.kid(), "typ": "JWT"}))
        }
    }

    fn keys(owners: &[&Owner]) -> PublicKeys {
        PublicKeys::new(&JwkSet { keys: owners.iter().map(|owner| owner.key.public.clone()).collect() })
    }

    fn unnamed(owner: &Owner) -> PublicKeys {
        PublicKeys::new(&JwkSet { keys: vec![Jwk { kid: None, alg: None, ..owner.key.public.clone() }] })
    }

    #[test]
    fn what_the_owner_signed_is_verified_by_its_public_key() {
        for &algorithm in SigningAlgorithm::ALL {
            let owner = Owner::new(algorithm);
            let verified = keys(&[&owner]).verify(&owner.usual(), SigningAlgorithm::ALL).unwrap();
            assert_eq!((verified.algorithm, verified.typ.as_deref()), (algorithm, Some("JWT")));
            assert_eq!(verified.claims["iss"], "somebody");
            assert!(unnamed(&owner).verify(&owner.usual(), &[algorithm]).is_ok());
        }
    }

    #[test]
    fn an_algorithm_that_is_not_allowed_or_not_the_key_s_is_refused() {
        let (ec, rsa) = (Owner::new(SigningAlgorithm::ES256), Owner::new(SigningAlgorithm::RS256));
        let both = keys(&[&ec, &rsa]);
        let refused = |token: &str, allowed: &[SigningAlgorithm]| both.verify(token, allowed).unwrap_err();
        assert_eq!(refused(&ec.usual(), &[SigningAlgorithm::RS256]), TokenRefusal::WrongAlgorithm);
        for alg in ["none", "HS256", "RS512", "ES256K", "es256", ""] {
            let token = ec.signs(&json!({"alg": alg, "kid": ec.kid()}));
            assert_eq!(refused(&token, SigningAlgorithm::ALL), TokenRefusal::WrongAlgorithm, "{alg}");
        }
        let confused = ec.signs(&json!({"alg": "RS256", "kid": ec.kid()}));
        assert_eq!(refused(&confused, SigningAlgorithm::ALL), TokenRefusal::WrongAlgorithm);
        let other_padding = rsa.signs(&json!({"alg": "PS256", "kid": rsa.kid()}));
        assert_eq!(refused(&other_padding, SigningAlgorithm::ALL), TokenRefusal::WrongAlgorithm);
    }

    #[test]
    fn a_key_that_the_header_brings_along_is_not_looked_at() {
        let (owner, thief) = (Owner::new(SigningAlgorithm::ES256), Owner::new(SigningAlgorithm::ES256));
        for header in [
            json!({"alg": "ES256", "jwk": thief.key.public}),
            json!({"alg": "ES256", "kid": owner.kid(), "jwk": thief.key.public}),
            json!({"alg": "ES256", "kid": thief.kid(), "jku": "https://thief.example/jwks"}),
            json!({"alg": "ES256", "kid": "../../../dev/null", "x5u": "https://thief.example/x5u"}),
            json!({"alg": "ES256", "kid": "' OR 1=1 --"}),
        ] {
            assert!(keys(&[&owner]).verify(&thief.signs(&header), SigningAlgorithm::ALL).is_err(), "{header}");
        }
    }

    #[test]
    fn without_a_name_the_only_key_of_the_algorithm_is_meant() {
        let (one, two) = (Owner::new(SigningAlgorithm::ES256), Owner::new(SigningAlgorithm::ES256));
        let token = one.signs(&json!({"alg": "ES256"}));
        assert!(keys(&[&one]).verify(&token, SigningAlgorithm::ALL).is_ok());
        let refused = keys(&[&one, &two]).verify(&token, SigningAlgorithm::ALL);
        assert_eq!(refused, Err(TokenRefusal::UnknownKey));
        assert_eq!(keys(&[&two]).verify(&token, SigningAlgorithm::ALL), Err(TokenRefusal::UnknownKey));
    }

    #[test]
    fn a_named_key_is_the_only_one_that_is_tried() {
        let (one, two) = (Owner::new(SigningAlgorithm::ES256), Owner::new(SigningAlgorithm::ES256));
        let both = keys(&[&one, &two]);
        let token = one.signs(&json!({"alg": "ES256", "kid": two.kid()}));
        assert_eq!(both.verify(&token, SigningAlgorithm::ALL), Err(TokenRefusal::BadSignature));
        let token = one.signs(&json!({"alg": "ES256", "kid": "elsewhere"}));
        assert_eq!(both.verify(&token, SigningAlgorithm::ALL), Err(TokenRefusal::UnknownKey));
    }

    #[test]
    fn claims_can_be_read_before_they_are_believed() {
        let header = encoded_header(SigningAlgorithm::ES256, "kid", "JWT").unwrap();
        let token = append_signature(signing_input(&header, &json!({"sub": "app"})).unwrap(), b"nothing");
        assert_eq!(unverified_claims(&token).unwrap()["sub"], "app");
        assert!(unverified_claims("a.b").is_err());
    }
}
