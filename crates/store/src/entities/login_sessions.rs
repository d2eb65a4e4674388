//! Table `login_sessions`.

use sea_orm::entity::prelude::*;

/// Login sessions.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "login_sessions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) cookie: Vec<u8>,
    pub(crate) user_id: Uuid,
    pub(crate) authenticated_at: i64,
    pub(crate) acr: String,
    pub(crate) amr: String,
    pub(crate) remembered: bool,
    pub(crate) created_at: i64,
    pub(crate) last_seen_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) end_reason: Option<String>,
    pub(crate) address: String,
    pub(crate) user_agent: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
