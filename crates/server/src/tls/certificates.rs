//! The certificate that the listener shows.

use std::sync::Arc;

use arc_swap::ArcSwap;
use palatine_domain::Instant;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::pair::{Fingerprint, Pair};

/// The current certificate. Connections that are open keep the one they began with.
#[derive(Debug)]
pub(crate) struct Certificates(ArcSwap<Pair>);

impl Certificates {
    pub(crate) fn new(pair: Pair) -> Self {
        Self(ArcSwap::from_pointee(pair))
    }

    /// From now on, new connections are shown this one.
    pub(crate) fn replace(&self, pair: Pair) {
        self.0.store(Arc::new(pair));
    }

    /// What the files held that the current one was read from.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.0.load().fingerprint
    }

    /// Until when the current one is valid.
    pub(crate) fn not_after(&self) -> Instant {
        self.0.load().not_after
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.load().certified))
    }
}
