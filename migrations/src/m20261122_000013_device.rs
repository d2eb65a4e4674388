//! Interactions by which a person allows a device (RFC 8628), beside those of authorization requests.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let bytes = match manager.get_database_backend() {
            DbBackend::Postgres => "bytea",
            _ => "BLOB",
        };
        run(manager, &format!("ALTER TABLE interactions ADD COLUMN device {bytes};")).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
