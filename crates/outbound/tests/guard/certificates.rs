//! Who a site is.

use std::io::Write as _;
use std::path::Path;

use palatine_outbound::{GetLimits, Outbound, OutboundError, OutboundSettings};
use tempfile::NamedTempFile;

use crate::site::{Authority, Manner, SelfSigned, Site, ok};

const LIMITS: GetLimits = GetLimits::json(1024);

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn trusting(extra_ca_file: Option<&Path>) -> Outbound {
    let settings = OutboundSettings {
        allowed: vec!["localhost".parse().unwrap(), "127.0.0.1".parse().unwrap()],
        extra_ca_file: extra_ca_file.map(Path::to_owned),
        ..OutboundSettings::default()
    };
    Outbound::new(settings).unwrap()
}

#[tokio::test]
async fn a_site_is_believed_if_an_authority_of_the_operator_s_file_vouches_for_it() {
    let authority = Authority::new();
    let site = Site::tls(&authority, "localhost", Manner::Says(ok("text/plain", "over TLS"))).await;
    let ca = file(&authority.pem);
    let url = format!("https://localhost:{}/", site.port());
    assert_eq!(trusting(Some(ca.path())).get(&url, &LIMITS).await.unwrap().bytes, b"over TLS");
}

#[tokio::test]
async fn a_site_of_an_unknown_authority_or_another_name_is_not() {
    let (authority, other) = (Authority::new(), Authority::new());
    let site = Site::tls(&authority, "localhost", Manner::Says(ok("text/plain", "x"))).await;
    let url = format!("https://localhost:{}/", site.port());
    let (ca, wrong_ca) = (file(&authority.pem), file(&other.pem));
    assert_eq!(trusting(Some(wrong_ca.path())).get(&url, &LIMITS).await, Err(OutboundError::Certificate));
    assert_eq!(trusting(None).get(&url, &LIMITS).await, Err(OutboundError::Certificate));
    let by_address = format!("https://127.0.0.1:{}/", site.port());
    assert_eq!(trusting(Some(ca.path())).get(&by_address, &LIMITS).await, Err(OutboundError::Certificate));
    assert_eq!(site.asked(), [""; 0]);
}

/// Asks a site over TLS that shows this certificate, with the certificate in the operator's file.
async fn asked_with_its_own(certificate: SelfSigned, host: &str) -> Result<Vec<u8>, OutboundError> {
    let ca = file(&certificate.pem());
    let site = Site::showing(&certificate, Manner::Says(ok("text/plain", "over TLS"))).await;
    let url = format!("https://{host}:{}/", site.port());
    trusting(Some(ca.path())).get(&url, &LIMITS).await.map(|fetched| fetched.bytes)
}

#[tokio::test]
async fn a_site_is_believed_by_the_very_certificate_of_the_operator_s_file() {
    for certificate in [SelfSigned::authority("localhost"), SelfSigned::end_entity("localhost")] {
        assert_eq!(asked_with_its_own(certificate, "localhost").await.unwrap(), b"over TLS");
    }
}

#[tokio::test]
async fn a_known_certificate_is_for_its_own_name_in_its_own_time() {
    let refused = Err(OutboundError::Certificate);
    assert_eq!(asked_with_its_own(SelfSigned::authority("localhost"), "127.0.0.1").await, refused);
    assert_eq!(asked_with_its_own(SelfSigned::expired("localhost"), "localhost").await, refused);
    assert_eq!(asked_with_its_own(SelfSigned::early("localhost"), "localhost").await, refused);
}

#[tokio::test]
async fn a_certificate_that_only_looks_like_the_known_one_is_not_believed() {
    let (known, forged) = (SelfSigned::authority("localhost"), SelfSigned::authority("localhost"));
    let ca = file(&known.pem());
    let site = Site::showing(&forged, Manner::Says(ok("text/plain", "x"))).await;
    let url = format!("https://localhost:{}/", site.port());
    assert_eq!(trusting(Some(ca.path())).get(&url, &LIMITS).await, Err(OutboundError::Certificate));
    assert_eq!(site.asked(), [""; 0]);
}

#[test]
fn a_file_without_certificates_is_said() {
    for text in ["", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", "hello"] {
        let ca = file(text);
        let settings = OutboundSettings { extra_ca_file: Some(ca.path().to_owned()), ..Default::default() };
        assert!(Outbound::new(settings).unwrap_err().to_string().starts_with("extra_ca_file: "), "{text}");
    }
    let settings = OutboundSettings { extra_ca_file: Some("/nowhere/ca.pem".into()), ..Default::default() };
    assert!(Outbound::new(settings).is_err());
}
