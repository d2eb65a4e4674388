//! What was delivered is removed after a while, and found by an index then.

use sea_orm_migration::prelude::*;

use crate::ddl::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "CREATE INDEX outbox_done ON outbox (done_at) WHERE done_at IS NOT NULL;").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
