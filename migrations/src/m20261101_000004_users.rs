//! People: accounts, what finds them, what proves them.

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
        "users",
        "id {id} NOT NULL,
         subject {word} NOT NULL,
         enabled boolean NOT NULL,
         username text NOT NULL,
         email text,
         email_verified boolean NOT NULL,
         profile {json} NOT NULL,
         custom {json} NOT NULL,
         created_at {instant} NOT NULL,
         updated_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, subject)",
    )
    .by_tenant(),
    TenantTable::new(
        "user_identifiers",
        "value {word} NOT NULL,
         user_id {id} NOT NULL,
         kinds {small} NOT NULL,
         PRIMARY KEY (tenant_id, value),
         FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE",
    )
    .by_tenant()
    .indexed(&[("user_identifiers_user", "(tenant_id, user_id)")]),
    TenantTable::new(
        "subjects",
        "subject {word} NOT NULL,
         kind text NOT NULL,
         owner_id {id} NOT NULL,
         PRIMARY KEY (tenant_id, subject)",
    ),
    TenantTable::new(
        "user_search",
        "token {word} NOT NULL,
         user_id {id} NOT NULL,
         PRIMARY KEY (tenant_id, token, user_id),
         FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("user_search_user", "(tenant_id, user_id)")]),
    TenantTable::new(
        "credentials",
        "id {id} NOT NULL,
         user_id {id} NOT NULL,
         kind text NOT NULL,
         secret text NOT NULL,
         created_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, user_id, kind),
         FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE",
    )
    .by_tenant(),
    TenantTable::new(
        "known_devices",
        "id {id} NOT NULL,
         user_id {id} NOT NULL,
         secret {bytes} NOT NULL,
         created_at {instant} NOT NULL,
         last_used_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, secret, user_id),
         FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("known_devices_user", "(tenant_id, user_id)")]),
];
