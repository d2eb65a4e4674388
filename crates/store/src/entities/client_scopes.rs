//! Table `client_scopes`.

use sea_orm::entity::prelude::*;

/// Which scopes a client may have.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "client_scopes")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) client_key: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) scope_id: Uuid,
    pub(crate) is_default: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
