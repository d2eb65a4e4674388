use super::*;
use crate::prompt::Prompt;
use proptest::prelude::*;
use rstest::rstest;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn params(query: &str) -> Params {
    Params::parse(query.as_bytes()).unwrap()
}

fn read(query: &str) -> Result<AuthorizationRequest, OAuthError> {
    AuthorizationRequest::read(&params(query))
}

#[test]
fn a_target_needs_exactly_one_client_id() {
    let target = Target::read(&params("client_id=a&redirect_uri=https%3A%2F%2Frp%2Fcb&scope=x&scope=y")).unwrap();
    assert_eq!(target, Target { client_id: "a".into(), redirect_uri: Some("https://rp/cb".into()) });
    assert_eq!(Target::read(&params("client_id=a&redirect_uri=")).unwrap().redirect_uri, None);
    assert_eq!(Target::read(&params("client_id=")), Err(TargetProblem::ClientIdMissing));
    assert_eq!(Target::read(&params("client_id=a&client_id=a")), Err(TargetProblem::ClientIdRepeated));
    let twice = params("client_id=a&redirect_uri=x&redirect_uri=x");
    assert_eq!(Target::read(&twice), Err(TargetProblem::RedirectUriRepeated));
}

#[rstest]
#[case("response_type=code&state=s", Some("s"), ResponseMode::Query)]
#[case("response_type=code&response_mode=fragment&scope=%22", None, ResponseMode::Fragment)]
#[case("response_mode=form_post&state=s", Some("s"), ResponseMode::FormPost)]
#[case("response_type=id_token&response_mode=query", None, ResponseMode::Fragment)]
#[case("response_type=token%20id_token", None, ResponseMode::Fragment)]
#[case("response_type=nonsense&response_mode=jwt&state=", None, ResponseMode::Query)]
#[case("response_type=token&response_mode=query", None, ResponseMode::Fragment)]
#[case("state=a&state=b", None, ResponseMode::Query)]
#[case("response_mode=fragment&response_mode=form_post", None, ResponseMode::Query)]
fn an_error_is_answered_the_way_the_answer_would_be(
    #[case] query: &str,
    #[case] state: Option<&str>,
    #[case] response_mode: ResponseMode,
) {
    let expected = AnswerContext { state: state.map(str::to_owned), response_mode };
    assert_eq!(AnswerContext::read(&params(query)), expected);
}

#[test]
fn a_full_request_is_read_and_survives_storage() {
    let request = read(&format!(
        "response_type=code&response_mode=form_post&client_id=a&redirect_uri=x&scope=openid+email&state=s&nonce=n\
         &prompt=login+consent&max_age=0&acr_values=2+1&login_hint=a%40b&id_token_hint=h&ui_locales=de-CH+en\
         &claims=%7B%22userinfo%22%3A%7B%7D%7D&display=popup&resource=r1&audience=r2&resource=r3\
         &code_challenge={CHALLENGE}&code_challenge_method=S256&unknown=1"
    ))
    .unwrap();
    assert_eq!(request.response_mode, ResponseMode::FormPost);
    assert_eq!(request.scope.to_string(), "openid email");
    assert!(request.prompt.contains(Prompt::Login));
    assert_eq!(request.max_age, Some(0));
    assert_eq!(request.acr_values, ["2", "1"]);
    assert_eq!(request.ui_locales, ["de-CH", "en"]);
    assert_eq!(request.resources, ["r1", "r3", "r2"]);
    assert_eq!(request.code_challenge.as_ref().map(CodeChallenge::as_str), Some(CHALLENGE));
    let stored = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<AuthorizationRequest>(&stored).unwrap(), request);
}

#[test]
fn a_small_request_takes_the_defaults() {
    let request = read("response_type=code&scope=&state=&max_age=").unwrap();
    assert_eq!(request.response_mode, ResponseMode::Query);
    assert!(request.scope.is_empty() && request.prompt.is_empty());
    assert_eq!((request.state, request.max_age, request.code_challenge), (None, None, None));
}

