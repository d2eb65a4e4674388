//! Registration of clients by themselves: the tokens that allow it.

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

const TABLES: &[TenantTable] = &[
    TenantTable::new(
        "initial_access_tokens",
        "id {id} NOT NULL,
         hash {bytes} NOT NULL,
         uses_left integer NOT NULL,
         created_at {instant} NOT NULL,
         expires_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, hash)",
    )
    .indexed(&[("initial_access_tokens_expiry", "(expires_at)")]),
    TenantTable::new(
        "client_registrations",
        "client_key {id} NOT NULL,
         registered_at {instant} NOT NULL,
         token_hash {bytes} NOT NULL,
         replaced_hash {bytes},
         replaced_until {instant},
         PRIMARY KEY (tenant_id, client_key),
         FOREIGN KEY (tenant_id, client_key) REFERENCES clients (tenant_id, id) ON DELETE CASCADE",
    ),
];
