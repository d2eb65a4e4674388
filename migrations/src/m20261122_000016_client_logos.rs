//! Logos of clients: pictures of our own making, and the addresses that they are fetched from.

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

/// The image is a PNG, always: what was fetched is written anew. `next_try_at` is null when nothing is to be fetched.
const TABLES: &[TenantTable] = &[TenantTable::new(
    "client_logos",
    "client_key {id} NOT NULL,
     uri text NOT NULL,
     image {bytes},
     fetched_at {instant},
     attempts integer NOT NULL,
     next_try_at {instant},
     PRIMARY KEY (tenant_id, client_key),
     FOREIGN KEY (tenant_id, client_key) REFERENCES clients (tenant_id, id) ON DELETE CASCADE",
)
.indexed(&[("client_logos_due", "(next_try_at) WHERE next_try_at IS NOT NULL")])];
