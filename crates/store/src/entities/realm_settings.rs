//! Table `realm_settings`.

use sea_orm::entity::prelude::*;

use super::document::Document;

/// What a realm's admin chose: one document.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "realm_settings")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) settings: Document,
    pub(crate) updated_at: i64,
    /// How long audit events are kept, where that is not the default.
    pub(crate) audit_days: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
