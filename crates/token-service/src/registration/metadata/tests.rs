use palatine_protocol::scope::Scope;
use serde_json::{Value, json};

use super::*;

fn allowed() -> Allowed {
    let scopes: ScopeSet = ["openid", "profile"].iter().map(|scope| Scope::parse(scope).unwrap()).collect();
    let grants = vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::Implicit];
    Allowed { usual_scopes: scopes.clone(), scopes, grants }
}

fn wanted(members: Value) -> Result<Wanted, OAuthError> {
    let mut all = json!({"redirect_uris": ["https://app.example/cb"]}).as_object().unwrap().clone();
    let Value::Object(members) = members else { panic!("an object of members") };
    all.extend(members);
    read(&serde_json::from_value(Value::Object(all)).unwrap(), &allowed())
}

#[track_caller]
fn assert_refused(code: ErrorCode, members: &Value) {
    match wanted(members.clone()) {
        Err(error) => assert_eq!(error.code, code, "{members}: {error:?}"),
        Ok(_) => panic!("{members} was taken"),
    }
}

#[test]
fn what_is_left_out_gets_its_default() {
    let wanted = wanted(json!({})).unwrap();
    let settings = &wanted.settings;
    assert_eq!(settings.grant_types, [GrantType::AuthorizationCode]);
    assert_eq!(settings.response_types, [ResponseType::Code]);
    assert_eq!(settings.auth_method, ClientAuthMethod::ClientSecretBasic);
    assert_eq!((settings.kind, settings.id_token_algorithm), (ClientKind::Web, SigningAlgorithm::RS256));
    assert_eq!(wanted.scopes.iter().map(|scope| scope.scope.as_str()).collect::<Vec<_>>(), ["openid", "profile"]);
    assert!(wanted.name.is_none());
}

#[test]
fn a_registered_client_is_never_the_house_s_own() {
    let settings = wanted(json!({"first_party": true, "consent_required": false})).unwrap().settings;
    assert!(settings.registered && settings.consent_required && settings.strict_auth_method && !settings.first_party);
}

#[test]
fn what_is_not_offered_is_refused_and_not_dropped() {
    for members in [
        json!({"token_endpoint_auth_method": "client_secret_jwt"}),
        json!({"token_endpoint_auth_method": "tls_client_auth"}),
        json!({"id_token_signed_response_alg": "none"}),
        json!({"id_token_signed_response_alg": "HS256"}),
        json!({"userinfo_signed_response_alg": "none"}),
        json!({"request_object_signing_alg": "none"}),
        json!({"token_endpoint_auth_signing_alg": "HS256"}),
        json!({"require_signed_request_object": true}),
        json!({"subject_type": "secret"}),
        json!({"application_type": "desktop"}),
        json!({"response_types": ["token"]}),
        json!({"grant_types": ["password"]}),
        json!({"grant_types": ["client_credentials"]}),
        json!({"grant_types": ["made_up"]}),
        json!({"scope": "openid admin"}),
        json!({"scope": "open\"id"}),
    ] {
        assert_refused(ErrorCode::InvalidClientMetadata, &members);
    }
}

#[test]
fn response_types_and_grant_types_correspond() {
    assert_refused(ErrorCode::InvalidClientMetadata, &json!({"grant_types": ["implicit"]}));
    assert_refused(
        ErrorCode::InvalidClientMetadata,
        &json!({"response_types": ["code"], "grant_types": ["refresh_token"]}),
    );
    assert_refused(
        ErrorCode::InvalidClientMetadata,
        &json!({"response_types": [], "grant_types": ["authorization_code"]}),
    );
    assert_refused(ErrorCode::InvalidClientMetadata, &json!({"response_types": [], "grant_types": ["refresh_token"]}));
    let both =
        wanted(json!({"response_types": ["code", "code"], "grant_types": ["authorization_code", "refresh_token"]}));
    assert_eq!(both.unwrap().settings.response_types, [ResponseType::Code]);
}

#[test]
fn what_the_response_types_need_is_known() {
    use GrantType::{AuthorizationCode, Implicit};
    assert_eq!(needed_grants(ResponseType::Code), [AuthorizationCode]);
    assert_eq!(needed_grants(ResponseType::IdToken), [Implicit]);
    assert_eq!(needed_grants(ResponseType::IdTokenToken), [Implicit]);
    assert_eq!(needed_grants(ResponseType::CodeIdTokenToken), [AuthorizationCode, Implicit]);
}

