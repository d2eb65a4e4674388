//! What people prove themselves with.

use palatine_domain::Instant;
use palatine_domain::credential::{Credential, CredentialKind};
use palatine_domain::ids::{CredentialId, RowId as _, UserId};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};

use super::row::Row;
use crate::StoreError;
use crate::entities::credentials::{Column, Entity, Model};
use crate::entities::users;
use crate::scope::ReadWrite;

/// The stored word of a password.
pub(super) const PASSWORD: &str = "password";

repository! {
    /// What the realm's people prove themselves with.
    Credentials, credentials
}

impl<A> Credentials<'_, A> {
    /// A user's password.
    pub async fn password_of(&self, user: UserId) -> Result<Option<Credential>, StoreError> {
        let theirs = self.tx.rows::<Entity>().filter(Column::UserId.eq(user.as_uuid()));
        let row = theirs.filter(Column::Kind.eq(PASSWORD)).one(self.tx.conn()).await?;
        row.map(credential).transpose()
    }

    /// All that a user proves themselves with, oldest first.
    pub async fn list_of(&self, user: UserId) -> Result<Vec<Credential>, StoreError> {
        let theirs = self.tx.rows::<Entity>().filter(Column::UserId.eq(user.as_uuid()));
        let rows = theirs.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id);
        rows.all(self.tx.conn()).await?.into_iter().map(credential).collect()
    }
}

impl Credentials<'_, ReadWrite> {
    /// Sets a user's password, for the first time or again, as its hash; `false` if there is no such user. A password that replaces another is another credential, with an id of its own.
    pub async fn set_password(&self, user: UserId, phc: &str) -> Result<bool, StoreError> {
        if !self.tx.any(self.tx.rows::<users::Entity>().filter(users::Column::Id.eq(user.as_uuid()))).await? {
            return Ok(false);
        }
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: self.tx.ambient().id::<CredentialId>().as_uuid(),
            user_id: user.as_uuid(),
            kind: PASSWORD.to_owned(),
            secret: phc.to_owned(),
            created_at: self.tx.now().as_micros(),
        };
        let replace = OnConflict::columns([Column::TenantId, Column::UserId, Column::Kind])
            .update_columns([Column::Id, Column::Secret, Column::CreatedAt])
            .to_owned();
        self.tx.upsert([row], replace).await?;
        Ok(true)
    }

    /// Takes a credential of a user away; `false` if they have none such. What they have open stays open.
    pub async fn delete(&self, user: UserId, id: CredentialId) -> Result<bool, StoreError> {
        let theirs = self.tx.delete::<Entity>().filter(Column::UserId.eq(user.as_uuid()));
        Ok(self.tx.clear(theirs.filter(Column::Id.eq(id.as_uuid()))).await? == 1)
    }

    /// Replaces the hash of the same password by a stronger one, unless it was changed since it was read; `false` then.
    pub async fn upgrade_password(&self, id: CredentialId, old_phc: &str, new_phc: &str) -> Result<bool, StoreError> {
        let upgrade = self
            .tx
            .update::<Entity>()
            .col_expr(Column::Secret, Expr::value(new_phc))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::Kind.eq(PASSWORD))
            .filter(Column::Secret.eq(old_phc));
        Ok(self.tx.run(upgrade).await? == 1)
    }
}

/// A credential from its row.
pub(super) fn credential(stored: Model) -> Result<Credential, StoreError> {
    let kind = match stored.kind.as_str() {
        PASSWORD => CredentialKind::Password(stored.secret),
        _ => return Err(Row::of("credentials", stored.id).corrupt("kind")),
    };
    Ok(Credential {
        id: CredentialId::from_uuid(stored.id),
        user: UserId::from_uuid(stored.user_id),
        kind,
        created_at: Instant::from_micros(stored.created_at),
    })
}
