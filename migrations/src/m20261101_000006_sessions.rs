//! Sign-in: sessions, requests that wait for a person, remembered consents.

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
        "consents",
        "id {id} NOT NULL,
         user_id {id} NOT NULL,
         client_key {id} NOT NULL,
         scope text NOT NULL,
         created_at {instant} NOT NULL,
         updated_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, user_id, client_key),
         FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("consents_client", "(tenant_id, client_key)")]),
    TenantTable::new(
        "login_sessions",
        "id {id} NOT NULL,
         cookie {bytes} NOT NULL,
         user_id {id} NOT NULL,
         authenticated_at {instant} NOT NULL,
         acr text NOT NULL,
         amr text NOT NULL,
         remembered boolean NOT NULL,
         created_at {instant} NOT NULL,
         last_seen_at {instant} NOT NULL,
         ended_at {instant},
         end_reason text,
         address text NOT NULL,
         user_agent text NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, cookie),
         FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[
        ("login_sessions_user", "(tenant_id, user_id)"),
        ("login_sessions_last_seen", "(last_seen_at)"),
        ("login_sessions_ended", "(ended_at) WHERE ended_at IS NOT NULL"),
    ]),
    TenantTable::new(
        "interactions",
        "id {id} NOT NULL,
         cookie {bytes} NOT NULL,
         client_id text NOT NULL,
         redirect_uri text NOT NULL,
         redirect_uri_given boolean NOT NULL,
         request {json} NOT NULL,
         authenticated_in {id},
         created_at {instant} NOT NULL,
         expires_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, id)",
    )
    .indexed(&[("interactions_expiry", "(expires_at)")]),
    TenantTable::new(
        "posted_requests",
        "handle {bytes} NOT NULL,
         query text NOT NULL,
         created_at {instant} NOT NULL,
         expires_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, handle)",
    )
    .indexed(&[("posted_requests_expiry", "(expires_at)")]),
];
