//! What a realm's admin chose.

use palatine_domain::Instant;
use palatine_domain::policy::RealmPolicy;
use palatine_domain::tenant::RealmSettings;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, QueryFilter as _};

use super::realm_words;
use super::row::Row;
use crate::StoreError;
use crate::entities::document::Document;
use crate::entities::realm_settings::{Column, Entity, Model};
use crate::entities::signing_keys;
use crate::scope::ReadWrite;

repository! {
    /// What the realm's admin chose.
    Settings, settings
}

impl<A> Settings<'_, A> {
    /// The realm's settings. A realm without any makes no sense, and is [`StoreError::Corrupt`].
    pub async fn get(&self) -> Result<RealmSettings, StoreError> {
        let row = Row::of("realm_settings", self.tx.tenant_uuid());
        let stored = self.tx.rows::<Entity>().one(self.tx.conn()).await?;
        row.document("settings", &row.known("settings", stored)?.settings)
    }
}

impl Settings<'_, ReadWrite> {
    /// Sets them, for the first time or again; signing keys are due as the policy says, and the realm is found by its
    /// name. Touches the configuration.
    pub async fn put(&self, settings: &RealmSettings) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            settings: Document::of(settings)?,
            updated_at: self.tx.now().as_micros(),
            audit_days: own_audit_days(&settings.policy),
        };
        let replace = OnConflict::column(Column::TenantId)
            .update_columns([Column::Settings, Column::UpdatedAt, Column::AuditDays])
            .to_owned();
        self.tx.upsert([row], replace).await?;
        self.reschedule_keys(&settings.policy).await?;
        realm_words::index(self.tx, &settings.display_name).await?;
        self.tx.touch_configuration();
        Ok(())
    }

    /// Another rotation interval counts for the keys that sign now, too.
    async fn reschedule_keys(&self, policy: &RealmPolicy) -> Result<(), StoreError> {
        use signing_keys::Column::{ActiveFrom, RotatesAt};
        let signs_for = policy.key_rotates_at(Instant::EPOCH).as_micros();
        let change = self
            .tx
            .update::<signing_keys::Entity>()
            .col_expr(RotatesAt, Expr::col(ActiveFrom).add(signs_for))
            .filter(RotatesAt.is_not_null());
        self.tx.run(change).await?;
        Ok(())
    }
}

fn own_audit_days(policy: &RealmPolicy) -> Option<i32> {
    let days = i32::try_from(policy.audit.retention_days).unwrap_or(i32::MAX);
    (!policy.audit.is_default()).then_some(days)
}
