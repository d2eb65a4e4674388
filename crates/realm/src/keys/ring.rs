//! The key ring: signs with the key whose time it is, verifies with any that is still published.

use std::cmp::Reverse;
use std::sync::Arc;

use aws_lc_rs::signature::ParsedPublicKey;
use palatine_domain::key::{KeyState, Retirement, SigningKey, state};
use palatine_domain::{Ambient, Instant};
use palatine_protocol::claims::{TYP_ACCESS_TOKEN, TYP_JWT};
use palatine_protocol::jwk::{Jwk, JwkSet, SigningAlgorithm};
use serde::Serialize;
use serde_json::{Map, Value};

use super::jws::{Compact, append_signature, encoded_header, signing_input};
use super::pair::SigningPair;
use super::{KeyError, TokenRefusal};

/// Types of tokens whose headers are encoded once per key.
const USUAL_TYPES: [&str; 2] = [TYP_ACCESS_TOKEN, TYP_JWT];

/// A realm's keys that are good for something. What each is good for follows from its instants ([`KeyState`]), so that
/// nobody has to tell the nodes when a key's time comes.
#[derive(Debug)]
pub struct KeyRing {
    issuer: Arc<str>,
    ambient: Ambient,
    keys: Vec<RingKey>,
    jwks: Arc<[u8]>,
    /// Until when that document holds: the first of its keys leaves it then.
    jwks_until: Option<Instant>,
}

#[derive(Debug)]
struct RingKey {
    kid: String,
    algorithm: SigningAlgorithm,
    generation: i32,
    active_from: Instant,
    retirement: Option<Retirement>,
    public: Jwk,
    pair: SigningPair,
    verifier: ParsedPublicKey,
    headers: Vec<(&'static str, String)>,
}

/// Whether a token's `exp` is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It must be there and lie ahead of this instant.
    Required(Instant),
    /// An old one will do: an `id_token_hint`.
    Ignored,
}

/// What a token says, after its signature and issuer were found right. Of which kind it is, and whether that kind may
/// be used here, is for the caller to decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The `typ` of its header, as written.
    pub typ: Option<String>,
    /// The key that signed it.
    pub kid: String,
    /// How.
    pub algorithm: SigningAlgorithm,
    /// Its claims.
    pub claims: Map<String, Value>,
}

impl RingKey {
    fn new(row: SigningKey, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = SigningPair::parse(row.algorithm, pkcs8)?;
        let public = pair.public_jwk()?;
        if public != row.public || public.kid.as_ref() != Some(&row.kid) {
            return Err(KeyError::Mismatch { kid: row.kid });
        }
        let header = |typ| encoded_header(row.algorithm, &row.kid, typ).map(|header| (typ, header));
        Ok(Self {
            headers: USUAL_TYPES.into_iter().map(header).collect::<Result<_, _>>()?,
            verifier: pair.verifier()?,
            algorithm: row.algorithm,
            generation: row.generation,
            active_from: row.active_from,
            retirement: row.retirement,
            kid: row.kid,
            public,
            pair,
        })
    }

    fn state(&self, now: Instant) -> KeyState {
        state(self.active_from, self.retirement.as_ref(), now)
    }
}

impl KeyRing {
    /// From rows, each with its opened private half (PKCS#8).
    pub(crate) fn new<P: AsRef<[u8]>>(
        issuer: Arc<str>,
        ambient: Ambient,
        rows: impl IntoIterator<Item = (SigningKey, P)>,
    ) -> Result<Self, KeyError> {
        let keys = rows.into_iter().map(|(row, pkcs8)| RingKey::new(row, pkcs8.as_ref()));
        let mut keys = keys.collect::<Result<Vec<_>, _>>()?;
        // The same document on every node, the newest of each algorithm first.
        keys.sort_by_key(|key| (key.algorithm, Reverse(key.active_from), Reverse(key.generation)));
        let mut ring = Self { issuer, ambient, keys, jwks: Arc::default(), jwks_until: None };
        let now = ring.ambient.now();
        let shown = ring.keys.iter().filter(|key| key.state(now).is_published());
        ring.jwks_until = shown.filter_map(|key| key.retirement).map(|end| end.published_until).min();
        ring.jwks = render(&ring.jwk_set_at(now))?;
        Ok(ring)
    }

    /// Signs claims as a compact JWS with `typ`, `alg` and `kid` in its header (RFC 7515, section 7.1).
    ///
    /// ES256 takes some 20 µs of a core, RS256 some 300 µs.
    pub fn sign(&self, algorithm: SigningAlgorithm, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        let key = self.signer(algorithm)?;
        let token = match key.headers.iter().find(|(usual, _)| *usual == typ) {
            Some((_, header)) => signing_input(header, claims)?,
            None => signing_input(&encoded_header(algorithm, &key.kid, typ)?, claims)?,
        };
        let signature = key.pair.sign(token.as_bytes())?;
        Ok(append_signature(token, &signature))
    }

