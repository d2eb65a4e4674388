//! The logos of clients, fetched because a client named them. They are claimed of all tenants by one question to an
//! index; each is kept in a transaction of its own tenant, and none is open while something is fetched.

use std::time::Duration;

use palatine_outbound::{GetLimits, Outbound, OutboundError};
use palatine_pages::picture;
use palatine_store::{DueLogo, OperatorProof, Store, StoreError, TenantScope};
use tokio::task::{JoinError, JoinSet, spawn_blocking};

/// How many are fetched at once.
const AT_ONCE: u64 = 4;

/// What fetching one may cost.
const FETCH: GetLimits =
    GetLimits { timeout: Duration::from_secs(5), max_bytes: 256 * 1024, accept: "image/png, image/jpeg, image/webp" };

/// How long whoever fetches one has it alone; longer than any fetch takes.
const LEASE: Duration = Duration::from_mins(5);

/// How long is waited after each attempt that failed. After the last one it is given up.
const WAITS: [Duration; 4] =
    [Duration::from_mins(1), Duration::from_mins(10), Duration::from_hours(1), Duration::from_hours(6)];

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
enum NoPicture {
    #[error(transparent)]
    Unfetched(#[from] OutboundError),
    #[error("it was answered {0}")]
    Status(u16),
    #[error("it is neither PNG nor JPEG nor WebP")]
    ContentType,
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] image::ImageError),
    #[error("reading it ended early: {0}")]
    Stopped(#[from] JoinError),
}

/// Fetches at most about `budget` logos that are due, the longest due first, and gives how many were kept.
pub(super) async fn fetch_due(
    store: &Store,
    outbound: &Outbound,
    proof: OperatorProof,
    budget: usize,
) -> Result<u64, StoreError> {
    let (mut kept, mut claimed) = (0, 0);
    while claimed < budget {
        let tx = store.as_operator(proof).await?;
        let due = tx.claim_logos(AT_ONCE, LEASE).await?;
        tx.commit().await?;
        if due.is_empty() {
            break;
        }
        claimed += due.len();
        let mut under_way = JoinSet::new();
        for (scope, logo) in due {
            let (store, outbound) = (store.clone(), outbound.clone());
            under_way.spawn(async move { fetch(&store, &outbound, &scope, &logo).await });
        }
        for outcome in under_way.join_all().await {
            kept += u64::from(outcome?);
        }
    }
    Ok(kept)
}

/// Gives whether there is another picture to show now.
async fn fetch(store: &Store, outbound: &Outbound, scope: &TenantScope, logo: &DueLogo) -> Result<bool, StoreError> {
    let fetched = fetched(outbound, &logo.uri).await;
    let tx = store.write(scope).await?;
    let kept = match fetched {
        Ok(png) => tx.client_logos().keep(logo.client, &logo.uri, png).await?,
        Err(why) => {
            tracing::info!(client = %logo.client, attempt = logo.attempt, %why, "a client's logo could not be fetched");
            let next = wait_after(logo.attempt).map(|wait| tx.now().plus(wait));
            tx.client_logos().put_off(logo.client, &logo.uri, next).await?;
            false
        }
    };
    tx.commit().await?;
    Ok(kept)
}

async fn fetched(outbound: &Outbound, uri: &str) -> Result<Vec<u8>, NoPicture> {
    let answer = outbound.get(uri, &FETCH).await?;
    if answer.status != 200 {
        return Err(NoPicture::Status(answer.status));
    }
    let format = answer.content_type.as_deref().and_then(picture::format_of).ok_or(NoPicture::ContentType)?;
    Ok(spawn_blocking(move || picture::redrawn(&answer.bytes, format)).await??)
}

/// How long is waited after this attempt, counted from 1.
fn wait_after(attempt: u32) -> Option<Duration> {
    let index = usize::try_from(attempt.saturating_sub(1)).ok()?;
    WAITS.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_waited_out_longer_each_time_and_given_up_at_last() {
        let waits: Vec<_> = (1..=6).map(wait_after).collect();
        assert!(waits.is_sorted_by(|one, next| next.is_none() || one < next), "{waits:?}");
        assert_eq!(waits.iter().filter(|wait| wait.is_some()).count(), WAITS.len());
        assert_eq!(wait_after(u32::MAX), None);
    }
}
