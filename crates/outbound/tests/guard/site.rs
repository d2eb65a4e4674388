//! A site that answers every request with the same bytes, and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rcgen::{CertificateParams, Issuer, KeyPair, date_time_ymd};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a site does with a connection.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Answers with these bytes, then closes.
    Says(Vec<u8>),
    /// Answers with these bytes, then says nothing more and keeps the connection.
    StallsAfter(Vec<u8>),
    /// Never stops.
    Floods,
}

pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// An authority of the test, and the PEM file that makes it known.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn acceptor_for(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        acceptor(certificate, &key)
    }
}

/// A certificate that nobody else vouches for.
pub(crate) struct SelfSigned {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl SelfSigned {
    /// As `openssl req -x509` makes it: a host's, and an authority's at once.
    pub(crate) fn authority(name: &str) -> Self {
        Self::with(name, as_authority)
    }

    /// A host's alone.
    pub(crate) fn end_entity(name: &str) -> Self {
        Self::with(name, |_| {})
    }

    /// One whose time was over long ago.
    pub(crate) fn expired(name: &str) -> Self {
        Self::with(name, |params| {
            as_authority(params);
            (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 2, 3));
        })
    }

    /// One whose time has not come.
    pub(crate) fn early(name: &str) -> Self {
        Self::with(name, |params| {
            as_authority(params);
            (params.not_before, params.not_after) = (date_time_ymd(4001, 1, 1), date_time_ymd(4002, 2, 3));
        })
    }

    fn with(name: &str, change: impl Fn(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Self { certificate: params.self_signed(&key).unwrap(), key }
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }
}

fn as_authority(params: &mut CertificateParams) {
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl Site {
    pub(crate) async fn plain(manner: Manner) -> Self {
        Self::at("127.0.0.1:0", manner).await
    }

    pub(crate) async fn at(address: &str, manner: Manner) -> Self {
        Self::listening(address, manner, None).await
    }

    pub(crate) async fn tls(authority: &Authority, name: &str, manner: Manner) -> Self {
        Self::listening("127.0.0.1:0", manner, Some(authority.acceptor_for(name))).await
    }

    /// Over TLS, with a certificate of its own.
    pub(crate) async fn showing(own: &SelfSigned, manner: Manner) -> Self {
        let acceptor = acceptor(own.certificate.der().clone(), &own.key);
        Self::listening("127.0.0.1:0", manner, Some(acceptor)).await
    }

    async fn listening(address: &str, manner: Manner, acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let site = Self { address: listener.local_addr().unwrap(), asked: Arc::clone(&asked) };
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (manner, asked, acceptor) = (manner.clone(), Arc::clone(&asked), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => answer(stream, manner, &asked).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                answer(stream, manner, &asked).await;
                            }
                        }
                    }
                });
            }
        });
        site
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

pub(crate) fn ok(content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, manner: Manner, asked: &Mutex<Vec<String>>) {
    let request = request(&mut stream).await;
    asked.lock().unwrap().push(request);
    match manner {
        Manner::Says(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Manner::StallsAfter(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
        Manner::Floods => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
            while stream.write_all(format!("400\r\n{}\r\n", "x".repeat(1024)).as_bytes()).await.is_ok() {}
        }
    }
}

/// Reads a head, and the body that it announces.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if body.len() >= length.parse().unwrap() {
                return text;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}
