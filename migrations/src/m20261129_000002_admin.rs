//! What the admin plane keeps: entries of operators, pictures of realms, imports, and the words that find a realm.

use sea_orm_migration::prelude::*;

use crate::ddl::{TenantTable, create_tenant_tables, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tenant_tables(manager, TABLES).await?;
        run(manager, "CREATE INDEX tenants_state ON tenants (state, slug);").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// A chunk of an import is removed when it is done: its people's password hashes are in it. `due_at` is when it may be
/// claimed, or claimed again. A word carries the slug of its realm, which never changes: what is found is in order.
const TABLES: &[TenantTable] = &[
    TenantTable::new(
        "operator_entries",
        "id {id} NOT NULL,
         operator_subject {word} NOT NULL,
         operator_name text NOT NULL,
         reason text NOT NULL,
         writes boolean NOT NULL,
         created_at {instant} NOT NULL,
         expires_at {instant} NOT NULL,
         ended_at {instant},
         PRIMARY KEY (tenant_id, id)",
    )
    .indexed(&[
        ("operator_entries_operator", "(tenant_id, operator_subject, expires_at)"),
        ("operator_entries_expiry", "(expires_at)"),
    ]),
    TenantTable::new(
        "realm_assets",
        "kind {word} NOT NULL,
         media_type text NOT NULL,
         bytes {bytes} NOT NULL,
         sha256 {bytes} NOT NULL,
         updated_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, kind)",
    ),
    TenantTable::new(
        "import_jobs",
        "id {id} NOT NULL,
         state text NOT NULL,
         total bigint NOT NULL,
         done bigint NOT NULL,
         failed bigint NOT NULL,
         created_by text NOT NULL,
         created_at {instant} NOT NULL,
         updated_at {instant} NOT NULL,
         finished_at {instant},
         problems {json} NOT NULL,
         PRIMARY KEY (tenant_id, id)",
    )
    .indexed(&[("import_jobs_finished", "(finished_at) WHERE finished_at IS NOT NULL")]),
    TenantTable::new(
        "import_chunks",
        "job_id {id} NOT NULL,
         number integer NOT NULL,
         payload {json} NOT NULL,
         due_at {instant} NOT NULL,
         attempts integer NOT NULL,
         PRIMARY KEY (tenant_id, job_id, number),
         FOREIGN KEY (tenant_id, job_id) REFERENCES import_jobs (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("import_chunks_due", "(number, due_at)")]),
    TenantTable::new(
        "realm_words",
        "token {word} NOT NULL,
         slug {word} NOT NULL,
         PRIMARY KEY (tenant_id, token)",
    )
    .indexed(&[("realm_words_token", "(token, slug, tenant_id)")]),
];
