//! Table `claim_mappers`.

use sea_orm::entity::prelude::*;

use super::document::Document;

/// Claim mappers, of scopes and of clients.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "claim_mappers")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    /// The one of the two below that is there: what makes the name unique.
    pub(crate) owner_key: String,
    pub(crate) name: String,
    pub(crate) scope_id: Option<Uuid>,
    pub(crate) client_key: Option<Uuid>,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) rule: Document,
    pub(crate) created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
