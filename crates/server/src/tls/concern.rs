//! What is doubtful about a certificate, and no reason not to serve: a test's certificate may be all of it.

use palatine_domain::Instant;
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;
use url::Url;

use super::pair::Pair;

/// Something that clients will probably refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Concern {
    /// `notAfter` has passed.
    #[error("the TLS certificate has expired; clients refuse it until another one is in its file")]
    Expired,
    /// `notBefore` lies ahead.
    #[error("the TLS certificate is not valid yet; see whether this machine's clock is right")]
    NotYetValid,
    /// It does not name the public URL's host.
    #[error("the TLS certificate is not for {0}, the host of `server.public_url`; browsers refuse it")]
    NotForHost(String),
}

/// What is doubtful about a certificate at this time, for this public URL.
pub(crate) fn concerns(pair: &Pair, public_url: Option<&Url>, now: Instant) -> Vec<Concern> {
    let mut found = Vec::new();
    if pair.not_after < now {
        found.push(Concern::Expired);
    }
    if now < pair.not_before {
        found.push(Concern::NotYetValid);
    }
    // A proxy that reaches us over TLS may know us by another name, and ends an http URL's plain connection itself.
    let host = public_url.filter(|url| url.scheme() == "https").and_then(Url::host_str);
    if let Some(host) = host.filter(|host| !is_for(pair, host)) {
        found.push(Concern::NotForHost(host.to_owned()));
    }
    found
}

/// Whether the certificate's `subjectAltName` has the host (RFC 9525, section 6).
fn is_for(pair: &Pair, host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let (Ok(own), Ok(name)) = (pair.certified.end_entity_cert(), ServerName::try_from(bare)) else { return false };
    ParsedCertificate::try_from(own).is_ok_and(|own| verify_server_name(&own, &name).is_ok())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::generate_simple_self_signed;

    use super::*;
    use crate::tls::PairFiles;

    fn pair() -> Pair {
        let issued = generate_simple_self_signed(["id.example.com".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let files = PairFiles { certificate: folder.path().join("c"), key: folder.path().join("k") };
        std::fs::write(&files.certificate, issued.cert.pem()).unwrap();
        std::fs::write(&files.key, issued.signing_key.serialize_pem()).unwrap();
        Pair::load(&files).unwrap()
    }

    #[test]
    fn a_certificate_for_the_host_in_its_time_is_no_concern() {
        let pair = pair();
        for url in ["https://id.example.com/x", "https://127.0.0.1:8443", "http://elsewhere.example"] {
            assert_eq!(concerns(&pair, Some(&url.parse().unwrap()), pair.not_before), [], "{url}");
        }
        assert_eq!(concerns(&pair, None, pair.not_after), []);
    }

    #[test]
    fn another_host_and_another_time_are() {
        let pair = pair();
        let other: Url = "https://login.example.com".parse().unwrap();
        let second = Duration::from_secs(1);
        assert_eq!(concerns(&pair, None, pair.not_after.plus(second)), [Concern::Expired]);
        assert_eq!(
            concerns(&pair, Some(&other), pair.not_before.minus(second)),
            [Concern::NotYetValid, Concern::NotForHost("login.example.com".to_owned())]
        );
    }
}
