//! The admin API and its scopes: every realm has them from the day it is made, and those that are there get them now.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl::{NOW, RANDOM_ID, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (id, now) = match manager.get_database_backend() {
            DbBackend::Postgres => ("gen_random_uuid()", "(extract(epoch FROM now()) * 1000000)::bigint"),
            _ => (RANDOM_ID, NOW),
        };
        run(manager, &ROWS.replace("{random}", id).replace("{now}", now)).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// An API or a scope that has such a name already becomes the built-in one: what allowed nothing here until now is not
/// given to anybody by this, because the roles decide. Tombstones, which hold nothing, are left out.
const ROWS: &str = "
INSERT INTO apis (tenant_id, id, identifier, name, created_at, updated_at)
SELECT tenants.id, {random}, 'palatine-admin', 'Palatine administration', {now}, {now}
FROM tenants WHERE NOT (tenants.state = 'deleting' AND tenants.delete_after IS NULL)
ON CONFLICT (tenant_id, identifier) DO UPDATE SET name = excluded.name;

INSERT INTO scopes (tenant_id, id, name, description, api_id, created_at)
SELECT apis.tenant_id, {random}, made.column1, made.column2, apis.id, {now}
FROM apis CROSS JOIN (VALUES
    ('admin:read', 'Look at this realm''s administration'),
    ('admin:write', 'Change this realm''s administration')
) AS made
WHERE apis.identifier = 'palatine-admin'
ON CONFLICT (tenant_id, name) DO UPDATE SET description = excluded.description, api_id = excluded.api_id;
";
