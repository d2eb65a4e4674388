//! A resource server: verifies access tokens by the served keys, as any library does.

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use palatine_domain::Ambient;
use serde_json::Value;

use crate::realm::RealmUnderTest;

/// A resource server.
pub struct Api {
    realm: RealmUnderTest,
    audience: String,
    typ: &'static str,
    ambient: Ambient,
}

/// Why a token was turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiRefusal {
    /// Not a token of this kind.
    Typ(String),
    /// None of the served keys.
    UnknownKey,
    /// The signature, the issuer or the audience.
    Invalid(String),
    /// Past `exp`.
    Expired,
    /// The scope is not in it.
    Scope,
}

impl Api {
    pub(crate) fn new(realm: RealmUnderTest, audience: &str, ambient: Ambient) -> Self {
        Self { realm, audience: audience.to_owned(), typ: "at+jwt", ambient }
    }

    /// One that takes tokens of the profile `jwt`.
    #[must_use]
    pub fn with_typ(self, typ: &'static str) -> Self {
        Self { typ, ..self }
    }

    /// Takes a token that is for this API, alive, and has the scope; gives its claims.
    pub async fn accept(&self, token: &str, scope: &str) -> Result<Value, ApiRefusal> {
        let claims = self.verify(token).await?;
        // RFC 9068, section 2.2.3: one string, separated by spaces.
        let has = claims["scope"].as_str().expect("scope is a string").split(' ').any(|word| word == scope);
        if has { Ok(claims) } else { Err(ApiRefusal::Scope) }
    }

    /// Takes a token that is for this API and alive.
    pub async fn verify(&self, token: &str) -> Result<Value, ApiRefusal> {
        let header = decode_header(token).map_err(|error| ApiRefusal::Invalid(error.to_string()))?;
        let typ = header.typ.clone().unwrap_or_default();
        if typ != self.typ {
            return Err(ApiRefusal::Typ(typ));
        }
        let key = self.key(header.kid.as_deref().unwrap_or_default()).await.ok_or(ApiRefusal::UnknownKey)?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[self.realm.issuer()]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        // By the world's clock, below.
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(&key).expect("a usable key");
        let token = decode::<Value>(token, &key, &validation);
        let claims = token.map_err(|error| ApiRefusal::Invalid(error.to_string()))?.claims;
        let expires_at = claims["exp"].as_i64().expect("exp, in seconds");
        if self.ambient.now().as_seconds() < expires_at { Ok(claims) } else { Err(ApiRefusal::Expired) }
    }

    async fn key(&self, kid: &str) -> Option<Jwk> {
        let served: JwkSet = serde_json::from_value(self.realm.jwks().await).expect("a key set");
        served.find(kid).cloned()
    }
}
