//! Table `clients`.

use sea_orm::entity::prelude::*;

use super::document::Document;

/// Clients; their secrets, scopes and linked APIs are tables of their own.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "clients")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) client_id: String,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) settings: Document,
    /// The same as in the settings: to be found without reading them all.
    pub(crate) access_token_seconds: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
