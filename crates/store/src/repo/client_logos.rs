//! Logos of clients, as pictures of our own making. What is to be fetched is written down with the client itself.

use std::collections::HashMap;

use palatine_domain::Instant;
use palatine_domain::client::Client;
use palatine_domain::ids::{ClientKey, RowId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use crate::StoreError;
use crate::entities::client_logos::{Column, Entity, Model};
use crate::scope::{ReadWrite, TenantTx};

repository! {
    /// The logos that are shown for clients. A client takes its own along.
    ClientLogos, client_logos
}

impl<A> ClientLogos<'_, A> {
    /// The logo of a client, as PNG; `None` if it has none that could be fetched.
    pub async fn image(&self, client: ClientKey) -> Result<Option<Vec<u8>>, StoreError> {
        let image: Option<Option<Vec<u8>>> = self
            .tx
            .rows::<Entity>()
            .filter(Column::ClientKey.eq(client.as_uuid()))
            .select_only()
            .column(Column::Image)
            .into_tuple()
            .one(self.tx.conn())
            .await?;
        Ok(image.flatten())
    }

    /// Since when each of these clients has the logo that it has; those without one are left out.
    pub async fn fetched_at(&self, clients: &[ClientKey]) -> Result<HashMap<ClientKey, Instant>, StoreError> {
        if clients.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<(Uuid, i64)> = self
            .tx
            .rows::<Entity>()
            .filter(Column::ClientKey.is_in(clients.iter().map(RowId::as_uuid)))
            .filter(Column::FetchedAt.is_not_null())
            .select_only()
            .columns([Column::ClientKey, Column::FetchedAt])
            .into_tuple()
            .all(self.tx.conn())
            .await?;
        Ok(rows.into_iter().map(|(key, at)| (ClientKey::from_uuid(key), Instant::from_micros(at))).collect())
    }
}

impl ClientLogos<'_, ReadWrite> {
    /// Keeps what was fetched from `uri`; `false` if the client's logo is elsewhere by now, or the client is gone.
    pub async fn keep(&self, client: ClientKey, uri: &str, png: Vec<u8>) -> Result<bool, StoreError> {
        let keep = self
            .tx
            .update::<Entity>()
            .col_expr(Column::Image, Expr::value(png))
            .col_expr(Column::FetchedAt, Expr::value(self.tx.now().as_micros()))
            .col_expr(Column::NextTryAt, Expr::value(None::<i64>))
            .filter(Column::ClientKey.eq(client.as_uuid()))
            .filter(Column::Uri.eq(uri));
        Ok(self.tx.run(keep).await? == 1)
    }

    /// Nothing that can be shown was at `uri`: it is tried again at `next`, or, without one, when the client names
    /// another place. `false` if it has done so, or is gone.
    pub async fn put_off(&self, client: ClientKey, uri: &str, next: Option<Instant>) -> Result<bool, StoreError> {
        let put_off = self
            .tx
            .update::<Entity>()
            .col_expr(Column::NextTryAt, Expr::value(next.map(Instant::as_micros)))
            .filter(Column::ClientKey.eq(client.as_uuid()))
            .filter(Column::Uri.eq(uri));
        Ok(self.tx.run(put_off).await? == 1)
    }
}

/// Notes which logo a client that is new has.
pub(super) async fn note_first(tx: &TenantTx<ReadWrite>, client: &Client) -> Result<(), StoreError> {
    if let Some(uri) = &client.settings.about.logo_uri {
        tx.insert_new(to_fetch(tx, client.key, uri)).await?;
    }
    Ok(())
}

/// Notes which logo a client has that was changed: another place makes the present picture nobody's.
pub(super) async fn note(tx: &TenantTx<ReadWrite>, client: &Client) -> Result<(), StoreError> {
    let own = Column::ClientKey.eq(client.key.as_uuid());
    let Some(uri) = &client.settings.about.logo_uri else {
        tx.clear(tx.delete::<Entity>().filter(own)).await?;
        return Ok(());
    };
    tx.clear(tx.delete::<Entity>().filter(own).filter(Column::Uri.ne(uri.as_str()))).await?;
    tx.insert_new(to_fetch(tx, client.key, uri)).await?;
    Ok(())
}

fn to_fetch(tx: &TenantTx<ReadWrite>, client: ClientKey, uri: &str) -> Model {
    Model {
        tenant_id: tx.tenant_uuid(),
        client_key: client.as_uuid(),
        uri: uri.to_owned(),
        image: None,
        fetched_at: None,
        attempts: 0,
        next_try_at: Some(tx.now().as_micros()),
    }
}
