use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use palatine_domain::entropy::SystemEntropy;
use palatine_domain::ids::{RowId as _, SigningKeyId};
use palatine_domain::time::FakeClock;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::keys::pair::NewKey;

const ISSUER: &str = "https://id.example.com/realms/acme";
const HOUR: Duration = Duration::from_hours(1);

fn start() -> Instant {
    Instant::from_seconds(1_800_000_000)
}

/// A realm's keys under construction, and the clock it lives by.
struct Keys {
    clock: Arc<FakeClock>,
    rows: Vec<(SigningKey, Vec<u8>)>,
}

impl Keys {
    fn new() -> Self {
        Self { clock: Arc::new(FakeClock::at(start())), rows: Vec::new() }
    }

    fn with(mut self, algorithm: SigningAlgorithm, active_from: Instant, removed_at: Option<Instant>) -> Self {
        let made = NewKey::generate(algorithm).unwrap();
        let generation = i32::try_from(self.rows.len()).unwrap() + 1;
        let row = SigningKey {
            id: SigningKeyId::from_uuid(uuid::Uuid::from_u128(1)),
            kid: made.public.kid.clone().unwrap(),
            algorithm,
            generation,
            public: made.public.clone(),
            sealed_private: Vec::new(),
            created_at: start(),
            active_from,
            rotates_at: None,
            retirement: removed_at.map(|at| Retirement { hints_until: at.plus(HOUR), ..Retirement::at_once(at) }),
        };
        self.rows.push((row, made.pkcs8.to_vec()));
        self
    }

    fn ring(&self) -> KeyRing {
        self.ring_of(ISSUER)
    }

    fn ring_of(&self, issuer: &str) -> KeyRing {
        let ambient = Ambient::new(self.clock.clone(), Arc::new(SystemEntropy));
        KeyRing::new(issuer.into(), ambient, self.rows.clone()).unwrap()
    }

    fn kid(&self, at: usize) -> &str {
        &self.rows[at].0.kid
    }
}

fn es256() -> Keys {
    Keys::new().with(SigningAlgorithm::ES256, start(), None)
}

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "john", "exp": start().as_seconds() + 300})
}

fn sign(ring: &KeyRing) -> String {
    ring.sign(SigningAlgorithm::ES256, "at+jwt", &claims()).unwrap()
}

/// A token with any header and payload, signed by `signature` over both.
fn forge(header: &Value, payload: &Value, signature: impl FnOnce(&str) -> Vec<u8>) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signing_input = format!("{}.{}", part(header), part(payload));
    let signature = URL_SAFE_NO_PAD.encode(signature(&signing_input));
    format!("{signing_input}.{signature}")
}

#[test]
fn what_a_ring_signs_it_verifies() {
    for &algorithm in SigningAlgorithm::ALL {
        let keys = Keys::new().with(algorithm, start(), None);
        let ring = keys.ring();
        for typ in ["at+jwt", "JWT", "logout+jwt"] {
            let token = ring.sign(algorithm, typ, &claims()).unwrap();
            let verified = ring.verify(&token, Expiry::Required(start())).unwrap();
            assert_eq!(verified.typ.as_deref(), Some(typ));
            assert_eq!((verified.algorithm, verified.kid.as_str()), (algorithm, keys.kid(0)));
            assert_eq!(Value::Object(verified.claims), claims());
        }
    }
}

#[test]
fn another_implementation_reads_our_tokens_from_our_key_set() {
    for (&ours, theirs) in
        SigningAlgorithm::ALL.iter().zip([Algorithm::ES256, Algorithm::RS256, Algorithm::PS256, Algorithm::EdDSA])
    {
        let ring = Keys::new().with(ours, start(), None).ring();
        let token = ring.sign(ours, "at+jwt", &claims()).unwrap();
        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_slice(&ring.jwks().unwrap()).unwrap();
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!((header.alg, header.typ.as_deref()), (theirs, Some("at+jwt")));
        let jwk = set.find(&header.kid.unwrap()).unwrap();
        let mut validation = Validation::new(theirs);
        validation.set_issuer(&[ISSUER]);
        validation.validate_exp = false;
        let read = jsonwebtoken::decode::<Value>(&token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).unwrap();
        assert_eq!(read.claims, claims());
    }
}

#[test]
fn a_ring_reads_what_another_implementation_signed_with_its_key() {
    let keys = es256();
    let header = Header { kid: Some(keys.kid(0).to_owned()), ..Header::new(Algorithm::ES256) };
    let key = EncodingKey::from_ec_der(&keys.rows[0].1);
    let token = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
    assert_eq!(Value::Object(keys.ring().verify(&token, Expiry::Ignored).unwrap().claims), claims());
}

