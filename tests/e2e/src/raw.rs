//! Requests byte by byte: what no HTTP library sends.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::wire::{Answer, Wire};

/// Far more than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a node.
pub struct Raw {
    stream: TcpStream,
    /// What has come and was not looked at.
    read: Vec<u8>,
}

impl Wire {
    /// A new connection to the node.
    pub async fn connect(&self) -> Raw {
        Raw { stream: TcpStream::connect(self.address()).await.expect("the node listens"), read: Vec::new() }
    }

    /// Sends a whole request as it is written, on a connection of its own.
    pub async fn exchange(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut raw = self.connect().await;
        raw.send(request).await;
        raw.answer().await.expect("an answer")
    }

    /// GET of a path as it is written, with further header lines, each with its line end.
    pub async fn get_raw(&self, path: &str, lines: &str) -> Answer {
        let host = self.public_url().authority().to_owned();
        self.exchange(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Language: en\r\n{lines}\r\n")).await
    }
}

impl Raw {
    /// Sends bytes; `false` if the node takes no more.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let sending = async {
            self.stream.write_all(bytes.as_ref()).await?;
            self.stream.flush().await
        };
        timeout(PATIENCE, sending).await.expect("the node takes or refuses what is sent").is_ok()
    }

    /// Says that nothing more will be sent.
    pub async fn finish(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Reads one answer; `None` if the connection is closed instead.
    pub async fn answer(&mut self) -> Option<Answer> {
        let head_end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more().await {
                return None;
            }
        };
        let head = String::from_utf8(self.read.drain(..head_end).collect()).expect("a readable head");
        let (status, headers) = parsed(&head);
        assert!(!headers.contains_key("transfer-encoding"), "our answers have a length: {head}");
        let length = headers.get("content-length").map_or(0, |length| length.to_str().unwrap().parse().unwrap());
        while self.read.len() < length {
            assert!(self.more().await, "the answer ends early: {head}");
        }
        let body = String::from_utf8(self.read.drain(..length).collect()).expect("text");
        Some(Answer { status, headers, body })
    }

    async fn more(&mut self) -> bool {
        let mut chunk = vec![0; 16 * 1024];
        let read = timeout(PATIENCE, self.stream.read(&mut chunk)).await.expect("the node answers or closes");
        let count = read.unwrap_or(0);
        self.read.extend_from_slice(&chunk[..count]);
        count > 0
    }
}

fn parsed(head: &str) -> (u16, HeaderMap) {
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
    let mut headers = HeaderMap::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').expect("a header");
        let name: HeaderName = name.parse().expect("a name");
        headers.append(name, HeaderValue::from_str(value.trim()).expect("a value"));
    }
    (status.parse().expect("a number"), headers)
}
