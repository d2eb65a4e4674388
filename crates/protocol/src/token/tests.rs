use super::*;
use proptest::prelude::*;
use rstest::rstest;

fn read(body: &str) -> Result<TokenRequest, OAuthError> {
    TokenRequest::read(&Params::parse(body.as_bytes()).unwrap())
}

#[test]
fn a_code_request_is_read_and_its_scope_ignored() {
    let body = "grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Frp%2Fcb&code_verifier=v&scope=%22&x=1";
    let GrantRequest::AuthorizationCode { code, redirect_uri, code_verifier } = read(body).unwrap().grant else {
        panic!("another grant");
    };
    assert_eq!(code.expose(), "c");
    assert_eq!(redirect_uri.as_deref(), Some("https://rp/cb"));
    assert_eq!(code_verifier, Some(Secret::new("v")));
}

#[test]
fn a_refresh_may_narrow_scope_and_resource() {
    let request = read("grant_type=refresh_token&refresh_token=r&scope=a+b&resource=x&resource=y").unwrap();
    assert_eq!(request.resources, ["x", "y"]);
    let GrantRequest::RefreshToken { refresh_token, scope } = request.grant else { panic!("another grant") };
    assert_eq!((refresh_token.expose(), scope), ("r", Some(ScopeSet::parse("a b").unwrap())));
}

#[test]
fn an_empty_scope_counts_as_absent() {
    for scope in ["", "&scope=", "&scope=+"] {
        let request = read(&format!("grant_type=client_credentials{scope}")).unwrap();
        assert!(matches!(request.grant, GrantRequest::ClientCredentials { scope: None }), "{scope}");
    }
}

#[rstest]
#[case("", ErrorCode::InvalidRequest)]
#[case("grant_type=", ErrorCode::InvalidRequest)]
#[case("grant_type=authorization_code", ErrorCode::InvalidRequest)]
#[case("grant_type=authorization_code&code=", ErrorCode::InvalidRequest)]
#[case("grant_type=authorization_code&code=a&code=a", ErrorCode::InvalidRequest)]
#[case("grant_type=authorization_code&code=a&scope=x&scope=y", ErrorCode::InvalidRequest)]
#[case("grant_type=refresh_token", ErrorCode::InvalidRequest)]
#[case("grant_type=refresh_token&refresh_token=r&scope=%22", ErrorCode::InvalidScope)]
#[case("grant_type=client_credentials&grant_type=client_credentials", ErrorCode::InvalidRequest)]
#[case("grant_type=client_credentials&resource=a+b", ErrorCode::InvalidTarget)]
#[case("grant_type=password&username=a", ErrorCode::InvalidRequest)]
#[case("grant_type=password&username=&password=b", ErrorCode::InvalidRequest)]
#[case("grant_type=password&username=a&password=b&password=c", ErrorCode::InvalidRequest)]
#[case("grant_type=implicit", ErrorCode::UnsupportedGrantType)]
#[case("grant_type=urn:ietf:params:oauth:grant-type:device_code", ErrorCode::InvalidRequest)]
#[case("grant_type=Authorization_Code&code=a", ErrorCode::UnsupportedGrantType)]
fn what_is_wrong_has_its_code(#[case] body: &str, #[case] code: ErrorCode) {
    assert_eq!(read(body).unwrap_err().code, code, "{body}");
}

#[test]
fn every_supported_grant_is_read_but_the_one_without_a_token_request() {
    for grant_type in SUPPORTED.grant_types.iter().filter(|&&grant_type| grant_type != GrantType::Implicit) {
        let request =
            read(&format!("grant_type={grant_type}&code=c&refresh_token=r&username=u&password=p&device_code=d"))
                .unwrap();
        assert_eq!(request.grant.grant_type(), *grant_type);
    }
}

#[test]
fn a_response_has_the_members_of_rfc_6749() {
    let response = TokenResponse {
        access_token: "canary".into(),
        token_type: TokenType::Bearer,
        expires_in: 300,
        refresh_token: None,
        id_token: None,
        scope: ScopeSet::parse("read write").unwrap(),
    };
    let json = serde_json::to_value(&response).unwrap();
    let expected = serde_json::json!({
        "access_token": "canary", "token_type": "Bearer", "expires_in": 300, "scope": "read write"
    });
    assert_eq!(json, expected);
    assert!(!format!("{response:?}").contains("canary"));
}

#[test]
fn no_secret_of_a_request_is_printed() {
    for body in [
        "grant_type=authorization_code&code=canary&code_verifier=canary",
        "grant_type=password&username=ann&password=canary",
        "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=canary",
    ] {
        assert!(!format!("{:?}", read(body)).contains("canary"), "{body}");
    }
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused(body in "((grant_type=(refresh_token|authorization_code)|code|scope|resource)(=[ -~]{0,8})?&){0,6}") {
        if let Ok(params) = Params::parse(body.as_bytes()) {
            let _ = TokenRequest::read(&params);
        }
    }
}
