//! Successors: made in time, published ahead, one for each key whichever node is first.

use palatine_domain::Instant;
use palatine_domain::audit::{Actor, AuditKind};
use palatine_domain::key::{KeyState, PUBLISHED_AHEAD, SigningKey};
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_store::TenantWrite;
use serde_json::json;

use super::make::{Draft, draft, stored};
use super::{KeyError, events};
use crate::snapshot::Snapshot;
use crate::telemetry;

/// Which of the keys that sign are given a successor. One that has a successor already gets no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// Those whose time has come.
    Due,
    /// All of them, or that of one algorithm.
    Now(Option<SigningAlgorithm>),
}

impl Rotation {
    fn includes(self, key: &SigningKey, now: Instant) -> bool {
        let is_meant = match self {
            Self::Due => key.rotates_at.is_some_and(|due| due <= now),
            Self::Now(only) => only.is_none_or(|algorithm| algorithm == key.algorithm),
        };
        is_meant && key.state(now) == KeyState::Active && key.retirement.is_none()
    }
}

/// Gives keys their successors, and says which those are. A successor, the end of its predecessor, the audit event and
/// the news for the other nodes are one transaction: whatever dies, the realm has all of it or nothing.
///
/// Opens transactions of its own, and makes keys between them: nothing may be open around it.
pub(crate) async fn rotate(realm: &Snapshot, which: Rotation, actor: &Actor) -> Result<Vec<SigningKey>, KeyError> {
    let now = realm.services.ambient.now();
    let mut drafts = Vec::new();
    for old in stored(realm).await?.iter().filter(|key| which.includes(key, now)) {
        drafts.push(draft(realm, old.algorithm).await?);
    }
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let tx = realm.services.store.write(&realm.scope).await?;
    let mut successors = Vec::with_capacity(drafts.len());
    for draft in drafts {
        successors.extend(succeed(realm, &tx, which, draft, actor).await?);
    }
    if !successors.is_empty() {
        tx.commit().await?;
    }
    for new in &successors {
        telemetry::key_rotated(new.algorithm.as_str());
        tracing::info!(kid = new.kid, algorithm = %new.algorithm, slug = %realm.tenant.slug, "signing key rotated");
    }
    Ok(successors)
}

/// Puts the draft in the place behind the key that signs, unless another node's is there: the unique generation decides.
async fn succeed(
    realm: &Snapshot,
    tx: &TenantWrite,
    which: Rotation,
    draft: Draft,
    actor: &Actor,
) -> Result<Option<SigningKey>, KeyError> {
    let rows = tx.keys().all_signing_keys().await?;
    let meant = rows.iter().find(|key| key.algorithm == draft.algorithm && which.includes(key, tx.now()));
    let Some(old) = meant else { return Ok(None) };
    let signs_from = tx.now().plus(PUBLISHED_AHEAD);
    let policy = &realm.settings.policy;
    let Ok(end) = old.succeeded(signs_from, policy, tx.now()) else { return Ok(None) };
    let new = draft.placed(realm, &rows, tx.now(), signs_from);
    if !tx.keys().insert_signing_key(&new).await? {
        return Ok(None);
    }
    if !tx.keys().supersede_signing_key(old.id, &end).await? {
        // It was taken out of use since it was read; nothing of this may stay.
        return Err(KeyError::Contended);
    }
    let details = json!({
        "algorithm": new.algorithm,
        "kid": new.kid,
        "predecessor": old.kid,
        "signs_from": signs_from.as_seconds(),
        "predecessor_published_until": end.published_until.as_seconds(),
    });
    events::append(tx, &realm.services.ambient, AuditKind::SigningKeyRotated, actor, details).await?;
    Ok(Some(new))
}
