use super::*;
use serde_json::json;

fn service_token() -> AccessTokenClaims {
    AccessTokenClaims {
        iss: "https://op/realms/dev".into(),
        sub: "svc".into(),
        aud: Audience::from_iter(["api"]),
        exp: 1300,
        iat: 1000,
        jti: "s.1".into(),
        client_id: "svc".into(),
        azp: "svc".into(),
        scope: ScopeSet::parse("read write").unwrap(),
        sid: None,
        auth_time: None,
        acr: None,
        amr: None,
        token_use: TokenUse::Service,
        realm_access: None,
        resource_access: None,
        service_account: Some(ServiceAccount {
            client_id: "svc".into(),
            client_id_camel: "svc".into(),
            name: "Service".into(),
            scopes: vec![Scope::parse("read").unwrap()],
            audiences: vec!["api".into()],
        }),
        extra: json!({"customer": 1}).as_object().unwrap().clone(),
    }
}

#[test]
fn a_service_token_has_exactly_these_claims() {
    let json = serde_json::to_value(service_token()).unwrap();
    let expected = json!({
        "iss": "https://op/realms/dev", "sub": "svc", "aud": "api", "exp": 1300, "iat": 1000, "jti": "s.1",
        "client_id": "svc", "azp": "svc", "scope": "read write", "token_use": "service", "customer": 1,
        "service_account": {"client_id": "svc", "clientId": "svc", "name": "Service", "scopes": ["read"],
            "audiences": ["api"]}
    });
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_value::<AccessTokenClaims>(json).unwrap(), service_token());
}

#[test]
fn a_verifier_reads_scope_as_an_array_too() {
    let mut json = serde_json::to_value(service_token()).unwrap();
    json["scope"] = json!(["write", "read"]);
    json["aud"] = json!(["api", "other"]);
    let claims: AccessTokenClaims = serde_json::from_value(json).unwrap();
    assert_eq!(claims.scope, ScopeSet::parse("read write").unwrap());
    assert!(claims.aud.contains("other") && claims.aud.single().is_none());
}

#[test]
fn an_id_token_is_not_an_access_token() {
    let id_token = json!({"iss": "i", "sub": "s", "aud": "app", "exp": 1, "iat": 1, "azp": "app", "name": "N"});
    let read: IdTokenClaims = serde_json::from_value(id_token.clone()).unwrap();
    assert_eq!(read.extra.get("name"), Some(&json!("N")));
    assert_eq!(serde_json::to_value(&read).unwrap(), id_token);
    assert!(serde_json::from_value::<AccessTokenClaims>(id_token).is_err());
}

#[test]
fn one_audience_is_a_string_and_more_are_an_array() {
    assert_eq!(serde_json::to_value(Audience::from("a".to_owned())).unwrap(), json!("a"));
    assert_eq!(serde_json::to_value(Audience::from_iter(["a", "b", "a"])).unwrap(), json!(["a", "b"]));
    assert_eq!(serde_json::from_value::<Audience>(json!(["a"])).unwrap(), Audience::from_iter(["a"]));
    assert!(serde_json::from_value::<Audience>(json!(1)).is_err());
}

#[test]
fn a_refresh_body_says_refresh() {
    let body = RefreshTokenBody {
        typ: RefreshTokenTyp::Refresh,
        iss: "i".into(),
        aud: "i".into(),
        iat: 1,
        exp: 2,
        jti: "j".into(),
        sid: None,
        scope: ScopeSet::parse("openid").unwrap(),
        azp: "app".into(),
    };
    let expected = json!({"typ": "Refresh", "iss": "i", "aud": "i", "iat": 1, "exp": 2, "jti": "j", "scope": "openid",
        "azp": "app"});
    assert_eq!(serde_json::to_value(body).unwrap(), expected);
}

#[test]
fn hashes_are_those_of_the_specification() {
    // OpenID Connect Core appendix A.3 (at_hash) and A.4 (c_hash).
    let access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    assert_eq!(token_hash(SigningAlgorithm::RS256, access_token), "77QmUPtjPfzWtF2AnpK9RQ");
    let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
    assert_eq!(token_hash(SigningAlgorithm::ES256, code), "LDktKdoQak3Pk0cnXxCltA");
    assert_eq!(token_hash(SigningAlgorithm::EdDSA, code).len(), 43);
}

#[test]
fn every_typed_claim_of_an_access_token_is_reserved() {
    let json = serde_json::to_value(service_token()).unwrap();
    let typed = json.as_object().unwrap().keys().filter(|name| name.as_str() != "customer");
    for name in typed {
        assert!(is_reserved(name), "{name}");
    }
    assert!(!is_reserved("department"));
}
