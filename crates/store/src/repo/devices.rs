//! Browsers that accounts have signed in with.

use palatine_domain::credential::KnownDevice;
use palatine_domain::ids::{DeviceId, RowId as _, UserId};
use palatine_domain::{Instant, TokenHash};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};

use super::row::Row;
use crate::StoreError;
use crate::entities::known_devices::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// Browsers that the realm's accounts have signed in with.
    Devices, devices
}

impl<A> Devices<'_, A> {
    /// The browser with that cookie, if this account knows it.
    pub async fn find(&self, user: UserId, secret: &TokenHash) -> Result<Option<KnownDevice>, StoreError> {
        let known = self.tx.rows::<Entity>().filter(Column::Secret.eq(secret.as_bytes().to_vec()));
        let row = known.filter(Column::UserId.eq(user.as_uuid())).one(self.tx.conn()).await?;
        row.as_ref().map(device).transpose()
    }

    /// The browsers that an account knows, the last used first.
    pub async fn list_of(&self, user: UserId) -> Result<Vec<KnownDevice>, StoreError> {
        let known = self.tx.rows::<Entity>().filter(Column::UserId.eq(user.as_uuid()));
        let rows = known.order_by_desc(Column::LastUsedAt).order_by_desc(Column::Id);
        rows.all(self.tx.conn()).await?.iter().map(device).collect()
    }
}

impl Devices<'_, ReadWrite> {
    /// Makes a browser known to an account; one that is known already stays as it is.
    pub async fn remember(&self, device: &KnownDevice) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: device.id.as_uuid(),
            user_id: device.user.as_uuid(),
            secret: device.secret.as_bytes().to_vec(),
            created_at: device.last_used_at.as_micros(),
            last_used_at: device.last_used_at.as_micros(),
        };
        self.tx.insert_new(row).await?;
        Ok(())
    }

    /// Lets an account forget a browser; `false` if it does not know it. A session in it stays.
    pub async fn delete(&self, user: UserId, id: DeviceId) -> Result<bool, StoreError> {
        let known = self.tx.delete::<Entity>().filter(Column::UserId.eq(user.as_uuid()));
        Ok(self.tx.clear(known.filter(Column::Id.eq(id.as_uuid()))).await? == 1)
    }

    /// Notes a sign-in with it; `false` if there is no such browser, or a later one was noted.
    pub async fn touch(&self, id: DeviceId, at: Instant) -> Result<bool, StoreError> {
        let touch = self
            .tx
            .update::<Entity>()
            .col_expr(Column::LastUsedAt, Expr::value(at.as_micros()))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::LastUsedAt.lt(at.as_micros()));
        Ok(self.tx.run(touch).await? == 1)
    }
}

fn device(stored: &Model) -> Result<KnownDevice, StoreError> {
    Ok(KnownDevice {
        id: DeviceId::from_uuid(stored.id),
        user: UserId::from_uuid(stored.user_id),
        secret: Row::of("known_devices", stored.id).hash("secret", &stored.secret)?,
        last_used_at: Instant::from_micros(stored.last_used_at),
    })
}
