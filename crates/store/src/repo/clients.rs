//! Clients of a realm. Their secrets are in `client_secrets.rs`.

use std::collections::HashMap;

use palatine_domain::client::{Client, ClientId, ClientScope, ClientSecret};
use palatine_domain::ids::{ApiId, ClientKey, RoleId, RowId};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, LikeExpr, Query};
use sea_orm::{
    ColumnTrait as _, Condition, EntityName as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use uuid::Uuid;

use super::names::{self, SubjectOf};
use super::row::Row;
use super::{client_logos, client_secrets};
use crate::StoreError;
use crate::entities::clients::{Column, Entity, Model};
use crate::entities::document::Document;
use crate::entities::joined::{Joined, col, same};
use crate::entities::{client_apis, client_roles, client_scopes, consents, grants, scopes};
use crate::scope::ReadWrite;

repository! {
    /// The realm's clients, each with its scopes, linked APIs and secrets. All writes but
    /// [`Clients::touch_secret`] touch the configuration.
    Clients, clients
}

impl<A> Clients<'_, A> {
    /// The client of that name; four statements.
    pub async fn by_client_id(&self, client_id: &ClientId) -> Result<Option<Client>, StoreError> {
        let rows = self.tx.rows::<Entity>().filter(Column::ClientId.eq(client_id.as_str()));
        Ok(self.load(rows).await?.pop())
    }

    /// The client with that key; four statements.
    pub async fn by_key(&self, key: ClientKey) -> Result<Option<Client>, StoreError> {
        let rows = self.tx.rows::<Entity>().filter(Column::Id.eq(key.as_uuid()));
        Ok(self.load(rows).await?.pop())
    }

    /// What the clients with these keys are called on the wire; keys of none are left out. One statement.
    pub async fn names_of(&self, keys: &[ClientKey]) -> Result<HashMap<ClientKey, ClientId>, StoreError> {
        let keys = keys.iter().map(RowId::as_uuid);
        let rows: Vec<(Uuid, String)> = self
            .tx
            .rows::<Entity>()
            .select_only()
            .columns([Column::Id, Column::ClientId])
            .filter(Column::Id.is_in(keys))
            .into_tuple()
            .all(self.tx.conn())
            .await?;
        let named = |(key, name): (Uuid, String)| {
            let row = Row::of("clients", key);
            Ok((ClientKey::from_uuid(key), row.known("client_id", ClientId::parse(&name).ok())?))
        };
        rows.into_iter().map(named).collect()
    }

    /// At most `limit` clients by `client_id`, after the given one; four statements.
    pub async fn list(&self, after: Option<&ClientId>, limit: u64) -> Result<Vec<Client>, StoreError> {
        self.page(self.tx.rows::<Entity>(), after, limit).await
    }

    /// At most `limit` clients by `client_id`, after the given one, in whose `client_id` or name the text is, in small
    /// letters or capital ones (SQLite: of ASCII). All clients if there is no text. Four statements.
    pub async fn search(&self, text: &str, after: Option<&ClientId>, limit: u64) -> Result<Vec<Client>, StoreError> {
        let pattern =
            format!("%{}%", text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        let holds = |column: Column| {
            let text = Func::lower(Expr::col((Entity, column)));
            Expr::from(text).like(LikeExpr::new(pattern.as_str()).escape('\\'))
        };
        let fitting = Condition::any().add(holds(Column::ClientId)).add(holds(Column::Name));
        self.page(self.tx.rows::<Entity>().filter(fitting), after, limit).await
    }

    /// At most `limit` clients by `client_id`, after the given one, whose service account was given the role itself.
    pub async fn with_role(
        &self,
        role: RoleId,
        after: Option<&ClientId>,
        limit: u64,
    ) -> Result<Vec<Client>, StoreError> {
        use client_roles::{Column as Held, Entity as Holdings};
        let holders = Query::select()
            .column((Holdings, Held::ClientKey))
            .from(Holdings.table_ref())
            .and_where(Held::TenantId.eq(self.tx.tenant_uuid()))
            .and_where(Held::RoleId.eq(role.as_uuid()))
            .to_owned();
        self.page(self.tx.rows::<Entity>().filter(Column::Id.in_subquery(holders)), after, limit).await
    }

    async fn page(
        &self,
        select: Select<Entity>,
        after: Option<&ClientId>,
        limit: u64,
    ) -> Result<Vec<Client>, StoreError> {
        let mut rows = select.order_by_asc(Column::ClientId).limit(limit);
        if let Some(after) = after {
            rows = rows.filter(Column::ClientId.gt(after.as_str()));
        }
        self.load(rows).await
    }

    /// The longest life that a client's own setting gives its access tokens, in seconds, the `others` left out; `None` if
    /// no client has one.
    pub async fn longest_access_token_seconds(&self, others: &[&ClientId]) -> Result<Option<u64>, StoreError> {
        let longest: Option<Option<i64>> = self
            .tx
            .rows::<Entity>()
            .filter(Column::AccessTokenSeconds.is_not_null())
            .filter(Column::ClientId.is_not_in(others.iter().map(|client_id| client_id.as_str())))
            .select_only()
            .column_as(Column::AccessTokenSeconds.max(), "longest")
            .into_tuple()
            .one(self.tx.conn())
            .await?;
        Ok(longest.flatten().and_then(|seconds| u64::try_from(seconds).ok()))
    }

    /// The selected clients with what belongs to them.
    async fn load(&self, select: Select<Entity>) -> Result<Vec<Client>, StoreError> {
        let rows = select.all(self.tx.conn()).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut scopes = self.scopes_of(&keys).await?;
        let mut apis = self.linked_apis_of(&keys).await?;
        let mut secrets = client_secrets::of_clients(self.tx, &keys).await?;
        rows.into_iter()
            .map(|row| {
                let scopes = scopes.remove(&row.id).unwrap_or_default();
                let apis = apis.remove(&row.id).unwrap_or_default();
                let secrets = secrets.remove(&row.id).unwrap_or_default();
                client(row, scopes, apis, secrets)
            })
            .collect()
    }

    async fn scopes_of(&self, keys: &[Uuid]) -> Result<HashMap<Uuid, Vec<ClientScope>>, StoreError> {
        use client_scopes::Column as Allowed;
        let rows = Joined::from::<client_scopes::Entity>(self.tx, "allowed")
            .with::<scopes::Entity>("scope", same(("scope", scopes::Column::Id), ("allowed", Allowed::ScopeId)))
            .only(col("allowed", Allowed::ClientKey).is_in(keys.iter().copied()))
            .ordered_by(col("scope", scopes::Column::Name))
            .all()
            .await?;
        let mut found: HashMap<Uuid, Vec<ClientScope>> = HashMap::new();
        for row in rows {
            let allowed: client_scopes::Model = row.row("allowed")?;
            let scope: scopes::Model = row.row("scope")?;
            let name = Row::of("scopes", scope.id).scope("name", &scope.name)?;
            found.entry(allowed.client_key).or_default().push(ClientScope { scope: name, default: allowed.is_default });
        }
        Ok(found)
    }

    async fn linked_apis_of(&self, keys: &[Uuid]) -> Result<HashMap<Uuid, Vec<ApiId>>, StoreError> {
        use client_apis::Column as Linked;
        let rows = self.tx.rows::<client_apis::Entity>().filter(Linked::ClientKey.is_in(keys.iter().copied()));
        let mut found: HashMap<Uuid, Vec<ApiId>> = HashMap::new();
        for row in rows.order_by_asc(Linked::ApiId).all(self.tx.conn()).await? {
            found.entry(row.client_key).or_default().push(ApiId::from_uuid(row.api_id));
        }
        Ok(found)
    }
}

impl Clients<'_, ReadWrite> {
    /// Adds a client with all that it holds. Its `client_id` becomes a resource name and a subject.
    ///
    /// `Conflict("client_id")` if the name is taken, `Conflict("scope")` if one of its scopes does not exist; nothing
    /// is written then.
    pub async fn insert(&self, client: &Client) -> Result<(), StoreError> {
        let taken = StoreError::Conflict { what: "client_id" };
        let now = self.tx.now().as_micros();
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: client.key.as_uuid(),
            client_id: client.client_id.as_str().to_owned(),
            name: client.name.clone(),
            enabled: client.enabled,
            settings: Document::of(&client.settings)?,
            access_token_seconds: own_seconds(client),
            created_at: now,
            updated_at: now,
        };
        let scopes = self.scope_rows(client.key, &client.scopes).await?;
        if !self.tx.insert_new(row).await? {
            return Err(taken);
        }
        if !self.claim_names(client).await? {
            self.remove(client.key, client.client_id.as_str()).await?;
            return Err(taken);
        }
        self.tx.insert_many_new(scopes).await?;
        self.link_apis(client).await?;
        self.tx.insert_many_new(client_secrets::rows(self.tx, client.key, &client.secrets)).await?;
        client_logos::note_first(self.tx, client).await?;
        self.tx.touch_configuration();
        Ok(())
    }

    /// Changes name, switch, settings, scopes and linked APIs. Its `client_id` is its `sub` and never changes; secrets
    /// come and go one by one. `false` if there is no such client.
    pub async fn update(&self, client: &Client) -> Result<bool, StoreError> {
        let scopes = self.scope_rows(client.key, &client.scopes).await?;
        let change = self
            .tx
            .update::<Entity>()
            .col_expr(Column::Name, Expr::value(client.name.clone()))
            .col_expr(Column::Enabled, Expr::value(client.enabled))
            .col_expr(Column::Settings, Expr::value(Document::of(&client.settings)?))
            .col_expr(Column::AccessTokenSeconds, Expr::value(own_seconds(client)))
            .col_expr(Column::UpdatedAt, Expr::value(self.tx.now().as_micros()))
            .filter(Column::Id.eq(client.key.as_uuid()));
        if self.tx.run(change).await? != 1 {
            return Ok(false);
        }
        self.replace_scopes(client.key, scopes).await?;
        let key = client_apis::Column::ClientKey.eq(client.key.as_uuid());
        self.tx.clear(self.tx.delete::<client_apis::Entity>().filter(key)).await?;
        self.link_apis(client).await?;
        client_logos::note(self.tx, client).await?;
        self.tx.touch_configuration();
        Ok(true)
    }

    /// Sets the scopes that a client may have; `false` if there is no such client. `Conflict("scope")` if one of them
    /// does not exist; nothing is written then.
    pub async fn set_scopes(&self, key: ClientKey, scopes: &[ClientScope]) -> Result<bool, StoreError> {
        let rows = self.scope_rows(key, scopes).await?;
        if !self.mark_changed(key).await? {
            return Ok(false);
        }
        self.replace_scopes(key, rows).await?;
        Ok(true)
    }

    /// Removes a client with all that it holds and all that was granted to it; `false` if there is none such.
    pub async fn delete(&self, key: ClientKey) -> Result<bool, StoreError> {
        let client = self.tx.rows::<Entity>().filter(Column::Id.eq(key.as_uuid())).one(self.tx.conn()).await?;
        let Some(client) = client else { return Ok(false) };
        self.remove(key, &client.client_id).await?;
        self.tx.touch_configuration();
        Ok(true)
    }

    /// Marks the client as changed now, which also locks its row; `false` if there is none such.
    pub(super) async fn mark_changed(&self, key: ClientKey) -> Result<bool, StoreError> {
        let mark = self
            .tx
            .update::<Entity>()
            .col_expr(Column::UpdatedAt, Expr::value(self.tx.now().as_micros()))
            .filter(Column::Id.eq(key.as_uuid()));
        let marked = self.tx.run(mark).await? == 1;
        if marked {
            self.tx.touch_configuration();
        }
        Ok(marked)
    }

    async fn claim_names(&self, client: &Client) -> Result<bool, StoreError> {
        let name = client.client_id.as_str();
        Ok(names::claim_for_client(self.tx, name, client.key).await?
            && names::claim_subject(self.tx, name, SubjectOf::Client, client.key.as_uuid()).await?)
    }

    async fn remove(&self, key: ClientKey, client_id: &str) -> Result<(), StoreError> {
        // No foreign key leads from these to the client: the platform's own clients have grants and no row.
        let granted = self.tx.delete::<grants::Entity>().filter(grants::Column::ClientKey.eq(key.as_uuid()));
        self.tx.clear(granted).await?;
        let allowed = self.tx.delete::<consents::Entity>().filter(consents::Column::ClientKey.eq(key.as_uuid()));
        self.tx.clear(allowed).await?;
        names::release_client(self.tx, key).await?;
        names::release_subject(self.tx, client_id, key.as_uuid()).await?;
        self.tx.clear(self.tx.delete::<Entity>().filter(Column::Id.eq(key.as_uuid()))).await?;
        Ok(())
    }

    async fn link_apis(&self, client: &Client) -> Result<(), StoreError> {
        let tenant_id = self.tx.tenant_uuid();
        let client_key = client.key.as_uuid();
        let links =
            client.linked_apis.iter().map(|api| client_apis::Model { tenant_id, client_key, api_id: api.as_uuid() });
        self.tx.insert_many_new(links).await?;
        Ok(())
    }

    async fn replace_scopes(&self, key: ClientKey, rows: Vec<client_scopes::Model>) -> Result<(), StoreError> {
        let old = self.tx.delete::<client_scopes::Entity>().filter(client_scopes::Column::ClientKey.eq(key.as_uuid()));
        self.tx.clear(old).await?;
        self.tx.insert_many_new(rows).await?;
        Ok(())
    }

    /// The scopes' rows, which name them by their keys.
    async fn scope_rows(
        &self,
        key: ClientKey,
        wanted: &[ClientScope],
    ) -> Result<Vec<client_scopes::Model>, StoreError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let names = wanted.iter().map(|wanted| wanted.scope.as_str());
        let known = self.tx.rows::<scopes::Entity>().filter(scopes::Column::Name.is_in(names));
        let known: HashMap<String, Uuid> =
            known.all(self.tx.conn()).await?.into_iter().map(|scope| (scope.name, scope.id)).collect();
        let row = |wanted: &ClientScope| {
            let scope_id = *known.get(wanted.scope.as_str())?;
            let (tenant_id, client_key) = (self.tx.tenant_uuid(), key.as_uuid());
            Some(client_scopes::Model { tenant_id, client_key, scope_id, is_default: wanted.default })
        };
        wanted.iter().map(row).collect::<Option<_>>().ok_or(StoreError::Conflict { what: "scope" })
    }
}

fn own_seconds(client: &Client) -> Option<i64> {
    client.settings.access_token_seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn client(
    stored: Model,
    scopes: Vec<ClientScope>,
    linked_apis: Vec<ApiId>,
    secrets: Vec<ClientSecret>,
) -> Result<Client, StoreError> {
    let row = Row::of("clients", stored.id);
    Ok(Client {
        key: ClientKey::from_uuid(stored.id),
        client_id: row.known("client_id", ClientId::parse(&stored.client_id).ok())?,
        name: stored.name,
        enabled: stored.enabled,
        settings: row.document("settings", &stored.settings)?,
        scopes,
        linked_apis,
        secrets,
    })
}
