//! Configuration of this crate.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

/// Where realms are served, how many are kept in memory, and how long a node believes what it has read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolverSettings {
    /// The URL that clients and browsers use; every issuer begins with it. May have a path prefix, but no query,
    /// fragment or credentials.
    pub public_url: Url,
    /// How many realms are kept in memory. Default 10,000; a small realm takes a few kilobytes.
    #[serde(default = "defaults::cached_realms")]
    pub cached_realms: u64,
    /// How many clients of all realms are kept in memory. Default 100,000.
    #[serde(default = "defaults::cached_clients")]
    pub cached_clients: u64,
    /// For how long a slug that no realm has is remembered as such, in seconds. Default 5.
    #[serde(default = "defaults::unknown_slug_seconds")]
    pub unknown_slug_seconds: u64,
    /// How many such slugs are remembered. Default 10,000.
    #[serde(default = "defaults::max_unknown_slugs")]
    pub max_unknown_slugs: u64,
    /// How often the database is asked what has changed, in milliseconds. Default 1,000.
    #[serde(default = "defaults::poll_interval_millis")]
    pub poll_interval_millis: u64,
    /// How far each question reaches back before the last one that was answered, in seconds: the longest that a
    /// transaction may stay open, plus the difference of the nodes' clocks. Default 30.
    #[serde(default = "defaults::poll_overlap_seconds")]
    pub poll_overlap_seconds: u64,
    /// After how many seconds without an answer readiness and metrics say so. Default 5.
    #[serde(default = "defaults::stale_after_seconds")]
    pub stale_after_seconds: u64,
    /// After how many seconds without an answer the node stops issuing. Default 60.
    #[serde(default = "defaults::stop_issuing_after_seconds")]
    pub stop_issuing_after_seconds: u64,
    /// How many RSA keys are made ahead, so that a realm's first token does not wait for one. Default 2.
    #[serde(default = "defaults::spare_rsa_keys")]
    pub spare_rsa_keys: usize,
    /// How many RSA keys are made ahead in a minute at most; each takes some 100 ms of a core. Default 6.
    #[serde(default = "defaults::rsa_keys_per_minute")]
    pub rsa_keys_per_minute: u32,
    /// Whether realms whose passwords everybody knows are served. No setting of a file: the command decides.
    #[serde(skip)]
    pub demo_realms: DemoRealms,
}

/// What becomes of realms of the profile `insecure-demo`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DemoRealms {
    /// They are not there, whoever put them into the store.
    #[default]
    Refused,
    /// They are served as any other: `palatine dev`.
    Served,
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not a URL that an issuer can begin with (OpenID Connect Discovery, section 3).
    #[error("public_url: expected http or https, a host, and no query, fragment or credentials")]
    PublicUrl,
    /// A number that must be positive is zero.
    #[error("{0}: must be greater than zero")]
    Zero(&'static str),
    /// The node would stop issuing before it says that it is stale.
    #[error("stop_issuing_after_seconds: must be at least stale_after_seconds")]
    StopsTooEarly,
}

impl ResolverSettings {
    /// The defaults, for a public URL.
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            cached_realms: defaults::cached_realms(),
            cached_clients: defaults::cached_clients(),
            unknown_slug_seconds: defaults::unknown_slug_seconds(),
            max_unknown_slugs: defaults::max_unknown_slugs(),
            poll_interval_millis: defaults::poll_interval_millis(),
            poll_overlap_seconds: defaults::poll_overlap_seconds(),
            stale_after_seconds: defaults::stale_after_seconds(),
            stop_issuing_after_seconds: defaults::stop_issuing_after_seconds(),
            spare_rsa_keys: defaults::spare_rsa_keys(),
            rsa_keys_per_minute: defaults::rsa_keys_per_minute(),
            demo_realms: DemoRealms::default(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let positive = [
            ("cached_realms", self.cached_realms),
            ("cached_clients", self.cached_clients),
            ("max_unknown_slugs", self.max_unknown_slugs),
            ("poll_interval_millis", self.poll_interval_millis),
            ("stale_after_seconds", self.stale_after_seconds),
            ("rsa_keys_per_minute", u64::from(self.rsa_keys_per_minute)),
        ];
        if let Some((name, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Err(SettingsError::Zero(name));
        }
        if self.stop_issuing_after_seconds < self.stale_after_seconds {
            return Err(SettingsError::StopsTooEarly);
        }
        Ok(())
    }

    pub(crate) fn unknown_slug_life(&self) -> Duration {
        Duration::from_secs(self.unknown_slug_seconds)
    }

    pub(crate) fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_millis)
    }

    pub(crate) fn poll_overlap(&self) -> Duration {
        Duration::from_secs(self.poll_overlap_seconds)
    }
}

mod defaults {
    pub(super) const fn cached_realms() -> u64 {
        10_000
    }
    pub(super) const fn cached_clients() -> u64 {
        100_000
    }
    pub(super) const fn unknown_slug_seconds() -> u64 {
        5
    }
    pub(super) const fn max_unknown_slugs() -> u64 {
        10_000
    }
    pub(super) const fn poll_interval_millis() -> u64 {
        1_000
    }
    pub(super) const fn poll_overlap_seconds() -> u64 {
        30
    }
    pub(super) const fn stale_after_seconds() -> u64 {
        5
    }
    pub(super) const fn stop_issuing_after_seconds() -> u64 {
        60
    }
    pub(super) const fn spare_rsa_keys() -> usize {
        2
    }
    pub(super) const fn rsa_keys_per_minute() -> u32 {
        6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ResolverSettings, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn only_the_public_url_must_be_given() {
        let settings = read(r#"{"public_url": "https://id.example.com"}"#).unwrap();
        assert_eq!((settings.cached_realms, settings.stop_issuing_after_seconds), (10_000, 60));
        assert_eq!(settings.check(), Ok(()));
        assert!(read("{}").is_err());
        assert!(read(r#"{"public_url": "https://id.example.com", "cached_realm": 1}"#).is_err());
    }

    #[test]
    fn settings_without_sense_name_themselves() {
        let defaults = ResolverSettings::new("https://id.example.com".parse().unwrap());
        let zero = ResolverSettings { cached_realms: 0, ..defaults.clone() };
        assert_eq!(zero.check().unwrap_err().to_string(), "cached_realms: must be greater than zero");
        let early = ResolverSettings { stop_issuing_after_seconds: 1, ..defaults };
        assert_eq!(early.check(), Err(SettingsError::StopsTooEarly));
    }
}