#[test]
fn redirect_uris_follow_the_application_type() {
    let bad = |members| assert_refused(ErrorCode::InvalidRedirectUri, &members);
    bad(json!({"redirect_uris": []}));
    bad(json!({"redirect_uris": ["https://app.example/cb#part"]}));
    bad(json!({"redirect_uris": ["http://app.example/cb"]}));
    bad(json!({"redirect_uris": ["javascript:alert(1)"]}));
    bad(json!({"redirect_uris": ["myapp://callback"]}));
    bad(json!({"redirect_uris": ["https://app.example/cb"], "application_type": "native"}));
    bad(json!({"post_logout_redirect_uris": ["https://*.example/"]}));
    let implicit = json!(["authorization_code", "implicit"]);
    bad(json!({"redirect_uris": ["http://localhost:3000/cb"], "grant_types": implicit}));
    bad(json!({"redirect_uris": ["https://localhost/cb"], "grant_types": implicit}));
    assert!(wanted(json!({"redirect_uris": ["http://localhost:3000/cb"]})).is_ok());
    let native = json!({"redirect_uris": ["myapp://cb", "http://127.0.0.1/cb", "http://localhost/cb"], "application_type": "native"});
    assert_eq!(wanted(native).unwrap().settings.kind, ClientKind::Native);
}

#[test]
fn other_uris_are_what_they_are_for() {
    for members in [
        json!({"logo_uri": "javascript:alert(1)"}),
        json!({"policy_uri": "data:text/html,x"}),
        json!({"tos_uri": "not a url"}),
        json!({"client_uri": "https://user:word@app.example/"}),
        json!({"initiate_login_uri": "http://app.example/login"}),
        json!({"jwks_uri": "http://app.example/jwks"}),
        json!({"sector_identifier_uri": "ftp://app.example/sector"}),
        json!({"request_uris": ["http://app.example/request"]}),
        json!({"backchannel_logout_uri": "https://app.example/out#part"}),
        json!({"backchannel_logout_uri": "http://app.example/out"}),
        json!({"frontchannel_logout_uri": "https://app.example/out#part"}),
        json!({"frontchannel_logout_uri": "https://other.example/out"}),
        json!({"frontchannel_logout_uri": "https://app.example:8443/out"}),
    ] {
        assert_refused(ErrorCode::InvalidClientMetadata, &members);
    }
    assert!(
        wanted(json!({
            "logo_uri": "https://app.example/logo.png",
            "frontchannel_logout_uri": "https://app.example/out",
            "backchannel_logout_uri": "http://localhost:3000/out?tenant=7",
            "request_uris": ["https://app.example/request#hash"],
        }))
        .is_ok()
    );
}

#[test]
fn keys_come_by_value_or_by_reference() {
    let jwks = json!({"keys": [{
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    }]});
    let uri = "https://app.example/jwks";
    assert_refused(ErrorCode::InvalidClientMetadata, &json!({"jwks": jwks, "jwks_uri": uri}));
    assert_refused(ErrorCode::InvalidClientMetadata, &json!({"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}));
    let none = json!({"jwks": {"keys": []}, "token_endpoint_auth_method": "private_key_jwt"});
    assert_refused(ErrorCode::InvalidClientMetadata, &none);
    assert!(wanted(json!({"jwks": {"keys": []}})).is_ok());
    assert_refused(ErrorCode::InvalidClientMetadata, &json!({"token_endpoint_auth_method": "private_key_jwt"}));
    for keys in [json!({"jwks": jwks}), json!({"jwks_uri": uri})] {
        let mut members = keys.as_object().unwrap().clone();
        members.insert("token_endpoint_auth_method".to_owned(), "private_key_jwt".into());
        assert!(wanted(Value::Object(members)).is_ok());
    }
}

#[test]
fn pairwise_subjects_need_one_sector() {
    let hosts = json!(["https://a.example/cb", "https://b.example/cb"]);
    assert_refused(ErrorCode::InvalidClientMetadata, &json!({"subject_type": "pairwise", "redirect_uris": hosts}));
    let sector = "https://a.example/sector.json";
    let members = json!({"subject_type": "pairwise", "redirect_uris": hosts, "sector_identifier_uri": sector});
    assert!(wanted(members).is_ok());
    assert!(wanted(json!({"subject_type": "pairwise"})).is_ok());
}

#[test]
fn texts_and_lists_have_bounds() {
    for members in [
        json!({"client_name": "x".repeat(256)}),
        json!({"client_name": "a\u{0}b"}),
        json!({"client_name": " "}),
        json!({"contacts": vec!["a@example.com"; 51]}),
        json!({"software_id": "\n"}),
    ] {
        assert_refused(ErrorCode::InvalidClientMetadata, &members);
    }
    assert_refused(ErrorCode::InvalidClientMetadata, &json!({"redirect_uris": vec!["https://app.example/cb"; 51]}));
}
