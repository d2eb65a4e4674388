//! APIs of a realm.

use palatine_domain::api::Api;
use palatine_domain::ids::{ApiId, ClientKey, RowId as _};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};

use super::names;
use super::row::{Row, word_of};
use crate::StoreError;
use crate::entities::apis::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// The realm's APIs. Their identifiers share one name space with client ids.
    Apis, apis
}

impl<A> Apis<'_, A> {
    /// All of them, by identifier.
    pub async fn list(&self) -> Result<Vec<Api>, StoreError> {
        let rows = self.tx.rows::<Entity>().order_by_asc(Column::Identifier).all(self.tx.conn()).await?;
        rows.into_iter().map(api).collect()
    }

    /// The API with that `aud` value.
    pub async fn by_identifier(&self, identifier: &str) -> Result<Option<Api>, StoreError> {
        let row = self.tx.rows::<Entity>().filter(Column::Identifier.eq(identifier)).one(self.tx.conn()).await?;
        row.map(api).transpose()
    }
}

impl Apis<'_, ReadWrite> {
    /// Adds an API. It may share the `client_id` of the client that is the same registration.
    ///
    /// `Conflict("identifier")` if the name is taken; nothing is written then. Touches the configuration.
    pub async fn insert(&self, api: &Api) -> Result<(), StoreError> {
        let now = self.tx.now().as_micros();
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: api.id.as_uuid(),
            identifier: api.identifier.clone(),
            name: api.name.clone(),
            profile: api.profile.as_ref().map(word_of).transpose()?,
            algorithm: api.algorithm.as_ref().map(word_of).transpose()?,
            created_at: now,
            updated_at: now,
            client_key: api.client.map(|client| client.as_uuid()),
        };
        let taken = StoreError::Conflict { what: "identifier" };
        if !self.tx.insert_new(row).await? {
            return Err(taken);
        }
        if !names::claim_for_api(self.tx, &api.identifier, api.id, api.client).await? {
            self.tx.clear(self.tx.delete::<Entity>().filter(Column::Id.eq(api.id.as_uuid()))).await?;
            return Err(taken);
        }
        self.tx.touch_configuration();
        Ok(())
    }

    /// Changes all but the identifier, which tokens and other documents name; `false` if there is no such API.
    /// Touches the configuration.
    pub async fn update(&self, api: &Api) -> Result<bool, StoreError> {
        let change = self
            .tx
            .update::<Entity>()
            .col_expr(Column::Name, Expr::value(api.name.clone()))
            .col_expr(Column::Profile, Expr::value(api.profile.as_ref().map(word_of).transpose()?))
            .col_expr(Column::Algorithm, Expr::value(api.algorithm.as_ref().map(word_of).transpose()?))
            .col_expr(Column::ClientKey, Expr::value(api.client.map(|client| client.as_uuid())))
            .col_expr(Column::UpdatedAt, Expr::value(self.tx.now().as_micros()))
            .filter(Column::Id.eq(api.id.as_uuid()));
        let changed = self.tx.run(change).await? == 1;
        if changed {
            self.tx.touch_configuration();
        }
        Ok(changed)
    }

    /// Removes an API with its scopes; `false` if there is none such. Touches the configuration.
    pub async fn delete(&self, id: ApiId) -> Result<bool, StoreError> {
        names::release_api(self.tx, id).await?;
        let deleted = self.tx.clear(self.tx.delete::<Entity>().filter(Column::Id.eq(id.as_uuid()))).await? == 1;
        if deleted {
            self.tx.touch_configuration();
        }
        Ok(deleted)
    }
}

fn api(stored: Model) -> Result<Api, StoreError> {
    let row = Row::of("apis", stored.id);
    Ok(Api {
        id: ApiId::from_uuid(stored.id),
        identifier: stored.identifier,
        name: stored.name,
        profile: stored.profile.map(|word| row.word("profile", word)).transpose()?,
        algorithm: stored.algorithm.map(|word| row.word("algorithm", word)).transpose()?,
        client: stored.client_key.map(ClientKey::from_uuid),
    })
}
