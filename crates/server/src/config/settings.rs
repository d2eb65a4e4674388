//! The sections that belong to the server itself. Their defaults stand in the commented default file alone.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use palatine_domain::SecretText;
use palatine_tenant_routing::TrustedProxies;
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::tls::PairFiles;

/// `[server]`: where and how requests are taken.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Where realms are served over plain HTTP. Port 0 picks a free one. None: nowhere.
    #[serde(deserialize_with = "address_or_none")]
    pub listen: Option<SocketAddr>,
    /// Health and metrics.
    #[serde(deserialize_with = "address")]
    pub management: SocketAddr,
    /// What clients and browsers see. None: `http://localhost:<port>`, which `serve` refuses.
    pub public_url: Option<Url>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Threads that serve requests. None: one for each core.
    pub workers: Option<usize>,
    /// How many nodes share the database.
    pub replicas: u32,
    /// How long an idle connection is kept, in seconds.
    pub keep_alive_seconds: u64,
    /// How long a client may take to send the head of a request, in seconds.
    pub head_timeout_seconds: u64,
    /// How long a request may take in all, in seconds.
    pub request_timeout_seconds: u64,
    /// How long a client may take to close a connection that we have closed, in seconds.
    pub disconnect_timeout_seconds: u64,
    /// Connections that one worker serves at once.
    pub max_connections_per_worker: usize,
    /// Requests that one HTTP/2 connection may have under way at once.
    pub max_requests_per_connection: usize,
    /// Connections that may wait to be accepted.
    pub backlog: u32,
    /// The request line and all headers together, in bytes.
    pub max_header_bytes: usize,
    /// The body of a request, in bytes.
    pub max_body_bytes: usize,
    /// The body of a request to the admin API, in bytes: many people are imported at once.
    pub max_admin_body_bytes: usize,
    /// How long the node goes on serving after readiness says no, in seconds.
    pub shutdown_delay_seconds: u64,
    /// How long requests under way may take after that, in seconds.
    pub shutdown_grace_seconds: u64,
    /// `[server.tls]`.
    pub tls: TlsSettings,
}

/// `[server.tls]`: our own TLS listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// Where realms are served over TLS. Port 0 picks a free one. None: nowhere.
    #[serde(deserialize_with = "address_or_none")]
    pub listen: Option<SocketAddr>,
    /// The certificate chain in PEM, our own certificate first.
    pub certificate_file: Option<PathBuf>,
    /// The private key of the first certificate, in PEM.
    pub key_file: Option<PathBuf>,
    /// The oldest version of TLS that is spoken.
    pub minimum_version: TlsVersion,
    /// How long a client may take for the handshake, in seconds.
    pub handshake_timeout_seconds: u64,
    /// How often is looked whether the files have changed, in seconds.
    pub reload_check_seconds: u64,
}

impl TlsSettings {
    /// The files of the certificate and of its key, if both are named.
    pub(crate) fn files(&self) -> Option<PairFiles> {
        Some(PairFiles { certificate: self.certificate_file.clone()?, key: self.key_file.clone()? })
    }
}

/// A version of TLS. Older ones are not spoken at all (RFC 8996).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum TlsVersion {
    /// RFC 5246.
    #[serde(rename = "1.2")]
    Tls12,
    /// RFC 8446.
    #[serde(rename = "1.3")]
    Tls13,
}

impl ServerSettings {
    /// Threads that serve requests.
    pub fn worker_count(&self) -> usize {
        self.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
    }

    /// How long a request may take in all.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds)
    }
}

/// `[master_key]`: what wraps the tenants' data keys.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MasterKeySettings {
    /// The current one: 32 bytes in base64.
    pub key: Option<SecretText>,
    /// Earlier ones, while data keys are still wrapped by them.
    pub previous: Vec<SecretText>,
}

