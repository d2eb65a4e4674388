//! Authorization requests that wait for a person.

use palatine_domain::Instant;
use palatine_domain::ids::{InteractionId, RowId as _, SessionId};
use palatine_domain::interaction::{AccountChoice, Interaction};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, QueryFilter as _};

use super::row::Row;
use crate::StoreError;
use crate::entities::document::Document;
use crate::entities::interactions::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// Authorization requests that wait for a person.
    Interactions, interactions
}

impl<A> Interactions<'_, A> {
    /// The interaction, even if its time is over.
    pub async fn get(&self, id: InteractionId) -> Result<Option<Interaction>, StoreError> {
        let row = self.tx.rows::<Entity>().filter(Column::Id.eq(id.as_uuid())).one(self.tx.conn()).await?;
        row.map(interaction).transpose()
    }
}

impl Interactions<'_, ReadWrite> {
    /// Begins one.
    pub async fn insert(&self, interaction: &Interaction) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: interaction.id.as_uuid(),
            cookie: interaction.cookie.as_bytes().to_vec(),
            client_id: interaction.client_id.clone(),
            redirect_uri: interaction.redirect_uri.clone(),
            redirect_uri_given: interaction.redirect_uri_given,
            request: Document::of(&interaction.request)?,
            device: interaction.device.map(|hash| hash.as_bytes().to_vec()),
            authenticated_in: interaction.authenticated_in.map(|session| session.as_uuid()),
            account_choice: interaction.account_choice.map(AccountChoice::to_text),
            created_at: interaction.created_at.as_micros(),
            expires_at: interaction.expires_at.as_micros(),
        };
        self.tx.insert(row, "interaction").await
    }

    /// Notes the session in which the person proved themselves for it; `false` if it is not there (any more).
    pub async fn authenticated(&self, id: InteractionId, session: SessionId) -> Result<bool, StoreError> {
        let note = self
            .tx
            .update::<Entity>()
            .col_expr(Column::AuthenticatedIn, Expr::value(session.as_uuid()))
            .filter(Column::Id.eq(id.as_uuid()));
        Ok(self.tx.run(note).await? == 1)
    }

    /// Notes the account that the person chose for it; `false` if it is not there (any more).
    pub async fn account_chosen(&self, id: InteractionId, choice: AccountChoice) -> Result<bool, StoreError> {
        let note = self
            .tx
            .update::<Entity>()
            .col_expr(Column::AccountChoice, Expr::value(choice.to_text()))
            .filter(Column::Id.eq(id.as_uuid()));
        Ok(self.tx.run(note).await? == 1)
    }

    /// Takes it to answer it: `true` for exactly one caller, and it is gone.
    pub async fn take(&self, id: InteractionId) -> Result<bool, StoreError> {
        Ok(self.tx.clear(self.tx.delete::<Entity>().filter(Column::Id.eq(id.as_uuid()))).await? == 1)
    }
}

fn interaction(stored: Model) -> Result<Interaction, StoreError> {
    let row = Row::of("interactions", stored.id);
    let choice = stored.account_choice.as_deref();
    Ok(Interaction {
        id: InteractionId::from_uuid(stored.id),
        cookie: row.hash("cookie", &stored.cookie)?,
        client_id: stored.client_id,
        redirect_uri: stored.redirect_uri,
        redirect_uri_given: stored.redirect_uri_given,
        request: row.document("request", &stored.request)?,
        device: stored.device.map(|bytes| row.hash("device", &bytes)).transpose()?,
        authenticated_in: stored.authenticated_in.map(SessionId::from_uuid),
        account_choice: choice.map(|text| row.known("account_choice", AccountChoice::parse(text))).transpose()?,
        created_at: Instant::from_micros(stored.created_at),
        expires_at: Instant::from_micros(stored.expires_at),
    })
}
