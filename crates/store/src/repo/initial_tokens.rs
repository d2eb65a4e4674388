//! Initial access tokens.

use palatine_domain::ids::{InitialTokenId, RowId as _};
use palatine_domain::registration::InitialAccessToken;
use palatine_domain::{Instant, TokenHash};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::row::Row;
use crate::StoreError;
use crate::entities::initial_access_tokens::{Column, Entity, Model};
use crate::scope::{ReadWrite, TenantTx};

repository! {
    /// What allows strangers to register clients.
    InitialTokens, initial_tokens
}

impl<A> InitialTokens<'_, A> {
    /// Whether the token would allow a registration now. Only [`Self::use_once`] decides.
    pub async fn is_usable(&self, hash: &TokenHash) -> Result<bool, StoreError> {
        self.tx.any(self.tx.rows::<Entity>().filter(usable(self.tx, hash))).await
    }

    /// At most `limit` tokens, newest first, those before `after`; used up and expired ones too, until they are swept.
    pub async fn list(&self, after: Option<InitialTokenId>, limit: u64) -> Result<Vec<InitialAccessToken>, StoreError> {
        let mut rows = self.tx.rows::<Entity>().order_by_desc(Column::Id).limit(limit);
        if let Some(after) = after {
            rows = rows.filter(Column::Id.lt(after.as_uuid()));
        }
        rows.all(self.tx.conn()).await?.iter().map(token).collect()
    }
}

impl InitialTokens<'_, ReadWrite> {
    /// Adds a token.
    pub async fn insert(&self, token: &InitialAccessToken) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: token.id.as_uuid(),
            hash: token.hash.as_bytes().to_vec(),
            uses_left: i32::try_from(token.uses_left).unwrap_or(i32::MAX),
            created_at: token.created_at.as_micros(),
            expires_at: token.expires_at.as_micros(),
        };
        self.tx.insert(row, "initial access token").await
    }

    /// Takes a token back; `false` if there is none such. Who registered with it stays.
    pub async fn delete(&self, id: InitialTokenId) -> Result<bool, StoreError> {
        Ok(self.tx.clear(self.tx.delete::<Entity>().filter(Column::Id.eq(id.as_uuid()))).await? == 1)
    }

    /// Takes one use of the token; `false` if it is unknown, used up or expired. One guarded write decides.
    pub async fn use_once(&self, hash: &TokenHash) -> Result<bool, StoreError> {
        let take = self
            .tx
            .update::<Entity>()
            .col_expr(Column::UsesLeft, Expr::col(Column::UsesLeft).sub(1))
            .filter(usable(self.tx, hash));
        Ok(self.tx.run(take).await? == 1)
    }
}

fn token(stored: &Model) -> Result<InitialAccessToken, StoreError> {
    let row = Row::of("initial_access_tokens", stored.id);
    Ok(InitialAccessToken {
        id: InitialTokenId::from_uuid(stored.id),
        hash: row.hash("hash", &stored.hash)?,
        uses_left: row.known("uses_left", u32::try_from(stored.uses_left).ok())?,
        created_at: Instant::from_micros(stored.created_at),
        expires_at: Instant::from_micros(stored.expires_at),
    })
}

fn usable<A>(tx: &TenantTx<A>, hash: &TokenHash) -> Condition {
    Condition::all()
        .add(Column::Hash.eq(hash.as_bytes().to_vec()))
        .add(Column::UsesLeft.gt(0))
        .add(Column::ExpiresAt.gt(tx.now().as_micros()))
}
