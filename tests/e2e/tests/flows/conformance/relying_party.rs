//! A relying party that believes nothing: it verifies by the specifications and the published keys alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use palatine_e2e::{Answer, Answered, App, Ask, Browser, KeyHolder, Landing, Tokens, Visit};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::provider::Provider;
use super::signed_in::SignedIn;
use super::variant::Variant;

/// Seconds by which clocks may differ.
const LEEWAY: i64 = 10;

/// A relying party.
#[derive(Clone)]
pub(super) struct RelyingParty {
    /// Whom it relies on.
    pub(super) provider: Provider,
    /// Its registration.
    pub(super) app: App,
    /// With what it signs assertions, if it authenticates in that way.
    pub(super) key: Option<KeyHolder>,
    /// How it asks.
    pub(super) variant: Variant,
    /// With what its ID tokens are to be signed.
    pub(super) algorithm: Algorithm,
    /// With what its userinfo is to be signed; `None`: plain JSON.
    pub(super) userinfo_algorithm: Option<Algorithm>,
}

impl RelyingParty {
    /// A plain request: `scope=openid`, state and nonce, no PKCE.
    pub(super) fn ask(&self) -> Ask {
        let mut ask = self.app.ask().scope("openid").without_pkce().with("response_type", self.variant.response_type);
        self.provider.says("authorization_endpoint").clone_into(&mut ask.endpoint);
        if self.variant.form_post { ask.with("response_mode", "form_post") } else { ask }
    }

    /// A person signs in by a plain request.
    pub(super) async fn sign_in(&self, browser: &mut Browser) -> SignedIn {
        self.sign_in_asking(browser, &self.ask()).await
    }

    /// A person signs in by this request, and whatever comes is verified.
    pub(super) async fn sign_in_asking(&self, browser: &mut Browser, ask: &Ask) -> SignedIn {
        let visit = browser.open(&ask.url()).await;
        let visit = self.past_the_pages(browser, visit).await;
        self.complete(visit, ask).await
    }

    /// Where a person gets to who does what the pages ask for.
    pub(super) async fn past_the_pages(&self, browser: &mut Browser, visit: Visit) -> Visit {
        let visit = match &visit.landing {
            Landing::Page(page) if page.html.contains("name=\"password\"") => {
                browser.type_credentials(page, &Provider::person()).await
            }
            _ => visit,
        };
        browser.consent_if_asked(visit).await
    }

    /// Verifies an answer, redeems its code and verifies what comes of it.
    pub(super) async fn complete(&self, visit: Visit, ask: &Ask) -> SignedIn {
        let answered = self.answer(visit, ask);
        let code = self.variant.has("code").then(|| answered.code());
        let access = self.variant.has("token").then(|| answered.access_token());
        let mut front = None;
        if self.variant.has("id_token") {
            let claims = self.verified(answered.id_token(), Some(ask)).await;
            // OpenID Connect Core, sections 3.2.2.10 and 3.3.2.11: required where the token or code comes beside it.
            assert_eq!(claims["at_hash"].as_str(), access.map(half_hash).as_deref(), "{claims}");
            assert_eq!(claims["c_hash"].as_str(), code.as_deref().map(half_hash).as_deref(), "{claims}");
            front = Some(claims);
        }
        let back = match &code {
            Some(code) => Some(self.redeemed(code, ask).await),
            None => None,
        };
        if let (Some(front), Some((_, back))) = (&front, &back) {
            // Section 3.3.3.6: `iss` and `sub` are the same in both.
            assert_eq!((&front["iss"], &front["sub"]), (&back["iss"], &back["sub"]));
        }
        let signed_in = SignedIn { answered, front, back };
        for token in signed_in.access_tokens() {
            self.userinfo(token, signed_in.id_claims()).await;
        }
        signed_in
    }

    /// Reads an answer where it must be: in the query, in the fragment, or in a form.
    #[track_caller]
    pub(super) fn answer(&self, visit: Visit, ask: &Ask) -> Answered {
        if self.variant.form_post {
            let (action, fields) = visit.posted();
            assert_eq!(action, ask.redirect_uri());
            return Answered::posted(fields, ask);
        }
        let location = visit.left();
        let rest = location.strip_prefix(ask.redirect_uri()).unwrap_or_else(|| panic!("{location}"));
        // RFC 6749, section 3.1.2: the query of a redirect URI is kept.
        let mark =
            if ask.redirect_uri().contains('?') && self.variant.mark() == '?' { '&' } else { self.variant.mark() };
        let params = rest.strip_prefix(mark).unwrap_or_else(|| panic!("no {mark} in {location}"));
        Answered::posted(form_urlencoded::parse(params.as_bytes()).into_owned().collect(), ask)
    }

    async fn redeemed(&self, code: &str, ask: &Ask) -> (Tokens, Value) {
        let tokens = Tokens::of(&self.redeem(code, ask).await);
        let claims = self.verified(tokens.id(), Some(ask)).await;
        assert!(claims["at_hash"].as_str().is_none_or(|hash| hash == half_hash(&tokens.access)), "{claims}");
        assert!(claims["c_hash"].as_str().is_none_or(|hash| hash == half_hash(code)), "{claims}");
        (tokens, claims)
    }

