//! Certificates that the operator vouches for one by one.
//!
//! A self-signed certificate as `openssl req -x509` makes it says that it is an authority's, and an authority's is not
//! taken as a host's own (RFC 5280, section 4.2.1.9). Where the operator has handed over the very certificate that the
//! host shows, nobody else's word is needed: what remains to be asked is whether it is for that host, and for today.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use x509_parser::error::X509Error;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A certificate, and when it is valid, in seconds since the epoch (RFC 5280, section 4.1.2.5).
#[derive(Debug)]
pub(crate) struct KnownCertificate {
    der: CertificateDer<'static>,
    not_before: i64,
    not_after: i64,
}

impl KnownCertificate {
    pub(crate) fn read(der: CertificateDer<'static>) -> Result<Self, X509Error> {
        let (_, parsed) = X509Certificate::from_der(&der)?;
        let (not_before, not_after) = (parsed.validity().not_before, parsed.validity().not_after);
        let (not_before, not_after) = (not_before.timestamp(), not_after.timestamp());
        Ok(Self { der, not_before, not_after })
    }

    fn check_dates(&self, now: UnixTime) -> Result<(), Error> {
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if now < self.not_before {
            Err(CertificateError::NotValidYet.into())
        } else if now > self.not_after {
            Err(CertificateError::Expired.into())
        } else {
            Ok(())
        }
    }
}

/// Takes a known certificate by itself, and any other by the authorities. Either way the host must hold its key.
#[derive(Debug)]
pub(crate) struct KnownCertificates {
    known: Vec<KnownCertificate>,
    authorities: Arc<WebPkiServerVerifier>,
}

impl KnownCertificates {
    pub(crate) fn new(known: Vec<KnownCertificate>, authorities: Arc<WebPkiServerVerifier>) -> Self {
        Self { known, authorities }
    }
}

impl ServerCertVerifier for KnownCertificates {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(known) = self.known.iter().find(|known| known.der == *end_entity) else {
            return self.authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        };
        known.check_dates(now)?;
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}
