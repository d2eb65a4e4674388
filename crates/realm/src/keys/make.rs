//! Loading a realm's keys, and making them when they are first needed.

use palatine_domain::Instant;
use palatine_domain::audit::{Actor, AuditKind};
use palatine_domain::ids::{RowId as _, SigningKeyId};
use palatine_domain::key::{KeyState, SigningKey};
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_store::TenantWrite;
use serde_json::json;
use uuid::Uuid;

use super::KeyError;
use super::events;
use super::pair::NewKey;
use super::ring::KeyRing;
use crate::sealing::SealContext;
use crate::snapshot::Snapshot;
use crate::telemetry;

/// The realm's key ring, with a key of each of `wanted`. What is missing is made; when several nodes do so at once, one
/// wins, and all end up with the same keys.
///
/// Opens transactions of its own, one after the other, and makes keys between them: nothing may be open around it.
pub(crate) async fn load_or_make(realm: &Snapshot, wanted: &[SigningAlgorithm]) -> Result<KeyRing, KeyError> {
    let mut rows = stored(realm).await?;
    let now = realm.services.ambient.now();
    let missing: Vec<_> = wanted.iter().copied().filter(|algorithm| !has_signer(&rows, *algorithm, now)).collect();
    if !missing.is_empty() {
        make(realm, &missing).await?;
        rows = stored(realm).await?;
    }
    let mut opened = Vec::with_capacity(rows.len());
    for row in rows {
        // Without its private half it was taken out of use, whatever this node's clock says.
        if row.state(now) == KeyState::Removed || row.sealed_private.is_empty() {
            continue;
        }
        let pkcs8 =
            realm.open(place_of(row.id.as_uuid()), &row.sealed_private).await.map_err(KeyError::seal(&row.kid))?;
        opened.push((row, pkcs8));
    }
    KeyRing::new(realm.issuer.clone(), realm.services.ambient.clone(), opened)
}

/// All keys of the realm that are remembered.
pub(crate) async fn stored(realm: &Snapshot) -> Result<Vec<SigningKey>, KeyError> {
    let tx = realm.services.store.read(&realm.scope).await?;
    let rows = tx.keys().all_signing_keys().await?;
    tx.finish().await?;
    Ok(rows)
}

async fn make(realm: &Snapshot, algorithms: &[SigningAlgorithm]) -> Result<(), KeyError> {
    let mut made = Vec::with_capacity(algorithms.len());
    for &algorithm in algorithms {
        made.push(draft(realm, algorithm).await?);
    }
    let tx = realm.services.store.write(&realm.scope).await?;
    let known = tx.keys().all_signing_keys().await?;
    let mut won = 0_usize;
    for key in made {
        won += usize::from(insert(realm, &tx, &known, key).await?);
    }
    // Without a key of ours there is nothing to write.
    if won > 0 {
        tx.commit().await?;
    }
    Ok(())
}

/// A key that was made and sealed for its row, and has no place in the realm's life yet.
pub(crate) struct Draft {
    id: SigningKeyId,
    kid: String,
    pub(crate) algorithm: SigningAlgorithm,
    public: palatine_protocol::jwk::Jwk,
    sealed_private: Vec<u8>,
}

/// Makes a key. No transaction may be open around it.
pub(crate) async fn draft(realm: &Snapshot, algorithm: SigningAlgorithm) -> Result<Draft, KeyError> {
    let key = match algorithm {
        SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => realm.services.rsa.take().await?.for_algorithm(algorithm),
        SigningAlgorithm::ES256 | SigningAlgorithm::EdDSA => NewKey::generate(algorithm)?,
    };
    let kid = key.public.kid.clone().ok_or(KeyError::Generation)?;
    let id: SigningKeyId = realm.services.ambient.id();
    let sealed_private = realm.seal(place_of(id.as_uuid()), &key.pkcs8).await.map_err(KeyError::seal(&kid))?;
    telemetry::key_made(algorithm.as_str());
    Ok(Draft { id, kid, algorithm, public: key.public, sealed_private })
}

impl Draft {
    /// The key, one generation after all of its algorithm that the realm remembers, signing from `active_from` on.
    pub(crate) fn placed(
        self,
        realm: &Snapshot,
        rows: &[SigningKey],
        now: Instant,
        active_from: Instant,
    ) -> SigningKey {
        let generations = rows.iter().filter(|row| row.algorithm == self.algorithm).map(|row| row.generation);
        SigningKey {
            id: self.id,
            kid: self.kid,
            algorithm: self.algorithm,
            generation: generations.max().unwrap_or(0) + 1,
            public: self.public,
            sealed_private: self.sealed_private,
            created_at: now,
            active_from,
            rotates_at: Some(realm.settings.policy.key_rotates_at(active_from)),
            retirement: None,
        }
    }
}

/// Inserts a key, the first of its algorithm, beside those `known`, unless another node's was first; says whether it
/// did. On PostgreSQL a concurrent insertion is waited for, on `SQLite` there is none.
async fn insert(realm: &Snapshot, tx: &TenantWrite, known: &[SigningKey], draft: Draft) -> Result<bool, KeyError> {
    if has_signer(known, draft.algorithm, tx.now()) {
        return Ok(false);
    }
    let key = draft.placed(realm, known, tx.now(), tx.now());
    let keys = tx.keys();
    let won = if known.is_empty() {
        keys.insert_first_signing_key(&key).await?
    } else {
        keys.insert_signing_key(&key).await?
    };
    if won {
        tracing::info!(kid = key.kid, algorithm = %key.algorithm, tenant = %tx.tenant_id(), "signing key made");
        let details = json!({ "kid": key.kid, "algorithm": key.algorithm });
        events::append(tx, &realm.services.ambient, AuditKind::SigningKeyCreated, &Actor::System, details).await?;
    }
    Ok(won)
}

/// Whether the realm has a key that signs with the algorithm, or will when nothing else does.
fn has_signer(rows: &[SigningKey], algorithm: SigningAlgorithm, now: Instant) -> bool {
    let signs = |row: &SigningKey| matches!(row.state(now), KeyState::Pending | KeyState::Active);
    rows.iter().any(|row| row.algorithm == algorithm && signs(row))
}

fn place_of(row: Uuid) -> SealContext {
    SealContext { table: "signing_keys", row, column: "sealed_private" }
}