    /// Redeems a code.
    pub(super) async fn redeem(&self, code: &str, ask: &Ask) -> Answer {
        let mut form = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", ask.redirect_uri())];
        if ask.params().iter().any(|(name, _)| *name == "code_challenge") {
            form.push(("code_verifier", &ask.verifier));
        }
        self.token_request(&form).await
    }

    /// Uses a refresh token.
    pub(super) async fn refresh(&self, refresh_token: &str) -> Answer {
        self.token_request(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    async fn token_request(&self, form: &[(&str, &str)]) -> Answer {
        let audience = self.provider.says("token_endpoint");
        self.token_request_to(audience, form).await
    }

    /// A token request of which the assertion, if there is one, names this audience.
    pub(super) async fn token_request_to(&self, audience: &str, form: &[(&str, &str)]) -> Answer {
        let url = self.provider.says("token_endpoint");
        let Some(key) = &self.key else { return self.app.post_to(url, form).await };
        let assertion = self.assertion(key, audience);
        let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        self.app.post_to(url, &[form, &[kind, ("client_assertion", &assertion)]].concat()).await
    }

    /// OpenID Connect Core, section 9.
    fn assertion(&self, key: &KeyHolder, audience: &str) -> String {
        let (id, now) = (self.app.client_id.as_str(), self.provider.now());
        let claims = json!({
            "iss": id, "sub": id, "aud": audience, "jti": self.provider.fresh(), "iat": now, "exp": now + 60,
        });
        signed(key, &claims)
    }

    /// Verifies an ID token (OpenID Connect Core, sections 3.1.3.7 and 3.2.2.11) and gives its claims.
    pub(super) async fn verified(&self, id_token: &str, ask: Option<&Ask>) -> Value {
        let claims = self.jws(id_token, self.algorithm).await;
        let now = self.provider.now();
        let second = |name: &str| claims[name].as_i64().unwrap_or_else(|| panic!("{name} is a number: {claims}"));
        assert_eq!(claims["iss"], self.provider.metadata["issuer"]);
        assert!(claims["aud"] == *self.app.client_id || claims["aud"] == json!([self.app.client_id]), "{claims}");
        assert!(claims["azp"].is_null() || claims["azp"] == *self.app.client_id, "{claims}");
        assert!(claims["sub"].as_str().is_some_and(|sub| !sub.is_empty() && sub.len() <= 255 && sub.is_ascii()));
        assert!(second("exp") > now && second("iat") <= now + LEEWAY && second("iat") >= now - LEEWAY, "{claims}");
        if let Some(ask) = ask {
            let sent = ask.params().iter().any(|(name, _)| *name == "nonce");
            assert_eq!(claims["nonce"].as_str(), sent.then_some(ask.nonce.as_str()), "{claims}");
        }
        claims
    }

    /// Verifies a JWS by the one published key that it names.
    pub(super) async fn jws(&self, token: &str, algorithm: Algorithm) -> Value {
        let header = decode_header(token).expect("a JWS");
        assert_eq!(header.alg, algorithm);
        let keys: JwkSet = serde_json::from_value(self.provider.jwks().await).expect("a key set");
        let kid = header.kid.expect("a kid, since there is more than one key");
        let named: Vec<_> = keys.keys.iter().filter(|key| key.common.key_id.as_deref() == Some(&kid)).collect();
        let [key] = named[..] else { panic!("{} keys are named {kid}", named.len()) };
        let mut validation = Validation::new(algorithm);
        // By the test's clock and by hand.
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_aud) = (false, false);
        decode::<Value>(token, &DecodingKey::from_jwk(key).expect("a key"), &validation).expect("signed by it").claims
    }

    /// Userinfo as an object, which must be about the person of the ID token (section 5.3.4).
    pub(super) async fn userinfo(&self, access_token: &str, id_claims: &Value) -> Value {
        let answer = self.provider.userinfo(access_token).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let info = match self.userinfo_algorithm {
            None => {
                assert_eq!(answer.header("content-type"), Some("application/json"));
                answer.json()
            }
            Some(algorithm) => {
                assert_eq!(answer.header("content-type"), Some("application/jwt"));
                let info = self.jws(&answer.body, algorithm).await;
                assert_eq!(
                    (&info["iss"], &info["aud"]),
                    (&self.provider.metadata["issuer"], &json!(self.app.client_id))
                );
                info
            }
        };
        assert_eq!(info["sub"], id_claims["sub"]);
        info
    }

    /// The claims about the person, where they belong: in userinfo if there is an access token, else in the ID token.
    pub(super) async fn claims(&self, signed_in: &SignedIn) -> Value {
        if self.variant.response_type == "id_token" {
            return signed_in.id_claims().clone();
        }
        self.userinfo(signed_in.access_token(), signed_in.id_claims()).await
    }
}

/// A JWS by a key; a key without a name signs without one.
pub(super) fn signed(key: &KeyHolder, claims: &Value) -> String {
    if key.kid.is_empty() { key.signs_as(&json!({"alg": key.algorithm}), claims) } else { key.signs(claims) }
}

/// `at_hash` and `c_hash`: the left half of the hash that the ID token's algorithm is named after.
fn half_hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text.as_bytes())[..16])
}
