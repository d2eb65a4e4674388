//! People: writing. A user's subject, sign-in names and search words are rows of their own, kept in step here.

use std::time::Duration;

use palatine_domain::Instant;
use palatine_domain::grant::EndReason;
use palatine_domain::identifier::{IdentifierKinds, NormalisedIdentifier};
use palatine_domain::ids::{RowId as _, UserId};
use palatine_domain::user::User;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::names::{self, SubjectOf};
use super::row::Row;
use super::users::Users;
use super::words;
use crate::StoreError;
use crate::entities::document::Document;
use crate::entities::users::{Column, Entity, Model};
use crate::entities::{user_identifiers, user_search};
use crate::scope::ReadWrite;

impl Users<'_, ReadWrite> {
    /// Adds a user. `Conflict` of `subject`, `username` or `email` if another user (or client, by its subject) has it;
    /// nothing is written then.
    pub async fn insert(&self, user: &User) -> Result<(), StoreError> {
        let names = sign_in_names(user)?;
        let taken = StoreError::Conflict { what: "subject" };
        if !self.tx.insert_new(self.row(user)?).await? {
            return Err(taken);
        }
        if !names::claim_subject(self.tx, &user.subject, SubjectOf::User, user.id.as_uuid()).await? {
            self.remove(user.id, &user.subject).await?;
            return Err(taken);
        }
        if let Err(conflict) = self.claim(user.id, &names).await? {
            self.remove(user.id, &user.subject).await?;
            return Err(conflict);
        }
        self.index(user).await
    }

    /// Changes all but the subject, which is immutable; `false` if there is no such user. `Conflict` of `username` or
    /// `email` if another user has it; nothing is written then. Who is disabled by it is signed out everywhere.
    pub async fn update(&self, user: &User) -> Result<bool, StoreError> {
        let names = sign_in_names(user)?;
        let id = user.id.as_uuid();
        if !self.lock(id).await? {
            return Ok(false);
        }
        let before = self.identifiers(user.id).await?;
        let new: Vec<_> = names.iter().filter(|new| !before.iter().any(|old| old.0 == new.0)).cloned().collect();
        self.claim(user.id, &new).await??;
        self.settle(user.id, &before, &names).await?;
        let change = self
            .tx
            .update::<Entity>()
            .col_expr(Column::Enabled, Expr::value(user.enabled))
            .col_expr(Column::Username, Expr::value(user.username.clone()))
            .col_expr(Column::Email, Expr::value(user.email.clone()))
            .col_expr(Column::EmailVerified, Expr::value(user.email_verified))
            .col_expr(Column::Profile, Expr::value(Document::of(&user.profile)?))
            .col_expr(Column::Custom, Expr::value(Document::of(&user.custom)?))
            .col_expr(Column::UpdatedAt, Expr::value(self.tx.now().as_micros()))
            .filter(Column::Id.eq(id));
        self.tx.run(change).await?;
        self.tx.clear(self.tx.delete::<user_search::Entity>().filter(user_search::Column::UserId.eq(id))).await?;
        self.index(user).await?;
        if !user.enabled {
            self.sign_out_everywhere(user.id).await?;
        }
        Ok(true)
    }

    /// Changes profile and custom fields, unless anything of the user was changed since `seen`, their `updated_at`:
    /// `false` then, or if there is no such user.
    pub async fn update_profile(&self, user: &User, seen: Instant) -> Result<bool, StoreError> {
        // Later than `seen` in any case: another who saw the same is told.
        let at = self.tx.now().max(seen.plus(Duration::from_micros(1)));
        let change = self
            .tx
            .update::<Entity>()
            .col_expr(Column::Profile, Expr::value(Document::of(&user.profile)?))
            .col_expr(Column::Custom, Expr::value(Document::of(&user.custom)?))
            .col_expr(Column::UpdatedAt, Expr::value(at.as_micros()))
            .filter(Column::Id.eq(user.id.as_uuid()))
            .filter(Column::UpdatedAt.eq(seen.as_micros()));
        if self.tx.run(change).await? == 0 {
            return Ok(false);
        }
        let words = self.tx.delete::<user_search::Entity>();
        self.tx.clear(words.filter(user_search::Column::UserId.eq(user.id.as_uuid()))).await?;
        self.index(user).await?;
        Ok(true)
    }

    /// Enables a user, or disables one and signs them out everywhere; `false` if there is none such.
    pub async fn set_enabled(&self, id: UserId, enabled: bool) -> Result<bool, StoreError> {
        let change = self
            .tx
            .update::<Entity>()
            .col_expr(Column::Enabled, Expr::value(enabled))
            .col_expr(Column::UpdatedAt, Expr::value(self.tx.now().as_micros()))
            .filter(Column::Id.eq(id.as_uuid()));
        let changed = self.tx.run(change).await? == 1;
        if changed && !enabled {
            self.sign_out_everywhere(id).await?;
        }
        Ok(changed)
    }

    /// Ends all that a user has open, offline families too. The caches need no tombstone: whatever is issued asks the
    /// database whether its user is enabled.
    async fn sign_out_everywhere(&self, id: UserId) -> Result<(), StoreError> {
        let now = self.tx.now();
        self.tx.sessions().end_all_of_user(id, EndReason::Admin, now).await?;
        self.tx.grants().end_all_of_user(id, EndReason::Admin, now).await?;
        Ok(())
    }

    /// Removes a user with all that is theirs; `false` if there is none such.
    pub async fn delete(&self, id: UserId) -> Result<bool, StoreError> {
        let stored = self.tx.rows::<Entity>().filter(Column::Id.eq(id.as_uuid())).one(self.tx.conn()).await?;
        let Some(stored) = stored else { return Ok(false) };
        self.remove(id, &stored.subject).await?;
        Ok(true)
    }

    fn row(&self, user: &User) -> Result<Model, StoreError> {
        Ok(Model {
            tenant_id: self.tx.tenant_uuid(),
            id: user.id.as_uuid(),
            subject: user.subject.clone(),
            enabled: user.enabled,
            username: user.username.clone(),
            email: user.email.clone(),
            email_verified: user.email_verified,
            profile: Document::of(&user.profile)?,
            custom: Document::of(&user.custom)?,
            created_at: user.created_at.as_micros(),
            updated_at: user.updated_at.as_micros(),
        })
    }

    /// Locks the user's row, so that two changes of their names come one after the other; `false` if there is none.
    async fn lock(&self, id: Uuid) -> Result<bool, StoreError> {
        let now: Instant = self.tx.now();
        let touch = self.tx.update::<Entity>().col_expr(Column::UpdatedAt, Expr::value(now.as_micros()));
        Ok(self.tx.run(touch.filter(Column::Id.eq(id))).await? == 1)
    }

    /// Takes sign-in names for the user: all, or none and the conflict.
    async fn claim(&self, user: UserId, names: &[SignInName]) -> Result<Result<(), StoreError>, StoreError> {
        for (position, (value, kinds)) in names.iter().enumerate() {
            let row = user_identifiers::Model {
                tenant_id: self.tx.tenant_uuid(),
                value: value.as_str().to_owned(),
                user_id: user.as_uuid(),
                kinds: kinds.to_bits(),
            };
            if !self.tx.insert_new(row).await? {
                let claimed: Vec<_> = names.iter().take(position).map(|(value, _)| value.as_str()).collect();
                self.release(user, &claimed).await?;
                return Ok(Err(StoreError::Conflict { what: if kinds.username { "username" } else { "email" } }));
            }
        }
        Ok(Ok(()))
    }

    /// Gives back the names that a user has no longer, and corrects what the kept ones are.
    async fn settle(&self, user: UserId, before: &[SignInName], now: &[SignInName]) -> Result<(), StoreError> {
        use user_identifiers::{Column as Name, Entity as Names};
        let gone = before.iter().filter(|old| !now.iter().any(|new| new.0 == old.0));
        let gone: Vec<_> = gone.map(|(value, _)| value.as_str()).collect();
        self.release(user, &gone).await?;
        for (value, kinds) in now.iter().filter(|new| before.iter().any(|old| old.0 == new.0 && old.1 != new.1)) {
            let correct = self
                .tx
                .update::<Names>()
                .col_expr(Name::Kinds, Expr::value(kinds.to_bits()))
                .filter(Name::Value.eq(value.as_str()));
            self.tx.run(correct).await?;
        }
        Ok(())
    }

    async fn release(&self, user: UserId, names: &[&str]) -> Result<(), StoreError> {
        use user_identifiers::{Column as Name, Entity as Names};
        if !names.is_empty() {
            let theirs = self.tx.delete::<Names>().filter(Name::UserId.eq(user.as_uuid()));
            self.tx.clear(theirs.filter(Name::Value.is_in(names.iter().copied()))).await?;
        }
        Ok(())
    }

    /// Writes down the words by which the user is found.
    async fn index(&self, user: &User) -> Result<(), StoreError> {
        let texts = [user.profile.name.as_deref(), Some(&*user.username), user.email.as_deref()];
        let (tenant_id, user_id) = (self.tx.tenant_uuid(), user.id.as_uuid());
        let rows = words::of(texts.into_iter().flatten());
        let rows = rows.into_iter().map(|token| user_search::Model { tenant_id, token, user_id });
        self.tx.insert_many_new(rows).await?;
        Ok(())
    }

    async fn remove(&self, id: UserId, subject: &str) -> Result<(), StoreError> {
        names::release_subject(self.tx, subject, id.as_uuid()).await?;
        self.tx.clear(self.tx.delete::<Entity>().filter(Column::Id.eq(id.as_uuid()))).await?;
        Ok(())
    }
}

type SignInName = (NormalisedIdentifier, IdentifierKinds);

/// The names to sign in with: username and e-mail address, one row if they are equal.
fn sign_in_names(user: &User) -> Result<Vec<SignInName>, StoreError> {
    let row = Row::of("users", user.id.as_uuid());
    let username = row.known("username", NormalisedIdentifier::parse(&user.username).ok())?;
    let email = match &user.email {
        Some(email) => Some(row.known("email", NormalisedIdentifier::parse(email).ok())?),
        None => None,
    };
    let same = email.as_ref() == Some(&username);
    let mut names = vec![(username, IdentifierKinds { username: true, email: same })];
    if let (Some(email), false) = (email, same) {
        names.push((email, IdentifierKinds { username: false, email: true }));
    }
    Ok(names)
}
