//! Places inside the operator's own network that may be reached all the same.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};
use serde::Deserialize;
use url::{Host, Url};

/// A place that an operator vouches for: `host`, `host:port`, a network such as `10.20.0.0/16`, or a host with `http://`
/// in front, such as `http://localhost:3000`. A host without a port is meant with every port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AllowedPlace(Place);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Addresses, whatever they are called.
    Network(IpNet),
    /// A name, or an address as it is written in URLs.
    Host { name: String, port: Option<u16>, plain_http: bool },
}

/// Why a text names no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no place: expected host, host:port, a network such as 10.0.0.0/8, or http://host:port")]
pub struct AllowedPlaceError(String);

impl FromStr for AllowedPlace {
    type Err = AllowedPlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || AllowedPlaceError(text.to_owned());
        let (authority, plain_http) = match text.strip_prefix("http://") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        if !plain_http && let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self(Place::Network(network.trunc())));
        }
        if authority.is_empty() || authority.contains(['/', '@', '?', '#', '*', '\\']) {
            return Err(wrong());
        }
        // A scheme without a default port, so that a port that was written can be told from one that was not.
        let url = Url::parse(&format!("palatine://{authority}/")).map_err(|_| wrong())?;
        let written = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        // Hosts of such a scheme are opaque: read again as those of a URL that is fetched.
        let name = Host::parse(written).map_err(|_| wrong())?.to_string();
        Ok(Self(Place::Host { name, port: url.port(), plain_http }))
    }
}

impl TryFrom<String> for AllowedPlace {
    type Error = AllowedPlaceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl AllowedPlace {
    /// The places of a developer's own machine: `localhost` and the loopback literals, over plain HTTP too, and over
    /// https every name that leads to a loopback address.
    pub fn loopback() -> [Self; 5] {
        let [name, v4, v6] = ["localhost", "127.0.0.1", "[::1]"]
            .map(|name| Self(Place::Host { name: name.to_owned(), port: None, plain_http: true }));
        let addresses = |network: IpNet| Self(Place::Network(network.trunc()));
        let all_v4 = addresses(Ipv4Net::new_assert(Ipv4Addr::LOCALHOST, 8).into());
        [name, v4, v6, all_v4, addresses(IpAddr::V6(Ipv6Addr::LOCALHOST).into())]
    }

    /// Whether the host and port of a URL are meant.
    pub(crate) fn names(&self, host: &str, port: u16) -> bool {
        match &self.0 {
            Place::Network(_) => false,
            Place::Host { name, port: meant, .. } => name == host && meant.is_none_or(|meant| meant == port),
        }
    }

    /// Whether plain HTTP is allowed there.
    pub(crate) fn is_plain_http(&self) -> bool {
        matches!(self.0, Place::Host { plain_http: true, .. })
    }

    /// Whether the address lies in a network that is meant.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match &self.0 {
            Place::Network(network) => network.contains(&address),
            Place::Host { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> AllowedPlace {
        text.parse().unwrap()
    }

    #[test]
    fn a_host_is_meant_exactly_and_with_every_port_unless_one_is_said() {
        assert!(place("keys.internal").names("keys.internal", 443));
        assert!(place("Keys.Internal:8443").names("keys.internal", 8443));
        assert!(!place("keys.internal:8443").names("keys.internal", 443));
        assert!(place("keys.internal:443").names("keys.internal", 443));
        assert!(!place("keys.internal").names("a.keys.internal", 443));
        assert!(place("[::1]:3000").names("[::1]", 3000));
        assert!(place("127.0.0.1").names("127.0.0.1", 1));
    }

    #[test]
    fn plain_http_must_be_said() {
        assert!(place("http://localhost:3000").is_plain_http());
        assert!(place("http://localhost:80").names("localhost", 80));
        assert!(!place("http://localhost:80").names("localhost", 3000));
        assert!(!place("localhost:3000").is_plain_http());
        assert!(!place("10.0.0.0/8").is_plain_http());
    }

    #[test]
    fn a_network_is_meant_by_address() {
        let network = place("10.20.0.0/16");
        assert!(network.contains("10.20.3.4".parse().unwrap()));
        assert!(!network.contains("10.21.3.4".parse().unwrap()));
        assert!(!network.names("10.20.3.4", 443));
    }

    #[test]
    fn what_is_no_place_is_said() {
        for bad in [
            "",
            "https://a.example",
            "http://",
            "a.example/path",
            "*.a.example",
            "a b",
            "u@h",
            "h:99999",
            "http://10.0.0.0/8",
        ] {
            let error = bad.parse::<AllowedPlace>().unwrap_err();
            assert!(error.to_string().contains("expected host"), "{bad}");
        }
    }
}
