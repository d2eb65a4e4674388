//! Authorization requests that came by POST: kept so that the browser can come back for them by GET.

use palatine_domain::{Instant, TokenHash};
use sea_orm::{ColumnTrait as _, QueryFilter as _};

use crate::StoreError;
use crate::entities::posted_requests::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// Authorization requests that came by POST.
    PostedRequests, posted_requests
}

impl<A> PostedRequests<'_, A> {
    /// The query that the request is worth, unless its time is over at `now`.
    pub async fn get(&self, handle: &TokenHash, now: Instant) -> Result<Option<String>, StoreError> {
        let rows = self.tx.rows::<Entity>().filter(Column::Handle.eq(handle.as_bytes().to_vec()));
        let row = rows.filter(Column::ExpiresAt.gt(now.as_micros())).one(self.tx.conn()).await?;
        Ok(row.map(|row| row.query))
    }
}

impl PostedRequests<'_, ReadWrite> {
    /// Keeps one.
    pub async fn insert(
        &self,
        handle: &TokenHash,
        query: &str,
        created_at: Instant,
        expires_at: Instant,
    ) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            handle: handle.as_bytes().to_vec(),
            query: query.to_owned(),
            created_at: created_at.as_micros(),
            expires_at: expires_at.as_micros(),
        };
        self.tx.insert(row, "posted request").await
    }
}