#[rstest]
#[case("", ErrorCode::InvalidRequest)]
#[case("response_type=", ErrorCode::InvalidRequest)]
#[case("response_type=token", ErrorCode::UnsupportedResponseType)]
#[case("response_type=id_token", ErrorCode::InvalidRequest)]
#[case("response_type=code+id_token+token&nonce=", ErrorCode::InvalidRequest)]
#[case("response_type=id_token&nonce=n&response_mode=query", ErrorCode::InvalidRequest)]
#[case("response_type=code&response_mode=query.jwt", ErrorCode::InvalidRequest)]
#[case("response_type=code&scope=%22", ErrorCode::InvalidScope)]
#[case("response_type=code&scope=a&scope=b", ErrorCode::InvalidRequest)]
#[case("response_type=code&state=a&state=a", ErrorCode::InvalidRequest)]
#[case("response_type=code&foreign=1&foreign=2", ErrorCode::InvalidRequest)]
#[case("response_type=code&prompt=none+login", ErrorCode::InvalidRequest)]
#[case("response_type=code&prompt=create", ErrorCode::InvalidRequest)]
#[case("response_type=code&max_age=-1", ErrorCode::InvalidRequest)]
#[case("response_type=code&max_age=%2B1", ErrorCode::InvalidRequest)]
#[case("response_type=code&max_age=99999999999999999999", ErrorCode::InvalidRequest)]
#[case("response_type=code&claims=%5B%5D", ErrorCode::InvalidRequest)]
#[case("response_type=code&claims=%7B", ErrorCode::InvalidRequest)]
#[case("response_type=code&resource=a+b", ErrorCode::InvalidTarget)]
#[case("response_type=code&registration=%7B%7D", ErrorCode::RegistrationNotSupported)]
#[case("response_type=code&code_challenge_method=S256", ErrorCode::InvalidRequest)]
#[case("response_type=code&code_challenge=abc&code_challenge_method=S256", ErrorCode::InvalidRequest)]
fn what_is_wrong_has_its_code(#[case] query: &str, #[case] code: ErrorCode) {
    assert_eq!(read(query).unwrap_err().code, code, "{query}");
}

#[rstest]
#[case("")]
#[case("&code_challenge_method=plain")]
fn a_plain_challenge_is_an_invalid_request(#[case] method: &str) {
    let query = format!("response_type=code&code_challenge={CHALLENGE}{method}");
    assert_eq!(read(&query).unwrap_err().code, ErrorCode::InvalidRequest);
}

#[test]
fn a_front_channel_token_is_never_answered_in_a_query() {
    for &response_type in ResponseType::ALL {
        let is_allowed = read_response_mode(Some("query"), response_type).is_ok();
        assert_eq!(is_allowed, response_type == ResponseType::Code, "{response_type}");
    }
}

#[test]
fn too_long_values_and_deep_claims_are_refused() {
    let nonce = format!("response_type=code&nonce={}", "n".repeat(MAX_NONCE_BYTES + 1));
    let deep = format!("response_type=code&claims={}{}", "{\"a\":".repeat(3000), "}".repeat(3000));
    for query in [nonce, deep] {
        assert_eq!(read(&query).unwrap_err().code, ErrorCode::InvalidRequest);
    }
}

#[test]
fn debug_shows_neither_person_nor_token() {
    let request = read("response_type=code&login_hint=canary&id_token_hint=canary&state=canary&nonce=canary").unwrap();
    assert!(!format!("{request:?}").contains("canary"));
}

proptest! {
    #[test]
    fn any_query_is_read_or_refused(query in "((response_type=code|scope|prompt|max_age|claims|resource|code_challenge|state)(=[ -~]{0,8})?&){0,6}") {
        if let Ok(params) = Params::parse(query.as_bytes()) {
            let _ = (Target::read(&params), AnswerContext::read(&params), AuthorizationRequest::read(&params));
        }
    }
}
