//! Refresh tokens and their families.

use palatine_domain::grant::{EndReason, Grant};
use palatine_domain::ids::{ClientKey, FamilyId, GrantId, RefreshTokenId, RowId as _, UserId};
use palatine_domain::refresh::{RefreshFamily, RefreshToken, RefreshUse};
use palatine_domain::session::Session;
use palatine_domain::user::User;
use palatine_domain::{Instant, TokenHash};
use palatine_protocol::scope::ScopeSet;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, Value};
use uuid::Uuid;

use super::row::Row;
use super::{endings, grants, sessions, users};
use crate::StoreError;
use crate::entities::joined::{Joined, col, same};
use crate::entities::refresh_tokens::{Column, Entity, Model};
use crate::entities::{clients, login_sessions, refresh_families as families};
use crate::scope::ReadWrite;

repository! {
    /// Refresh tokens and their families.
    Refresh, refresh
}

/// All that using a refresh token needs.
#[derive(Clone, Debug)]
pub struct RefreshContext {
    /// The token.
    pub token: RefreshToken,
    /// Its family.
    pub family: RefreshFamily,
    /// The grant that the family renews.
    pub grant: Grant,
    /// Who gave it.
    pub user: User,
    /// The session it was given in; `None` if it was swept.
    pub session: Option<Session>,
    /// Whether the client is enabled; `None` if it has no row, as the platform's own clients have none.
    pub client_enabled: Option<bool>,
}

/// The first use of a refresh token.
#[derive(Clone, Copy, Debug)]
pub struct RefreshRotation<'a> {
    /// The token that is used.
    pub used: RefreshTokenId,
    /// The token that `used` succeeded: from now on it gives `used` to nobody.
    pub used_parent: Option<RefreshTokenId>,
    /// When.
    pub at: Instant,
    /// What takes its place; its `parent` is `used`.
    pub successor: &'a RefreshToken,
    /// The successor's wire form, sealed under a key that only the used token's wire form gives.
    pub sealed: &'a [u8],
    /// When a retry is believed no longer: from then on the sweep forgets `sealed`.
    pub window_ends_at: Instant,
    /// The scope of the answer: a retry gets at most that.
    pub scope: &'a ScopeSet,
}

impl<A> Refresh<'_, A> {
    /// The token of that hash with all that using it needs, whatever became of it; one statement.
    pub async fn by_hash(&self, hash: &TokenHash) -> Result<Option<RefreshContext>, StoreError> {
        use crate::entities::grants::{Column as Given, Entity as Grants};
        use crate::entities::users::{Column as Person, Entity as Users};
        use clients::Column as Client;
        use login_sessions::Column as Login;
        let row = Joined::from::<Entity>(self.tx, "token")
            .with::<families::Entity>("line", same(("line", families::Column::Id), ("token", Column::FamilyId)))
            .with::<Grants>("given", same(("given", Given::Id), ("line", families::Column::GrantId)))
            .with::<Users>("person", same(("person", Person::Id), ("given", Given::UserId)))
            .maybe_columns::<clients::Entity>(
                "app",
                same(("app", Client::Id), ("given", Given::ClientKey)),
                [Client::Enabled],
            )
            .maybe::<login_sessions::Entity>("login", same(("login", Login::Id), ("given", Given::SessionId)))
            .only(col("token", Column::Hash).eq(hash.as_bytes().to_vec()))
            .one()
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(RefreshContext {
            token: token(row.row("token")?)?,
            family: family(&row.row("line")?)?,
            grant: grants::grant(row.row("given")?)?,
            user: users::user(row.row("person")?)?,
            session: row.maybe("login")?.map(sessions::session).transpose()?,
            client_enabled: row.value("app", Client::Enabled)?,
        }))
    }

    /// The grants of a user that an offline family can still renew at `now`; one statement.
    pub async fn offline_grants_of(&self, user: UserId, now: Instant) -> Result<Vec<GrantId>, StoreError> {
        use crate::entities::grants::{Column as Given, Entity as Grants};
        use families::Column as Family;
        let rows = Joined::from_columns::<Grants>(self.tx, "given", [Given::Id])
            .with::<families::Entity>("line", same(("line", Family::GrantId), ("given", Given::Id)))
            .with::<Entity>("token", same(("token", Column::FamilyId), ("line", Family::Id)))
            .only(
                Condition::all()
                    .add(col("given", Given::UserId).eq(user.as_uuid()))
                    .add(col("given", Given::EndedAt).is_null())
                    .add(col("line", Family::Offline).eq(true))
                    .add(col("line", Family::EndedAt).is_null())
                    .add(col("token", Column::UsedAt).is_null())
                    .add(col("token", Column::ExpiresAt).gt(now.as_micros())),
            )
            .all()
            .await?;
        rows.into_iter().map(|row| Ok(GrantId::from_uuid(row.value("given", Given::Id)?))).collect()
    }
}

