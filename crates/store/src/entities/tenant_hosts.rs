//! Table `tenant_hosts`: routing data, host names that lead to a tenant.

use sea_orm::entity::prelude::*;

/// Host names of tenants.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant_hosts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) host: String,
    pub(crate) tenant_id: Uuid,
    pub(crate) verified_at: Option<i64>,
    pub(crate) canonical: bool,
    pub(crate) created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
