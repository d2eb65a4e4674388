//! People. Reading; looking for them is in `users_find.rs`, writing in `users_write.rs`.

use palatine_domain::Instant;
use palatine_domain::credential::Credential;
use palatine_domain::identifier::{IdentifierKinds, NormalisedIdentifier};
use palatine_domain::ids::{RowId as _, UserId};
use palatine_domain::user::User;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _};

use super::credentials::{self, PASSWORD};
use super::row::Row;
use crate::StoreError;
use crate::entities::joined::{Joined, col, same};
use crate::entities::user_identifiers;
use crate::entities::users::{Column, Entity, Model};

repository! {
    /// The realm's people.
    Users, users
}

impl<A> Users<'_, A> {
    /// The user with that id.
    pub async fn by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let row = self.tx.rows::<Entity>().filter(Column::Id.eq(id.as_uuid())).one(self.tx.conn()).await?;
        row.map(user).transpose()
    }

    /// The user whose `sub` that is.
    pub async fn by_subject(&self, subject: &str) -> Result<Option<User>, StoreError> {
        let row = self.tx.rows::<Entity>().filter(Column::Subject.eq(subject)).one(self.tx.conn()).await?;
        row.map(user).transpose()
    }

    /// The user who signs in with that name; one statement.
    pub async fn by_identifier(&self, identifier: &NormalisedIdentifier) -> Result<Option<User>, StoreError> {
        let found = self.named(identifier).one().await?;
        found.map(|row| user(row.row("person")?)).transpose()
    }

    /// The user who signs in with that name, with the password if one is set; one statement.
    pub async fn for_sign_in(
        &self,
        identifier: &NormalisedIdentifier,
    ) -> Result<Option<(User, Option<Credential>)>, StoreError> {
        use crate::entities::credentials as table;
        let password = Condition::all()
            .add(same(("password", table::Column::UserId), ("name", user_identifiers::Column::UserId)))
            .add(col("password", table::Column::Kind).eq(PASSWORD));
        let Some(row) = self.named(identifier).maybe::<table::Entity>("password", password).one().await? else {
            return Ok(None);
        };
        let password: Option<table::Model> = row.maybe("password")?;
        Ok(Some((user(row.row("person")?)?, password.map(credentials::credential).transpose()?)))
    }

    /// The names that a user signs in with.
    pub async fn identifiers(&self, user: UserId) -> Result<Vec<(NormalisedIdentifier, IdentifierKinds)>, StoreError> {
        use user_identifiers::Column as Name;
        let rows = self.tx.rows::<user_identifiers::Entity>().filter(Name::UserId.eq(user.as_uuid()));
        let row = Row::of("user_identifiers", user.as_uuid());
        let read = |stored: user_identifiers::Model| {
            let value = row.known("value", NormalisedIdentifier::parse(&stored.value).ok())?;
            Ok((value, IdentifierKinds::from_bits(stored.kinds)))
        };
        rows.order_by_asc(Name::Value).all(self.tx.conn()).await?.into_iter().map(read).collect()
    }

    /// The user of a sign-in name: `name` and `person`.
    fn named(&self, identifier: &NormalisedIdentifier) -> Joined<'_, A> {
        use user_identifiers::Column as Name;
        Joined::from_columns::<user_identifiers::Entity>(self.tx, "name", [])
            .with::<Entity>("person", same(("person", Column::Id), ("name", Name::UserId)))
            .only(col("name", Name::Value).eq(identifier.as_str()))
    }
}

/// A user from its row.
pub(super) fn user(stored: Model) -> Result<User, StoreError> {
    let row = Row::of("users", stored.id);
    Ok(User {
        id: UserId::from_uuid(stored.id),
        profile: row.document("profile", &stored.profile)?,
        custom: row.document("custom", &stored.custom)?,
        subject: stored.subject,
        enabled: stored.enabled,
        username: stored.username,
        email: stored.email,
        email_verified: stored.email_verified,
        created_at: Instant::from_micros(stored.created_at),
        updated_at: Instant::from_micros(stored.updated_at),
    })
}
