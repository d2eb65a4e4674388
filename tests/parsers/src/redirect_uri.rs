//! Redirect URIs: what may be registered, and what then matches.

use palatine_protocol::params::Params;
use palatine_protocol::redirect_uri::{
    ApplicationType, MAX_REDIRECT_URI_BYTES, RegisteredRedirectUri, host_of, matches, origin_of,
};
use palatine_protocol::response::RESPONSE_PARAMETERS;
use url::{Host, Url};

/// What may be registered is absolute, has no fragment, user or dot segment, is https but on loopback hosts, means to
/// browsers what it seems to, and carries no parameter of a response.
pub(crate) fn registered(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    for kind in [ApplicationType::Web, ApplicationType::Native] {
        let Ok(uri) = RegisteredRedirectUri::parse(text, kind) else { continue };
        assert_eq!(uri.as_str(), text, "byte for byte");
        check_form(text, kind);
        for native in [true, false] {
            assert!(matches(text, text, native));
        }
    }
    if let Some(origin) = origin_of(text) {
        assert_eq!(origin_of(&origin).as_ref(), Some(&origin), "an origin is its own");
        assert!(origin.starts_with("http://") || origin.starts_with("https://"));
    }
}

fn check_form(text: &str, kind: ApplicationType) {
    assert!(text.len() <= MAX_REDIRECT_URI_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(!text.contains(['#', '*', '\\', '<', '>', '"']));
    // What a browser makes of it.
    let seen = Url::parse(text).expect("a browser reads it");
    assert!(!seen.cannot_be_a_base() || kind == ApplicationType::Native, "{text}");
    assert!(seen.username().is_empty() && seen.password().is_none() && seen.fragment().is_none(), "{text}");
    match seen.scheme() {
        "https" => {}
        "http" => assert!(is_loopback(&seen), "{text}"),
        scheme => {
            assert_eq!(kind, ApplicationType::Native, "{text}");
            assert!(
                !["javascript", "data", "file", "blob", "vbscript", "about", "ws", "wss"].contains(&scheme),
                "{text}"
            );
        }
    }
    if matches!(seen.scheme(), "http" | "https") {
        let host = seen.host_str().expect("a host");
        let authority = text.split_once("://").map_or("", |(_, rest)| rest);
        assert!(authority.starts_with(host), "a browser goes to {host}: {text}");
        assert_eq!(host_of(text).as_deref(), Some(host));
    }
    let query = text.split_once('?').map_or("", |(_, query)| query);
    if let Ok(params) = Params::parse(query.as_bytes()) {
        assert!(params.iter().all(|(name, _)| !RESPONSE_PARAMETERS.contains(&name)), "{text}");
    }
}

fn is_loopback(uri: &Url) -> bool {
    match uri.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// `registered LF asked`: a match is exact, or differs in the port of a loopback literal alone and is a native client's.
pub(crate) fn matched(data: &[u8]) {
    let Some((registered, asked)) = crate::text(data).and_then(|text| text.split_once('\n')) else { return };
    for native in [true, false] {
        if !matches(registered, asked, native) {
            assert_ne!(registered, asked);
            continue;
        }
        assert!(matches(asked, registered, native), "matching is mutual");
        if registered == asked {
            continue;
        }
        assert!(native, "{registered:?} {asked:?}");
        let literal = ["http://127.0.0.1", "http://[::1]"].into_iter().find(|literal| asked.starts_with(literal));
        let literal = literal.expect("a loopback literal");
        let [one, other] = [registered, asked].map(|uri| without_port(uri, literal));
        assert_eq!(one, other, "the port alone is free");
        if RegisteredRedirectUri::parse(registered, ApplicationType::Native).is_ok() {
            let seen = Url::parse(asked).expect("a browser reads it");
            assert!(is_loopback(&seen) && seen.username().is_empty() && seen.password().is_none(), "{asked}");
        }
    }
}

/// What stands behind the port.
fn without_port<'u>(uri: &'u str, literal: &str) -> &'u str {
    let rest = uri.strip_prefix(literal).expect("the same host");
    rest.strip_prefix(':').map_or(rest, |port| port.trim_start_matches(|digit: char| digit.is_ascii_digit()))
}
