use palatine_protocol::jwk::SigningAlgorithm;
use serde_json::json;

use super::*;

const NOW: Instant = Instant::from_seconds(1_700_000_000);

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://op/realms/a",
        client_id: "palatine-dev",
        nonce: "n-1",
        refreshed: false,
        access_token: "at",
        userinfo_subject: Some("u-1"),
        now: NOW,
    }
}

fn id_token() -> Value {
    json!({
        "iss": "https://op/realms/a",
        "sub": "u-1",
        "aud": "palatine-dev",
        "exp": 1_700_000_300,
        "nonce": "n-1",
        "at_hash": token_hash(SigningAlgorithm::RS256, "at"),
    })
}

fn access_token() -> Value {
    json!({
        "iss": "https://op/realms/a",
        "sub": "u-1",
        "aud": ["palatine-dev"],
        "client_id": "palatine-dev",
        "exp": 1_700_000_300,
        "token_use": "user",
    })
}

fn verified(typ: &str, claims: &Value) -> Verified {
    Verified {
        typ: Some(typ.to_owned()),
        kid: "k".to_owned(),
        algorithm: SigningAlgorithm::RS256,
        claims: claims.as_object().unwrap().clone(),
    }
}

fn failed(checks: &[Check]) -> Vec<&'static str> {
    checks.iter().filter(|check| !check.passed).map(|check| check.name).collect()
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

#[test]
fn good_tokens_pass_every_check() {
    assert!(failed(&id_token_checks(&verified("JWT", &id_token()), &expected())).is_empty());
    assert!(failed(&access_token_checks(&verified("at+jwt", &access_token()), &expected())).is_empty());
}

#[test]
fn each_wrong_claim_of_an_id_token_fails_its_own_check() {
    for (claim, value, line) in [
        ("aud", json!("another"), "Audience"),
        ("exp", json!(1_700_000_000), "Expiry"),
        ("exp", json!("soon"), "Expiry"),
        ("nonce", json!("n-2"), "Nonce"),
        ("nonce", json!(1), "Nonce"),
        ("at_hash", json!("x"), "at_hash"),
        ("sub", json!("u-2"), "Subject"),
        ("token_use", json!("user"), "Type"),
    ] {
        let checks = id_token_checks(&verified("JWT", &with(id_token(), claim, value)), &expected());
        assert_eq!(failed(&checks), [line], "{claim}");
    }
}

#[test]
fn each_wrong_claim_of_an_access_token_fails_its_own_check() {
    for (claim, value, line) in [
        ("aud", json!([]), "Audience"),
        ("client_id", json!("another"), "Client"),
        ("exp", json!(0), "Expiry"),
        ("token_use", json!("service"), "Type"),
    ] {
        let checks = access_token_checks(&verified("at+jwt", &with(access_token(), claim, value)), &expected());
        assert_eq!(failed(&checks), [line], "{claim}");
    }
}

#[test]
fn neither_token_passes_for_the_other() {
    assert!(failed(&id_token_checks(&verified("at+jwt", &access_token()), &expected())).contains(&"Type"));
    assert!(failed(&access_token_checks(&verified("JWT", &id_token()), &expected())).contains(&"Type"));
}

#[test]
fn a_nonce_may_be_absent_after_a_refresh_only() {
    let mut claims = id_token();
    claims.as_object_mut().unwrap().remove("nonce");
    let token = verified("JWT", &claims);
    assert_eq!(failed(&id_token_checks(&token, &expected())), ["Nonce"]);
    let refreshed = Expected { refreshed: true, ..expected() };
    assert!(failed(&id_token_checks(&token, &refreshed)).is_empty());
}

#[test]
fn a_token_that_is_none_shows_why() {
    let line = signature(&Err(TokenRefusal::BadSignature));
    assert!(!line.passed);
    assert_eq!(line.detail, "the token's signature is wrong");
    assert_eq!(part("e30"), Some("{}".to_owned()));
    assert_eq!(part("?"), None);
}
