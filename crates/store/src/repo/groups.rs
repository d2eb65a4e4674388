//! Groups of people.

use palatine_domain::ids::{GroupId, RowId as _, UserId};
use palatine_domain::roles::Group;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};

use crate::StoreError;
use crate::entities::groups::{Column, Entity, Model};
use crate::entities::joined::{Joined, col, same};
use crate::entities::{user_groups, users};
use crate::scope::ReadWrite;

repository! {
    /// Groups of the realm's people.
    Groups, groups
}

impl<A> Groups<'_, A> {
    /// All of them: those at the top first, by name.
    pub async fn list(&self) -> Result<Vec<Group>, StoreError> {
        let rows = self.tx.rows::<Entity>().order_by_asc(Column::ParentKey).order_by_asc(Column::Name);
        Ok(rows.all(self.tx.conn()).await?.into_iter().map(group).collect())
    }

    /// The group of that name under a parent, or at the top.
    pub async fn by_name(&self, parent: Option<GroupId>, name: &str) -> Result<Option<Group>, StoreError> {
        let siblings = self.tx.rows::<Entity>().filter(Column::ParentKey.eq(parent_key(parent)));
        Ok(siblings.filter(Column::Name.eq(name)).one(self.tx.conn()).await?.map(group))
    }

    /// The groups that a user was put into, without those above them, by name.
    pub async fn groups_of_user(&self, user: UserId) -> Result<Vec<Group>, StoreError> {
        use user_groups::Column as Member;
        let rows = Joined::from_columns::<user_groups::Entity>(self.tx, "member", [])
            .with::<Entity>("team", same(("team", Column::Id), ("member", Member::GroupId)))
            .only(col("member", Member::UserId).eq(user.as_uuid()))
            .ordered_by(col("team", Column::Name))
            .all()
            .await?;
        rows.iter().map(|row| Ok(group(row.row("team")?))).collect()
    }
}

impl Groups<'_, ReadWrite> {
    /// Adds a group. `Conflict("group")` if its parent has one of that name.
    pub async fn insert(&self, group: &Group) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: group.id.as_uuid(),
            name: group.name.clone(),
            parent_id: group.parent.map(|parent| parent.as_uuid()),
            parent_key: parent_key(group.parent),
        };
        if !self.tx.insert_new(row).await? {
            return Err(StoreError::Conflict { what: "group" });
        }
        self.tx.touch_configuration();
        Ok(())
    }

    /// Renames a group and moves it, with those under it; `false` if there is none such. `Conflict("group")` if its
    /// parent has another one of that name. Whether it would come to stand under itself is the caller's to see.
    pub async fn update(&self, group: &Group) -> Result<bool, StoreError> {
        let sibling = self.by_name(group.parent, &group.name).await?;
        if sibling.is_some_and(|sibling| sibling.id != group.id) {
            return Err(StoreError::Conflict { what: "group" });
        }
        let change = self
            .tx
            .update::<Entity>()
            .col_expr(Column::Name, Expr::value(group.name.clone()))
            .col_expr(Column::ParentId, Expr::value(group.parent.map(|parent| parent.as_uuid())))
            .col_expr(Column::ParentKey, Expr::value(parent_key(group.parent)))
            .filter(Column::Id.eq(group.id.as_uuid()));
        let updated = self.tx.run(change).await? == 1;
        if updated {
            self.tx.touch_configuration();
        }
        Ok(updated)
    }

    /// Removes a group with those under it; its members stay. `false` if there is none such.
    pub async fn delete(&self, id: GroupId) -> Result<bool, StoreError> {
        let deleted = self.tx.clear(self.tx.delete::<Entity>().filter(Column::Id.eq(id.as_uuid()))).await? == 1;
        if deleted {
            self.tx.touch_configuration();
        }
        Ok(deleted)
    }

    /// Puts a user into a group; `false` if one of the two does not exist.
    pub async fn add_member(&self, group: GroupId, user: UserId) -> Result<bool, StoreError> {
        let member = self.tx.rows::<users::Entity>().filter(users::Column::Id.eq(user.as_uuid()));
        let team = self.tx.rows::<Entity>().filter(Column::Id.eq(group.as_uuid()));
        if !(self.tx.any(member).await? && self.tx.any(team).await?) {
            return Ok(false);
        }
        let (tenant_id, user_id, group_id) = (self.tx.tenant_uuid(), user.as_uuid(), group.as_uuid());
        self.tx.insert_new(user_groups::Model { tenant_id, user_id, group_id }).await?;
        Ok(true)
    }

    /// Takes a user out of a group; `false` if they were not in it.
    pub async fn remove_member(&self, group: GroupId, user: UserId) -> Result<bool, StoreError> {
        use user_groups::Column as Member;
        let member = self.tx.delete::<user_groups::Entity>().filter(Member::UserId.eq(user.as_uuid()));
        Ok(self.tx.clear(member.filter(Member::GroupId.eq(group.as_uuid()))).await? == 1)
    }
}

fn group(stored: Model) -> Group {
    Group { id: GroupId::from_uuid(stored.id), name: stored.name, parent: stored.parent_id.map(GroupId::from_uuid) }
}

/// What makes a group's name unique: a nullable column would not, since no NULL equals another.
fn parent_key(parent: Option<GroupId>) -> String {
    parent.map(|parent| parent.to_string()).unwrap_or_default()
}
