//! The account that a person chose to go on with, when they were asked.

use sea_orm_migration::prelude::*;

use crate::ddl::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "ALTER TABLE interactions ADD COLUMN account_choice text").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