#[test]
fn the_header_does_not_choose_the_algorithm() {
    let keys = Keys::new().with(SigningAlgorithm::RS256, start(), None);
    let ring = keys.ring();
    let public_der = ring.public_der(SigningAlgorithm::RS256).unwrap();
    let hmac = |secret: &[u8], input: &str| {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        aws_lc_rs::hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
    };
    for alg in ["none", "None", "NONE", "HS256", "RS512", "PS256", "ES256", "rs256", ""] {
        let header = json!({"alg": alg, "kid": keys.kid(0), "typ": "at+jwt"});
        for secret in [public_der.as_slice(), b"", ring.jwks().unwrap().as_ref()] {
            let token = forge(&header, &claims(), |input| hmac(secret, input));
            assert_eq!(ring.verify(&token, Expiry::Ignored), Err(TokenRefusal::WrongAlgorithm), "{alg}");
        }
        let unsigned = forge(&header, &claims(), |_| Vec::new());
        assert_eq!(ring.verify(&unsigned, Expiry::Ignored), Err(TokenRefusal::WrongAlgorithm), "{alg}");
    }
    let unsigned = forge(&json!({"alg": "RS256", "kid": keys.kid(0)}), &claims(), |_| Vec::new());
    assert_eq!(ring.verify(&unsigned, Expiry::Ignored), Err(TokenRefusal::BadSignature));
}

#[test]
fn an_rsa_key_verifies_with_its_own_padding_only() {
    let keys = Keys::new().with(SigningAlgorithm::RS256, start(), None);
    let other = SigningPair::parse(SigningAlgorithm::PS256, &keys.rows[0].1).unwrap();
    let sign = |input: &str| other.sign(input.as_bytes()).unwrap();
    for (alg, refusal) in [("PS256", TokenRefusal::WrongAlgorithm), ("RS256", TokenRefusal::BadSignature)] {
        let token = forge(&json!({"alg": alg, "kid": keys.kid(0)}), &claims(), sign);
        assert_eq!(keys.ring().verify(&token, Expiry::Ignored), Err(refusal), "{alg}");
    }
}

#[test]
fn a_key_that_the_token_brings_along_is_not_used() {
    let (ours, attacker) = (es256(), es256());
    let pair = SigningPair::parse(SigningAlgorithm::ES256, &attacker.rows[0].1).unwrap();
    let jwk = serde_json::to_value(&attacker.rows[0].0.public).unwrap();
    let sign = |input: &str| pair.sign(input.as_bytes()).unwrap();
    let embedded = |kid: &str| json!({"alg": "ES256", "kid": kid, "jwk": jwk, "jku": "https://evil.example/jwks"});
    let token = forge(&embedded(ours.kid(0)), &claims(), sign);
    assert_eq!(ours.ring().verify(&token, Expiry::Ignored), Err(TokenRefusal::BadSignature));
    for kid in [attacker.kid(0), "", "../../etc/passwd", "' OR 1=1 --"] {
        let token = forge(&embedded(kid), &claims(), sign);
        assert_eq!(ours.ring().verify(&token, Expiry::Ignored), Err(TokenRefusal::UnknownKey), "{kid}");
    }
    let nameless = forge(&json!({"alg": "ES256", "jwk": jwk}), &claims(), sign);
    assert_eq!(ours.ring().verify(&nameless, Expiry::Ignored), Err(TokenRefusal::UnknownKey));
}

#[rstest]
#[case(json!({}))]
#[case(json!({"iss": "https://id.example.com/realms/acme/"}))]
#[case(json!({"iss": "https://ID.example.com/realms/acme"}))]
#[case(json!({"iss": "https://id.example.com/realms/other"}))]
#[case(json!({"iss": ["https://id.example.com/realms/acme"]}))]
fn the_issuer_is_compared_byte_for_byte(#[case] claims: Value) {
    let ring = es256().ring();
    let token = ring.sign(SigningAlgorithm::ES256, "JWT", &claims).unwrap();
    assert_eq!(ring.verify(&token, Expiry::Ignored), Err(TokenRefusal::ForeignIssuer));
}

#[test]
fn the_same_key_in_another_realm_does_not_make_its_tokens_ours() {
    let keys = es256();
    let token = sign(&keys.ring());
    assert_eq!(
        keys.ring_of("https://id.example.com/realms/b").verify(&token, Expiry::Ignored),
        Err(TokenRefusal::ForeignIssuer)
    );
}

#[test]
fn a_token_expires_at_the_second_that_it_says() {
    let ring = es256().ring();
    let token = sign(&ring);
    let at = |seconds| ring.verify(&token, Expiry::Required(start().plus(Duration::from_secs(seconds)))).map(|_| ());
    assert_eq!(at(299), Ok(()));
    assert_eq!(at(300), Err(TokenRefusal::Expired));
    assert!(ring.verify(&token, Expiry::Ignored).is_ok());
}

#[rstest]
#[case(json!({"iss": ISSUER}))]
#[case(json!({"iss": ISSUER, "exp": "1900000000"}))]
#[case(json!({"iss": ISSUER, "exp": null}))]
fn a_token_without_a_usable_expiry_has_expired(#[case] claims: Value) {
    let ring = es256().ring();
    let token = ring.sign(SigningAlgorithm::ES256, "JWT", &claims).unwrap();
    assert_eq!(ring.verify(&token, Expiry::Required(start())), Err(TokenRefusal::Expired));
}

