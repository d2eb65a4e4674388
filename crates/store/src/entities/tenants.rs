//! Table `tenants`: routing data, not of any tenant.

use sea_orm::entity::prelude::*;

/// Tenants. A slug that ever issued a token stays here as a tombstone.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tenants")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) state: String,
    pub(crate) profile: String,
    pub(crate) customer_id: Option<Uuid>,
    pub(crate) created_at: i64,
    pub(crate) suspended_at: Option<i64>,
    pub(crate) delete_after: Option<i64>,
    pub(crate) issued_tokens: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    /// Counts its configuration's changes.
    #[sea_orm(has_one = "super::tenant_versions::Entity")]
    Version,
}

impl Related<super::tenant_versions::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Version.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
