//! Whom we trust to say who a host is.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::error::SetupError;

/// The authorities of the machine and those of the operator's file; the rest as the TLS library has it.
pub(crate) fn config(extra_ca_file: Option<&Path>) -> Result<ClientConfig, SetupError> {
    let mut roots = RootCertStore::empty();
    let of_machine = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(of_machine.certs);
    if let Some(path) = extra_ca_file {
        add_extra(&mut roots, path)?;
    }
    if roots.is_empty() {
        tracing::warn!(
            "this machine has no certificate authorities, so nothing can be fetched over https: install its \
             ca-certificates, or set outbound.extra_ca_file"
        );
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn add_extra(roots: &mut RootCertStore, path: &Path) -> Result<(), SetupError> {
    let refused = |what: String| SetupError::ExtraCa { path: path.to_owned(), what };
    let mut found = 0;
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refused(error.to_string()))? {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        roots.add(certificate).map_err(|error| refused(error.to_string()))?;
        found += 1;
    }
    if found == 0 { Err(refused("there is no certificate in it".to_owned())) } else { Ok(()) }
}
