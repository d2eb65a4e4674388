//! Which server a request was meant for. Looked at by `palatine dev` alone: a page of another site whose name was made
//! to lead to this machine (DNS rebinding) must not read what demo realms answer; and of this machine's names, browsers
//! have to use the public URL's, since cookies and origins belong to one of them.

use std::net::IpAddr;

use actix_web::dev::ServiceRequest;
use actix_web::http::uri::Authority;
use actix_web::http::{Method, header};
use url::Url;

/// The hosts that are ours: loopback, and the public URL's.
#[derive(Clone, Debug)]
pub(crate) struct OurHosts {
    public: String,
    port: Option<u16>,
    origin: String,
}

/// For whom a request was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Addressee {
    /// Us.
    Us,
    /// Another server: 421 (RFC 9110, section 15.5.20).
    Another,
    /// It does not say, or says so more than once: 400 (RFC 9112, section 3.2).
    Unclear,
}

impl OurHosts {
    pub(crate) fn new(public_url: &Url) -> Self {
        Self {
            public: public_url.host_str().unwrap_or_default().to_ascii_lowercase(),
            port: public_url.port_or_known_default(),
            origin: public_url.origin().ascii_serialization(),
        }
    }

    /// For whom the request was: the authority of its target, if it has one, and its `Host` must both be ours.
    pub(crate) fn addressee(&self, request: &ServiceRequest) -> Addressee {
        let authority = request.uri().authority().map(Authority::as_str);
        match named(request) {
            None => Addressee::Unclear,
            Some(named) if self.is_ours(named) && authority.is_none_or(|authority| self.is_ours(authority)) => {
                Addressee::Us
            }
            Some(_) => Addressee::Another,
        }
    }

    /// The URL below the public one that a browser should rather open: it asks for a page by another of this machine's
    /// names, where our cookies are not sent and our forms come from a foreign origin. To be asked about pages alone, and
    /// about requests that are for us: what no browser shows is answered under every name.
    ///
    /// On another port than the public one there is a proxy in between, which may call us by a name of its own: sent to
    /// the public URL, a browser would come back the same way.
    pub(crate) fn better_url(&self, request: &ServiceRequest) -> Option<String> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) || !wants_html(request) {
            return None;
        }
        let (host, port) = split(named(request)?);
        let is_elsewhere = !host.eq_ignore_ascii_case(&self.public) && port.or(self.port) == self.port;
        let path = request.uri().path_and_query().filter(|_| is_elsewhere)?;
        Some(format!("{}{path}", self.origin))
    }

    fn is_ours(&self, authority: &str) -> bool {
        let host = split(authority).0.to_ascii_lowercase();
        is_loopback(&host) || host == self.public
    }
}

/// The authority that a request names, if it names one: by `Host`, or, over HTTP/2, by its target.
fn named(request: &ServiceRequest) -> Option<&str> {
    let mut hosts = request.headers().get_all(header::HOST);
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        (None, _) => request.uri().authority().map(Authority::as_str),
        (Some(_), Some(_)) => None,
    }
}

/// Browsers say so when they go somewhere; scripts, style sheets, images and libraries say something else, or nothing.
fn wants_html(request: &ServiceRequest) -> bool {
    let mut accepted = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.split([',', ';']).any(|kind| kind.trim().eq_ignore_ascii_case("text/html")))
}

/// The host of an authority, and its port if it has one.
fn split(authority: &str) -> (&str, Option<u16>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !host.is_empty() => (host, port.parse().ok()),
        _ => (authority, None),
    }
}

/// Whether a host, without a port, is this machine whatever DNS says.
pub(crate) fn is_loopback(host: &str) -> bool {
    if host == "localhost" || host.ends_with(".localhost") {
        return true;
    }
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn addressee(public: &str, hosts: &[&str]) -> Addressee {
        let request = hosts.iter().fold(TestRequest::default(), |r, host| r.append_header((header::HOST, *host)));
        OurHosts::new(&public.parse().unwrap()).addressee(&request.to_srv_request())
    }

    #[test]
    fn loopback_and_the_public_host_are_ours_on_any_port() {
        for host in ["localhost:8080", "LOCALHOST", "127.0.0.1:8080", "127.8.8.8", "[::1]:8080", "id.example.com:443"] {
            assert_eq!(addressee("https://ID.example.com", &[host]), Addressee::Us, "{host}");
        }
    }

    #[test]
    fn any_other_host_is_another_server_s() {
        for host in ["evil.example", "localhost.evil.example", "10.0.0.1:8080", "127.0.0.1.nip.io", "0.0.0.0", "[::2]"]
        {
            assert_eq!(addressee("http://localhost:8080", &[host]), Addressee::Another, "{host}");
        }
    }

    #[test]
    fn a_request_for_nobody_or_for_two_is_unclear() {
        assert_eq!(addressee("http://localhost:8080", &[]), Addressee::Unclear);
        assert_eq!(addressee("http://localhost:8080", &["localhost", "evil.example"]), Addressee::Unclear);
    }

    #[test]
    fn an_absolute_target_must_be_ours_too() {
        let request = TestRequest::with_uri("http://evil.example/x").append_header((header::HOST, "localhost"));
        let ours = OurHosts::new(&"http://localhost".parse().unwrap());
        assert_eq!(ours.addressee(&request.to_srv_request()), Addressee::Another);
    }

    #[test]
    fn a_browser_is_sent_to_the_public_name_and_nobody_else_is() {
        let better = |method: Method, host: &str, accept: &str| {
            let request = TestRequest::with_uri("/id/realms/dev/account?a=b%2F").method(method);
            let request = request.insert_header((header::HOST, host)).insert_header((header::ACCEPT, accept));
            OurHosts::new(&"http://localhost:8080/id".parse().unwrap()).better_url(&request.to_srv_request())
        };
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let there = Some("http://localhost:8080/id/realms/dev/account?a=b%2F".to_owned());
        for host in ["127.0.0.1:8080", "[::1]:8080", "127.8.8.8", "app.localhost:8080"] {
            assert_eq!(better(Method::GET, host, browser), there, "{host}");
            assert_eq!(better(Method::HEAD, host, "text/html"), there, "{host}");
            assert_eq!(better(Method::POST, host, browser), None, "{host}");
            for accept in ["*/*", "application/json", "text/css,*/*;q=0.1", ""] {
                assert_eq!(better(Method::GET, host, accept), None, "{host} {accept}");
            }
        }
        // The last ones come through a proxy.
        for host in ["localhost:8080", "LOCALHOST:8080", "localhost:9999", "127.0.0.1:9999", "[::1]:80"] {
            assert_eq!(better(Method::GET, host, browser), None, "{host}");
        }
    }
}
