//! Configuration of the pool.

use std::time::Duration;

use argon2::Params;
use serde::Deserialize;

/// The most memory that a stored hash may ask for, in KiB: 256 MiB.
pub(crate) const MAX_MEMORY_KIB: u32 = 256 * 1_024;

/// The most passes over the memory that a stored hash may ask for.
pub(crate) const MAX_ITERATIONS: u32 = 10;

/// The most argon2 lanes that a stored hash may ask for. They are computed one after the other.
pub(crate) const MAX_PARALLELISM: u32 = 64;

/// What a new password hash costs, and how many may wait.
///
/// The parameters are those of new hashes. A stored hash carries its own, which are honoured up to 256 MiB,
/// 10 passes and 64 lanes; those of other algorithms up to the ceilings of [`crate::ImportedHash`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HashSettings {
    /// Memory of one hash, in KiB. Every thread keeps that much. Default 19,456 (19 MiB).
    pub memory_kib: u32,
    /// Passes over that memory. Default 2.
    pub iterations: u32,
    /// argon2 lanes; they do not make one hash faster here. Default 1.
    pub parallelism: u32,
    /// Threads that hash. Default: one for each core.
    pub threads: Option<usize>,
    /// How many hashes of one tenant may be under way in a lane, waiting or running. Default 64.
    pub queue_per_tenant: usize,
    /// How many hashes of all tenants may be under way in a lane. Default 4,096.
    pub queue_total: usize,
    /// The longest time from asking to the answer, in milliseconds. Default 10,000.
    pub wait_millis: u64,
}

impl Default for HashSettings {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            threads: None,
            queue_per_tenant: 64,
            queue_total: 4_096,
            wait_millis: 10_000,
        }
    }
}

/// Why the pool cannot start.
#[derive(Debug, thiserror::Error)]
pub enum HashSettingsError {
    /// A number outside its bounds.
    #[error("{field} is {value}; it must be from {least} to {most}")]
    OutOfBounds {
        /// The setting.
        field: &'static str,
        /// What was given.
        value: u64,
        /// The least allowed.
        least: u64,
        /// The most allowed.
        most: u64,
    },
    /// The operating system gave no thread.
    #[error("no thread for password hashing: {0}")]
    Thread(#[from] std::io::Error),
}

impl HashSettings {
    /// Checks every number and gives the parameters of new hashes.
    pub(crate) fn params(&self) -> Result<Params, HashSettingsError> {
        let unbounded = u64::from(u32::MAX);
        bounds("parallelism", self.parallelism.into(), 1, MAX_PARALLELISM.into())?;
        bounds("memory_kib", self.memory_kib.into(), 8 * u64::from(self.parallelism), MAX_MEMORY_KIB.into())?;
        bounds("iterations", self.iterations.into(), 1, MAX_ITERATIONS.into())?;
        bounds("threads", self.thread_count() as u64, 1, 1_024)?;
        bounds("queue_per_tenant", self.queue_per_tenant as u64, 1, unbounded)?;
        bounds("queue_total", self.queue_total as u64, self.queue_per_tenant as u64, unbounded)?;
        bounds("wait_millis", self.wait_millis, 1, 600_000)?;
        let params = Params::new(self.memory_kib, self.iterations, self.parallelism, Some(Params::DEFAULT_OUTPUT_LEN));
        // The bounds above are narrower than argon2's own.
        params.map_err(|_| HashSettingsError::OutOfBounds {
            field: "memory_kib",
            value: self.memory_kib.into(),
            least: 8 * u64::from(self.parallelism),
            most: MAX_MEMORY_KIB.into(),
        })
    }

    /// How many threads hash.
    pub(crate) fn thread_count(&self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
    }

    /// The longest time from asking to the answer.
    pub(crate) fn longest_wait(&self) -> Duration {
        Duration::from_millis(self.wait_millis)
    }
}

fn bounds(field: &'static str, value: u64, least: u64, most: u64) -> Result<(), HashSettingsError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(HashSettingsError::OutOfBounds { field, value, least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_usable() {
        let params = HashSettings::default().params().unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (19_456, 2, 1));
    }

    #[test]
    fn a_setting_outside_its_bounds_is_named() {
        let wrong = [
            ("memory_kib", HashSettings { memory_kib: MAX_MEMORY_KIB + 1, ..HashSettings::default() }),
            ("memory_kib", HashSettings { memory_kib: 15, parallelism: 2, ..HashSettings::default() }),
            ("iterations", HashSettings { iterations: 0, ..HashSettings::default() }),
            ("parallelism", HashSettings { parallelism: 0, ..HashSettings::default() }),
            ("threads", HashSettings { threads: Some(0), ..HashSettings::default() }),
            ("queue_per_tenant", HashSettings { queue_per_tenant: 0, ..HashSettings::default() }),
            ("queue_total", HashSettings { queue_total: 63, ..HashSettings::default() }),
            ("wait_millis", HashSettings { wait_millis: 0, ..HashSettings::default() }),
        ];
        for (field, settings) in wrong {
            assert!(settings.params().unwrap_err().to_string().starts_with(field), "{field}");
        }
    }
}
