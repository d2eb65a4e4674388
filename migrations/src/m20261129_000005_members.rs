//! Who is in a group, and who has a role, in the order in which they are listed; the words of one user by an index
//! alone; and who may not sign in.

use sea_orm_migration::prelude::*;

use crate::ddl::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, INDEXES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Each of the first three does what the one before did, and gives its rows in order.
const INDEXES: &str = "
CREATE INDEX user_groups_members ON user_groups (tenant_id, group_id, user_id);
DROP INDEX user_groups_group;
CREATE INDEX user_roles_holders ON user_roles (tenant_id, role_id, user_id);
DROP INDEX user_roles_role;
CREATE INDEX user_search_words ON user_search (tenant_id, user_id, token);
DROP INDEX user_search_user;
CREATE INDEX users_disabled ON users (tenant_id, id) WHERE enabled = false;
";
