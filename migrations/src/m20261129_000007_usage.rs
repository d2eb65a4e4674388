//! How much was used, by hour.

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

/// No client and no grant are empty words: a key takes no null. A client is named as it was called, without a foreign
/// key, so that what it used is known when it is gone.
const TABLES: &[TenantTable] = &[TenantTable::new(
    "usage_hours",
    "hour {instant} NOT NULL,
     client_id {word} NOT NULL,
     grant_type {word} NOT NULL,
     outcome {word} NOT NULL,
     count bigint NOT NULL,
     PRIMARY KEY (tenant_id, hour, client_id, grant_type, outcome)",
)
.read_only()
.indexed(&[("usage_hours_client", "(tenant_id, client_id, hour)"), ("usage_hours_hour", "(hour)")])];
