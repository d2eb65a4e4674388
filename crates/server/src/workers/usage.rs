//! Writes down how much was used. Every node its own counts: what several of them count of one hour adds up.

use std::pin::pin;
use std::time::Duration;

use palatine_domain::Ambient;
use palatine_domain::usage::{TenantUsage, UsageTally};
use palatine_store::{OperatorProof, Store, StoreError};
use tokio::time::{sleep, timeout};

use super::jittered;
use crate::services::Services;

/// Counts that one transaction writes, so that on SQLite it does not hold up others for long.
const A_TRANSACTION: usize = 2_000;

/// How long the last write may take, when the node is stopped.
const LAST_WRITE: Duration = Duration::from_secs(5);

const PROOF: OperatorProof = OperatorProof::job("usage");

pub(super) struct UsageWriter {
    store: Store,
    tally: UsageTally,
    ambient: Ambient,
    every: Duration,
}

impl UsageWriter {
    pub(super) fn new(services: &Services, every: Duration) -> Self {
        let Services { store, usage, ambient, .. } = services;
        Self { store: store.clone(), tally: usage.clone(), ambient: ambient.clone(), every }
    }

    /// Again and again until the end, and once more then: requests have ended before.
    pub(super) async fn write_until(&self, end: impl Future<Output = ()>) {
        let mut end = pin!(end);
        let mut failing = false;
        loop {
            tokio::select! {
                () = &mut end => break,
                () = sleep(jittered(self.every, &self.ambient)) => {}
            }
            // Not beside the end: a commit that is broken off may have happened, and would be counted twice.
            let written = write(&self.store, &self.tally).await;
            count(&written);
            if let (Err(error), false) = (&written, failing) {
                tracing::warn!(%error, "usage could not be written down; it is kept and tried again");
            }
            failing = written.is_err();
        }
        let last = timeout(LAST_WRITE, write(&self.store, &self.tally)).await;
        if !matches!(last, Ok(Ok(_))) {
            tracing::warn!(counts = self.tally.waiting(), "usage could not be written down before the end and is lost");
        }
    }
}

fn count(written: &Result<usize, StoreError>) {
    let outcome = match written {
        Ok(0) => return,
        Ok(_) => "done",
        Err(_) => "failed",
    };
    metrics::counter!("palatine_usage_writes_total", "outcome" => outcome).increment(1);
}

/// Writes down what was counted, and gives how many counts. What cannot be written stays in the tally.
pub(super) async fn write(store: &Store, tally: &UsageTally) -> Result<usize, StoreError> {
    let mut unwritten = Unwritten { tally, counts: tally.take() };
    let all = unwritten.counts.len();
    while let Some(from) = unwritten.counts.len().checked_sub(1).map(|last| last - last % A_TRANSACTION) {
        let tx = store.as_operator(PROOF).await?;
        tx.add_usage(unwritten.counts.get(from..).unwrap_or_default()).await?;
        tx.commit().await?;
        unwritten.counts.truncate(from);
    }
    Ok(all)
}

/// What was taken out of the tally and is not written yet. It goes back there, also when the writing is broken off.
struct Unwritten<'t> {
    tally: &'t UsageTally,
    counts: Vec<TenantUsage>,
}

impl Drop for Unwritten<'_> {
    fn drop(&mut self) {
        self.tally.give_back(self.counts.drain(..));
    }
}
