//! A certificate and its private key, as two PEM files hold them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use palatine_domain::Instant;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::config::Problem;

/// Begins a private key that needs a passphrase: PKCS #8 (RFC 7468, section 11), or the older form by its header.
const ENCRYPTED: [&str; 2] = ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED"];

/// Where a certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PairFiles {
    /// The certificate chain in PEM, our own certificate first.
    pub(crate) certificate: PathBuf,
    /// The private key of the first certificate, in PEM.
    pub(crate) key: PathBuf,
}

/// What both files hold.
pub(crate) struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// SHA-256 of both files.
pub(crate) type Fingerprint = [u8; 32];

/// A certificate with the key that belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) certified: Arc<CertifiedKey>,
    pub(crate) not_before: Instant,
    pub(crate) not_after: Instant,
    pub(crate) fingerprint: Fingerprint,
}

/// Why two files are no pair.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PairError {
    #[error("{} cannot be read: {error}", path.display())]
    CertificateUnreadable { path: PathBuf, error: std::io::Error },
    #[error("{} cannot be read: {error}", path.display())]
    KeyUnreadable { path: PathBuf, error: std::io::Error },
    #[error("{} holds no certificate in PEM: expected -----BEGIN CERTIFICATE-----", .0.display())]
    NoCertificate(PathBuf),
    #[error("{} holds a certificate that cannot be used: {reason}", path.display())]
    BadCertificate { path: PathBuf, reason: String },
    #[error("{} holds no private key in PEM: expected -----BEGIN PRIVATE KEY-----", .0.display())]
    NoKey(PathBuf),
    #[error(
        "the key in {path} needs a passphrase, which nobody could type at a restart: write it without one, as \
         `openssl pkey -in {path} -out FILE` does, readable by this service alone", path = .0.display()
    )]
    EncryptedKey(PathBuf),
    #[error("{} holds a key that cannot be used: {reason}", path.display())]
    BadKey { path: PathBuf, reason: String },
    #[error(
        "the key in {} does not belong to the certificate in {}: give the key of its first certificate, which must be \
         this server's own, before those of the authorities", key.display(), certificate.display()
    )]
    Mismatch { certificate: PathBuf, key: PathBuf },
}

impl PairError {
    /// The setting that names the file to look at.
    fn setting(&self) -> &'static str {
        match self {
            Self::CertificateUnreadable { .. } | Self::NoCertificate(_) | Self::BadCertificate { .. } => {
                "server.tls.certificate_file"
            }
            Self::KeyUnreadable { .. }
            | Self::NoKey(_)
            | Self::EncryptedKey(_)
            | Self::BadKey { .. }
            | Self::Mismatch { .. } => "server.tls.key_file",
        }
    }
}

impl From<PairError> for Problem {
    fn from(error: PairError) -> Self {
        Self::about(error.setting(), error.to_string())
    }
}

impl PairFiles {
    /// Reads both files.
    pub(crate) fn read(&self) -> Result<Contents, PairError> {
        let certificate = std::fs::read(&self.certificate)
            .map_err(|error| PairError::CertificateUnreadable { path: self.certificate.clone(), error })?;
        let key =
            std::fs::read(&self.key).map_err(|error| PairError::KeyUnreadable { path: self.key.clone(), error })?;
        Ok(Contents { certificate, key })
    }
}

impl Contents {
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let length = u64::try_from(self.certificate.len()).unwrap_or(u64::MAX);
        let hash = Sha256::new().chain_update(length.to_be_bytes()).chain_update(&self.certificate);
        hash.chain_update(&self.key).finalize().into()
    }
}

impl Pair {
    /// Reads and checks both files.
    pub(crate) fn load(files: &PairFiles) -> Result<Self, PairError> {
        Self::of(&files.read()?, files)
    }

    /// Checks what both files hold: certificates, a key, and that they belong together.
    pub(crate) fn of(contents: &Contents, files: &PairFiles) -> Result<Self, PairError> {
        let chain = chain(&contents.certificate, &files.certificate)?;
        let (not_before, not_after) = validity(&chain, &files.certificate)?;
        let key = private_key(&contents.key, &files.key)?;
        let certified =
            CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|error| match error {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    PairError::Mismatch { certificate: files.certificate.clone(), key: files.key.clone() }
                }
                Error::InvalidCertificate(reason) => bad_certificate(&files.certificate, &reason.to_string()),
                other => PairError::BadKey { path: files.key.clone(), reason: other.to_string() },
            })?;
        Ok(Self { certified: Arc::new(certified), not_before, not_after, fingerprint: contents.fingerprint() })
    }
}

