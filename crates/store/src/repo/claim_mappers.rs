//! Claim mappers of a realm.

use palatine_domain::ids::{ClientKey, MapperId, RowId as _, ScopeId};
use palatine_domain::mapper::{ClaimMapper, MAX_MAPPERS_PER_OWNER, MapperOwner, MapperRule};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _};

use super::row::Row;
use crate::StoreError;
use crate::entities::claim_mappers::{Column, Entity, Model};
use crate::entities::document::Document;
use crate::scope::ReadWrite;

repository! {
    /// The realm's claim mappers, of scopes and of clients. All writes touch the configuration.
    ClaimMappers, claim_mappers
}

impl<A> ClaimMappers<'_, A> {
    /// All of them, each owner's by name.
    pub async fn list(&self) -> Result<Vec<ClaimMapper>, StoreError> {
        let rows = self.tx.rows::<Entity>().order_by_asc(Column::OwnerKey).order_by_asc(Column::Name);
        rows.all(self.tx.conn()).await?.into_iter().map(mapper).collect()
    }

    /// The mapper with that id.
    pub async fn by_id(&self, id: MapperId) -> Result<Option<ClaimMapper>, StoreError> {
        let row = self.tx.rows::<Entity>().filter(Column::Id.eq(id.as_uuid())).one(self.tx.conn()).await?;
        row.map(mapper).transpose()
    }
}

impl ClaimMappers<'_, ReadWrite> {
    /// Adds a mapper. `Conflict("claim mapper")` if its owner has one of that name, `Conflict("claim mappers")` beyond
    /// [`MAX_MAPPERS_PER_OWNER`]; nothing is written then.
    pub async fn insert(&self, mapper: &ClaimMapper) -> Result<(), StoreError> {
        let owner_key = owner_key(mapper.owner);
        let owned = self.tx.rows::<Entity>().filter(Column::OwnerKey.eq(owner_key.as_str()));
        let owned = owned.count(self.tx.conn()).await?;
        if usize::try_from(owned).map_or(true, |owned| owned >= MAX_MAPPERS_PER_OWNER) {
            return Err(StoreError::Conflict { what: "claim mappers" });
        }
        let (scope_id, client_key) = match mapper.owner {
            MapperOwner::Scope(scope) => (Some(scope.as_uuid()), None),
            MapperOwner::Client(client) => (None, Some(client.as_uuid())),
        };
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: mapper.id.as_uuid(),
            owner_key,
            name: mapper.name.clone(),
            scope_id,
            client_key,
            rule: Document::of(&mapper.rule)?,
            created_at: self.tx.now().as_micros(),
        };
        if !self.tx.insert_new(row).await? {
            return Err(StoreError::Conflict { what: "claim mapper" });
        }
        self.tx.touch_configuration();
        Ok(())
    }

    /// Changes what a mapper does; its name and its owner stay. `false` if there is none such.
    pub async fn update(&self, id: MapperId, rule: &MapperRule) -> Result<bool, StoreError> {
        let change = self.tx.update::<Entity>().col_expr(Column::Rule, Expr::value(Document::of(rule)?));
        let changed = self.tx.run(change.filter(Column::Id.eq(id.as_uuid()))).await? == 1;
        if changed {
            self.tx.touch_configuration();
        }
        Ok(changed)
    }

    /// Removes a mapper; `false` if there is none such.
    pub async fn delete(&self, id: MapperId) -> Result<bool, StoreError> {
        let deleted = self.tx.clear(self.tx.delete::<Entity>().filter(Column::Id.eq(id.as_uuid()))).await? == 1;
        if deleted {
            self.tx.touch_configuration();
        }
        Ok(deleted)
    }
}

fn mapper(stored: Model) -> Result<ClaimMapper, StoreError> {
    let row = Row::of("claim_mappers", stored.id);
    let owner = match (stored.scope_id, stored.client_key) {
        (Some(scope), None) => MapperOwner::Scope(ScopeId::from_uuid(scope)),
        (None, Some(client)) => MapperOwner::Client(ClientKey::from_uuid(client)),
        (None, None) | (Some(_), Some(_)) => return Err(row.corrupt("owner_key")),
    };
    Ok(ClaimMapper {
        id: MapperId::from_uuid(stored.id),
        owner,
        name: stored.name,
        rule: row.document("rule", &stored.rule)?,
    })
}

/// What makes a mapper's name unique: a nullable column would not, since no NULL equals another.
fn owner_key(owner: MapperOwner) -> String {
    match owner {
        MapperOwner::Scope(scope) => scope.to_string(),
        MapperOwner::Client(client) => client.to_string(),
    }
}
