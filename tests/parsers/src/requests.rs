//! Forms and queries, and the requests that are read from them.

use palatine_protocol::device::DeviceAuthorizationRequest;
use palatine_protocol::end_session::{EndSessionRequest, post_logout_location};
use palatine_protocol::introspection::IntrospectionRequest;
use palatine_protocol::params::{MAX_NAME_BYTES, MAX_PARAMETERS, MAX_VALUE_BYTES, Params};
use palatine_protocol::registration::{ClientMetadata, UpdateMembers};
use palatine_protocol::resource::{MAX_RESOURCE_BYTES, MAX_RESOURCES, REPEATABLE};
use palatine_protocol::revocation::RevocationRequest;
use palatine_protocol::session_management::CheckSessionInit;
use palatine_protocol::token::{GrantRequest, TokenRequest};
use serde_json::Value;

/// What is read has its bounds, and written again it is read as the same.
pub(crate) fn params(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    assert!(params.len() <= MAX_PARAMETERS);
    for (name, value) in params.iter() {
        assert!(name.len() <= MAX_NAME_BYTES && value.len() <= MAX_VALUE_BYTES);
        assert!(!name.contains('\0') && !value.contains('\0'));
        let all: Vec<&str> = params.iter().filter(|(other, _)| *other == name).map(|(_, value)| value).collect();
        match params.one(name) {
            Ok(one) => assert_eq!(all, [one.unwrap_or_default()], "an empty value counts as absent"),
            Err(repeated) => assert!(repeated.name == name && all.len() > 1),
        }
    }
    let again = Params::parse(params.to_query().as_bytes()).expect("what we write can be read");
    assert!(again == params, "a round trip changes nothing");
}

/// Whether any parameter but these comes twice.
pub(crate) fn has_repetition(params: &Params, except: &[&str]) -> bool {
    let mut names: Vec<&str> = params.iter().map(|(name, _)| name).filter(|name| !except.contains(name)).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    names.len() != all
}

/// A grant is read only from a request that repeats nothing and has what the grant needs.
pub(crate) fn token(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    let Ok(request) = TokenRequest::read(&params) else { return };
    assert!(!has_repetition(&params, &REPEATABLE));
    let sent = |name: &str| params.one(name).expect("not repeated");
    assert_eq!(sent("grant_type"), Some(request.grant.grant_type().as_str()));
    match &request.grant {
        GrantRequest::AuthorizationCode { code, redirect_uri, code_verifier } => {
            assert_eq!(Some(code.expose()), sent("code"));
            assert_eq!(redirect_uri.as_deref(), sent("redirect_uri"));
            assert_eq!(code_verifier.as_ref().map(palatine_protocol::secret::Secret::expose), sent("code_verifier"));
        }
        GrantRequest::RefreshToken { refresh_token, .. } => {
            assert_eq!(Some(refresh_token.expose()), sent("refresh_token"));
        }
        GrantRequest::Password { username, password, .. } => {
            assert_eq!((Some(username.as_str()), Some(password.expose())), (sent("username"), sent("password")));
        }
        _ => {}
    }
}

/// Asked about is the token that was sent, once.
pub(crate) fn introspection(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    let Ok(request) = IntrospectionRequest::read(&params) else { return };
    assert_eq!(params.all("token"), [request.token.expose()]);
    assert!(!format!("{request:?}").contains(request.token.expose()) || request.token.expose().len() < 16);
}

/// Revoked is the token that was sent, once.
pub(crate) fn revocation(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    let Ok(request) = RevocationRequest::read(&params) else { return };
    assert_eq!(params.all("token"), [request.token.expose()]);
}

/// The way back carries `state` and nothing else, and is otherwise the URI that was asked for.
pub(crate) fn end_session(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    let Ok(request) = EndSessionRequest::read(&params) else { return };
    assert!(!has_repetition(&params, &[]));
    let back = "https://app.example/bye?x=1";
    let location = post_logout_location(back, request.state.as_deref());
    let query = location.strip_prefix("https://app.example/bye?").expect("the URI that was asked for");
    let answered = Params::parse(query.as_bytes()).expect("a query");
    let expected = [("x", "1")].into_iter().chain(request.state.as_deref().map(|state| ("state", state)));
    assert!(answered.iter().eq(expected), "{location}");
    assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "{location}");
}

/// Both parameters, each once.
pub(crate) fn check_session(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    let Some(asked) = CheckSessionInit::read(&params) else { return };
    assert_eq!((params.all("client_id"), params.all("origin")), (vec![&*asked.client_id], vec![&*asked.origin]));
}

/// At most so many, each short, without spaces, and all of them sent.
pub(crate) fn resource(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    let Ok(resources) = palatine_protocol::resource::read(&params) else { return };
    assert!(resources.len() <= MAX_RESOURCES);
    let sent: Vec<&str> = REPEATABLE.iter().flat_map(|name| params.all(name)).collect();
    for resource in &resources {
        assert!((1..=MAX_RESOURCE_BYTES).contains(&resource.len()));
        assert!(sent.contains(&resource.as_str()), "{resource} was not asked for");
    }
}

/// A registration that was read is told to the client as it was understood, and what is told is understood the same.
pub(crate) fn client_metadata(data: &[u8]) {
    let Ok(metadata) = ClientMetadata::read(data) else { return };
    let told = serde_json::to_vec(&metadata).expect("it can be told");
    let again = ClientMetadata::read(&told).expect("what we tell can be read");
    assert_eq!(serde_json::to_vec(&again).expect("it can be told"), told);
}

/// What a device asks for, it asked for once.
pub(crate) fn device_authorization(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    let Ok(request) = DeviceAuthorizationRequest::read(&params) else { return };
    assert!(!has_repetition(&params, &REPEATABLE));
    let sent = params.one("scope").expect("not repeated").unwrap_or_default();
    for scope in &request.scope {
        assert!(sent.split(' ').any(|word| word == scope.as_str()), "{scope} was not asked for");
    }
    assert!(request.resources.len() <= MAX_RESOURCES);
}

/// A change names its client, and brings nothing that is ours to say.
pub(crate) fn client_update(data: &[u8]) {
    let Ok(members) = UpdateMembers::read(data) else { return };
    let body: Value = serde_json::from_slice(data).expect("it is JSON");
    assert_eq!(body["client_id"].as_str(), members.client_id.as_deref());
    assert!(members.client_id.is_some());
    for ours in
        ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"]
    {
        assert!(body[ours].is_null(), "{ours}");
    }
}
