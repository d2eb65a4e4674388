//! Counters of failed sign-ins, and effects that are still to happen.

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
        "lockouts",
        "account {bytes} NOT NULL,
         scope text NOT NULL,
         \"key\" {word} NOT NULL,
         failures integer NOT NULL,
         counted_at {instant} NOT NULL,
         locked_until {instant} NOT NULL,
         PRIMARY KEY (tenant_id, account, scope, \"key\")",
    )
    .indexed(&[("lockouts_counted", "(counted_at)")]),
    TenantTable::new(
        "outbox",
        "id {id} NOT NULL,
         kind text NOT NULL,
         payload {json} NOT NULL,
         due_at {instant} NOT NULL,
         attempts integer NOT NULL,
         created_at {instant} NOT NULL,
         done_at {instant},
         PRIMARY KEY (tenant_id, id)",
    )
    .indexed(&[("outbox_due", "(due_at) WHERE done_at IS NULL")]),
];
