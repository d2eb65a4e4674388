//! Table `refresh_tokens`.

use sea_orm::entity::prelude::*;

/// Refresh tokens, by hash.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_tokens")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) family_id: Uuid,
    pub(crate) hash: Vec<u8>,
    pub(crate) parent_id: Option<Uuid>,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) used_at: Option<i64>,
    pub(crate) successor_id: Option<Uuid>,
    pub(crate) used_scope: Option<String>,
    pub(crate) sealed_successor: Option<Vec<u8>>,
    pub(crate) window_ends_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
