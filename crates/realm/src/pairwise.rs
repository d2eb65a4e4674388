//! Pairwise subjects (OpenID Connect Core, section 8.1): the same person under another name in every sector.
//!
//! `base64url(HMAC-SHA-256(salt, len(sector) ‖ sector ‖ subject))`. The salt is the realm's own, 256 random bits, made
//! when first needed, sealed in the store, and never changed.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_domain::ids::{RealmSecretId, RowId as _};
use palatine_domain::key::{RealmSecret, RealmSecretKind};
use zeroize::Zeroizing;

use crate::sealing::{SealContext, SealError};
use crate::snapshot::Snapshot;

/// Bytes of a salt.
const SALT_BYTES: usize = 32;

/// Makes the pairwise subjects of one realm. Does not print its salt.
pub struct PairwiseSubjects(hmac::Key);

impl std::fmt::Debug for PairwiseSubjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PairwiseSubjects(…)")
    }
}

impl PairwiseSubjects {
    fn keyed(salt: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, salt))
    }

    /// The `sub` by which the clients of a sector know whom the realm knows as `subject`: 43 characters of base64url.
    pub fn subject(&self, sector: &str, subject: &str) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        // The length tells where the sector ends, so that no two pairs are hashed as the same bytes.
        context.update(&(sector.len() as u64).to_be_bytes());
        context.update(sector.as_bytes());
        context.update(subject.as_bytes());
        URL_SAFE_NO_PAD.encode(context.sign())
    }
}

/// The realm's, with a salt made now if it has none. Opens transactions of its own, one after the other.
pub(crate) async fn load_or_make(realm: &Snapshot) -> Result<PairwiseSubjects, SealError> {
    let secret = if let Some(secret) = stored(realm).await? {
        secret
    } else {
        make(realm).await?;
        stored(realm).await?.ok_or(SealError::Crypto)?
    };
    let salt = realm.open(place_of(secret.id), &secret.sealed).await?;
    Ok(PairwiseSubjects::keyed(&salt))
}

async fn stored(realm: &Snapshot) -> Result<Option<RealmSecret>, SealError> {
    let tx = realm.services.store.read(&realm.scope).await?;
    let secret = tx.realm_secrets().of_kind(RealmSecretKind::PairwiseSalt).await?;
    tx.finish().await?;
    Ok(secret)
}

/// When several nodes make one at once, one wins, and nobody was told a subject made with the others'.
async fn make(realm: &Snapshot) -> Result<(), SealError> {
    let ambient = &realm.services.ambient;
    let id: RealmSecretId = ambient.id();
    let salt = Zeroizing::new(ambient.bytes::<SALT_BYTES>());
    let sealed = realm.seal(place_of(id), salt.as_slice()).await?;
    let tx = realm.services.store.write(&realm.scope).await?;
    let secret = RealmSecret { id, kind: RealmSecretKind::PairwiseSalt, sealed, created_at: tx.now() };
    if tx.realm_secrets().insert(&secret).await? {
        tx.commit().await?;
    }
    Ok(())
}

fn place_of(id: RealmSecretId) -> SealContext {
    SealContext { table: "realm_secrets", row: id.as_uuid(), column: "sealed" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_depends_on_salt_sector_and_person() {
        let one = PairwiseSubjects::keyed(&[1; SALT_BYTES]);
        let other = PairwiseSubjects::keyed(&[2; SALT_BYTES]);
        let subject = one.subject("a.example", "ada");
        assert_eq!(subject.len(), 43);
        assert_eq!(one.subject("a.example", "ada"), subject);
        for different in [
            one.subject("b.example", "ada"),
            one.subject("a.example", "grace"),
            one.subject("a.exampleada", ""),
            one.subject("a.examplea", "da"),
            other.subject("a.example", "ada"),
        ] {
            assert_ne!(different, subject);
        }
    }

    #[test]
    fn the_salt_is_not_printed() {
        assert_eq!(format!("{:?}", PairwiseSubjects::keyed(&[7; SALT_BYTES])), "PairwiseSubjects(…)");
    }
}
