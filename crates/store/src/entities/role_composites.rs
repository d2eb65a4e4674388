//! Table `role_composites`.

use sea_orm::entity::prelude::*;

/// Which roles a role brings along.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[expect(clippy::struct_field_names, reason = "fields are named like the columns")]
#[sea_orm(table_name = "role_composites")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) role_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) child_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
