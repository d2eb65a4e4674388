//! What people left out when they allowed a client: it is not asked for again at each sign-in.

use sea_orm_migration::prelude::*;

use crate::ddl::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "ALTER TABLE consents ADD COLUMN refused text NOT NULL DEFAULT '';").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
