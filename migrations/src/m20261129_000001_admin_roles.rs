//! The built-in roles of administration: every realm has them from the day it is made, and those that are there get
//! them now.

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
        run(manager, &ROLES.replace("{random}", id).replace("{now}", now)).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// A realm's role that has such a name already becomes the built-in one, and brings along what that brings: nothing.
/// Tombstones, which hold nothing, are left out.
const ROLES: &str = "
INSERT INTO roles (tenant_id, id, name, description, owner_key, created_at)
SELECT tenants.id, {random}, made.column1, made.column2, '', {now}
FROM tenants CROSS JOIN (VALUES
    ('realm-admin', 'Administers the realm.', ''),
    ('client-manager', 'Administers clients, APIs and scopes.', ''),
    ('user-manager', 'Administers people and what they have open.', ''),
    ('auditor', 'Sees everything in the realm and changes nothing.', ''),
    ('operator-admin', 'Makes, suspends and deletes realms, and enters them.', 'system'),
    ('operator-support', 'Enters realms and looks around there.', 'system'),
    ('operator-billing', 'Sees which realms there are; enters none.', 'system')
) AS made
WHERE made.column3 IN ('', tenants.slug) AND NOT (tenants.state = 'deleting' AND tenants.delete_after IS NULL)
ON CONFLICT (tenant_id, owner_key, name) DO UPDATE SET description = excluded.description;

DELETE FROM role_composites WHERE (tenant_id, role_id) IN (
    SELECT roles.tenant_id, roles.id FROM roles JOIN tenants ON tenants.id = roles.tenant_id
    WHERE roles.owner_key = '' AND (
        roles.name IN ('realm-admin', 'client-manager', 'user-manager', 'auditor')
        OR (tenants.slug = 'system' AND roles.name IN ('operator-admin', 'operator-support', 'operator-billing'))
    )
);
";
