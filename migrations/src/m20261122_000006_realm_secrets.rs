//! Secrets of a realm that never change, sealed: the salt of pairwise subjects.

use sea_orm_migration::prelude::*;

use crate::ddl::{TenantTable, create_tenant_tables};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tenant_tables(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const TABLES: &[TenantTable] = &[TenantTable::new(
    "realm_secrets",
    "id {id} NOT NULL,
     kind {word} NOT NULL,
     sealed {bytes} NOT NULL,
     created_at {instant} NOT NULL,
     PRIMARY KEY (tenant_id, id),
     UNIQUE (tenant_id, kind)",
)];
