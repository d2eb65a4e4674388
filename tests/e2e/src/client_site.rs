//! What an application serves for the server to fetch: key sets, sector documents, request objects.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A site over plain HTTP on this machine. Paths that it was not given answer 404.
pub struct ClientSite {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    served: HashMap<String, (u16, String, Vec<u8>)>,
    asked: Vec<String>,
}

impl ClientSite {
    /// On a free port.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let state = Arc::clone(&site.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&state)));
            }
        });
        site
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
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

    /// How often a path was asked for.
    pub fn times_asked(&self, path: &str) -> usize {
        self.state.lock().unwrap().asked.iter().filter(|asked| *asked == path).count()
    }
}

async fn answer(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (status, content_type, body) = {
        let mut state = state.lock().unwrap();
        let found = state.served.get(&path).cloned();
        state.asked.push(path);
        found.unwrap_or((404, "text/plain".to_owned(), Vec::new()))
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(&[head.into_bytes(), body].concat()).await;
    let _ = stream.shutdown().await;
}
