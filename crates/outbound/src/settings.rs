//! What an operator decides about the way out.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::allowed::AllowedPlace;
use crate::error::SetupError;

/// `[outbound]`: what the server fetches and posts because a client named it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutboundSettings {
    /// Places that may be reached although their addresses are not public.
    pub allowed: Vec<AllowedPlace>,
    /// A PEM file of certificate authorities that are trusted beside those of the machine. A certificate in it is also
    /// trusted by itself, where a host shows that very one.
    pub extra_ca_file: Option<PathBuf>,
    /// How long establishing a connection may take, TLS included, in seconds. Default 3.
    pub connect_timeout_seconds: u64,
    /// How long a request may take in all, from the look-up to the last byte, in seconds. Default 10.
    pub timeout_seconds: u64,
    /// The largest answer that is read, in bytes; many have a smaller limit of their own. Default 1 MiB.
    pub max_response_bytes: usize,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self {
            allowed: Vec::new(),
            extra_ca_file: None,
            connect_timeout_seconds: 3,
            timeout_seconds: 10,
            max_response_bytes: 1024 * 1024,
        }
    }
}

impl OutboundSettings {
    /// Checks the numbers.
    ///
    /// # Errors
    ///
    /// The first that cannot be used, with what can.
    pub fn check(&self) -> Result<(), SetupError> {
        let numbers = [
            ("connect_timeout_seconds", self.connect_timeout_seconds, 60),
            ("timeout_seconds", self.timeout_seconds, 120),
            ("max_response_bytes", self.max_response_bytes as u64, 16 * 1024 * 1024),
        ];
        for (setting, number, most) in numbers {
            if !(1..=most).contains(&number) {
                let what = format!("{number} cannot be used: expected 1 to {most}");
                return Err(SetupError::Setting { setting, what });
            }
        }
        Ok(())
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_seconds)
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_used_and_zero_and_hours_cannot() {
        assert!(OutboundSettings::default().check().is_ok());
        for (seconds, bytes) in [(0, 1), (3_600, 1), (1, 0), (1, usize::MAX)] {
            let settings =
                OutboundSettings { timeout_seconds: seconds, max_response_bytes: bytes, ..OutboundSettings::default() };
            assert!(settings.check().unwrap_err().to_string().contains("expected 1 to"));
        }
    }
}
