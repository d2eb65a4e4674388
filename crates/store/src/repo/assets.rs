//! Pictures of the realm.

use palatine_domain::Instant;
use palatine_domain::asset::{Asset, AssetInfo, AssetKind};
use palatine_domain::ids::RowId as _;
use sea_orm::sea_query::{Expr, Func, OnConflict};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::row::Row;
use crate::StoreError;
use crate::entities::realm_assets::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// Pictures of the realm's pages. Writes touch the configuration.
    Assets, assets
}

/// A row without its bytes: kind, media type, size, hash, instant.
type Listed = (String, String, i32, Vec<u8>, i64);

impl<A> Assets<'_, A> {
    /// The picture for a purpose.
    pub async fn get(&self, kind: AssetKind) -> Result<Option<Asset>, StoreError> {
        let row = self.tx.rows::<Entity>().filter(Column::Kind.eq(kind.as_str())).one(self.tx.conn()).await?;
        row.map(|stored| {
            let size = stored.bytes.len() as u64;
            let about = self.info(&stored.kind, stored.media_type, size, &stored.sha256, stored.updated_at)?;
            Ok(Asset { about, bytes: stored.bytes })
        })
        .transpose()
    }

    /// What pictures there are, without their bytes, by kind.
    pub async fn list(&self) -> Result<Vec<AssetInfo>, StoreError> {
        let rows: Vec<Listed> = self
            .tx
            .rows::<Entity>()
            .select_only()
            .columns([Column::Kind, Column::MediaType])
            .expr_as(Func::cust("length").arg(Expr::col(Column::Bytes)), "size")
            .columns([Column::Sha256, Column::UpdatedAt])
            .order_by_asc(Column::Kind)
            .into_tuple()
            .all(self.tx.conn())
            .await?;
        let read = |(kind, media_type, size, sha256, at): Listed| {
            self.info(&kind, media_type, u64::try_from(size).unwrap_or_default(), &sha256, at)
        };
        rows.into_iter().map(read).collect()
    }

    fn info(&self, kind: &str, media_type: String, size: u64, sha256: &[u8], at: i64) -> Result<AssetInfo, StoreError> {
        let row = Row::of("realm_assets", self.tx.tenant_id().as_uuid());
        Ok(AssetInfo {
            kind: row.known("kind", AssetKind::parse(kind))?,
            media_type,
            size,
            sha256: row.known("sha256", sha256.try_into().ok())?,
            updated_at: Instant::from_micros(at),
        })
    }
}

impl Assets<'_, ReadWrite> {
    /// Puts a picture there, in the place of the one before.
    pub async fn put(&self, asset: &Asset) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            kind: asset.about.kind.as_str().to_owned(),
            media_type: asset.about.media_type.clone(),
            bytes: asset.bytes.clone(),
            sha256: asset.about.sha256.to_vec(),
            updated_at: asset.about.updated_at.as_micros(),
        };
        let replace = OnConflict::columns([Column::TenantId, Column::Kind])
            .update_columns([Column::MediaType, Column::Bytes, Column::Sha256, Column::UpdatedAt])
            .to_owned();
        self.tx.upsert([row], replace).await?;
        self.tx.touch_configuration();
        Ok(())
    }

    /// Takes a picture away; `false` if there is none.
    pub async fn delete(&self, kind: AssetKind) -> Result<bool, StoreError> {
        let gone = self.tx.clear(self.tx.delete::<Entity>().filter(Column::Kind.eq(kind.as_str()))).await? == 1;
        if gone {
            self.tx.touch_configuration();
        }
        Ok(gone)
    }
}
