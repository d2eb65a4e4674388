//! Table `client_logos`.

use sea_orm::entity::prelude::*;

/// Where a client's logo is fetched from, and the PNG that was made of it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "client_logos")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) client_key: Uuid,
    pub(crate) uri: String,
    pub(crate) image: Option<Vec<u8>>,
    pub(crate) fetched_at: Option<i64>,
    pub(crate) attempts: i32,
    pub(crate) next_try_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
