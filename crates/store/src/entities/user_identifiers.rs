//! Table `user_identifiers`.

use sea_orm::entity::prelude::*;

/// The names people sign in with, normalised; `kinds` are the bits of `IdentifierKinds`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "user_identifiers")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) value: String,
    pub(crate) user_id: Uuid,
    pub(crate) kinds: i16,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
