//! Configuration of this crate.

use std::time::Duration;

use palatine_domain::SecretText;
use serde::Deserialize;

/// Where ephemeral things are kept, and how long a call may take.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EphemeralSettings {
    /// `redis://`, `rediss://` (TLS) or `redis+unix://` (socket) picks Redis; none, or an empty one, picks the memory
    /// of the process. May contain a password. Redis 6.2 or newer; its `maxmemory-policy` should be `noeviction`,
    /// since an evicted mark is a forgotten one.
    pub redis_url: Option<SecretText>,
    /// The beginning of every key, so that installations can share a Redis: letters, digits and `-`.
    pub namespace: String,
    /// How long a call may take before Redis counts as gone, in milliseconds. Default 200.
    pub call_timeout_ms: u64,
    /// How long establishing a connection may take, in milliseconds. No call waits for it. Default 1,000.
    pub connect_timeout_ms: u64,
    /// How long the circuit stays open between two probes, in milliseconds; also how often a healthy Redis is
    /// probed. Default 1,000.
    pub probe_every_ms: u64,
    /// How many entries of a kind (marks, limits, leases, ended sessions) the process remembers itself.
    /// Default 100,000, about 200 bytes each.
    pub max_local_entries: usize,
    /// How many sessions the memory backend caches. Default 20,000.
    pub max_local_sessions: usize,
}

impl Default for EphemeralSettings {
    fn default() -> Self {
        Self {
            redis_url: None,
            namespace: "palatine".to_owned(),
            call_timeout_ms: 200,
            connect_timeout_ms: 1_000,
            probe_every_ms: 1_000,
            max_local_entries: 100_000,
            max_local_sessions: 20_000,
        }
    }
}

/// A setting that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not a URL that names a Redis. The URL is not repeated, since it may hold a password.
    #[error("redis_url: expected redis://, rediss:// or redis+unix://, without `#insecure`: {0}")]
    RedisUrl(String),
    /// The namespace is empty or has other characters.
    #[error("namespace: use 1 to 32 letters, digits and hyphens")]
    Namespace,
    /// A number that must be positive is zero.
    #[error("{0}: must be greater than zero")]
    Zero(&'static str),
}

impl EphemeralSettings {
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let named = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if self.namespace.is_empty() || self.namespace.len() > 32 || !self.namespace.bytes().all(named) {
            return Err(SettingsError::Namespace);
        }
        let positive = [
            ("call_timeout_ms", self.call_timeout_ms),
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("probe_every_ms", self.probe_every_ms),
            ("max_local_entries", self.max_local_entries as u64),
            ("max_local_sessions", self.max_local_sessions as u64),
        ];
        match positive.into_iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(SettingsError::Zero(name)),
            None => Ok(()),
        }
    }

    /// The Redis that is named, if any.
    pub(crate) fn redis(&self) -> Result<Option<redis::Client>, SettingsError> {
        let Some(url) = self.redis_url.as_ref().map(|url| url.expose().trim()).filter(|url| !url.is_empty()) else {
            return Ok(None);
        };
        let known = ["redis://", "rediss://", "redis+unix://"].iter().any(|scheme| url.starts_with(scheme));
        if !known || url.ends_with("#insecure") {
            return Err(SettingsError::RedisUrl("this is none of them".to_owned()));
        }
        redis::Client::open(url).map(Some).map_err(|error| SettingsError::RedisUrl(error.category().to_owned()))
    }

    pub(crate) fn call_timeout(&self) -> Duration {
        Duration::from_millis(self.call_timeout_ms)
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(crate) fn probe_every(&self) -> Duration {
        Duration::from_millis(self.probe_every_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_url(url: &str) -> EphemeralSettings {
        EphemeralSettings { redis_url: Some(SecretText::new(url)), ..EphemeralSettings::default() }
    }

    #[test]
    fn an_empty_url_picks_memory() {
        assert!(with_url(" ").redis().unwrap().is_none());
        assert!(EphemeralSettings::default().redis().unwrap().is_none());
    }

    #[test]
    fn both_redis_schemes_are_taken_and_others_refused() {
        for good in ["redis://127.0.0.1:6379/2", "rediss://user:pw@redis.example:6380", "redis+unix:///run/r.sock"] {
            assert!(with_url(good).redis().unwrap().is_some(), "{good}");
        }
        for bad in ["http://redis.example", "127.0.0.1:6379", "rediss://redis.example#insecure", "redis://:x@"] {
            assert!(with_url(bad).redis().is_err(), "{bad}");
        }
    }

    #[test]
    fn neither_settings_nor_their_errors_show_the_password() {
        let settings = with_url("postgres://user:hunter2@host");
        let shown = format!("{settings:?} {:?}", settings.redis().err());
        assert!(!shown.contains("hunter2"));
    }

    #[test]
    fn settings_without_sense_name_themselves() {
        let zero = EphemeralSettings { call_timeout_ms: 0, ..EphemeralSettings::default() };
        assert_eq!(zero.check().unwrap_err().to_string(), "call_timeout_ms: must be greater than zero");
        let braces = EphemeralSettings { namespace: "{a}".to_owned(), ..EphemeralSettings::default() };
        assert!(matches!(braces.check(), Err(SettingsError::Namespace)));
    }
}
