//! Secrets of the realm itself: made once, never changed.

use palatine_domain::Instant;
use palatine_domain::ids::{RealmSecretId, RowId as _};
use palatine_domain::key::{RealmSecret, RealmSecretKind};
use sea_orm::{ColumnTrait as _, QueryFilter as _};

use super::row::{Row, word_of};
use crate::StoreError;
use crate::entities::realm_secrets::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// Secrets of the realm itself, sealed; one of each kind.
    RealmSecrets, realm_secrets
}

impl<A> RealmSecrets<'_, A> {
    /// The secret of that kind, if it was made.
    pub async fn of_kind(&self, kind: RealmSecretKind) -> Result<Option<RealmSecret>, StoreError> {
        let row = self.tx.rows::<Entity>().filter(Column::Kind.eq(word_of(&kind)?)).one(self.tx.conn()).await?;
        row.map(secret).transpose()
    }
}

impl RealmSecrets<'_, ReadWrite> {
    /// Adds a secret; `false` if another node's of the same kind was first.
    pub async fn insert(&self, secret: &RealmSecret) -> Result<bool, StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: secret.id.as_uuid(),
            kind: word_of(&secret.kind)?,
            sealed: secret.sealed.clone(),
            created_at: secret.created_at.as_micros(),
        };
        self.tx.insert_new(row).await
    }
}

fn secret(stored: Model) -> Result<RealmSecret, StoreError> {
    Ok(RealmSecret {
        id: RealmSecretId::from_uuid(stored.id),
        kind: Row::of("realm_secrets", stored.id).word("kind", stored.kind)?,
        sealed: stored.sealed,
        created_at: Instant::from_micros(stored.created_at),
    })
}
