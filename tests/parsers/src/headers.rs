//! Headers that browsers and proxies send.

use std::net::IpAddr;

use actix_web::http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};
use actix_web::test::TestRequest;
use palatine_pages::Locale;
use palatine_tenant_routing::{TrustedProxies, cookies};

/// A cookie is believed if its name came once, with a value; what other applications sent does not matter to it.
pub(crate) fn cookies(data: &[u8]) {
    let mut request = TestRequest::default();
    let mut pieces: Vec<&[u8]> = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        request = request.append_header((COOKIE, value));
        pieces.extend(line.split(|byte| *byte == b';'));
    }
    let request = request.to_http_request();
    for name in ["pal_session", "pal_state", "a"] {
        let named = |piece: &&[u8]| {
            let text = std::str::from_utf8(piece).ok()?.trim();
            text.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
        };
        let sent: Vec<String> = pieces.iter().filter_map(named).collect();
        match (cookies::value(&request, name), sent.as_slice()) {
            (Some(read), [only]) => assert!(read == *only && !read.is_empty() && !read.contains(';')),
            (Some(read), sent) => panic!("{name}: {read} of {sent:?}"),
            (None, [only]) => assert!(only.is_empty()),
            (None, _) => {}
        }
    }
    let crowded = cookies::crowded_out(&request);
    assert!(crowded.iter().all(|id| cookies::interaction_value(&request, *id).is_none_or(|value| !value.is_empty())));
}

/// `ui_locales LF Accept-Language`: a language that we speak, whatever was sent, and `ui_locales` first.
pub(crate) fn accept_language(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let (asked, header) = text.split_once('\n').unwrap_or(("", text));
    let chosen = Locale::negotiate(Some(asked), Some(header));
    assert!(Locale::ALL.contains(&chosen));
    assert_eq!(Locale::negotiate(Some(chosen.tag()), Some(header)), chosen);
    assert_eq!(Locale::negotiate(None, Some(&format!("{};q=1, *;q=0", chosen.tag()))), chosen);
}

/// `peer LF X-Forwarded-For …`: from a peer that is no trusted proxy nothing is believed, and nobody is made up.
pub(crate) fn forwarded(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let peer = lines.next().and_then(crate::text).and_then(|line| line.trim().parse::<IpAddr>().ok());
    let peer = peer.unwrap_or_else(|| IpAddr::from([10, 0, 0, 1]));
    let mut headers = HeaderMap::new();
    let name = HeaderName::from_static("x-forwarded-for");
    let mut written = Vec::new();
    for line in lines {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        headers.append(name.clone(), value);
        written.extend(line.split(|byte| *byte == b',').map(|entry| String::from_utf8_lossy(entry).into_owned()));
    }
    let networks = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().expect("a network"));
    let proxies = TrustedProxies::new(networks.to_vec());
    let client = proxies.client(peer, &headers);
    let trusts = |address: IpAddr| networks.iter().any(|network: &ipnet::IpNet| network.contains(&address));
    if !trusts(peer.to_canonical()) {
        assert_eq!(client, peer.to_canonical());
    }
    let named = |entry: &String| {
        let entry = entry.trim();
        let alone = entry.parse::<IpAddr>().ok();
        alone.or_else(|| entry.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip()))
    };
    let is_written = written.iter().filter_map(named).any(|address| address.to_canonical() == client);
    assert!(client == peer.to_canonical() || is_written, "{client} was made up");
    assert_eq!(TrustedProxies::default().client(peer, &headers), peer.to_canonical());
}
