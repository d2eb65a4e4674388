//! Table `refresh_families`.

use sea_orm::entity::prelude::*;

/// Refresh-token families.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_families")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) grant_id: Uuid,
    pub(crate) client_key: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) offline: bool,
    pub(crate) created_at: i64,
    pub(crate) absolute_expires_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) end_reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
