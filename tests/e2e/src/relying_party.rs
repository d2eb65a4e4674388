//! The backend of an application that is told when people sign out (OpenID Connect Back-Channel Logout 1.0). It knows
//! nothing of the server but what is published, and verifies by another library than the server signs with.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::client_site::ClientSite;
use crate::realm::RealmUnderTest;
use crate::world::eventually;

/// How long a test waits for what is delivered in the background.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where it takes logout tokens.
const PATH: &str = "/backchannel?tenant=7";

/// A backend.
pub struct RelyingParty {
    client_id: String,
    site: ClientSite,
}

impl RelyingParty {
    /// The backend of this client; it answers 200.
    pub async fn of(client_id: &str) -> Self {
        let party = Self { client_id: client_id.to_owned(), site: ClientSite::open().await };
        party.answers(200);
        party
    }

    /// The same backend, which got another name at its registration.
    #[must_use]
    pub fn called(self, client_id: &str) -> Self {
        Self { client_id: client_id.to_owned(), ..self }
    }

    /// Its `backchannel_logout_uri`, which has a query of its own.
    pub fn uri(&self) -> String {
        self.site.url(PATH)
    }

    /// Answers with this status from now on.
    pub fn answers(&self, status: u16) {
        self.site.serves(PATH, status, "text/plain", b"");
    }

    /// Takes what comes, and never answers.
    pub fn hangs(&self) {
        self.site.hangs_at(PATH);
    }

    /// How often something came.
    pub fn attempts(&self) -> usize {
        self.site.times_asked(PATH)
    }

    /// Waits until so many attempts have been made.
    pub async fn waits_for(&self, attempts: usize) {
        let what = format!("{} hears {attempts} times", self.client_id);
        eventually(&what, PATIENCE, async || self.attempts() >= attempts).await;
        assert_eq!(self.attempts(), attempts, "{what}");
    }

    /// The logout tokens that came, each as the specification says it travels (section 2.5).
    pub fn tokens(&self) -> Vec<String> {
        let token = |asked: &crate::client_site::Asked| {
            assert_eq!(asked.method, "POST");
            assert_eq!(asked.content_type, "application/x-www-form-urlencoded");
            let mut pairs = form_urlencoded::parse(asked.body.as_bytes());
            let (name, token) = pairs.next().expect("a parameter");
            assert_eq!((name.as_ref(), pairs.next()), ("logout_token", None));
            token.into_owned()
        };
        self.site.asked(PATH).iter().map(token).collect()
    }

    /// Waits for the one logout token that is to come, and verifies it.
    pub async fn hears_of_one(&self, realm: &RealmUnderTest) -> Value {
        self.waits_for(1).await;
        self.verify(realm, &self.tokens()[0]).await
    }

    /// Verifies a logout token by the rules of section 2.6, and gives its claims.
    pub async fn verify(&self, realm: &RealmUnderTest, token: &str) -> Value {
        let header = decode_header(token).expect("a JWS");
        assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
        let served: JwkSet = serde_json::from_value(realm.jwks().await).expect("a key set");
        let key = served.find(header.kid.as_deref().expect("a kid")).expect("a published key");
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[realm.issuer()]);
        validation.set_audience(&[&self.client_id]);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        // By the world's clock, below.
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(key).expect("a usable key");
        let claims = decode::<Value>(token, &key, &validation).expect("a good signature").claims;
        let (issued, expires) = (claims["iat"].as_i64().expect("iat"), claims["exp"].as_i64().expect("exp"));
        assert!((0..=30).contains(&(realm.now().as_seconds() - issued)) && expires - issued == 120, "{claims}");
        assert_eq!(claims["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
        assert!(claims["sub"].is_string() && claims["sid"].is_string() && claims["jti"].is_string(), "{claims}");
        assert!(claims.get("nonce").is_none(), "{claims}");
        claims
    }
}
