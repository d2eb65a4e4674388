//! Table `signing_keys`.

use sea_orm::entity::prelude::*;

use super::document::Document;

/// Signing keys of a tenant, their private halves sealed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) kid: String,
    pub(crate) algorithm: String,
    pub(crate) generation: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) public_jwk: Document,
    pub(crate) sealed_private: Vec<u8>,
    pub(crate) created_at: i64,
    pub(crate) active_from: i64,
    /// When its successor is to be made; none once it has one.
    pub(crate) rotates_at: Option<i64>,
    /// With the next two: how it ends. All are there, or none.
    pub(crate) signs_until: Option<i64>,
    /// Until when it is published.
    pub(crate) removed_at: Option<i64>,
    pub(crate) hints_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
