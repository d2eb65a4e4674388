//! Clients that registered themselves.

use palatine_domain::ids::{ClientKey, RowId as _};
use palatine_domain::registration::{ClientRegistration, REPLACED_TOKEN_LIVES};
use palatine_domain::{Instant, TokenHash};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _};

use super::row::Row;
use crate::StoreError;
use crate::entities::client_registrations::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// Which clients registered themselves, and what they manage themselves with. A client takes its own along.
    Registrations, registrations
}

impl<A> Registrations<'_, A> {
    /// The registration of a client; `None` if somebody else made it.
    pub async fn of_client(&self, client: ClientKey) -> Result<Option<ClientRegistration>, StoreError> {
        let row = self.tx.rows::<Entity>().filter(Column::ClientKey.eq(client.as_uuid())).one(self.tx.conn()).await?;
        row.map(registration).transpose()
    }
}

impl Registrations<'_, ReadWrite> {
    /// Notes that a client, which must be there, has registered itself.
    pub async fn insert(&self, registration: &ClientRegistration) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            client_key: registration.client.as_uuid(),
            registered_at: registration.registered_at.as_micros(),
            token_hash: registration.token.as_bytes().to_vec(),
            replaced_hash: registration.replaced.as_ref().map(|(hash, _)| hash.as_bytes().to_vec()),
            replaced_until: registration.replaced.as_ref().map(|(_, until)| until.as_micros()),
        };
        self.tx.insert(row, "client registration").await
    }

    /// Replaces the registration access token, if `presented` is the client's still; what it replaces works for
    /// [`REPLACED_TOKEN_LIVES`] more. `false` if it is not, or the client is gone.
    pub async fn rotate(&self, client: ClientKey, presented: &TokenHash, next: &TokenHash) -> Result<bool, StoreError> {
        let presented = presented.as_bytes().to_vec();
        let now = self.tx.now();
        let overlapping = Condition::all()
            .add(Column::ReplacedHash.eq(presented.clone()))
            .add(Column::ReplacedUntil.gt(now.as_micros()));
        let rotate = self
            .tx
            .update::<Entity>()
            .col_expr(Column::ReplacedHash, Expr::col(Column::TokenHash))
            .col_expr(Column::ReplacedUntil, Expr::value(now.plus(REPLACED_TOKEN_LIVES).as_micros()))
            .col_expr(Column::TokenHash, Expr::value(next.as_bytes().to_vec()))
            .filter(Column::ClientKey.eq(client.as_uuid()))
            .filter(Condition::any().add(Column::TokenHash.eq(presented)).add(overlapping));
        Ok(self.tx.run(rotate).await? == 1)
    }
}

fn registration(stored: Model) -> Result<ClientRegistration, StoreError> {
    let row = Row::of("client_registrations", stored.client_key);
    let replaced = match (stored.replaced_hash, stored.replaced_until) {
        (Some(hash), Some(until)) => Some((row.hash("replaced_hash", &hash)?, Instant::from_micros(until))),
        _ => None,
    };
    Ok(ClientRegistration {
        client: ClientKey::from_uuid(stored.client_key),
        registered_at: Instant::from_micros(stored.registered_at),
        token: row.hash("token_hash", &stored.token_hash)?,
        replaced,
    })
}
