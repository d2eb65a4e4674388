//! Claim mappers, of scopes and of clients.

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
    "claim_mappers",
    "id {id} NOT NULL,
     owner_key {word} NOT NULL,
     name {word} NOT NULL,
     scope_id {id},
     client_key {id},
     rule {json} NOT NULL,
     created_at {instant} NOT NULL,
     PRIMARY KEY (tenant_id, id),
     UNIQUE (tenant_id, owner_key, name),
     FOREIGN KEY (tenant_id, scope_id) REFERENCES scopes (tenant_id, id) ON DELETE CASCADE,
     FOREIGN KEY (tenant_id, client_key) REFERENCES clients (tenant_id, id) ON DELETE CASCADE",
)
.indexed(&[("claim_mappers_scope", "(tenant_id, scope_id)"), ("claim_mappers_client", "(tenant_id, client_key)")])];
