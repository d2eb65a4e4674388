//! People who are imported: chunks are claimed of all tenants, each is done in a transaction of its own realm.

use std::time::Duration;

use palatine_admin_api::ops::user_imports::{ChunkEnd, take_chunk};
use palatine_realm::{ResolveError, Resolver};
use palatine_store::{ClaimedChunk, OperatorProof, Store, StoreError};

/// How many chunks are claimed at once. They are done one after the other.
const AT_ONCE: u64 = 8;

/// How long whoever claims a chunk has it alone; longer than as many take.
const LEASE: Duration = Duration::from_mins(2);

/// Does at most about `budget` chunks that are due, and gives how many were done.
pub(super) async fn take_due(
    store: &Store,
    resolver: &Resolver,
    proof: OperatorProof,
    budget: usize,
) -> Result<u64, StoreError> {
    let (mut done, mut claimed) = (0, 0);
    while claimed < budget {
        let tx = store.as_operator(proof).await?;
        let chunks = tx.claim_import_chunks(AT_ONCE, LEASE).await?;
        tx.commit().await?;
        if chunks.is_empty() {
            break;
        }
        claimed += chunks.len();
        for chunk in chunks {
            done += u64::from(take(resolver, &chunk).await?);
        }
    }
    Ok(done)
}

/// Whether the chunk was done. One that fails is claimed again when its lease is over.
async fn take(resolver: &Resolver, chunk: &ClaimedChunk) -> Result<bool, StoreError> {
    // A realm that is being deleted takes nobody.
    let Some(slug) = &chunk.realm else { return Ok(false) };
    let realm = match resolver.by_slug(slug.as_str()).await {
        Ok(realm) => realm,
        Err(ResolveError::Unknown) => return Ok(false),
        Err(ResolveError::Unavailable(error)) => {
            tracing::warn!(realm = %slug, %error, "a chunk of an import waits: its realm could not be read");
            return Ok(false);
        }
    };
    match take_chunk(&realm, chunk).await {
        Ok(ChunkEnd::Done) => Ok(true),
        Ok(ChunkEnd::Overtaken) => Ok(false),
        Ok(ChunkEnd::GivenUp) => {
            tracing::error!(realm = %slug, import = %chunk.job, chunk = chunk.number, "an import was given up");
            Ok(false)
        }
        Err(error) => {
            tracing::warn!(realm = %slug, import = %chunk.job, chunk = chunk.number, %error, "a chunk is tried again");
            Ok(false)
        }
    }
}
