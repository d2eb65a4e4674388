//! What an application serves for the server: key sets, sector documents and request objects that are fetched, and places
//! to which it posts.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Issued;

/// A site on this machine. Paths that it was not given answer 404.
pub struct ClientSite {
    base: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    served: HashMap<String, (u16, String, Vec<u8>)>,
    hanging: HashSet<String>,
    asked: Vec<Asked>,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The path, with its query.
    pub path: String,
    /// `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: String,
}

impl ClientSite {
    /// Over plain HTTP, on a free port.
    pub async fn open() -> Self {
        let (listener, address) = listener().await;
        let site = Self { base: format!("http://{address}"), state: Arc::default() };
        let state = Arc::clone(&site.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&state)));
            }
        });
        site
    }

    /// Over TLS as `localhost`, on a free port.
    pub async fn open_over_tls(issued: &Issued) -> Self {
        let (listener, address) = listener().await;
        let site = Self { base: format!("https://localhost:{}", address.port()), state: Arc::default() };
        let (acceptor, state) = (TlsAcceptor::from(Arc::new(issued.server_config())), Arc::clone(&site.state));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        answer(stream, state).await;
                    }
                });
            }
        });
        site
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Serves this document at a path from now on.
    pub fn serves_json(&self, path: &str, document: &serde_json::Value) {
        self.serves(path, 200, "application/json", document.to_string().as_bytes());
    }

    /// Serves these bytes at a path from now on.
    pub fn serves(&self, path: &str, status: u16, content_type: &str, body: &[u8]) {
        let answer = (status, content_type.to_owned(), body.to_vec());
        self.state.lock().unwrap().served.insert(path.to_owned(), answer);
    }

    /// Takes requests for a path from now on, and never answers them.
    pub fn hangs_at(&self, path: &str) {
        self.state.lock().unwrap().hanging.insert(path.to_owned());
    }

    /// How often a path was asked for.
    pub fn times_asked(&self, path: &str) -> usize {
        self.asked(path).len()
    }

    /// Every request for a path, in the order in which they came.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        self.state.lock().unwrap().asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: Arc<Mutex<State>>) {
    let mut read = Vec::new();
    let head_ends = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let mut body = read.split_off(head_ends);
    let head = String::from_utf8_lossy(&read).into_owned();
    let mut words = head.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let length: usize = header(&head, "content-length").parse().unwrap_or_default();
    while body.len() < length {
        if stream.read_buf(&mut body).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let content_type = header(&head, "content-type").to_owned();
    let asked = Asked { method, path, content_type, body: String::from_utf8_lossy(&body).into_owned() };
    let ((status, content_type, body), hangs) = {
        let mut state = state.lock().unwrap();
        let (found, hangs) = (state.served.get(&asked.path).cloned(), state.hanging.contains(&asked.path));
        state.asked.push(asked);
        (found.unwrap_or((404, "text/plain".to_owned(), Vec::new())), hangs)
    };
    if hangs {
        // Until whoever asks has had enough: it ends the connection then.
        let _ = stream.read_buf(&mut Vec::new()).await;
        return;
    }
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(&[head.into_bytes(), body].concat()).await;
    let _ = stream.shutdown().await;
}

/// The value of a header in the head of a request; empty if there is none.
fn header<'h>(head: &'h str, name: &str) -> &'h str {
    let value = |line: &'h str| line.split_once(':').filter(|(found, _)| found.eq_ignore_ascii_case(name));
    head.lines().find_map(value).map(|(_, value)| value.trim()).unwrap_or_default()
}
