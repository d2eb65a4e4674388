//! Which server a request was meant for. Looked at by `palatine dev` alone: a page of another site whose name was made
//! to lead to this machine (DNS rebinding) must not read what demo realms answer.

use std::net::IpAddr;

use actix_web::dev::ServiceRequest;
use actix_web::http::header;
use actix_web::http::uri::Authority;
use url::Url;

/// The hosts that are ours: loopback, and the public URL's.
#[derive(Clone, Debug)]
pub(crate) struct OurHosts {
    public: String,
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
        Self { public: public_url.host_str().unwrap_or_default().to_ascii_lowercase() }
    }

    /// For whom the request was: the authority of its target, if it has one, and its `Host` must both be ours.
    pub(crate) fn addressee(&self, request: &ServiceRequest) -> Addressee {
        let mut hosts = request.headers().get_all(header::HOST);
        let (host, another) = (hosts.next(), hosts.next());
        let authority = request.uri().authority().map(Authority::as_str);
        let named = match host.map(|host| host.to_str()) {
            Some(Ok(host)) if another.is_none() => host,
            // HTTP/2 has no `Host`; the target's authority says it.
            None => match authority {
                Some(authority) => authority,
                None => return Addressee::Unclear,
            },
            _ => return Addressee::Unclear,
        };
        if self.is_ours(named) && authority.is_none_or(|authority| self.is_ours(authority)) {
            Addressee::Us
        } else {
            Addressee::Another
        }
    }

    fn is_ours(&self, authority: &str) -> bool {
        let host = without_port(authority).to_ascii_lowercase();
        is_loopback(&host) || host == self.public
    }
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !host.is_empty() => host,
        _ => authority,
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
}
