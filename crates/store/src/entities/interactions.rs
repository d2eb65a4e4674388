//! Table `interactions`.

use sea_orm::entity::prelude::*;

use super::document::Document;

/// Authorization requests that wait for a person.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "interactions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) cookie: Vec<u8>,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) redirect_uri_given: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) request: Document,
    pub(crate) device: Option<Vec<u8>>,
    pub(crate) authenticated_in: Option<Uuid>,
    pub(crate) account_choice: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
