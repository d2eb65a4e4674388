//! RSA keys made ahead, so that a realm's first token does not wait for one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use palatine_protocol::jwk::SigningAlgorithm;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};

use super::KeyError;
use super::pair::NewKey;
use crate::telemetry;

/// A few RSA keys in stock. When there is none, one is made on demand, one at a time.
pub(crate) struct RsaPool {
    spare: Mutex<Vec<NewKey>>,
    taken: Notify,
    making: Semaphore,
    runtime: Handle,
    /// How many are kept.
    holds: usize,
    /// The pause after each, so that a node that makes many realms still serves.
    pause: Duration,
}

impl RsaPool {
    /// `runtime` is the main, multi-threaded one: a request's thread must not be blocked for 100 ms.
    pub(crate) fn new(runtime: Handle, holds: usize, per_minute: u32) -> Self {
        let pause = Duration::from_mins(1) / per_minute.max(1);
        Self { spare: Mutex::default(), taken: Notify::new(), making: Semaphore::new(1), runtime, holds, pause }
    }

    /// A key for RS256; [`NewKey::for_algorithm`] makes it one for PS256.
    pub(crate) async fn take(&self) -> Result<NewKey, KeyError> {
        let (key, left) = {
            let mut spare = self.spare();
            (spare.pop(), spare.len())
        };
        telemetry::spare_keys(left);
        match key {
            Some(key) => {
                self.taken.notify_one();
                Ok(key)
            }
            None => self.make().await,
        }
    }

    /// Keeps the stock full, for ever.
    pub(crate) async fn refill(&self) {
        loop {
            while self.spare().len() < self.holds {
                match self.make().await {
                    Ok(key) => {
                        let mut spare = self.spare();
                        spare.push(key);
                        telemetry::spare_keys(spare.len());
                    }
                    Err(error) => tracing::warn!(%error, "no RSA key could be made ahead"),
                }
                tokio::time::sleep(self.pause).await;
            }
            self.taken.notified().await;
        }
    }

    async fn make(&self) -> Result<NewKey, KeyError> {
        let _turn = self.making.acquire().await.map_err(|_| KeyError::Generation)?;
        let made = self.runtime.spawn_blocking(|| NewKey::generate(SigningAlgorithm::RS256)).await;
        made.map_err(|_| KeyError::Generation)?
    }

    fn spare(&self) -> MutexGuard<'_, Vec<NewKey>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_made_ahead_is_given_once_and_then_one_is_made() {
        let pool = RsaPool::new(Handle::current(), 2, 6);
        let ahead = pool.make().await.unwrap();
        let kid = ahead.public.kid.clone();
        pool.spare().push(ahead);
        assert_eq!(pool.take().await.unwrap().public.kid, kid);
        assert_ne!(pool.take().await.unwrap().public.kid, kid);
    }

    #[tokio::test]
    async fn the_stock_is_filled_to_its_size_at_its_pace_and_no_further() {
        let pool = RsaPool::new(Handle::current(), 2, 60_000);
        let full = async {
            while pool.spare().len() < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = pool.refill() => {}
            () = full => {}
        }
        let rest = tokio::time::timeout(Duration::from_millis(50), pool.refill()).await;
        assert!(rest.is_err() && pool.spare().len() == 2);
        assert_eq!(RsaPool::new(Handle::current(), 1, 6).pause, Duration::from_secs(10));
    }
}
