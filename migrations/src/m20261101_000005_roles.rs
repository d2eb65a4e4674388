//! Roles, groups, and who has which.

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
        "roles",
        "id {id} NOT NULL,
         name {word} NOT NULL,
         description text NOT NULL,
         client_key {id},
         owner_key {word} NOT NULL,
         created_at {instant} NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, owner_key, name),
         FOREIGN KEY (tenant_id, client_key) REFERENCES clients (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("roles_client", "(tenant_id, client_key)")]),
    TenantTable::new(
        "role_composites",
        "role_id {id} NOT NULL,
         child_id {id} NOT NULL,
         PRIMARY KEY (tenant_id, role_id, child_id),
         FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE,
         FOREIGN KEY (tenant_id, child_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("role_composites_child", "(tenant_id, child_id)")]),
    TenantTable::new(
        "groups",
        "id {id} NOT NULL,
         name {word} NOT NULL,
         parent_id {id},
         parent_key {word} NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, parent_key, name),
         FOREIGN KEY (tenant_id, parent_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("groups_parent", "(tenant_id, parent_id)")]),
    TenantTable::new(
        "group_roles",
        "group_id {id} NOT NULL,
         role_id {id} NOT NULL,
         PRIMARY KEY (tenant_id, group_id, role_id),
         FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE,
         FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("group_roles_role", "(tenant_id, role_id)")]),
    TenantTable::new(
        "user_roles",
        "user_id {id} NOT NULL,
         role_id {id} NOT NULL,
         PRIMARY KEY (tenant_id, user_id, role_id),
         FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
         FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("user_roles_role", "(tenant_id, role_id)")]),
    TenantTable::new(
        "user_groups",
        "user_id {id} NOT NULL,
         group_id {id} NOT NULL,
         PRIMARY KEY (tenant_id, user_id, group_id),
         FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
         FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("user_groups_group", "(tenant_id, group_id)")]),
    TenantTable::new(
        "client_roles",
        "client_key {id} NOT NULL,
         role_id {id} NOT NULL,
         PRIMARY KEY (tenant_id, client_key, role_id),
         FOREIGN KEY (tenant_id, client_key) REFERENCES clients (tenant_id, id) ON DELETE CASCADE,
         FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE",
    )
    .indexed(&[("client_roles_role", "(tenant_id, role_id)")]),
];
