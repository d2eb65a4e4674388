//! The server under measurement: a whole one, in this process, reached over HTTP on connections that stay open.
//!
//! One thread of its own serves requests, so that the client has a core to itself where there are two.

use std::time::Duration;

use palatine_domain::Ambient;
use palatine_server::{Config, Profile, RunningServer, Server};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

use crate::database::Database;
use crate::error::LoadError;
use crate::seed::SERVICE;
use crate::sign_in;

const SETTINGS: &str = "
[server]
listen = '127.0.0.1:0'
management = '127.0.0.1:0'
public_url = 'http://localhost:8080'
workers = 1
shutdown_delay_seconds = 0
shutdown_grace_seconds = 2
[master_key]
key = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='
[log]
level = 'error'
[jobs]
client_logos_seconds = 86400
";

/// The histogram of the server's own times.
const HISTOGRAM: &str = "palatine_http_request_seconds";

/// A running server and the way to it.
#[derive(Debug)]
pub struct Subject {
    server: RunningServer,
    http: Client,
    /// Tells realms that are made by one run from those of another.
    run: String,
}

/// What the server has served since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Served {
    /// The time of all requests together.
    pub seconds: f64,
}

impl Subject {
    /// Over a seeded database, which is brought up to date.
    pub async fn start(database: &Database) -> Result<Self, LoadError> {
        palatine_store::Store::migrate(&database.owners()).await?;
        let mut config = Config::parse(SETTINGS)?;
        config.database = database.servers().await?;
        let ambient = Ambient::system();
        let run = ambient.random_uuid().simple().to_string();
        let server = Server::bind(config, Profile::Production, ambient).await?.start()?;
        let http = Client::builder().redirect(Policy::none()).no_proxy().build()?;
        Ok(Self { server, http, run: run.chars().take(8).collect() })
    }

    /// Ends it.
    pub async fn stop(self) {
        self.server.stop().await;
    }

    /// A word that no other run has.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// What issuers begin with.
    pub(crate) fn public_url(&self) -> String {
        self.server.public_url().as_str().trim_end_matches('/').to_owned()
    }

    /// A request for a page.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("http://{}{path}", self.server.main_addr))
    }

    /// A request with a body.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("http://{}{path}", self.server.main_addr))
    }

    /// A token of the operator.
    pub async fn operator(&self) -> Result<String, LoadError> {
        sign_in::operator(self).await
    }

    /// A token of the service that administers a realm.
    pub async fn service(&self, realm: &str) -> Result<String, LoadError> {
        token_in(self.ask_for_token(realm).send().await?).await
    }

    /// The request for it.
    pub fn ask_for_token(&self, realm: &str) -> RequestBuilder {
        let (id, secret) = SERVICE;
        let ask = self.post(&format!("/realms/{realm}/oauth/token"));
        ask.basic_auth(id, Some(secret)).form(&[("grant_type", "client_credentials")])
    }

    /// What it has served so far, of the main port.
    pub async fn served(&self) -> Result<Served, LoadError> {
        let page = self.http.get(format!("http://{}/metrics", self.server.management_addr)).send().await?;
        Ok(Served::read(&page.text().await?))
    }
}

impl Served {
    fn read(metrics: &str) -> Self {
        let sums = metrics.lines().filter(|line| line.starts_with(HISTOGRAM) && line.contains("_sum"));
        let seconds = sums.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum();
        Self { seconds }
    }

    /// How much of it came after another time.
    pub fn since(self, before: Self) -> Duration {
        Duration::from_secs_f64((self.seconds - before.seconds).max(0.0))
    }
}

/// The access token of an answer of the token endpoint.
pub(crate) async fn token_in(answer: Response) -> Result<String, LoadError> {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await?;
    match body.get("access_token").and_then(Value::as_str) {
        Some(token) => Ok(token.to_owned()),
        None => Err(LoadError::Answer { what: "a token request".to_owned(), status, body: body.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_of_all_routes_count() {
        let page = "# TYPE palatine_http_request_seconds histogram\n\
                    palatine_http_request_seconds_bucket{route=\"/a\",le=\"1\"} 3\n\
                    palatine_http_request_seconds_sum{route=\"/a\"} 0.5\n\
                    palatine_http_request_seconds_count{route=\"/a\"} 3\n\
                    palatine_http_request_seconds_sum{route=\"/b\"} 0.25\n\
                    another_sum 9";
        assert_eq!(Served::read(page), Served { seconds: 0.75 });
        assert_eq!(Served { seconds: 2.0 }.since(Served { seconds: 0.5 }), Duration::from_millis(1_500));
    }
}