impl Refresh<'_, ReadWrite> {
    /// Starts a family with its first token.
    pub async fn start(&self, family: &RefreshFamily, token: &RefreshToken) -> Result<(), StoreError> {
        let row = families::Model {
            tenant_id: self.tx.tenant_uuid(),
            id: family.id.as_uuid(),
            grant_id: family.grant.as_uuid(),
            client_key: family.client.as_uuid(),
            user_id: family.user.as_uuid(),
            offline: family.offline,
            created_at: family.created_at.as_micros(),
            absolute_expires_at: family.absolute_expires_at.map(Instant::as_micros),
            ended_at: None,
            end_reason: None,
        };
        self.tx.insert(row, "refresh family").await?;
        self.tx.insert(self.fresh(token), "refresh token").await
    }

    /// Uses a token for the first time: `true` for exactly one caller, whose successor is then stored.
    ///
    /// One guarded statement marks the token and takes its sealed wire form from its parent; a second stores the
    /// successor.
    pub async fn rotate(&self, rotation: RefreshRotation<'_>) -> Result<bool, StoreError> {
        let used = rotation.used.as_uuid();
        let for_used = |value: Value, otherwise: Expr| {
            CaseStatement::new().case(Column::Id.eq(used), Expr::value(value)).finally(otherwise)
        };
        let kept = |column: Column| Expr::col(column);
        let first = Condition::all().add(Column::Id.eq(used)).add(Column::UsedAt.is_null());
        let sealed =
            |parent: Uuid| Condition::all().add(Column::Id.eq(parent)).add(Column::SealedSuccessor.is_not_null());
        let parent = rotation.used_parent.map(|parent| parent.as_uuid());
        let mark = self
            .tx
            .update::<Entity>()
            .col_expr(Column::UsedAt, for_used(rotation.at.as_micros().into(), kept(Column::UsedAt)).into())
            .col_expr(
                Column::SuccessorId,
                for_used(rotation.successor.id.as_uuid().into(), kept(Column::SuccessorId)).into(),
            )
            .col_expr(
                Column::WindowEndsAt,
                for_used(rotation.window_ends_at.as_micros().into(), kept(Column::WindowEndsAt)).into(),
            )
            .col_expr(Column::UsedScope, for_used(rotation.scope.to_string().into(), kept(Column::UsedScope)).into())
            .col_expr(
                Column::SealedSuccessor,
                for_used(rotation.sealed.to_vec().into(), Expr::value(None::<Vec<u8>>)).into(),
            )
            // The list lets both databases go by the primary key; the alternatives then decide.
            .filter(Column::Id.is_in(std::iter::once(used).chain(parent)))
            .filter(parent.into_iter().fold(Condition::any().add(first), |either, parent| either.add(sealed(parent))));
        // The count of rows would not do: the parent's counts too.
        let marked = mark.exec_with_returning(self.tx.conn()).await?;
        if !marked.iter().any(|row| row.id == used) {
            return Ok(false);
        }
        self.tx.insert(self.fresh(rotation.successor), "refresh token").await?;
        Ok(true)
    }

    /// Ends a family alone, not its grant: `true` for exactly one caller.
    pub async fn end_family(&self, id: FamilyId, reason: EndReason, at: Instant) -> Result<bool, StoreError> {
        Ok(endings::end_families(self.tx, families::Column::Id.eq(id.as_uuid()), reason, at).await? == 1)
    }

    /// The row of a token that was not used yet.
    fn fresh(&self, token: &RefreshToken) -> Model {
        Model {
            tenant_id: self.tx.tenant_uuid(),
            id: token.id.as_uuid(),
            family_id: token.family.as_uuid(),
            hash: token.hash.as_bytes().to_vec(),
            parent_id: token.parent.map(|parent| parent.as_uuid()),
            issued_at: token.issued_at.as_micros(),
            expires_at: token.expires_at.as_micros(),
            used_at: None,
            successor_id: None,
            used_scope: None,
            sealed_successor: None,
            window_ends_at: None,
        }
    }
}

fn family(stored: &families::Model) -> Result<RefreshFamily, StoreError> {
    let row = Row::of("refresh_families", stored.id);
    Ok(RefreshFamily {
        id: FamilyId::from_uuid(stored.id),
        grant: GrantId::from_uuid(stored.grant_id),
        client: ClientKey::from_uuid(stored.client_key),
        user: UserId::from_uuid(stored.user_id),
        offline: stored.offline,
        created_at: Instant::from_micros(stored.created_at),
        absolute_expires_at: stored.absolute_expires_at.map(Instant::from_micros),
        ended_at: endings::ending(row, stored.ended_at, stored.end_reason.as_deref())?.map(|(at, _)| at),
    })
}

fn token(stored: Model) -> Result<RefreshToken, StoreError> {
    let row = Row::of("refresh_tokens", stored.id);
    let used = match (stored.used_at, stored.successor_id, stored.used_scope) {
        (None, None, None) => None,
        (Some(at), Some(successor), Some(scope)) => Some(RefreshUse {
            at: Instant::from_micros(at),
            successor: RefreshTokenId::from_uuid(successor),
            scope: row.scopes("used_scope", &scope)?,
            sealed_successor: stored.sealed_successor,
        }),
        _ => return Err(row.corrupt("used_at")),
    };
    Ok(RefreshToken {
        id: RefreshTokenId::from_uuid(stored.id),
        family: FamilyId::from_uuid(stored.family_id),
        hash: row.hash("hash", &stored.hash)?,
        parent: stored.parent_id.map(RefreshTokenId::from_uuid),
        issued_at: Instant::from_micros(stored.issued_at),
        expires_at: Instant::from_micros(stored.expires_at),
        used,
    })
}