    /// Verifies that a token was signed by this realm: by the published key that its `kid` names, with that key's own
    /// algorithm, whatever the header would like; and that `iss` is this realm's issuer. `exp` as `expiry` says,
    /// without leeway: both clocks are ours.
    ///
    /// Any kind of token passes. Look at [`Verified::typ`] and the claims before using it as anything.
    pub fn verify(&self, token: &str, expiry: Expiry) -> Result<Verified, TokenRefusal> {
        self.verify_by(KeyState::is_published, token, expiry)
    }

    /// Verifies a token that is only to say who was signed in once: it may have expired, and its key may be published no
    /// longer, as long as a session that it names may live. Otherwise as [`KeyRing::verify`].
    pub fn verify_hint(&self, token: &str) -> Result<Verified, TokenRefusal> {
        self.verify_by(KeyState::is_good_for_hints, token, Expiry::Ignored)
    }

    fn verify_by(&self, usable: fn(KeyState) -> bool, token: &str, expiry: Expiry) -> Result<Verified, TokenRefusal> {
        let compact = Compact::parse(token)?;
        let now = self.ambient.now();
        let kid = compact.header.kid.as_deref().ok_or(TokenRefusal::UnknownKey)?;
        let named = self.keys.iter().find(|key| key.kid == kid && usable(key.state(now)));
        let key = named.ok_or(TokenRefusal::UnknownKey)?;
        if compact.header.alg != key.algorithm.as_str() {
            return Err(TokenRefusal::WrongAlgorithm);
        }
        let verified = key.verifier.verify_sig(compact.signing_input.as_bytes(), &compact.signature);
        verified.map_err(|_| TokenRefusal::BadSignature)?;
        let claims: Map<String, Value> = compact.claims()?;
        if claims.get("iss").and_then(Value::as_str) != Some(&*self.issuer) {
            return Err(TokenRefusal::ForeignIssuer);
        }
        if let Expiry::Required(now) = expiry {
            let expires = claims.get("exp").and_then(Value::as_i64).map(Instant::from_seconds);
            if expires.is_none_or(|expires| now >= expires) {
                return Err(TokenRefusal::Expired);
            }
        }
        Ok(Verified { kid: key.kid.clone(), algorithm: key.algorithm, typ: compact.header.typ, claims })
    }

    /// The algorithms that it can sign with now.
    pub fn algorithms(&self) -> Vec<SigningAlgorithm> {
        SigningAlgorithm::ALL.iter().copied().filter(|algorithm| self.can_sign(*algorithm)).collect()
    }

    /// Whether it can sign with the algorithm now.
    pub fn can_sign(&self, algorithm: SigningAlgorithm) -> bool {
        self.signer(algorithm).is_ok()
    }

    /// The keys published now (RFC 7517, section 5).
    pub fn jwk_set(&self) -> JwkSet {
        self.jwk_set_at(self.ambient.now())
    }

    fn jwk_set_at(&self, now: Instant) -> JwkSet {
        let shown = self.keys.iter().filter(|key| key.state(now).is_published());
        JwkSet { keys: shown.map(|key| key.public.clone()).collect() }
    }

    /// The same as a JSON document, rendered once for as long as no key's time runs out.
    pub fn jwks(&self) -> Result<Arc<[u8]>, KeyError> {
        let now = self.ambient.now();
        if self.jwks_until.is_none_or(|until| now < until) {
            Ok(Arc::clone(&self.jwks))
        } else {
            render(&self.jwk_set_at(now))
        }
    }

    /// The public half of the key that signs with the algorithm now, as DER (`SubjectPublicKeyInfo`).
    pub fn public_der(&self, algorithm: SigningAlgorithm) -> Result<Vec<u8>, KeyError> {
        self.signer(algorithm)?.pair.public_der()
    }

    /// The newest key whose time has come. Where no key's time has, because this node's clock is behind that of the
    /// node that made the first, the first to come.
    fn signer(&self, algorithm: SigningAlgorithm) -> Result<&RingKey, KeyError> {
        let now = self.ambient.now();
        let in_state = |wanted| move |key: &&RingKey| key.algorithm == algorithm && key.state(now) == wanted;
        let active = self.keys.iter().find(in_state(KeyState::Active));
        active.or_else(|| self.keys.iter().rfind(in_state(KeyState::Pending))).ok_or(KeyError::NoKey(algorithm))
    }
}

fn render(set: &JwkSet) -> Result<Arc<[u8]>, KeyError> {
    serde_json::to_vec(set).map(Arc::from).map_err(KeyError::claims)
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
