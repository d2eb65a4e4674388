//! Claims that a grant releases by name (OpenID Connect Core, section 5.5); without a document, none.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let json = if manager.get_database_backend() == DbBackend::Postgres { "jsonb" } else { "TEXT" };
        run(manager, &format!("ALTER TABLE grants ADD COLUMN claims {json}")).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
