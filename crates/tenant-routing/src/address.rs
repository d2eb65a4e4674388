//! Where a request comes from: the peer, or what a trusted proxy says of it.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderMap;
use ipnet::IpNet;

/// Networks whose `X-Forwarded-For` is believed. Empty by default: then the peer is the client.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(transparent)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// From a list of networks in CIDR notation.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client of a request that came from `peer`: the last address of `X-Forwarded-For` that is not itself a
    /// trusted proxy. A chain with an unreadable entry is believed up to that entry.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusts(peer) {
            return peer.to_canonical();
        }
        let mut client = peer;
        // By bytes: a line that is no text must end the chain, not vanish from it and lay bare what a client wrote.
        let lines = headers.get_all("x-forwarded-for");
        let chain: Vec<&[u8]> = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).collect();
        for entry in chain.iter().rev() {
            let Some(address) = read(entry).filter(|_| self.trusts(client)) else { break };
            client = address;
        }
        client.to_canonical()
    }
}

/// One entry of the chain. Some proxies write the port too.
fn read(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim();
    entry.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

/// The address of the client, as limits, lockout and audit see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The client of a request; without `trusted` proxies, the peer.
    pub(crate) fn of(request: &ServiceRequest, trusted: Option<&TrustedProxies>) -> Self {
        let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |socket| socket.ip());
        Self(trusted.map_or(peer.to_canonical(), |trusted| trusted.client(peer, request.headers())))
    }

    /// The address that [`crate::observe`] attached to the request.
    pub fn current(request: &HttpRequest) -> Self {
        use actix_web::HttpMessage as _;
        request.extensions().get::<Self>().copied().unwrap_or(Self(IpAddr::from([0, 0, 0, 0])))
    }

    /// The key of a limit: IPv4 addresses whole, IPv6 by /64, since a home has at least that.
    pub fn prefix(&self) -> String {
        match self.0 {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

impl std::fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;

    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        client_behind(trusted, peer, &forwarded.iter().map(|line| line.as_bytes()).collect::<Vec<_>>())
    }

    fn client_behind(trusted: &[&str], peer: &str, forwarded: &[&[u8]]) -> String {
        let proxies = TrustedProxies::new(trusted.iter().map(|n| n.parse().unwrap()).collect());
        let mut request = TestRequest::default().peer_addr(format!("{peer}:1").parse().unwrap());
        for value in forwarded {
            request = request.append_header(("x-forwarded-for", HeaderValue::from_bytes(value).unwrap()));
        }
        ClientAddress::of(&request.to_srv_request(), Some(&proxies)).to_string()
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        assert_eq!(client(&[], "10.0.0.1", &["203.0.113.9"]), "10.0.0.1");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(&["10.0.0.0/8"], "192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
    }

    #[test]
    fn what_a_client_wrote_before_the_proxies_is_not_believed() {
        let seen = client(&["10.0.0.0/8"], "10.0.0.1", &["198.51.100.1, 203.0.113.9", "10.0.0.2"]);
        assert_eq!(seen, "203.0.113.9");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["203.0.113.9, nonsense"]), "10.0.0.1");
    }

    #[test]
    fn a_line_that_is_no_text_ends_the_chain_instead_of_vanishing_from_it() {
        let hostile: [&[u8]; 2] = [b"198.51.100.1", b"\xff, 203.0.113.9"];
        assert_eq!(client_behind(&["10.0.0.0/8"], "10.0.0.1", &hostile), "203.0.113.9");
        let hostile: [&[u8]; 2] = [b"198.51.100.1", b"\xff"];
        assert_eq!(client_behind(&["10.0.0.0/8"], "10.0.0.1", &hostile), "10.0.0.1");
    }

    #[test]
    fn a_proxy_may_write_the_port_too() {
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["203.0.113.9:51000"]), "203.0.113.9");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["[2001:db8::9]:51000, 10.0.0.2:4"]), "2001:db8::9");
    }

    #[test]
    fn ipv6_addresses_of_one_network_share_a_limit() {
        let prefix = |text: &str| ClientAddress(text.parse().unwrap()).prefix();
        assert_eq!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:2:ffff::9"));
        assert_ne!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:3::1"));
    }
}
