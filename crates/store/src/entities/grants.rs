//! Table `grants`.

use sea_orm::entity::prelude::*;

use super::document::Document;

/// What people allowed clients to hold: everything issued belongs to one.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "grants")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) client_key: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) session_id: Uuid,
    pub(crate) scope: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) resources: Document,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub(crate) claims: Option<Document>,
    pub(crate) nonce: Option<String>,
    pub(crate) authenticated_at: i64,
    pub(crate) acr: String,
    pub(crate) amr: String,
    pub(crate) cnf: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) end_reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
