//! Wraps every tenant's data key with the current master key, so that earlier ones can be taken out of the
//! configuration. What the data keys sealed stays as it is, and so does everything that a node has in memory.

use palatine_domain::Ambient;
use palatine_realm::{MasterKeys, SealError};
use palatine_store::{OperatorProof, Store, StoreError};

/// By what the operator's transactions of this use case are known.
const PROOF: OperatorProof = OperatorProof::command("master-key rotate");

/// Data keys that are wrapped anew in one transaction.
const BATCH: u64 = 500;

/// Why not all data keys were wrapped anew. What was done stays done; the next time goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The database.
    #[error("the data keys cannot be read or written: {0}")]
    Store(#[from] StoreError),
    /// A data key that none of the configured master keys opens.
    #[error("a data key cannot be unwrapped: {0}")]
    Seal(#[from] SealError),
}

/// Wraps anew what another master key than the current one wraps, batch by batch, and gives how many data keys that
/// were. Interrupted, it can be started again; it does no harm beside running nodes that have both keys configured.
pub async fn rotate(store: &Store, masters: &MasterKeys, ambient: &Ambient) -> Result<u64, RotateError> {
    let mut rewrapped = 0;
    loop {
        let tx = store.as_operator(PROOF).await?;
        let old = tx.data_keys_not_under(masters.current(), BATCH).await?;
        tx.commit().await?;
        let mut changed = 0;
        let mut new = Vec::with_capacity(old.len());
        for (tenant, key) in old {
            new.push((tenant, key.master_key, masters.rewrap(tenant, &key, ambient)?));
        }
        let tx = store.as_operator(PROOF).await?;
        for (tenant, from, key) in &new {
            changed += u64::from(tx.rewrap_data_key(*tenant, *from, key).await?);
        }
        tx.commit().await?;
        rewrapped += changed;
        if changed == 0 {
            return Ok(rewrapped);
        }
    }
}
