//! What a client assertion must say (RFC 7523, section 3; OpenID Connect Core, section 9, `private_key_jwt`).

use std::time::Duration;

use palatine_domain::client::Client;
use palatine_domain::{Instant, SecretText, TokenHash};
use palatine_ephemeral::{AssertionMark, AssertionUse, MarkKind};
use palatine_protocol::claims::Audience;
use palatine_protocol::endpoints::Endpoint;
use palatine_realm::{Realm, VerifiedJws, unverified_claims};
use serde::Deserialize;
use serde_json::{Number, Value};

use super::ClientAuthError;
use crate::TokenService;
use crate::client_keys::ClientKeyError;

/// How far the clocks of client and server may differ.
pub(super) const SKEW: Duration = Duration::from_secs(30);

/// For how long an assertion is taken after it was issued.
const LIFE: Duration = Duration::from_mins(5);

/// How far ahead an `exp` may lie: further, and it was made to be kept.
const FURTHEST_EXPIRY: Duration = Duration::from_hours(24);

/// The longest `jti`, in bytes.
const MAX_JTI_BYTES: usize = 512;

/// Types that an assertion may have in its header; many clients leave it out. Other kinds of JWT that a client signs
/// with the same key are no assertions.
const TYPES: [&str; 2] = ["jwt", "client-authentication+jwt"];

/// What is wrong with an assertion that the client's own key signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionProblem {
    /// `typ` of the header.
    #[error("the assertion's typ is that of another kind of token")]
    Type,
    /// A claim that is missing or of the wrong kind.
    #[error("the assertion needs iss, sub, aud, exp and jti")]
    Claims,
    /// "For client authentication, the subject MUST be the `client_id`", and so is the issuer.
    #[error("the assertion's iss and sub must be the client_id")]
    Identity,
    /// "The JWT MUST contain an aud claim containing a value that identifies the authorization server".
    #[error("the assertion's aud must be the issuer or the token endpoint, and nothing else")]
    Audience,
    /// Past its `exp`, or issued more than five minutes ago.
    #[error("the assertion has expired")]
    Expired,
    /// `iat` or `nbf` lies ahead.
    #[error("the assertion is not valid yet")]
    Early,
    /// Without `iat` five minutes, in any case a day.
    #[error("the assertion's exp lies too far ahead")]
    TooLong,
    /// The same `jti` a second time.
    #[error("the assertion was used before")]
    Used,
    /// From before the place where uses are remembered was last empty.
    #[error("the assertion is too old; make a new one for each request")]
    TooOld,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: Number,
    #[serde(default)]
    iat: Option<Number>,
    #[serde(default)]
    nbf: Option<Number>,
    jti: String,
}

/// An assertion that says what it must; whether it is used for the first time is still to be asked.
#[derive(Debug, PartialEq, Eq)]
pub struct SoundAssertion {
    /// Its name, which counts once.
    pub jti: String,
    /// Its `iat`, or the earliest time at which it could have been issued.
    pub issued_at: Instant,
    /// From then on it is refused for its age.
    pub until: Instant,
}

/// The client that an assertion is about, as it says itself.
pub(super) fn claimed_subject(assertion: &str) -> Option<String> {
    let claims = unverified_claims(assertion).ok()?;
    claims.get("sub").and_then(Value::as_str).map(str::to_owned)
}

impl TokenService {
    /// Lets a client in by its assertion: its own key, what RFC 7523 demands, and for the first time. Until the
    /// signature is found right every refusal is the same; afterwards it is the client itself that is told.
    pub(super) async fn check_assertion(
        &self,
        realm: &Realm,
        client: &Client,
        assertion: &SecretText,
    ) -> Result<(), ClientAuthError> {
        let algorithm = client.settings.keys.assertion_algorithm;
        let verified = self.verify_jws(realm, client, assertion.expose(), algorithm).await;
        let verified = verified.map_err(|error| match error {
            ClientKeyError::Refused(refusal) => {
                tracing::info!(client = %client.client_id, %refusal, "a client assertion was refused");
                ClientAuthError::Failed
            }
            other => ClientAuthError::Keys(other),
        })?;
        let sound = check(verified, client.client_id.as_str(), &audiences(realm), self.ambient.now())?;
        self.use_once(realm, client, &sound).await
    }

