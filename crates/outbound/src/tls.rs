//! Whom we trust to say who a host is.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::error::SetupError;
use crate::known_certificates::{KnownCertificate, KnownCertificates};

/// The authorities of the machine and what stands in the operator's file; the rest as the TLS library has it. Also for a
/// command that asks a server which its operator named: nobody else chooses where it connects to, so that it needs no
/// other guard.
///
/// # Errors
///
/// A file that cannot be used.
pub fn config(extra_ca_file: Option<&Path>) -> Result<ClientConfig, SetupError> {
    let mut roots = RootCertStore::empty();
    let of_machine = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(of_machine.certs);
    let known = match extra_ca_file {
        Some(path) => add_extra(&mut roots, path)?,
        None => Vec::new(),
    };
    if roots.is_empty() {
        tracing::warn!(
            "this machine has no certificate authorities, so nothing can be fetched over https: install its \
             ca-certificates, or set outbound.extra_ca_file"
        );
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    if known.is_empty() {
        return Ok(config.with_root_certificates(roots).with_no_client_auth());
    }
    let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    let verifier = Arc::new(KnownCertificates::new(known, authorities));
    Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Each certificate of the file is an authority, and may be a host's own.
fn add_extra(roots: &mut RootCertStore, path: &Path) -> Result<Vec<KnownCertificate>, SetupError> {
    let refused = |what: String| SetupError::ExtraCa { path: path.to_owned(), what };
    let mut known = Vec::new();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refused(error.to_string()))? {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        roots.add(certificate.clone()).map_err(|error| refused(error.to_string()))?;
        known.push(KnownCertificate::read(certificate).map_err(|error| refused(error.to_string()))?);
    }
    if known.is_empty() { Err(refused("there is no certificate in it".to_owned())) } else { Ok(known) }
}