fn chain(text: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, PairError> {
    let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(text).collect();
    let chain = chain.map_err(|error| bad_certificate(path, &error.to_string()))?;
    if chain.is_empty() { Err(PairError::NoCertificate(path.to_owned())) } else { Ok(chain) }
}

/// From when until when the first certificate is valid (RFC 5280, section 4.1.2.5).
fn validity(chain: &[CertificateDer<'_>], path: &Path) -> Result<(Instant, Instant), PairError> {
    let own = chain.first().ok_or_else(|| PairError::NoCertificate(path.to_owned()))?;
    let (_, parsed) = X509Certificate::from_der(own).map_err(|error| bad_certificate(path, &error.to_string()))?;
    let validity = parsed.validity();
    let instant = |seconds| Instant::from_seconds(seconds);
    Ok((instant(validity.not_before.timestamp()), instant(validity.not_after.timestamp())))
}

fn private_key(text: &[u8], path: &Path) -> Result<PrivateKeyDer<'static>, PairError> {
    let readable = String::from_utf8_lossy(text);
    if ENCRYPTED.iter().any(|mark| readable.contains(mark)) {
        return Err(PairError::EncryptedKey(path.to_owned()));
    }
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound => PairError::NoKey(path.to_owned()),
        other => PairError::BadKey { path: path.to_owned(), reason: other.to_string() },
    })
}

fn bad_certificate(path: &Path, reason: &str) -> PairError {
    PairError::BadCertificate { path: path.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey as Issued, KeyPair, generate_simple_self_signed};

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn with(certificate: &str, key: &str) -> (Self, PairFiles) {
            let folder = tempfile::tempdir().unwrap();
            let write = |name: &str, text: &str| {
                let path = folder.path().join(name);
                std::fs::write(&path, text).unwrap();
                path
            };
            let files = PairFiles { certificate: write("cert.pem", certificate), key: write("key.pem", key) };
            (Self(folder), files)
        }
    }

    fn issued() -> Issued<KeyPair> {
        generate_simple_self_signed(["localhost".to_owned()]).unwrap()
    }

    fn refused(certificate: &str, key: &str) -> String {
        let (folder, files) = Folder::with(certificate, key);
        let problem = Problem::from(Pair::load(&files).unwrap_err()).to_string();
        problem.replace(folder.0.path().to_str().unwrap(), "…")
    }

    #[test]
    fn a_certificate_and_its_key_are_a_pair_with_a_validity() {
        let issued = issued();
        let (_folder, files) = Folder::with(&issued.cert.pem(), &issued.signing_key.serialize_pem());
        let pair = Pair::load(&files).unwrap();
        assert!(pair.not_before < pair.not_after);
        assert_eq!(pair.certified.cert.len(), 1);
    }

    #[test]
    fn another_certificate_s_key_is_refused_with_both_files() {
        let text = refused(&issued().cert.pem(), &issued().signing_key.serialize_pem());
        assert!(text.starts_with("server.tls.key_file: the key in …/key.pem does not belong to"), "{text}");
        assert!(text.contains("…/cert.pem"), "{text}");
    }

    #[test]
    fn what_is_not_there_or_is_none_is_named_with_its_setting() {
        let issued = issued();
        let (certificate, key) = (issued.cert.pem(), issued.signing_key.serialize_pem());
        let none = refused("", &key);
        assert!(none.starts_with("server.tls.certificate_file: …/cert.pem holds no certificate"), "{none}");
        let none = refused(&certificate, &certificate);
        assert!(none.starts_with("server.tls.key_file: …/key.pem holds no private key"), "{none}");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(refused(broken, &key).contains("a certificate that cannot be used"));
        let broken = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(refused(&certificate, broken).contains("a key that cannot be used"));
        let (folder, files) = Folder::with(&certificate, &key);
        std::fs::remove_file(&files.key).unwrap();
        let missing = Pair::load(&files).unwrap_err();
        assert!(missing.to_string().contains("key.pem cannot be read: "), "{missing} {:?}", folder.0);
    }

    #[test]
    fn a_key_with_a_passphrase_is_answered_with_the_way_to_take_it_off() {
        let certificate = issued().cert.pem();
        for encrypted in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        ] {
            let text = refused(&certificate, encrypted);
            assert!(text.contains("needs a passphrase") && text.contains("openssl pkey -in …/key.pem"), "{text}");
        }
    }

    #[test]
    fn a_fingerprint_tells_contents_apart() {
        let contents = |certificate: &[u8], key: &[u8]| Contents { certificate: certificate.into(), key: key.into() };
        assert_eq!(contents(b"a", b"b").fingerprint(), contents(b"a", b"b").fingerprint());
        assert_ne!(contents(b"a", b"b").fingerprint(), contents(b"ab", b"").fingerprint());
    }
}
