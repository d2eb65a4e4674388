//! Authorization requests, and what of them comes back in an answer.

use palatine_protocol::authorization::{
    AnswerContext, AuthorizationRequest, MAX_LOGIN_HINT_BYTES, MAX_NONCE_BYTES, MAX_PREFERENCES, Target,
};
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::params::Params;
use palatine_protocol::request_object::{Expected, RequestObject};
use palatine_protocol::resource::REPEATABLE;
use palatine_protocol::response::{AuthorizationResponse, FrontChannelToken, Issued, ResponseMode};
use palatine_protocol::scope::ScopeSet;

use crate::requests::has_repetition;

const ISSUER: &str = "https://id.example.com/realms/acme";

/// What is accepted repeats nothing, has its bounds, and is kept and read back as the same.
pub(crate) fn request(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    if let Ok(target) = Target::read(&params) {
        assert_eq!(params.all("client_id"), [target.client_id.as_str()]);
    }
    let Ok(request) = AuthorizationRequest::read(&params) else { return };
    assert!(!has_repetition(&params, &REPEATABLE));
    assert!(request.nonce.as_ref().is_none_or(|nonce| nonce.len() <= MAX_NONCE_BYTES));
    assert!(request.login_hint.as_ref().is_none_or(|hint| hint.len() <= MAX_LOGIN_HINT_BYTES));
    assert!(request.acr_values.len() <= MAX_PREFERENCES && request.ui_locales.len() <= MAX_PREFERENCES);
    assert!(!request.response_type.is_front_channel() || request.response_mode != ResponseMode::Query);
    assert_eq!(request.state, AnswerContext::read(&params).state, "an answer and an error carry the same state");
    assert_eq!(request.response_mode, AnswerContext::read(&params).response_mode);
    let kept = serde_json::to_string(&request).expect("it can be kept");
    let again: AuthorizationRequest = serde_json::from_str(&kept).expect("and read");
    assert!(again == request);
}

/// No value of a request can add a parameter to the answer, end the line, or leave the redirect URI.
pub(crate) fn answer(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    let context = AnswerContext::read(&params);
    let state = context.state.as_deref();
    let words = params.one("error_description").ok().flatten().unwrap_or("no");
    let error = OAuthError::new(ErrorCode::InvalidRequest, words.to_owned());
    let code = params.one("code").ok().flatten().unwrap_or("c0de");
    let refusal = AuthorizationResponse::error(ISSUER, &error, state);
    let issued = Issued {
        code: Some(code.to_owned()),
        access_token: Some(FrontChannelToken { token: code.to_owned(), expires_in: 300, scope: ScopeSet::new() }),
        id_token: Some(code.to_owned()),
        session_state: Some(code.to_owned()),
    };
    let success = AuthorizationResponse::success(ISSUER, &issued, state);
    let all = ["code", "access_token", "token_type", "expires_in", "scope", "id_token", "session_state"];
    for (response, own) in [(&refusal, ["error", "error_description"].as_slice()), (&success, &all)] {
        for (mode, redirect_uri, mark) in
            [(ResponseMode::Query, "https://app.example/cb?x=1", "?x=1&"), (ResponseMode::Fragment, "app:/cb", "#")]
        {
            let location = response.to_location(redirect_uri, mode).expect("not a page");
            let base = redirect_uri.split('?').next().unwrap_or_default();
            let answered =
                location.strip_prefix(base).and_then(|rest| rest.strip_prefix(mark)).expect("the same place");
            assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "{location}");
            assert!(mode == ResponseMode::Fragment || !location.contains('#'), "{location}");
            let answered = Params::parse(answered.as_bytes()).expect("parameters");
            let names: Vec<&str> = answered.iter().map(|(name, _)| name).collect();
            let expected: Vec<&str> = own.iter().copied().chain(state.map(|_| "state")).chain(["iss"]).collect();
            assert_eq!(names, expected);
            assert_eq!(answered.one("state").expect("once"), state, "given back unchanged");
            assert_eq!(answered.one("iss").expect("once"), Some(ISSUER));
        }
    }
    // RFC 6749, section 4.1.2.1: "MUST NOT include characters outside the set %x20-21 / %x23-5B / %x5D-7E".
    let shown = refusal.parameters().find(|(name, _)| *name == "error_description").map(|(_, words)| words.to_owned());
    assert!(
        shown.is_none_or(|words| words.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)))
    );
}

/// The `claims` parameter is a JSON object or refused, however deep, long or odd.
pub(crate) fn claims_parameter(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let pairs = [("response_type", "code"), ("client_id", "app"), ("claims", text)];
    let Ok(params) = Params::from_pairs(pairs) else { return };
    if let Ok(request) = AuthorizationRequest::read(&params) {
        let sent: Option<serde_json::Value> = serde_json::from_str(text).ok();
        assert!(text.is_empty() || sent.is_some_and(|sent| sent.is_object()), "accepted: {text}");
        let kept = serde_json::to_string(&request).expect("it can be kept");
        assert!(serde_json::from_str::<AuthorizationRequest>(&kept).is_ok());
    }
}

/// What a signed object says supersedes what stands outside of it; it cannot name another client, carry another object
/// or bring claims of its own JWT among the parameters.
pub(crate) fn request_object(data: &[u8]) {
    let Ok(claims) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(data) else { return };
    let expected = Expected { client_id: "app", issuer: ISSUER, now: 1_800_000_000, leeway: 30 };
    let Ok(object) = RequestObject::read(None, claims.clone(), &expected) else { return };
    let outside = Params::parse(b"client_id=app&response_type=code&state=outside&request=x").expect("parameters");
    let Ok(params) = object.supersede(&outside) else { return };
    assert_eq!((params.all("client_id"), params.all("request")), (vec!["app"], vec![]));
    for name in ["request_uri", "iss", "sub", "aud", "exp", "nbf", "iat", "jti"] {
        assert!(params.all(name).is_empty(), "{name}");
    }
    match claims.get("state") {
        None => assert_eq!(params.all("state"), ["outside"]),
        Some(serde_json::Value::String(inside)) => assert_eq!(params.all("state"), [inside]),
        Some(_) => assert!(!params.all("state").contains(&"outside")),
    }
}
