//! Table `client_registrations`.

use sea_orm::entity::prelude::*;

/// Clients that registered themselves, with what they manage themselves by.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "client_registrations")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) client_key: Uuid,
    pub(crate) registered_at: i64,
    pub(crate) token_hash: Vec<u8>,
    pub(crate) replaced_hash: Option<Vec<u8>>,
    pub(crate) replaced_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
