//! Loading a thing once for all who ask at the same time.

use std::hash::Hash;
use std::sync::Arc;

use moka::future::Cache;

/// How many loads of one kind are remembered while they run.
const AT_ONCE: u64 = 10_000;

/// Loads under way. All who ask while one runs get its outcome, a failure too: when the database is gone, they do not
/// wait for it one after the other. What was loaded is kept by the caller, not here.
pub(crate) struct Flights<K, V>(Cache<K, V>);

impl<K, V> Flights<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(crate) fn new() -> Self {
        Self(Cache::new(AT_ONCE))
    }

    /// Joins the load of `key`, or begins it. `keep` puts the outcome where the next caller finds it, before the load
    /// counts as over.
    pub(crate) async fn join<E: Send + Sync + 'static>(
        &self,
        key: K,
        load: impl Future<Output = Result<V, E>>,
        keep: impl FnOnce(&V),
    ) -> Result<V, Arc<E>> {
        let loaded = self.0.try_get_with(key.clone(), load).await?;
        keep(&loaded);
        self.0.invalidate(&key).await;
        Ok(loaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::Barrier;

    #[tokio::test]
    async fn all_who_ask_at_once_share_one_load_and_its_failure() {
        let flights = Arc::new(Flights::<u8, u32>::new());
        let (loads, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(Barrier::new(2)));
        let ask = || {
            let (flights, loads, gate) = (Arc::clone(&flights), Arc::clone(&loads), Arc::clone(&gate));
            tokio::spawn(async move {
                let load = async {
                    loads.fetch_add(1, Ordering::SeqCst);
                    gate.wait().await;
                    Err::<u32, _>("gone")
                };
                flights.join(1, load, |_| ()).await
            })
        };
        let asking: Vec<_> = (0..8).map(|_| ask()).collect();
        // Every task is polled before this one is again; then the load may end.
        tokio::task::yield_now().await;
        gate.wait().await;
        for answer in asking {
            assert_eq!(*answer.await.unwrap().unwrap_err(), "gone");
        }
        assert_eq!(loads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_load_that_is_over_is_not_kept_here() {
        let flights = Flights::<u8, u32>::new();
        for expected in [1, 2] {
            let loaded = flights.join(1, async { Ok::<_, ()>(expected) }, |_| ()).await;
            assert_eq!(loaded, Ok(expected));
        }
    }
}
