//! Table `usage_hours`.

use sea_orm::entity::prelude::*;

/// How much was used, by hour.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_hours")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) hour: i64,
    /// Empty: none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) client_id: String,
    /// Empty: none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) grant_type: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) outcome: String,
    pub(crate) count: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
