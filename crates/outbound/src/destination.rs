//! Where a request goes, once its URL has been checked.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use crate::OutboundError;
use crate::address::{is_nowhere, is_public};
use crate::allowed::AllowedPlace;
use crate::resolve::Resolve;

/// A URL that may be asked, if its host turns out to be where it may be.
pub(crate) struct Destination {
    url: Url,
    host: String,
    port: u16,
    vouched: bool,
}

/// A destination with the addresses that were checked: no other is connected to.
pub(crate) struct Pinned {
    pub(crate) url: Url,
    pub(crate) host: String,
    pub(crate) addresses: Vec<SocketAddr>,
}

impl Destination {
    /// "https, no private address": what the URL itself says. `http` only to a place that was allowed so.
    pub(crate) fn parse(url: &str, allowed: &[AllowedPlace]) -> Result<Self, OutboundError> {
        let mut url = Url::parse(url).map_err(|_| OutboundError::Url)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(OutboundError::Url)?.to_owned();
        let port = url.port_or_known_default().ok_or(OutboundError::Url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutboundError::Url);
        }
        let naming = || allowed.iter().filter(|place| place.names(&host, port));
        match url.scheme() {
            "https" => {}
            "http" if naming().any(AllowedPlace::is_plain_http) => {}
            _ => return Err(OutboundError::NotHttps),
        }
        url.set_fragment(None);
        let vouched = naming().next().is_some();
        Ok(Self { url, host, port, vouched })
    }

    /// Looks the host up, once, and refuses it if any of its addresses is inside: one good address among bad ones would
    /// let chance decide.
    pub(crate) async fn pin(self, names: &dyn Resolve, allowed: &[AllowedPlace]) -> Result<Pinned, OutboundError> {
        let found = match self.url.host() {
            Some(Host::Ipv4(address)) => vec![IpAddr::V4(address)],
            Some(Host::Ipv6(address)) => vec![IpAddr::V6(address)],
            Some(Host::Domain(name)) => names.resolve(name).await.map_err(|error| {
                tracing::info!(host = %self.host, %error, "the host of an outgoing request is unknown");
                OutboundError::NoPublicAddress
            })?,
            None => return Err(OutboundError::Url),
        };
        if found.is_empty() {
            return Err(OutboundError::NoPublicAddress);
        }
        if let Some(inside) = found.iter().find(|address| !self.may_reach(**address, allowed)) {
            tracing::warn!(host = %self.host, address = %inside, "an outgoing request to an inner address was refused");
            return Err(OutboundError::NoPublicAddress);
        }
        let addresses = found.into_iter().map(|address| SocketAddr::new(address, self.port)).collect();
        Ok(Pinned { url: self.url, host: self.host, addresses })
    }

    fn may_reach(&self, address: IpAddr, allowed: &[AllowedPlace]) -> bool {
        if is_nowhere(address) {
            return false;
        }
        is_public(address) || self.vouched || allowed.iter().any(|place| place.contains(address))
    }
}