    /// "The authorization server MAY ensure that JWTs are not replayed by maintaining the set of used jti values"
    /// (RFC 7523, section 3, item 7). Here it must.
    async fn use_once(&self, realm: &Realm, client: &Client, sound: &SoundAssertion) -> Result<(), ClientAuthError> {
        let now = self.ambient.now();
        let id = TokenHash::of(&format!("{} {}", client.client_id, sound.jti)).to_hex();
        let lives = now.until(sound.until).max(Duration::from_secs(1));
        let used = AssertionUse { id: &id, issued_at: sound.issued_at, leeway: SKEW, lives };
        match realm.ephemeral().mark_assertion(MarkKind::ClientAssertion, &used).await {
            Ok(AssertionMark::First) => Ok(()),
            Ok(AssertionMark::Seen) => Err(AssertionProblem::Used.into()),
            Ok(AssertionMark::BeforeStore { known_since }) => {
                let remembered = known_since.plus(SKEW);
                if now >= remembered {
                    return Err(AssertionProblem::TooOld.into());
                }
                Err(ClientAuthError::Unmarkable { retry_after_seconds: now.until(remembered).as_secs() + 1 })
            }
            Err(error) => {
                tracing::warn!(%error, "a client assertion cannot be marked as used");
                Err(ClientAuthError::Unmarkable { retry_after_seconds: 1 })
            }
        }
    }
}

/// Whom an assertion may be for: the issuer, and the token endpoint in either spelling.
fn audiences(realm: &Realm) -> Vec<String> {
    let endpoints = Endpoint::Token.paths().iter().map(|path| format!("{}{path}", realm.issuer()));
    std::iter::once(realm.issuer().to_owned()).chain(endpoints).collect()
}

/// "`aud` = issuer or token endpoint in either spelling; taken until the earlier of `exp` and `iat` + 5 min, 30 s skew;
/// without `iat`, `exp` at most 5 min ahead; `exp` over 24 h ahead refused; `jti` once."
pub fn check(
    jws: VerifiedJws,
    client_id: &str,
    audiences: &[String],
    now: Instant,
) -> Result<SoundAssertion, AssertionProblem> {
    if jws.typ.is_some_and(|typ| !TYPES.contains(&typ.to_ascii_lowercase().as_str())) {
        return Err(AssertionProblem::Type);
    }
    let claims: Claims = serde_json::from_value(Value::Object(jws.claims)).map_err(|_| AssertionProblem::Claims)?;
    if claims.iss != client_id || claims.sub != client_id {
        return Err(AssertionProblem::Identity);
    }
    check_audience(&claims.aud, audiences)?;
    if !(1..=MAX_JTI_BYTES).contains(&claims.jti.len()) {
        return Err(AssertionProblem::Claims);
    }
    let (issued_at, until) = lifetime(&claims, now)?;
    Ok(SoundAssertion { jti: claims.jti, issued_at, until })
}

/// Each audience must be ours: an assertion that another server may use, too, could be one that it was sent.
fn check_audience(given: &Audience, ours: &[String]) -> Result<(), AssertionProblem> {
    let mut given = given.iter().peekable();
    let some = given.peek().is_some();
    if some && given.all(|audience| ours.iter().any(|own| own == audience)) {
        Ok(())
    } else {
        Err(AssertionProblem::Audience)
    }
}

/// Since when and until when the assertion is taken.
fn lifetime(claims: &Claims, now: Instant) -> Result<(Instant, Instant), AssertionProblem> {
    let expires = instant(&claims.exp)?;
    let issued = claims.iat.as_ref().map(instant).transpose()?;
    let not_before = claims.nbf.as_ref().map(instant).transpose()?;
    let ahead = now.plus(SKEW);
    if [issued, not_before].into_iter().flatten().any(|start| start > ahead) {
        return Err(AssertionProblem::Early);
    }
    let furthest = if issued.is_some() { FURTHEST_EXPIRY } else { LIFE };
    if expires > ahead.plus(furthest) {
        return Err(AssertionProblem::TooLong);
    }
    let until = issued.map_or(expires, |issued| expires.min(issued.plus(LIFE))).plus(SKEW);
    if now >= until {
        return Err(AssertionProblem::Expired);
    }
    Ok((issued.unwrap_or_else(|| expires.minus(LIFE)), until))
}

