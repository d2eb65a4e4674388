use super::*;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

const EXPECTED: Expected<'static> =
    Expected { client_id: "app", issuer: "https://op/realms/a", now: 1_000, leeway: 30 };

fn read(typ: Option<&str>, claims: Value) -> Result<RequestObject, OAuthError> {
    let Value::Object(claims) = claims else { panic!("an object") };
    RequestObject::read(typ, claims, &EXPECTED)
}

fn outside(query: &str) -> Params {
    Params::parse(query.as_bytes()).unwrap()
}

fn merged(claims: Value, query: &str) -> Vec<(String, String)> {
    let params = read(None, claims).unwrap().supersede(&outside(query)).unwrap();
    params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn what_is_inside_supersedes_what_is_outside() {
    let claims = json!({
        "iss": "app", "aud": ["https://op/realms/a", "x"], "exp": 2_000, "nbf": 900, "iat": 950, "jti": "j",
        "client_id": "app", "response_type": "id_token code", "state": "in", "max_age": 0, "nonce": null,
        "claims": {"id_token": {"acr": null}}, "resource": ["r1", "r2"], "x": true,
    });
    let query = "client_id=app&response_type=code+id_token&state=out&nonce=out&scope=openid&request=x&resource=r0";
    let mut pairs = merged(claims, query);
    pairs.sort();
    let expected = [
        ("claims", r#"{"id_token":{"acr":null}}"#),
        ("client_id", "app"),
        ("max_age", "0"),
        ("resource", "r1"),
        ("resource", "r2"),
        ("response_type", "id_token code"),
        ("scope", "openid"),
        ("state", "in"),
        ("x", "true"),
    ];
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[rstest]
#[case(json!({"iss": "other"}))]
#[case(json!({"iss": 7}))]
#[case(json!({"sub": "app"}))]
#[case(json!({"aud": "https://op/realms/b"}))]
#[case(json!({"aud": []}))]
#[case(json!({"exp": 970}))]
#[case(json!({"exp": 969.5}))]
#[case(json!({"exp": "2000"}))]
#[case(json!({"nbf": 1_031}))]
#[case(json!({"request": "x"}))]
#[case(json!({"request_uri": null}))]
fn what_is_wrong_with_the_object_has_its_code(#[case] claims: Value) {
    assert_eq!(read(None, claims).unwrap_err().code, ErrorCode::InvalidRequestObject);
}

#[rstest]
#[case(json!({"client_id": "other"}), "client_id=app&response_type=code", ErrorCode::InvalidRequestObject)]
#[case(json!({"client_id": ["app"]}), "client_id=app&response_type=code", ErrorCode::InvalidRequestObject)]
#[case(json!({"response_type": "id_token"}), "client_id=app&response_type=code", ErrorCode::InvalidRequestObject)]
#[case(json!({"response_type": "code"}), "client_id=app", ErrorCode::InvalidRequest)]
#[case(json!({}), "client_id=app&response_type=code&response_type=code", ErrorCode::InvalidRequest)]
#[case(json!({"state": "a\0"}), "client_id=app&response_type=code", ErrorCode::InvalidRequestObject)]
fn what_stands_on_both_sides_agrees(#[case] claims: Value, #[case] query: &str, #[case] code: ErrorCode) {
    assert_eq!(read(None, claims).unwrap().supersede(&outside(query)).unwrap_err().code, code);
}

#[test]
fn another_kind_of_jwt_is_no_request_object() {
    for typ in [None, Some("JWT"), Some("jwt"), Some("oauth-authz-req+jwt"), Some("OAuth-Authz-Req+JWT")] {
        assert!(read(typ, json!({})).is_ok(), "{typ:?}");
    }
    for typ in ["at+jwt", "logout+jwt", "dpop+jwt", "client-authentication+jwt", ""] {
        assert_eq!(read(Some(typ), json!({})).unwrap_err().code, ErrorCode::InvalidRequestObject, "{typ}");
    }
}

#[test]
fn one_carrier_at_most_and_no_endless_uri() {
    assert_eq!(Carrier::of(&outside("x=1&request=")).unwrap(), None);
    assert_eq!(Carrier::of(&outside("request=a")).unwrap(), Some(Carrier::Value("a")));
    assert_eq!(Carrier::of(&outside("request_uri=a")).unwrap(), Some(Carrier::Uri("a")));
    for query in ["request=a&request_uri=b", "request=a&request=a"] {
        assert_eq!(Carrier::of(&outside(query)).unwrap_err().code, ErrorCode::InvalidRequest, "{query}");
    }
    let long = format!("request_uri={}", "a".repeat(MAX_REQUEST_URI_BYTES + 1));
    assert_eq!(Carrier::of(&outside(&long)).unwrap_err().code, ErrorCode::InvalidRequestUri);
}

#[test]
fn a_hash_in_the_fragment_is_a_promise_and_anything_else_is_not() {
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(b"object"));
    assert!(is_as_promised(Some(&hash), b"object") && !is_as_promised(Some(&hash), b"another"));
    for fragment in [None, Some(""), Some("v2"), Some("%%%")] {
        assert!(is_as_promised(fragment, b"object"), "{fragment:?}");
    }
}

#[test]
fn debug_shows_no_member() {
    let object = read(None, json!({"login_hint": "canary"})).unwrap();
    assert!(!format!("{object:?}").contains("canary"));
}

proptest! {
    #[test]
    fn no_object_makes_a_parameter_repeated(names in proptest::collection::btree_set("[a-z_]{1,8}", 0..8)) {
        let members: Map<String, Value> = names.iter().map(|name| (name.clone(), json!("in"))).collect();
        let query = "client_id=app&response_type=code&scope=openid&state=out";
        if let Ok(params) = read(None, Value::Object(members)).and_then(|object| object.supersede(&outside(query))) {
            prop_assert_eq!(params.refuse_repeated(&[]), Ok(()));
        }
    }
}
