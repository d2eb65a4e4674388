//! Certificates for our own TLS listener: an authority of the test's own, and the files that a server reads.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Issues certificates for `localhost`. Trusted by the clients that are told to.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The certificate as it goes over the wire (DER).
    pub der: Vec<u8>,
    /// Its private key.
    pub key: String,
}

/// The two files of a server's certificate, in a folder of their own.
pub struct PairPlace(TempDir);

impl Default for Authority {
    fn default() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }
}

impl Authority {
    /// A certificate for `localhost`, valid for years.
    pub fn issue(&self) -> Issued {
        self.issue_for(&["localhost"])
    }

    /// A certificate for these names, valid for years.
    pub fn issue_for(&self, names: &[&str]) -> Issued {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        self.sign(&CertificateParams::new(names).unwrap())
    }

    /// A certificate for `localhost` whose time was over long ago.
    pub fn issue_expired(&self) -> Issued {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 2, 3));
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Issued {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Issued { certificate: certificate.pem(), der: certificate.der().to_vec(), key: key.serialize_pem() }
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// An HTTP client that trusts this authority alone, follows no redirect, and tells what it was shown.
    pub fn client(&self) -> reqwest::ClientBuilder {
        let root = reqwest::Certificate::from_pem(self.0.pem().as_bytes()).unwrap();
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_info(true)
            .tls_certs_only([root])
    }
}

impl Issued {
    /// A certificate for these names that only vouches for itself, as `openssl req -x509` makes it: an authority's, and a
    /// host's at once.
    pub fn self_signed(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate: certificate.pem(), der: certificate.der().to_vec(), key: key.serialize_pem() }
    }

    /// For a site that shows this certificate.
    pub(crate) fn server_config(&self) -> ServerConfig {
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(self.der.clone())], key)
            .unwrap()
    }
}

impl PairPlace {
    /// With this certificate and its key.
    pub fn with(issued: &Issued) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.put(issued);
        place
    }

    /// Puts a certificate and its key in the place of those that are there: the key first, each at once.
    pub fn put(&self, issued: &Issued) {
        self.put_key(&issued.key);
        self.put_certificate(&issued.certificate);
    }

    /// Puts another certificate there.
    pub fn put_certificate(&self, pem: &str) {
        self.replace(&self.certificate(), pem);
    }

    /// Puts another key there.
    pub fn put_key(&self, pem: &str) {
        self.replace(&self.key(), pem);
    }

    fn replace(&self, path: &Path, text: &str) {
        let new = self.0.path().join("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, path).unwrap();
    }

    /// The file with the certificate.
    pub fn certificate(&self) -> PathBuf {
        self.0.path().join("certificate.pem")
    }

    /// The file with the key.
    pub fn key(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }
}