#[test]
fn every_character_of_a_token_counts() {
    let ring = es256().ring();
    let token = sign(&ring);
    for at in 0..token.len() {
        let mut tampered = token.clone().into_bytes();
        tampered[at] = if tampered[at] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(tampered).unwrap();
        assert!(ring.verify(&tampered, Expiry::Ignored).is_err(), "character {at}");
    }
}

#[test]
fn the_newest_key_whose_time_has_come_signs_and_all_published_ones_verify() {
    let later = start().plus(HOUR);
    let removed = later.plus(HOUR);
    let mut keys =
        Keys::new().with(SigningAlgorithm::ES256, start(), Some(removed)).with(SigningAlgorithm::ES256, later, None);
    keys.rows[0].0.retirement.as_mut().unwrap().signs_until = later;
    let ring = keys.ring();
    let signed_by = |token: &str| ring.verify(token, Expiry::Ignored).map(|verified| verified.kid);

    let old = sign(&ring);
    assert_eq!(signed_by(&old).as_deref(), Ok(keys.kid(0)));
    assert_eq!(ring.jwk_set().keys.len(), 2, "the new key is published ahead");

    keys.clock.set(later);
    assert_eq!(signed_by(&sign(&ring)).as_deref(), Ok(keys.kid(1)));
    assert_eq!(signed_by(&old).as_deref(), Ok(keys.kid(0)), "the old one still verifies");

    keys.clock.set(removed);
    assert_eq!(signed_by(&old), Err(TokenRefusal::UnknownKey));
    assert!(ring.verify_hint(&old).is_ok(), "a session may name it for a while");
    let published: JwkSet = serde_json::from_slice(&ring.jwks().unwrap()).unwrap();
    assert_eq!(published, ring.jwk_set());
    assert_eq!(published.keys.iter().map(|key| key.kid.as_deref().unwrap()).collect::<Vec<_>>(), [keys.kid(1)]);
}

#[test]
fn a_node_whose_clock_is_behind_signs_with_the_first_key() {
    let keys = Keys::new().with(SigningAlgorithm::ES256, start().plus(HOUR), None);
    assert!(keys.ring().verify(&sign(&keys.ring()), Expiry::Ignored).is_ok());
}

#[test]
fn a_ring_says_what_it_can_sign_with() {
    let ring = es256().ring();
    assert_eq!(ring.algorithms(), [SigningAlgorithm::ES256]);
    let refused = ring.sign(SigningAlgorithm::RS256, "JWT", &claims());
    assert!(matches!(refused, Err(KeyError::NoKey(SigningAlgorithm::RS256))));
}

#[test]
fn a_row_whose_halves_do_not_belong_together_is_refused() {
    let (mut one, other) = (es256(), es256());
    one.rows[0].1.clone_from(&other.rows[0].1);
    let ambient = Ambient::new(one.clock.clone(), Arc::new(SystemEntropy));
    let refused = KeyRing::new(ISSUER.into(), ambient, one.rows.clone());
    assert!(matches!(refused, Err(KeyError::Mismatch { kid }) if kid == one.kid(0)));
}

#[test]
fn the_key_set_shows_public_halves_alone_each_with_its_use() {
    let mut keys = Keys::new();
    for &algorithm in SigningAlgorithm::ALL {
        keys = keys.with(algorithm, start(), None);
    }
    let mut set: Value = serde_json::from_slice(&keys.ring().jwks().unwrap()).unwrap();
    for member in set["keys"].as_array_mut().unwrap().iter_mut().flat_map(|key| key.as_object_mut().unwrap()) {
        if let (name @ ("kid" | "x" | "y" | "n"), Value::String(text)) = (member.0.as_str(), &mut *member.1) {
            *text = format!("({name}, {} characters)", text.len());
        }
    }
    insta::assert_json_snapshot!(set, @r#"
    {
      "keys": [
        {
          "alg": "ES256",
          "crv": "P-256",
          "kid": "(kid, 43 characters)",
          "kty": "EC",
          "use": "sig",
          "x": "(x, 43 characters)",
          "y": "(y, 43 characters)"
        },
        {
          "alg": "RS256",
          "e": "AQAB",
          "kid": "(kid, 43 characters)",
          "kty": "RSA",
          "n": "(n, 342 characters)",
          "use": "sig"
        },
        {
          "alg": "PS256",
          "e": "AQAB",
          "kid": "(kid, 43 characters)",
          "kty": "RSA",
          "n": "(n, 342 characters)",
          "use": "sig"
        },
        {
          "alg": "EdDSA",
          "crv": "Ed25519",
          "kid": "(kid, 43 characters)",
          "kty": "OKP",
          "use": "sig",
          "x": "(x, 43 characters)"
        }
      ]
    }
    "#);
}

proptest! {
    #[test]
    fn any_text_is_refused_and_none_panics(text in "[A-Za-z0-9_.-]{0,200}|.{0,200}") {
        let ring = KeyRing::new(ISSUER.into(), Ambient::system(), Vec::<(SigningKey, Vec<u8>)>::new()).unwrap();
        prop_assert!(ring.verify(&text, Expiry::Ignored).is_err());
    }
}
