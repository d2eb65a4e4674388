//! All roles and groups of a realm in one reading, and what one user was given of them.

use palatine_domain::ids::{ClientKey, GroupId, RoleId, RowId as _, UserId};
use palatine_domain::roles::{MAX_MEMBERSHIPS, Memberships, RoleGraph};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _};
use uuid::Uuid;

use super::roles::Roles;
use crate::StoreError;
use crate::entities::joined::{Joined, col, same};
use crate::entities::scoped::TenantEntity;
use crate::entities::{client_roles, clients, group_roles, role_composites, user_groups, user_roles};

/// Tells the two halves of the union apart.
const KIND: &str = "kind";
/// Names what is held, in both halves.
const HELD: &str = "held";
/// A role of the user's own.
const ROLE: i32 = 0;
/// A group that the user is in.
const GROUP: i32 = 1;

impl<A> Roles<'_, A> {
    /// All roles and groups of the realm and what they bring along; six statements, whatever their number.
    pub async fn graph(&self) -> Result<RoleGraph, StoreError> {
        let roles = self.list().await?;
        let groups = super::Groups { tx: self.tx }.list().await?;
        let given = self.tx.rows::<group_roles::Entity>().all(self.tx.conn()).await?;
        let services = self.tx.rows::<client_roles::Entity>().all(self.tx.conn()).await?;
        let composites = self.composites().await?;
        let clients = self.owners().await?;
        Ok(RoleGraph::new(roles, groups)
            .with_composites(composites)
            .with_group_roles(given.into_iter().map(|row| (GroupId::from_uuid(row.group_id), role_id(row.role_id))))
            .with_service_roles(
                services.into_iter().map(|row| (ClientKey::from_uuid(row.client_key), role_id(row.role_id))),
            )
            .with_clients(clients))
    }

    /// Pairs of a role and one that it brings along.
    pub async fn composites(&self) -> Result<Vec<(RoleId, RoleId)>, StoreError> {
        let rows = self.tx.rows::<role_composites::Entity>().all(self.tx.conn()).await?;
        Ok(rows.into_iter().map(|row| (role_id(row.role_id), role_id(row.child_id))).collect())
    }

    /// What a user was given: one statement over two keys, at most [`MAX_MEMBERSHIPS`] rows.
    pub async fn memberships(&self, user: UserId) -> Result<Memberships, StoreError> {
        use user_groups::Column as Member;
        use user_roles::Column as Own;
        let mut both = self.half::<user_roles::Entity>(ROLE, Own::RoleId, Own::UserId.eq(user.as_uuid()));
        let groups = self.half::<user_groups::Entity>(GROUP, Member::GroupId, Member::UserId.eq(user.as_uuid()));
        both.union(UnionType::All, groups).limit(MAX_MEMBERSHIPS);
        let mut memberships = Memberships::default();
        for row in self.tx.conn().query_all(&both).await? {
            let held: Uuid = row.try_get("", HELD)?;
            match row.try_get::<i32>("", KIND)? {
                ROLE => memberships.roles.push(role_id(held)),
                _ => memberships.groups.push(GroupId::from_uuid(held)),
            }
        }
        Ok(memberships)
    }

    /// The rows of one table that belong to the user, in the shape of both halves.
    fn half<E: TenantEntity>(&self, kind: i32, held: E::Column, of_user: Expr) -> SelectStatement {
        Query::select()
            .expr_as(Expr::col(held), HELD)
            .expr_as(Expr::val(kind), KIND)
            .from(E::default().table_ref())
            .and_where(E::tenant_column().eq(self.tx.tenant_uuid()))
            .and_where(of_user)
            .to_owned()
    }

    /// The `client_id` of each client that has roles of its own.
    pub async fn owners(&self) -> Result<Vec<(ClientKey, String)>, StoreError> {
        use crate::entities::roles::{Column as OfRole, Entity as AllRoles};
        use clients::Column as Client;
        let rows = Joined::from_columns::<AllRoles>(self.tx, "role", [])
            .with::<clients::Entity>("owner", same(("owner", Client::Id), ("role", OfRole::ClientKey)))
            .only(col("role", OfRole::ClientKey).is_not_null())
            .all()
            .await?;
        let owner = |row: &crate::entities::joined::JoinedRow| -> Result<(ClientKey, String), StoreError> {
            let owner: clients::Model = row.row("owner")?;
            Ok((ClientKey::from_uuid(owner.id), owner.client_id))
        };
        rows.iter().map(owner).collect()
    }
}

fn role_id(stored: Uuid) -> RoleId {
    RoleId::from_uuid(stored)
}
