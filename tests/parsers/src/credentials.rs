//! Who a client or caller says it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use palatine_protocol::bearer::{BearerPresentation, MAX_TOKEN_BYTES};
use palatine_protocol::client_auth::{BasicCredentials, PresentedCredentials};
use palatine_protocol::params::Params;

/// Every reading splits at the first colon, hides nothing, and one of them is what was sent, raw.
pub(crate) fn basic(data: &[u8]) {
    if let Some(header) = crate::text(data)
        && let Ok(credentials) = BasicCredentials::parse(header)
    {
        check_readings(&credentials);
    }
    // The same bytes inside of a header that is well-formed.
    let Some(inside) = crate::text(data) else { return };
    let header = format!("Basic {}", STANDARD.encode(inside));
    let Ok(credentials) = BasicCredentials::parse(&header) else { return };
    check_readings(&credentials);
    let (id, secret) = inside.split_once(':').expect("a colon");
    assert!(credentials.candidates().any(|(read, kept)| read == id && kept.expose() == secret), "the raw reading");
}

fn check_readings(credentials: &BasicCredentials) {
    let readings: Vec<_> = credentials.candidates().collect();
    assert!((1..=4).contains(&readings.len()));
    for (id, secret) in readings {
        assert!(!id.contains('\0') && !secret.expose().contains('\0'));
        let shown = format!("{credentials:?}");
        assert!(secret.expose().len() < 8 || id.contains(secret.expose()) || !shown.contains(secret.expose()));
    }
}

/// `header LF body`: never two methods at once, and never a method that was not sent.
pub(crate) fn presented(data: &[u8]) {
    let (header, body) = halves(data);
    let Ok(params) = Params::parse(body) else { return };
    let Ok(read) = PresentedCredentials::read(header, &params) else { return };
    let sent = |name: &str| !params.all(name).is_empty();
    let methods = [header.is_some(), sent("client_secret"), sent("client_assertion")];
    assert!(methods.into_iter().filter(|used| *used).count() <= 1, "two methods at once");
    match read {
        PresentedCredentials::None => assert!(!methods.contains(&true) && !sent("client_id")),
        PresentedCredentials::Public { client_id } => {
            assert!(!methods.contains(&true));
            assert_eq!(params.all("client_id"), [client_id]);
        }
        PresentedCredentials::Basic(basic) => {
            assert!(header.is_some());
            let claimed = params.one("client_id").expect("not repeated");
            assert!(basic.candidates().all(|(id, _)| claimed.is_none_or(|claimed| claimed == id)));
        }
        PresentedCredentials::Post { client_id, secret } => {
            assert_eq!(
                (params.all("client_id"), params.all("client_secret")),
                (vec![&*client_id], vec![secret.expose()])
            );
        }
        PresentedCredentials::Assertion { assertion, .. } => {
            assert_eq!(params.all("client_assertion"), [assertion.expose()]);
        }
    }
}

/// `header LF body`: a token that is one, from one place.
pub(crate) fn bearer(data: &[u8]) {
    let (header, body) = halves(data);
    let Ok(params) = Params::parse(body) else { return };
    let Ok(Some(read)) = BearerPresentation::read(header, Some(&params)) else { return };
    let token = read.token();
    assert!((1..=MAX_TOKEN_BYTES).contains(&token.len()));
    assert!(token.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b',' | b';')));
    let scheme = header.and_then(|header| header.trim().split(' ').next());
    let in_header = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"));
    assert!(in_header != params.all("access_token").contains(&token), "from one place");
    assert!(token.len() < 16 || !format!("{read:?}").contains(token));
}

/// A header, if the first line has one, and a body.
fn halves(data: &[u8]) -> (Option<&str>, &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (line, rest) = data.split_at(at);
    let header = std::str::from_utf8(line).ok().filter(|line| !line.is_empty());
    (header, rest.strip_prefix(b"\n").unwrap_or(rest))
}

/// A hash that is taken is written in one way, which is taken too, and says nothing of itself.
pub(crate) fn imported_hash(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    match palatine_authn::imported::parse(text) {
        Ok(hash) => {
            let again = palatine_authn::imported::parse(hash.as_str()).expect("what was written");
            assert_eq!(again.as_str(), hash.as_str());
            assert!(hash.as_str().len() <= 512 && hash.as_str().is_ascii());
        }
        Err(error) => assert!(error.to_string().len() < 300),
    }
}
