//! Roles. Who holds them is in `role_assignments.rs`.

use palatine_domain::admin::{AdminRealm, AdminRole};
use palatine_domain::ids::{ClientKey, RoleId, RowId as _};
use palatine_domain::roles::Role;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};

use crate::StoreError;
use crate::entities::role_composites;
use crate::entities::roles::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// Roles of the realm and of its clients, and who holds them. All writes but those to a user touch the
    /// configuration.
    Roles, roles
}

impl<A> Roles<'_, A> {
    /// All of them: the realm's first, then each client's, by name.
    pub async fn list(&self) -> Result<Vec<Role>, StoreError> {
        let rows = self.tx.rows::<Entity>().order_by_asc(Column::OwnerKey).order_by_asc(Column::Name);
        Ok(rows.all(self.tx.conn()).await?.into_iter().map(role).collect())
    }

    /// The role of that name of a client, or of the realm.
    pub async fn by_name(&self, client: Option<ClientKey>, name: &str) -> Result<Option<Role>, StoreError> {
        let owned = self.tx.rows::<Entity>().filter(Column::OwnerKey.eq(owner_key(client)));
        Ok(owned.filter(Column::Name.eq(name)).one(self.tx.conn()).await?.map(role))
    }
}

impl Roles<'_, ReadWrite> {
    /// Adds a role. `Conflict("role")` if its owner has one of that name.
    pub async fn insert(&self, role: &Role) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: role.id.as_uuid(),
            owner_key: owner_key(role.client),
            name: role.name.clone(),
            description: role.description.clone(),
            client_key: role.client.map(|key| key.as_uuid()),
            created_at: self.tx.now().as_micros(),
        };
        if !self.tx.insert_new(row).await? {
            return Err(StoreError::Conflict { what: "role" });
        }
        self.tx.touch_configuration();
        Ok(())
    }

    /// Adds the built-in roles of such a realm, which is new.
    pub(crate) async fn insert_built_in(&self, realm: AdminRealm) -> Result<(), StoreError> {
        let row = |role: &AdminRole| Model {
            tenant_id: self.tx.tenant_uuid(),
            id: self.tx.ambient().id::<RoleId>().as_uuid(),
            owner_key: owner_key(None),
            name: role.name().to_owned(),
            description: role.description().to_owned(),
            client_key: None,
            created_at: self.tx.now().as_micros(),
        };
        self.tx.insert_many_new(realm.roles().iter().map(row)).await?;
        Ok(())
    }

    /// Changes a role's description: its name and its owner stay. `false` if there is none such.
    pub async fn update(&self, role: &Role) -> Result<bool, StoreError> {
        let change = self.tx.update::<Entity>().col_expr(Column::Description, Expr::value(role.description.clone()));
        Ok(self.touched(self.tx.run(change.filter(Column::Id.eq(role.id.as_uuid()))).await?))
    }

    /// Removes a role, from all who hold it too; `false` if there is none such.
    pub async fn delete(&self, id: RoleId) -> Result<bool, StoreError> {
        Ok(self.touched(self.tx.clear(self.tx.delete::<Entity>().filter(Column::Id.eq(id.as_uuid()))).await?))
    }

    /// Lets a role bring another along; `false` if one of the two does not exist.
    pub async fn add_composite(&self, role: RoleId, child: RoleId) -> Result<bool, StoreError> {
        if !(self.exists(role).await? && self.exists(child).await?) {
            return Ok(false);
        }
        let tenant_id = self.tx.tenant_uuid();
        let row = role_composites::Model { tenant_id, role_id: role.as_uuid(), child_id: child.as_uuid() };
        self.tx.insert_new(row).await?;
        self.tx.touch_configuration();
        Ok(true)
    }

    /// Takes that back; `false` if it was not so.
    pub async fn remove_composite(&self, role: RoleId, child: RoleId) -> Result<bool, StoreError> {
        use role_composites::Column as Link;
        let link = self.tx.delete::<role_composites::Entity>().filter(Link::RoleId.eq(role.as_uuid()));
        Ok(self.touched(self.tx.clear(link.filter(Link::ChildId.eq(child.as_uuid()))).await?))
    }

    /// Whether a write hit its row; one that did changes what nodes keep in memory of the realm's roles.
    pub(super) fn touched(&self, rows: u64) -> bool {
        if rows == 1 {
            self.tx.touch_configuration();
        }
        rows == 1
    }

    /// Whether the role exists.
    pub(super) async fn exists(&self, role: RoleId) -> Result<bool, StoreError> {
        self.tx.any(self.tx.rows::<Entity>().filter(Column::Id.eq(role.as_uuid()))).await
    }
}

/// A role from its row.
pub(super) fn role(stored: Model) -> Role {
    Role {
        id: RoleId::from_uuid(stored.id),
        name: stored.name,
        description: stored.description,
        client: stored.client_key.map(ClientKey::from_uuid),
    }
}

/// What makes a role's name unique: a nullable column would not, since no NULL equals another.
fn owner_key(client: Option<ClientKey>) -> String {
    client.map(|key| key.to_string()).unwrap_or_default()
}
