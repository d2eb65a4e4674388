//! Who holds which roles: users, groups and clients, directly and by inheritance.

use std::collections::HashSet;

use palatine_domain::ids::{ClientKey, GroupId, RoleId, RowId as _, UserId};
use palatine_domain::roles::Role;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::roles::{self, Roles};
use crate::StoreError;
use crate::entities::joined::{Joined, col, same};
use crate::entities::scoped::TenantEntity;
use crate::entities::{client_roles, clients, group_roles, groups, role_composites, user_groups, user_roles, users};
use crate::scope::ReadWrite;

/// The alias of a table of holdings in a join.
const HELD: &str = "held";

impl<A> Roles<'_, A> {
    /// All roles of a user: their own, those of their groups and of the groups above, and what each brings along. By
    /// name. Two statements, and one for each level of groups and of composites.
    pub async fn roles_of_user(&self, user: UserId) -> Result<Vec<Role>, StoreError> {
        let groups = self.groups_of(user).await?;
        let own = self.tx.rows::<user_roles::Entity>().filter(user_roles::Column::UserId.eq(user.as_uuid()));
        let mut roles: HashSet<Uuid> = own.all(self.tx.conn()).await?.into_iter().map(|row| row.role_id).collect();
        if !groups.is_empty() {
            let through = self.tx.rows::<group_roles::Entity>().filter(group_roles::Column::GroupId.is_in(groups));
            roles.extend(through.all(self.tx.conn()).await?.into_iter().map(|row| row.role_id));
        }
        self.resolved(roles).await
    }

    /// The roles that a user was given themselves, by name.
    pub async fn direct_roles_of_user(&self, user: UserId) -> Result<Vec<Role>, StoreError> {
        use user_roles::{Column as Held, Entity as Holdings};
        self.held::<Holdings>(Held::RoleId, col(HELD, Held::UserId).eq(user.as_uuid())).await
    }

    /// The roles that a group was given itself, without those of the groups above it, by name.
    pub async fn roles_of_group(&self, group: GroupId) -> Result<Vec<Role>, StoreError> {
        use group_roles::{Column as Held, Entity as Holdings};
        self.held::<Holdings>(Held::RoleId, col(HELD, Held::GroupId).eq(group.as_uuid())).await
    }

    /// All roles of a client's service account: its own, and what each brings along. By name.
    pub async fn roles_of_client(&self, client: ClientKey) -> Result<Vec<Role>, StoreError> {
        let own = self.tx.rows::<client_roles::Entity>().filter(client_roles::Column::ClientKey.eq(client.as_uuid()));
        let roles = own.all(self.tx.conn()).await?.into_iter().map(|row| row.role_id).collect();
        self.resolved(roles).await
    }

    /// The roles named by those rows of a table of holdings for which the condition holds, by name.
    async fn held<H: TenantEntity>(&self, role: H::Column, of_holder: Expr) -> Result<Vec<Role>, StoreError> {
        use crate::entities::roles::{Column, Entity};
        let rows = Joined::from_columns::<H>(self.tx, HELD, [])
            .with::<Entity>("role", same(("role", Column::Id), (HELD, role)))
            .only(of_holder)
            .ordered_by(col("role", Column::Name))
            .all()
            .await?;
        rows.iter().map(|row| Ok(roles::role(row.row("role")?))).collect()
    }

    /// The user's groups and all groups above them.
    async fn groups_of(&self, user: UserId) -> Result<HashSet<Uuid>, StoreError> {
        let member = self.tx.rows::<user_groups::Entity>().filter(user_groups::Column::UserId.eq(user.as_uuid()));
        let mut level: Vec<Uuid> = member.all(self.tx.conn()).await?.into_iter().map(|row| row.group_id).collect();
        let mut known: HashSet<Uuid> = level.iter().copied().collect();
        while !level.is_empty() {
            let rows = self.tx.rows::<groups::Entity>().filter(groups::Column::Id.is_in(level));
            let parents = rows.all(self.tx.conn()).await?.into_iter().filter_map(|row| row.parent_id);
            level = parents.filter(|parent| known.insert(*parent)).collect();
        }
        Ok(known)
    }

    /// The roles, with what each brings along.
    async fn resolved(&self, mut known: HashSet<Uuid>) -> Result<Vec<Role>, StoreError> {
        use crate::entities::roles::{Column, Entity};
        use role_composites::Column as Link;
        let mut level: Vec<Uuid> = known.iter().copied().collect();
        while !level.is_empty() {
            let rows = self.tx.rows::<role_composites::Entity>().filter(Link::RoleId.is_in(level));
            let children = rows.all(self.tx.conn()).await?.into_iter().map(|row| row.child_id);
            level = children.filter(|child| known.insert(*child)).collect();
        }
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.tx.rows::<Entity>().filter(Column::Id.is_in(known)).order_by_asc(Column::Name);
        Ok(rows.all(self.tx.conn()).await?.into_iter().map(roles::role).collect())
    }
}