/// A `NumericDate` (RFC 7519, section 2): seconds, which may have a fraction.
fn instant(number: &Number) -> Result<Instant, AssertionProblem> {
    /// The year 9999, in seconds.
    const LAST: i64 = 253_402_300_799;
    let seconds = number.as_i64().or_else(|| {
        #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second does not matter; casts saturate")]
        let whole = number.as_f64().map(|seconds| seconds as i64);
        whole
    });
    seconds.filter(|seconds| (0..=LAST).contains(seconds)).map(Instant::from_seconds).ok_or(AssertionProblem::Claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use palatine_protocol::jwk::SigningAlgorithm;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn good() -> Value {
        json!({"iss": "app", "sub": "app", "aud": "https://op", "iat": NOW, "exp": NOW + 60, "jti": "1"})
    }

    /// The good one with some claims replaced, or taken out by `null`.
    fn with(changes: &Value) -> Result<SoundAssertion, AssertionProblem> {
        let mut claims = good().as_object().unwrap().clone();
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => claims.remove(name),
                value => claims.insert(name.clone(), value.clone()),
            };
        }
        of_type(None, claims)
    }

    fn of_type(typ: Option<&str>, claims: serde_json::Map<String, Value>) -> Result<SoundAssertion, AssertionProblem> {
        let jws = VerifiedJws { typ: typ.map(str::to_owned), algorithm: SigningAlgorithm::ES256, claims };
        let ours = ["https://op".to_owned(), "https://op/token".to_owned()];
        check(jws, "app", &ours, Instant::from_seconds(NOW))
    }

    #[test]
    fn every_claim_is_needed_but_iat() {
        for claim in ["iss", "sub", "aud", "exp", "jti"] {
            assert_eq!(with(&json!({ claim: null })), Err(AssertionProblem::Claims), "{claim}");
        }
        assert!(with(&json!({"iat": null})).is_ok());
        for (claim, value) in
            [("exp", json!("soon")), ("jti", json!("")), ("jti", json!("x".repeat(513))), ("iat", json!(-1))]
        {
            assert_eq!(with(&json!({ claim: value })), Err(AssertionProblem::Claims), "{claim}");
        }
    }

    #[test]
    fn issuer_and_subject_are_the_client() {
        for claim in ["iss", "sub"] {
            assert_eq!(with(&json!({ claim: "other" })), Err(AssertionProblem::Identity), "{claim}");
        }
    }

    #[test]
    fn the_audience_is_ours_and_nobody_else_s() {
        for good in [json!("https://op"), json!("https://op/token"), json!(["https://op", "https://op/token"])] {
            assert!(with(&json!({ "aud": good })).is_ok(), "{good}");
        }
        for bad in [json!("https://op/"), json!([]), json!(["https://op", "https://other"]), json!("app"), json!("")] {
            assert_eq!(with(&json!({ "aud": bad })), Err(AssertionProblem::Audience), "{bad}");
        }
    }

    #[test]
    fn it_is_taken_until_the_earlier_of_exp_and_five_minutes_after_iat() {
        let until = |changes: Value| with(&changes).map(|sound| sound.until.as_seconds() - NOW);
        assert_eq!(until(json!({})), Ok(90));
        assert_eq!(until(json!({"exp": NOW + 3_600})), Ok(330));
        assert_eq!(until(json!({"exp": NOW - 29})), Ok(1));
        assert_eq!(until(json!({"exp": NOW - 30})), Err(AssertionProblem::Expired));
        assert_eq!(until(json!({"iat": NOW - 329, "exp": NOW + 60})), Ok(1));
        assert_eq!(until(json!({"iat": NOW - 330, "exp": NOW + 60})), Err(AssertionProblem::Expired));
        assert_eq!(until(json!({"exp": 1_800_000_060.7})), Ok(90));
    }

    #[test]
    fn without_iat_it_expires_within_five_minutes_and_was_issued_five_minutes_before() {
        let sound = with(&json!({"iat": null, "exp": NOW + 330})).unwrap();
        assert_eq!(sound.issued_at.as_seconds(), NOW + 30);
        assert_eq!(with(&json!({"iat": null, "exp": NOW + 331})), Err(AssertionProblem::TooLong));
    }

    #[test]
    fn one_made_for_more_than_a_day_or_for_later_is_refused() {
        assert!(with(&json!({"exp": NOW + 86_400 + 30})).is_ok());
        assert_eq!(with(&json!({"exp": NOW + 86_400 + 31})), Err(AssertionProblem::TooLong));
        assert!(with(&json!({"iat": NOW + 30})).is_ok());
        assert_eq!(with(&json!({"iat": NOW + 31})), Err(AssertionProblem::Early));
        assert_eq!(with(&json!({"nbf": NOW + 31})), Err(AssertionProblem::Early));
        assert_eq!(with(&json!({"exp": i64::MAX})), Err(AssertionProblem::Claims));
    }

    #[test]
    fn another_kind_of_token_is_no_assertion() {
        let claims = || good().as_object().unwrap().clone();
        for typ in [None, Some("JWT"), Some("jwt"), Some("client-authentication+jwt")] {
            assert!(of_type(typ, claims()).is_ok(), "{typ:?}");
        }
        for typ in ["at+jwt", "logout+jwt", "oauth-authz-req+jwt", "dpop+jwt", ""] {
            assert_eq!(of_type(Some(typ), claims()), Err(AssertionProblem::Type), "{typ}");
        }
    }
}
