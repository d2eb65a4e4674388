//! Access tokens that were revoked one by one.

use palatine_domain::Instant;
use sea_orm::{ColumnTrait as _, QueryFilter as _};

use crate::StoreError;
use crate::entities::revoked_tokens::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// Access tokens that were revoked one by one, until they would have expired.
    RevokedTokens, revoked_tokens
}

impl<A> RevokedTokens<'_, A> {
    /// Whether the token of that `jti` was revoked.
    pub async fn contains(&self, jti: &str) -> Result<bool, StoreError> {
        self.tx.any(self.tx.rows::<Entity>().filter(Column::Jti.eq(jti))).await
    }
}

impl RevokedTokens<'_, ReadWrite> {
    /// Revokes a token that would expire at `expires_at`; again is fine.
    pub async fn insert(&self, jti: &str, expires_at: Instant) -> Result<(), StoreError> {
        let tenant_id = self.tx.tenant_uuid();
        self.tx.insert_new(Model { tenant_id, jti: jti.to_owned(), expires_at: expires_at.as_micros() }).await?;
        Ok(())
    }
}