impl Roles<'_, ReadWrite> {
    /// Gives a user a role; `false` if one of the two does not exist.
    pub async fn assign_to_user(&self, role: RoleId, user: UserId) -> Result<bool, StoreError> {
        let holder = self.tx.rows::<users::Entity>().filter(users::Column::Id.eq(user.as_uuid()));
        if !(self.tx.any(holder).await? && self.exists(role).await?) {
            return Ok(false);
        }
        let (tenant_id, user_id, role_id) = (self.tx.tenant_uuid(), user.as_uuid(), role.as_uuid());
        self.tx.insert_new(user_roles::Model { tenant_id, user_id, role_id }).await?;
        Ok(true)
    }

    /// Takes a role from a user; `false` if they did not have it themselves.
    pub async fn unassign_from_user(&self, role: RoleId, user: UserId) -> Result<bool, StoreError> {
        use user_roles::Column;
        let held = self.tx.delete::<user_roles::Entity>().filter(Column::UserId.eq(user.as_uuid()));
        Ok(self.tx.clear(held.filter(Column::RoleId.eq(role.as_uuid()))).await? == 1)
    }

    /// Gives a group a role; `false` if one of the two does not exist.
    pub async fn assign_to_group(&self, role: RoleId, group: GroupId) -> Result<bool, StoreError> {
        let holder = self.tx.rows::<groups::Entity>().filter(groups::Column::Id.eq(group.as_uuid()));
        if !(self.tx.any(holder).await? && self.exists(role).await?) {
            return Ok(false);
        }
        let (tenant_id, group_id, role_id) = (self.tx.tenant_uuid(), group.as_uuid(), role.as_uuid());
        self.tx.insert_new(group_roles::Model { tenant_id, group_id, role_id }).await?;
        self.tx.touch_configuration();
        Ok(true)
    }

    /// Takes a role from a group; `false` if it did not have it.
    pub async fn unassign_from_group(&self, role: RoleId, group: GroupId) -> Result<bool, StoreError> {
        use group_roles::Column;
        let held = self.tx.delete::<group_roles::Entity>().filter(Column::GroupId.eq(group.as_uuid()));
        Ok(self.touched(self.tx.clear(held.filter(Column::RoleId.eq(role.as_uuid()))).await?))
    }

    /// Gives a client's service account a role; `false` if one of the two does not exist.
    pub async fn assign_to_client(&self, role: RoleId, client: ClientKey) -> Result<bool, StoreError> {
        let holder = self.tx.rows::<clients::Entity>().filter(clients::Column::Id.eq(client.as_uuid()));
        if !(self.tx.any(holder).await? && self.exists(role).await?) {
            return Ok(false);
        }
        let (tenant_id, client_key, role_id) = (self.tx.tenant_uuid(), client.as_uuid(), role.as_uuid());
        self.tx.insert_new(client_roles::Model { tenant_id, client_key, role_id }).await?;
        self.tx.touch_configuration();
        Ok(true)
    }

    /// Takes a role from a client's service account; `false` if it did not have it.
    pub async fn unassign_from_client(&self, role: RoleId, client: ClientKey) -> Result<bool, StoreError> {
        use client_roles::Column;
        let held = self.tx.delete::<client_roles::Entity>().filter(Column::ClientKey.eq(client.as_uuid()));
        Ok(self.touched(self.tx.clear(held.filter(Column::RoleId.eq(role.as_uuid()))).await?))
    }
}
