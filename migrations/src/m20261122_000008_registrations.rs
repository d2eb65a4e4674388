//! A client and an API that are one registration: the API names the client.
//!
//! Without a foreign key, which SQLite cannot add to a table that exists; the repository clears the name when the client
//! goes.

use sea_orm_migration::prelude::*;

use crate::ddl::add_columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_columns(manager, "apis", &["client_key {id}"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
