//! Clients, APIs, scopes, and who may have which.

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
        "resource_names",
        "name {word} NOT NULL,
         kind text NOT NULL,
         client_key {id},
         api_id {id},
         PRIMARY KEY (tenant_id, name)",
    ),
    TenantTable::new(
        "clients",
        "id {id} NOT NULL,
         client_id {word} NOT NULL,
         name text NOT NULL,
         enabled boolean NOT NULL,
         settings {json} NOT NULL,
         created_at {instant} NOT NULL,
         updated_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, client_id)",
    ),
    TenantTable::new(
        "client_secrets",
        "id {id} NOT NULL,
         client_key {id} NOT NULL,
         label text NOT NULL,
         hint text NOT NULL,
         kind text NOT NULL,
         verifier text NOT NULL,
         created_at {instant} NOT NULL,
         expires_at {instant},
         last_used_at {instant},
         PRIMARY KEY (tenant_id, id),
         FOREIGN KEY (tenant_id, client_key) REFERENCES clients (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("client_secrets_client", "(tenant_id, client_key)")]),
    TenantTable::new(
        "apis",
        "id {id} NOT NULL,
         identifier {word} NOT NULL,
         name text NOT NULL,
         profile text,
         algorithm text,
         created_at {instant} NOT NULL,
         updated_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, identifier)",
    ),
    TenantTable::new(
        "scopes",
        "id {id} NOT NULL,
         name {word} NOT NULL,
         description text NOT NULL,
         api_id {id},
         created_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, name),
         FOREIGN KEY (tenant_id, api_id) REFERENCES apis (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("scopes_api", "(tenant_id, api_id)")]),
    TenantTable::new(
        "client_scopes",
        "client_key {id} NOT NULL,
         scope_id {id} NOT NULL,
         is_default boolean NOT NULL,
         PRIMARY KEY (tenant_id, client_key, scope_id),
         FOREIGN KEY (tenant_id, client_key) REFERENCES clients (tenant_id, id) ON DELETE CASCADE,
         FOREIGN KEY (tenant_id, scope_id) REFERENCES scopes (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("client_scopes_scope", "(tenant_id, scope_id)")]),
    TenantTable::new(
        "client_apis",
        "client_key {id} NOT NULL,
         api_id {id} NOT NULL,
         PRIMARY KEY (tenant_id, client_key, api_id),
         FOREIGN KEY (tenant_id, client_key) REFERENCES clients (tenant_id, id) ON DELETE CASCADE,
         FOREIGN KEY (tenant_id, api_id) REFERENCES apis (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("client_apis_api", "(tenant_id, api_id)")]),
];
