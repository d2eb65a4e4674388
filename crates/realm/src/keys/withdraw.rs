//! Emergency retirement: nothing that the key signed is believed any more, and another one signs at once.

use palatine_domain::Instant;
use palatine_domain::audit::{Actor, AuditKind};
use palatine_domain::key::{KeyState, SigningKey};
use palatine_store::TenantWrite;
use serde_json::json;

use super::make::{Draft, draft, stored};
use super::{KeyError, events};
use crate::snapshot::Snapshot;
use crate::telemetry;

/// How often it is tried again when somebody else changes the keys meanwhile.
const ATTEMPTS: usize = 3;

/// What came of taking a key out of use.
#[derive(Clone, Debug)]
pub enum Withdrawal {
    /// It is out of use.
    Done {
        /// The key, as it was.
        key: Box<SigningKey>,
        /// The `kid` of the key that signs with its algorithm from now on, if it was the one that did.
        signs_now: Option<String>,
    },
    /// It was out of use before.
    AlreadyRemoved,
    /// The realm has no such key.
    Unknown,
}

/// What its loss means for the other keys of the algorithm.
enum Consequence<'k> {
    /// It signed, and its successor was not to sign yet: now it does.
    Promote(&'k SigningKey),
    /// It signed and had no successor.
    Replace,
    /// It was the successor of a key that goes on signing, and needs another one.
    Reinstate(&'k SigningKey),
    /// It did not sign any more.
    Nothing,
}

/// Takes the key of that `kid` out of use at once: out of the key set, no longer believed, its private half destroyed.
///
/// Opens transactions of its own, and makes keys between them: nothing may be open around it.
pub(crate) async fn withdraw(realm: &Snapshot, kid: &str, actor: &Actor) -> Result<Withdrawal, KeyError> {
    for _ in 0..ATTEMPTS {
        let now = realm.services.ambient.now();
        let rows = stored(realm).await?;
        let Some(key) = rows.iter().find(|row| row.kid == kid) else { return Ok(Withdrawal::Unknown) };
        if key.withdrawn(now).is_err() {
            return Ok(Withdrawal::AlreadyRemoved);
        }
        let spare = match consequence(&rows, key, now) {
            Consequence::Replace => Some(draft(realm, key.algorithm).await?),
            Consequence::Promote(_) | Consequence::Reinstate(_) | Consequence::Nothing => None,
        };
        let tx = realm.services.store.write(&realm.scope).await?;
        let Some(signs_now) = take_out(realm, &tx, key, spare, actor).await? else { continue };
        tx.commit().await?;
        telemetry::key_retired(key.algorithm.as_str());
        tracing::warn!(kid, algorithm = %key.algorithm, slug = %realm.tenant.slug, "signing key taken out of use");
        return Ok(Withdrawal::Done { key: Box::new(key.clone()), signs_now });
    }
    Err(KeyError::Contended)
}

/// Does it within the transaction. `None`: the keys are not what they were when the spare one was made, or not.
async fn take_out(
    realm: &Snapshot,
    tx: &TenantWrite,
    key: &SigningKey,
    spare: Option<Draft>,
    actor: &Actor,
) -> Result<Option<Option<String>>, KeyError> {
    if !tx.keys().withdraw_signing_key(key.id).await? {
        return Ok(None);
    }
    let rows = tx.keys().all_signing_keys().await?;
    let (signs_now, done) = match (consequence(&rows, key, tx.now()), spare) {
        (Consequence::Promote(successor), _) => {
            (Some(successor.kid.clone()), tx.keys().promote_signing_key(successor.id).await?)
        }
        (Consequence::Replace, Some(draft)) => {
            let new = draft.placed(realm, &rows, tx.now(), tx.now());
            (Some(new.kid.clone()), tx.keys().insert_signing_key(&new).await?)
        }
        (Consequence::Replace, None) => (None, false),
        (Consequence::Reinstate(older), _) => (None, tx.keys().reinstate_signing_key(older.id, tx.now()).await?),
        (Consequence::Nothing, _) => (None, true),
    };
    if !done {
        return Ok(None);
    }
    let details = json!({
        "algorithm": key.algorithm,
        "kid": key.kid,
        "was": key.state(tx.now()).as_str(),
        "signs_now": signs_now,
    });
    events::append(tx, &realm.services.ambient, AuditKind::SigningKeyRetired, actor, details).await?;
    Ok(Some(signs_now))
}

/// `key` as it was before, among the keys of the realm as they are.
fn consequence<'k>(rows: &'k [SigningKey], key: &SigningKey, now: Instant) -> Consequence<'k> {
    let others = || rows.iter().filter(|row| row.algorithm == key.algorithm && row.id != key.id);
    let in_state = |wanted| others().find(|row| row.state(now) == wanted);
    match key.state(now) {
        KeyState::Active => match (in_state(KeyState::Active), in_state(KeyState::Pending)) {
            (Some(_), _) => Consequence::Nothing,
            (None, Some(successor)) => Consequence::Promote(successor),
            (None, None) => Consequence::Replace,
        },
        KeyState::Pending => in_state(KeyState::Active).map_or(Consequence::Replace, Consequence::Reinstate),
        KeyState::Retiring | KeyState::HintOnly | KeyState::Removed => Consequence::Nothing,
    }
}
