//! Routing: what must be known before a tenant's own data may be read.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{Roles, create_routing_table, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            let Roles { app, operator } = Roles::of(manager).await?;
            run(
                manager,
                &format!(
                    "DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO {app}, {operator}', current_schema()); END $$;\n\
                     GRANT SELECT ON seaql_migrations TO {app};\n"
                ),
            )
            .await?;
        }
        create_routing_table(manager, "tenants", TENANTS, "SELECT").await?;
        create_routing_table(manager, "tenant_hosts", TENANT_HOSTS, "SELECT").await?;
        create_routing_table(manager, "tenant_versions", TENANT_VERSIONS, "SELECT, UPDATE").await?;
        create_routing_table(manager, "jobs", JOBS, "").await?;
        run(
            manager,
            "CREATE INDEX tenants_profile ON tenants (profile);\n\
             CREATE INDEX tenant_hosts_tenant ON tenant_hosts (tenant_id);\n\
             CREATE INDEX tenant_versions_changed ON tenant_versions (changed_at);\n",
        )
        .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const TENANTS: &str = "
    id {id} NOT NULL PRIMARY KEY,
    slug {word} NOT NULL UNIQUE,
    state text NOT NULL,
    profile text NOT NULL,
    customer_id {id},
    created_at {instant} NOT NULL,
    suspended_at {instant},
    delete_after {instant},
    issued_tokens boolean NOT NULL DEFAULT false";

const TENANT_HOSTS: &str = "
    host {word} NOT NULL PRIMARY KEY,
    tenant_id {id} NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    verified_at {instant},
    canonical boolean NOT NULL DEFAULT false,
    created_at {instant} NOT NULL";

const TENANT_VERSIONS: &str = "
    tenant_id {id} NOT NULL PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    version bigint NOT NULL,
    changed_at {instant} NOT NULL";

const JOBS: &str = "
    name {word} NOT NULL PRIMARY KEY,
    holder text,
    lease_until {instant},
    last_run_at {instant}";
