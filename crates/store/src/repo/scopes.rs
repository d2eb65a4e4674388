//! Scopes of a realm.

use palatine_domain::api::{MAX_SCOPES_PER_API, ScopeDefinition};
use palatine_domain::ids::{ApiId, RowId as _, ScopeId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _};

use super::row::Row;
use crate::StoreError;
use crate::entities::scopes::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// The realm's scopes.
    Scopes, scopes
}

impl<A> Scopes<'_, A> {
    /// All of them, by name.
    pub async fn list(&self) -> Result<Vec<ScopeDefinition>, StoreError> {
        let rows = self.tx.rows::<Entity>().order_by_asc(Column::Name).all(self.tx.conn()).await?;
        rows.into_iter().map(definition).collect()
    }
}

impl Scopes<'_, ReadWrite> {
    /// Adds a scope. `Conflict("scope")` if there is one of that name, `Conflict("scopes of the API")` beyond
    /// [`MAX_SCOPES_PER_API`]; nothing is written then. Touches the configuration.
    pub async fn insert(&self, scope: &ScopeDefinition) -> Result<(), StoreError> {
        self.check_room(scope).await?;
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: scope.id.as_uuid(),
            name: scope.scope.as_str().to_owned(),
            description: scope.description.clone(),
            api_id: scope.api.map(|api| api.as_uuid()),
            created_at: self.tx.now().as_micros(),
        };
        if !self.tx.insert_new(row).await? {
            return Err(StoreError::Conflict { what: "scope" });
        }
        self.tx.touch_configuration();
        Ok(())
    }

    /// Changes description and owner; the name is what clients and tokens hold. `false` if there is no such scope.
    /// Refused like [`Scopes::insert`] where the API owns too many. Touches the configuration.
    pub async fn update(&self, scope: &ScopeDefinition) -> Result<bool, StoreError> {
        self.check_room(scope).await?;
        let change = self
            .tx
            .update::<Entity>()
            .col_expr(Column::Description, Expr::value(scope.description.clone()))
            .col_expr(Column::ApiId, Expr::value(scope.api.map(|api| api.as_uuid())))
            .filter(Column::Id.eq(scope.id.as_uuid()));
        let changed = self.tx.run(change).await? == 1;
        if changed {
            self.tx.touch_configuration();
        }
        Ok(changed)
    }

    /// Removes a scope, from every client too; `false` if there is none such. Touches the configuration.
    pub async fn delete(&self, id: ScopeId) -> Result<bool, StoreError> {
        let deleted = self.tx.clear(self.tx.delete::<Entity>().filter(Column::Id.eq(id.as_uuid()))).await? == 1;
        if deleted {
            self.tx.touch_configuration();
        }
        Ok(deleted)
    }

    /// Whether the scope's API may own one more scope beside its others.
    async fn check_room(&self, scope: &ScopeDefinition) -> Result<(), StoreError> {
        let Some(api) = scope.api else { return Ok(()) };
        let others = self.tx.rows::<Entity>().filter(Column::ApiId.eq(api.as_uuid()));
        let owned = others.filter(Column::Id.ne(scope.id.as_uuid())).count(self.tx.conn()).await?;
        if usize::try_from(owned).is_ok_and(|owned| owned < MAX_SCOPES_PER_API) {
            Ok(())
        } else {
            Err(StoreError::Conflict { what: "scopes of the API" })
        }
    }
}

fn definition(stored: Model) -> Result<ScopeDefinition, StoreError> {
    let row = Row::of("scopes", stored.id);
    Ok(ScopeDefinition {
        id: ScopeId::from_uuid(stored.id),
        scope: row.scope("name", &stored.name)?,
        description: stored.description,
        api: stored.api_id.map(ApiId::from_uuid),
    })
}
