//! Who a site is.

use std::io::Write as _;
use std::path::Path;

use palatine_outbound::{GetLimits, Outbound, OutboundError, OutboundSettings};
use tempfile::NamedTempFile;

use crate::site::{Authority, Manner, Site, ok};

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
