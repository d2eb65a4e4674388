//! Our own TLS listener: its certificate, how it is checked, and how another one takes its place while we serve.
//!
//! Where a proxy ends TLS none of this is used. TLS 1.2 and 1.3 with aws-lc-rs, HTTP/2 and HTTP/1.1 by ALPN; no client
//! certificates, no early data (RFC 8446, section 8: it can be replayed).

mod certificates;
mod concern;
mod pair;
mod reload;

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};

use crate::config::TlsVersion;

pub(crate) use certificates::Certificates;
pub(crate) use concern::{Concern, concerns};
pub(crate) use pair::{Pair, PairFiles};
pub(crate) use reload::{ReloadRequest, Reloader};

/// What the listener speaks. Its ALPN protocols are added by the HTTP server.
pub(crate) fn server_config(
    certificates: Arc<Certificates>,
    minimum: TlsVersion,
) -> Result<ServerConfig, rustls::Error> {
    let versions: &[&'static SupportedProtocolVersion] = match minimum {
        TlsVersion::Tls12 => &[&TLS13, &TLS12],
        TlsVersion::Tls13 => &[&TLS13],
    };
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    Ok(config)
}