/// `[jobs]`: background work.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobSettings {
    /// How often the successors of rotated refresh tokens are forgotten, in seconds.
    pub sealed_successors_seconds: u64,
    /// How often expired rows are removed, in seconds.
    pub expired_rows_seconds: u64,
    /// How many rows are removed at once.
    pub expired_rows_budget: u64,
    /// How often the audit log's parts are made ahead (PostgreSQL), in seconds.
    pub audit_parts_seconds: u64,
    /// How often signing keys that are due for a successor are looked for, in seconds.
    pub key_rotation_seconds: u64,
    /// How many realms get theirs at once.
    pub key_rotation_budget: usize,
    /// How often the logos that clients named are looked for, in seconds.
    pub client_logos_seconds: u64,
    /// How many are fetched at once.
    pub client_logos_budget: usize,
    /// How often people who are imported are looked for, in seconds.
    pub user_imports_seconds: u64,
    /// How many chunks of 20 people are taken then.
    pub user_imports_budget: usize,
    /// How often audit events that their realm keeps no longer are removed, in seconds.
    pub audit_retention_seconds: u64,
    /// How many events are removed at once.
    pub audit_retention_budget: u64,
    /// How often realms whose grace is over are removed, in seconds.
    pub deleted_realms_seconds: u64,
    /// How many rows of theirs are removed at once.
    pub deleted_realms_budget: u64,
    /// How often usage of hours that are kept no longer is removed, in seconds.
    pub usage_retention_seconds: u64,
    /// How many counts are removed at once.
    pub usage_retention_budget: u64,
}

/// `[usage]`: how much was used, by hour.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageSettings {
    /// How often what was counted is written down, in seconds.
    pub flush_seconds: u64,
    /// How long an hour is kept, in days.
    pub keep_days: u64,
    /// Different counts that wait in memory at most.
    pub max_waiting: usize,
}

impl UsageSettings {
    /// How long an hour is kept.
    pub(crate) fn kept(&self) -> Duration {
        Duration::from_secs(self.keep_days.saturating_mul(86_400))
    }
}

/// `[courier]`: what is delivered to others after the transaction that decided it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourierSettings {
    /// How often is looked for what other nodes have left, and for what is to be tried again, in milliseconds.
    pub poll_millis: u64,
    /// How many are delivered at once.
    pub concurrency: usize,
    /// How long a client may take for a logout token, unless its own setting says otherwise, in seconds.
    pub timeout_seconds: u64,
    /// After how long a failure is tried again, in seconds; each further one waits twice as long.
    pub first_retry_seconds: u64,
    /// The longest wait, in seconds.
    pub longest_retry_seconds: u64,
    /// After how long a delivery is given up, in seconds.
    pub give_up_after_seconds: u64,
}

impl CourierSettings {
    /// How long to wait after that many attempts.
    pub(crate) fn wait_after(&self, attempts: i32) -> Duration {
        let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or_default();
        let wait = self.first_retry_seconds.saturating_mul(2_u64.saturating_pow(doublings));
        Duration::from_secs(wait.min(self.longest_retry_seconds))
    }
}

/// `[log]`: what is written to the standard error.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// For people or for machines.
    pub format: LogFormat,
    /// A level, or levels by module.
    pub level: String,
}

/// For whom the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// People.
    Text,
    /// Machines: one JSON object a line.
    Json,
}

/// `[telemetry]`: traces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    /// Where traces go, over OTLP/HTTP. None: nowhere.
    pub otlp_endpoint: Option<Url>,
    /// The part of requests that are traced, from 0 to 1.
    pub sample_ratio: f64,
    /// What this service is called in traces.
    pub service_name: String,
}

/// `[metrics]`: how much detail Prometheus is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSettings {
    /// Realms that have a label of their own.
    pub realm_labels: usize,
}

/// An address and a port; `localhost` is 127.0.0.1.
pub(crate) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:8080 or [::1]:8080".to_owned())
}

/// An address, or nothing for an empty text.
fn address_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { parse_address(&text).map(Some).map_err(serde::de::Error::custom) }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_address(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_the_longest() {
        let settings = crate::config::Config::parse("").unwrap().courier;
        let waits = [0, 1, 2, 3, 9, 10, 100, i32::MAX].map(|attempts| settings.wait_after(attempts).as_secs());
        assert_eq!(waits, [10, 10, 20, 40, 2_560, 3_600, 3_600, 3_600]);
    }

    #[test]
    fn an_address_is_numeric_or_localhost() {
        assert_eq!(parse_address("localhost:0").unwrap().to_string(), "127.0.0.1:0");
        assert_eq!(parse_address("[::1]:8080").unwrap().port(), 8080);
        for bad in ["localhost", "8080", "example.com:80", "127.0.0.1", "127.0.0.1:99999", ""] {
            assert!(parse_address(bad).is_err(), "{bad}");
        }
    }
}
