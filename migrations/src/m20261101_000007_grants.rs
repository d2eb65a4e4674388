//! What was issued: grants, codes, refresh families and tokens, revocations.

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

/// No foreign key leads to `clients`: the platform's own clients have grants and no row. Deleting a client removes its
/// grants in the repository; no index helps it, because that is rare and each index costs every issuance.
const TABLES: &[TenantTable] = &[
    TenantTable::new(
        "grants",
        "id {id} NOT NULL,
         client_key {id} NOT NULL,
         user_id {id} NOT NULL,
         session_id {id} NOT NULL,
         scope text NOT NULL,
         resources {json} NOT NULL,
         nonce text,
         authenticated_at {instant} NOT NULL,
         acr text NOT NULL,
         amr text NOT NULL,
         cnf text,
         created_at {instant} NOT NULL,
         ended_at {instant},
         end_reason text,
         PRIMARY KEY (tenant_id, id),
         FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[
        ("grants_user", "(tenant_id, user_id)"),
        ("grants_session", "(tenant_id, session_id)"),
        ("grants_created", "(created_at)"),
    ]),
    TenantTable::new(
        "authorization_codes",
        "id {id} NOT NULL,
         hash {bytes} NOT NULL,
         grant_id {id} NOT NULL,
         client_key {id} NOT NULL,
         redirect_uri text NOT NULL,
         redirect_uri_given boolean NOT NULL,
         challenge text,
         created_at {instant} NOT NULL,
         expires_at {instant} NOT NULL,
         consumed_at {instant},
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, hash),
         FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("authorization_codes_grant", "(tenant_id, grant_id)"), ("authorization_codes_expiry", "(expires_at)")]),
    TenantTable::new(
        "refresh_families",
        "id {id} NOT NULL,
         grant_id {id} NOT NULL,
         client_key {id} NOT NULL,
         user_id {id} NOT NULL,
         offline boolean NOT NULL,
         created_at {instant} NOT NULL,
         absolute_expires_at {instant},
         ended_at {instant},
         end_reason text,
         PRIMARY KEY (tenant_id, id),
         FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[
        ("refresh_families_grant", "(tenant_id, grant_id)"),
        ("refresh_families_ended", "(ended_at) WHERE ended_at IS NOT NULL"),
    ]),
    TenantTable::new(
        "refresh_tokens",
        "id {id} NOT NULL,
         family_id {id} NOT NULL,
         hash {bytes} NOT NULL,
         parent_id {id},
         issued_at {instant} NOT NULL,
         expires_at {instant} NOT NULL,
         used_at {instant},
         successor_id {id},
         used_scope text,
         sealed_successor {bytes},
         window_ends_at {instant},
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, hash),
         FOREIGN KEY (tenant_id, family_id) REFERENCES refresh_families (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[
        ("refresh_tokens_family", "(tenant_id, family_id)"),
        ("refresh_tokens_expiry", "(expires_at)"),
        ("refresh_tokens_sealed", "(window_ends_at) WHERE sealed_successor IS NOT NULL"),
    ]),
    TenantTable::new(
        "revoked_tokens",
        "jti {word} NOT NULL,
         expires_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, jti)",
    )
    .indexed(&[("revoked_tokens_expiry", "(expires_at)")]),
];
