//! A realm itself: its settings and its keys.

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
        "realm_settings",
        "settings {json} NOT NULL,
         updated_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id)",
    ),
    TenantTable::new(
        "data_keys",
        "id {id} NOT NULL,
         generation integer NOT NULL,
         master_key integer NOT NULL,
         wrapped {bytes} NOT NULL,
         created_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, generation)",
    ),
    TenantTable::new(
        "signing_keys",
        "id {id} NOT NULL,
         kid {word} NOT NULL,
         algorithm text NOT NULL,
         generation integer NOT NULL,
         public_jwk {json} NOT NULL,
         sealed_private {bytes} NOT NULL,
         created_at {instant} NOT NULL,
         active_from {instant} NOT NULL,
         removed_at {instant},
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, algorithm, generation),
         UNIQUE (tenant_id, kid)",
    ),
];
