//! Successors for the signing keys that are due. Due realms are found by one question to an index; each then makes its
//! own, since a key is sealed with its tenant's data key.

use metrics::gauge;
use palatine_realm::Resolver;
use palatine_store::{DueCursor, DueRealms, OperatorProof, Store, StoreError};

/// How many due keys are asked for at once.
const PAGE: u64 = 100;

/// How old the signing key is that has signed longest, of all realms, in seconds.
const OLDEST: &str = "palatine_signing_key_age_seconds";

/// Rotates the due keys of at most `budget` realms, the longest due first, and gives how many keys that were. A realm
/// that fails is logged and holds up nobody; it is tried again the next time.
pub(super) async fn rotate_due(
    store: &Store,
    resolver: &Resolver,
    proof: OperatorProof,
    budget: usize,
) -> Result<u64, StoreError> {
    let (mut rotated, mut realms, mut after) = (0, 0, None);
    loop {
        let due = due_after(store, proof, after).await?;
        for slug in due.realms {
            let outcome = match resolver.by_slug(slug.as_str()).await {
                Ok(realm) => realm.rotate_due_keys().await.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match outcome {
                Ok(successors) => {
                    rotated += successors.len() as u64;
                    realms += usize::from(!successors.is_empty());
                }
                Err(error) => tracing::error!(%slug, error, "signing keys could not be rotated"),
            }
            if realms >= budget {
                return Ok(rotated);
            }
        }
        after = due.next;
        if after.is_none() {
            return Ok(rotated);
        }
    }
}

async fn due_after(store: &Store, proof: OperatorProof, after: Option<DueCursor>) -> Result<DueRealms, StoreError> {
    let tx = store.as_operator(proof).await?;
    if after.is_none() {
        let age = tx.oldest_signing_key().await?.map_or(0.0, |since| tx.now().since(since).as_secs_f64());
        gauge!(OLDEST).set(age);
    }
    let due = tx.realms_with_due_keys(after, PAGE).await?;
    tx.commit().await?;
    Ok(due)
}
