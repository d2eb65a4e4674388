//! Table `user_groups`.

use sea_orm::entity::prelude::*;

/// Members of a group.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[expect(clippy::struct_field_names, reason = "fields are named like the columns")]
#[sea_orm(table_name = "user_groups")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) group_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
