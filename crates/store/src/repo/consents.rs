//! What people allowed clients.

use palatine_domain::Instant;
use palatine_domain::grant::EndReason;
use palatine_domain::ids::{ClientKey, ConsentId, RowId as _, UserId};
use palatine_protocol::scope::ScopeSet;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter, QueryOrder as _, QuerySelect as _, Select};

use super::endings;
use super::row::Row;
use crate::StoreError;
use crate::entities::consents::{Column, Entity, Model};
use crate::entities::grants;
use crate::scope::ReadWrite;

repository! {
    /// What the realm's people allowed its clients.
    Consents, consents
}

/// What a person allowed a client, remembered.
#[derive(Clone, Debug)]
pub struct Consent {
    /// Its row.
    pub id: ConsentId,
    /// Who allowed it.
    pub user: UserId,
    /// To whom.
    pub client: ClientKey,
    /// What.
    pub scope: ScopeSet,
    /// What they left out when they were asked: not in `scope`.
    pub refused: ScopeSet,
    /// When it was first given.
    pub created_at: Instant,
    /// When they last answered.
    pub updated_at: Instant,
}

/// Which consents are wanted: those that fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct ConsentFilter {
    /// Of this user.
    pub user: Option<UserId>,
    /// To this client.
    pub client: Option<ClientKey>,
}

impl<A> Consents<'_, A> {
    /// What a user allowed a client.
    pub async fn get(&self, user: UserId, client: ClientKey) -> Result<Option<ScopeSet>, StoreError> {
        Ok(self.answered(user, client).await?.map(|consent| consent.scope))
    }

    /// What a user answered when a client asked: allowed and left out.
    pub async fn answered(&self, user: UserId, client: ClientKey) -> Result<Option<Consent>, StoreError> {
        let row = self.between(user, client).one(self.tx.conn()).await?;
        row.as_ref().map(consent).transpose()
    }

    /// All that a user allowed, oldest first.
    pub async fn of_user(&self, user: UserId) -> Result<Vec<Consent>, StoreError> {
        let rows = self.tx.rows::<Entity>().filter(Column::UserId.eq(user.as_uuid()));
        rows.order_by_asc(Column::CreatedAt).all(self.tx.conn()).await?.iter().map(consent).collect()
    }

    /// At most `limit` consents, newest first, those before `after`.
    pub async fn list(
        &self,
        filter: &ConsentFilter,
        after: Option<ConsentId>,
        limit: u64,
    ) -> Result<Vec<Consent>, StoreError> {
        let conditions = [
            filter.user.map(|user| Column::UserId.eq(user.as_uuid())),
            filter.client.map(|client| Column::ClientKey.eq(client.as_uuid())),
            after.map(|after| Column::Id.lt(after.as_uuid())),
        ];
        let rows = conditions.into_iter().flatten().fold(self.tx.rows::<Entity>(), QueryFilter::filter);
        let rows = rows.order_by_desc(Column::Id).limit(limit);
        rows.all(self.tx.conn()).await?.iter().map(consent).collect()
    }

    fn between(&self, user: UserId, client: ClientKey) -> Select<Entity> {
        let rows = self.tx.rows::<Entity>().filter(Column::UserId.eq(user.as_uuid()));
        rows.filter(Column::ClientKey.eq(client.as_uuid()))
    }
}

impl Consents<'_, ReadWrite> {
    /// Remembers what a user allowed a client and what they left out, beside what they answered before. The later
    /// answer about a scope counts.
    pub async fn answer(
        &self,
        user: UserId,
        client: ClientKey,
        given: &ScopeSet,
        refused: &ScopeSet,
    ) -> Result<(), StoreError> {
        let refused = refused.difference(given);
        let now = self.tx.now().as_micros();
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: self.tx.ambient().id::<ConsentId>().as_uuid(),
            user_id: user.as_uuid(),
            client_key: client.as_uuid(),
            scope: given.to_string(),
            refused: refused.to_string(),
            created_at: now,
            updated_at: now,
        };
        if self.tx.insert_new(row).await? {
            return Ok(());
        }
        // Locked, so that of two answers at once neither is lost.
        let before = self.between(user, client).lock_exclusive().one(self.tx.conn()).await?;
        let Some(before) = before.as_ref().map(consent).transpose()? else {
            return Err(StoreError::Conflict { what: "consent" });
        };
        let scope = before.scope.difference(&refused).union(given);
        let refused = before.refused.difference(given).union(&refused);
        let change = self
            .tx
            .update::<Entity>()
            .col_expr(Column::Scope, Expr::value(scope.to_string()))
            .col_expr(Column::Refused, Expr::value(refused.to_string()))
            .col_expr(Column::UpdatedAt, Expr::value(now))
            .filter(Column::Id.eq(before.id.as_uuid()));
        self.tx.run(change).await?;
        Ok(())
    }

    /// Forgets what a user allowed a client, and ends all grants of the user to it; `false` if nothing was remembered
    /// (grants end all the same).
    pub async fn withdraw(&self, user: UserId, client: ClientKey) -> Result<bool, StoreError> {
        use grants::Column as Grant;
        let theirs = self.tx.delete::<Entity>().filter(Column::UserId.eq(user.as_uuid()));
        let known = self.tx.clear(theirs.filter(Column::ClientKey.eq(client.as_uuid()))).await?;
        let which = Condition::all().add(Grant::UserId.eq(user.as_uuid())).add(Grant::ClientKey.eq(client.as_uuid()));
        endings::end_grants_and_families(self.tx, which, EndReason::ConsentWithdrawn, self.tx.now()).await?;
        Ok(known == 1)
    }
}

fn consent(stored: &Model) -> Result<Consent, StoreError> {
    let row = Row::of("consents", stored.id);
    Ok(Consent {
        id: ConsentId::from_uuid(stored.id),
        user: UserId::from_uuid(stored.user_id),
        client: ClientKey::from_uuid(stored.client_key),
        scope: row.scopes("scope", &stored.scope)?,
        refused: row.scopes("refused", &stored.refused)?,
        created_at: Instant::from_micros(stored.created_at),
        updated_at: Instant::from_micros(stored.updated_at),
    })
}
