//! Table `audit_events`.

use sea_orm::entity::prelude::*;

use super::document::Document;

/// What happened in a realm.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) at: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) actor_kind: String,
    pub(crate) actor_id: Option<String>,
    pub(crate) user_id: Option<Uuid>,
    pub(crate) client_key: Option<Uuid>,
    pub(crate) session_id: Option<Uuid>,
    pub(crate) address: Option<String>,
    pub(crate) request_id: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) details: Document,
    pub(crate) seq: Option<i64>,
    pub(crate) checkpoint: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
