//! Grants and the authorization codes that carry them.

use palatine_domain::grant::{AuthorizationCode, EndReason, Grant};
use palatine_domain::ids::{ClientKey, CodeId, GrantId, RowId as _, SessionId, UserId};
use palatine_domain::session::{Acr, Session};
use palatine_domain::user::User;
use palatine_domain::{Instant, TokenHash};
use palatine_protocol::pkce::CodeChallenge;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, Condition, QueryFilter, QueryOrder as _, QuerySelect as _};

use super::row::Row;
use super::{endings, sessions, users};
use crate::StoreError;
use crate::entities::authorization_codes as codes;
use crate::entities::clients::Column as Client;
use crate::entities::document::Document;
use crate::entities::grants::{Column, Entity, Model};
use crate::entities::joined::{Joined, col, same};
use crate::entities::{clients, login_sessions, revoked_tokens};
use crate::scope::ReadWrite;

repository! {
    /// Grants: what people allowed clients to hold, and the codes that carry it.
    Grants, grants
}

/// Which grants are wanted: those that fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct GrantFilter {
    /// Of this user.
    pub user: Option<UserId>,
    /// To this client.
    pub client: Option<ClientKey>,
    /// Those alone that were not ended.
    pub live: bool,
}

/// All that decides whether an access token is still good.
#[derive(Clone, Debug)]
pub struct GrantLiveness {
    /// The grant it was issued under.
    pub grant: Grant,
    /// Who gave it.
    pub user: User,
    /// Whether the client is enabled; `None` if it has no row, as the platform's own clients have none.
    pub client_enabled: Option<bool>,
    /// Whether the session was ended. `false` if it merely expired, also if it was swept since.
    pub session_ended: bool,
    /// Whether this very token was revoked.
    pub revoked: bool,
}

/// All that redeeming a code needs.
#[derive(Clone, Debug)]
pub struct CodeContext {
    /// The code.
    pub code: AuthorizationCode,
    /// What it carries.
    pub grant: Grant,
    /// Who gave it.
    pub user: User,
    /// The session it was given in; `None` if it was swept.
    pub session: Option<Session>,
    /// Whether the client is enabled; `None` if it has no row, as the platform's own clients have none.
    pub client_enabled: Option<bool>,
}

impl<A> Grants<'_, A> {
    /// The grant with that id, even if it was ended.
    pub async fn by_id(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        let row = self.tx.rows::<Entity>().filter(Column::Id.eq(id.as_uuid())).one(self.tx.conn()).await?;
        row.map(grant).transpose()
    }

    /// The grants of a user that were not ended, oldest first.
    pub async fn of_user(&self, user: UserId) -> Result<Vec<Grant>, StoreError> {
        let rows = self.tx.rows::<Entity>().filter(Column::UserId.eq(user.as_uuid())).filter(Column::EndedAt.is_null());
        rows.order_by_asc(Column::CreatedAt).all(self.tx.conn()).await?.into_iter().map(grant).collect()
    }

    /// At most `limit` grants, newest first, those before `after`. No index leads from a client to its grants, since it
    /// would cost every issuance: those of a client alone are looked for among all of the realm.
    pub async fn list(
        &self,
        filter: &GrantFilter,
        after: Option<GrantId>,
        limit: u64,
    ) -> Result<Vec<Grant>, StoreError> {
        let conditions = [
            filter.user.map(|user| Column::UserId.eq(user.as_uuid())),
            filter.client.map(|client| Column::ClientKey.eq(client.as_uuid())),
            filter.live.then(|| Column::EndedAt.is_null()),
            after.map(|after| Column::Id.lt(after.as_uuid())),
        ];
        let rows = conditions.into_iter().flatten().fold(self.tx.rows::<Entity>(), QueryFilter::filter);
        let rows = rows.order_by_desc(Column::Id).limit(limit);
        rows.all(self.tx.conn()).await?.into_iter().map(grant).collect()
    }

    /// Whether a grant, and the access token `jti` issued under it, is still good; one statement.
    pub async fn liveness(&self, id: GrantId, jti: &str) -> Result<Option<GrantLiveness>, StoreError> {
        use login_sessions::Column as Login;
        use revoked_tokens::Column as Revoked;
        let row = Joined::from::<Entity>(self.tx, "given")
            .with::<crate::entities::users::Entity>("person", same(("person", USER_ID), ("given", Column::UserId)))
            .maybe_columns::<clients::Entity>(
                "app",
                same(("app", Client::Id), ("given", Column::ClientKey)),
                [Client::Enabled],
            )
            .maybe_columns::<login_sessions::Entity>(
                "login",
                same(("login", Login::Id), ("given", Column::SessionId)),
                [Login::EndedAt],
            )
            .maybe_columns::<revoked_tokens::Entity>("revoked", col("revoked", Revoked::Jti).eq(jti), [Revoked::Jti])
            .only(col("given", Column::Id).eq(id.as_uuid()))
            .one()
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(GrantLiveness {
            grant: grant(row.row("given")?)?,
            user: users::user(row.row("person")?)?,
            client_enabled: row.value("app", Client::Enabled)?,
            session_ended: row.value::<Option<i64>>("login", Login::EndedAt)?.is_some(),
            revoked: row.value::<Option<String>>("revoked", Revoked::Jti)?.is_some(),
        }))
    }

    /// The code of that hash with all that redeeming it needs, even if it was used or is over; one statement.
    pub async fn code_by_hash(&self, hash: &TokenHash) -> Result<Option<CodeContext>, StoreError> {
        use login_sessions::Column as Login;
        let row = Joined::from::<codes::Entity>(self.tx, "code")
            .with::<Entity>("given", same(("given", Column::Id), ("code", codes::Column::GrantId)))
            .with::<crate::entities::users::Entity>("person", same(("person", USER_ID), ("given", Column::UserId)))
            .maybe_columns::<clients::Entity>(
                "app",
                same(("app", Client::Id), ("given", Column::ClientKey)),
                [Client::Enabled],
            )
            .maybe::<login_sessions::Entity>("login", same(("login", Login::Id), ("given", Column::SessionId)))
            .only(col("code", codes::Column::Hash).eq(hash.as_bytes().to_vec()))
            .one()
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(CodeContext {
            code: code(row.row("code")?)?,
            grant: grant(row.row("given")?)?,
            user: users::user(row.row("person")?)?,
            session: row.maybe("login")?.map(sessions::session).transpose()?,
            client_enabled: row.value("app", Client::Enabled)?,
        }))
    }
}

impl Grants<'_, ReadWrite> {
    /// Adds a grant that no code carries: what is issued under it is issued at once.
    pub async fn insert(&self, grant: &Grant) -> Result<(), StoreError> {
        let given = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: grant.id.as_uuid(),
            client_key: grant.client.as_uuid(),
            user_id: grant.user.as_uuid(),
            session_id: grant.session.as_uuid(),
            scope: grant.scope.to_string(),
            resources: Document::of(&grant.resources)?,
            claims: if grant.claims.is_empty() { None } else { Some(Document::of(&grant.claims)?) },
            nonce: grant.nonce.clone(),
            authenticated_at: grant.authenticated_at.as_micros(),
            acr: grant.acr.as_str().to_owned(),
            amr: grant.amr.clone(),
            cnf: grant.cnf.clone(),
            created_at: grant.created_at.as_micros(),
            ended_at: grant.ended.map(|(at, _)| at.as_micros()),
            end_reason: grant.ended.map(|(_, reason)| reason.as_str().to_owned()),
        };
        self.tx.insert(given, "grant").await
    }

    /// Adds a grant and the code that carries it.
    pub async fn insert_with_code(&self, grant: &Grant, code: &AuthorizationCode) -> Result<(), StoreError> {
        self.insert(grant).await?;
        let carrier = codes::Model {
            tenant_id: self.tx.tenant_uuid(),
            id: code.id.as_uuid(),
            hash: code.hash.as_bytes().to_vec(),
            grant_id: code.grant.as_uuid(),
            client_key: code.client.as_uuid(),
            redirect_uri: code.redirect_uri.clone(),
            redirect_uri_given: code.redirect_uri_given,
            challenge: code.challenge.as_ref().map(|challenge| challenge.as_str().to_owned()),
            created_at: code.created_at.as_micros(),
            expires_at: code.expires_at.as_micros(),
            consumed_at: code.consumed_at.map(Instant::as_micros),
        };
        self.tx.insert(carrier, "code").await
    }

    /// Uses a code: `true` for exactly one caller.
    pub async fn consume_code(&self, id: CodeId, at: Instant) -> Result<bool, StoreError> {
        let consume = self
            .tx
            .update::<codes::Entity>()
            .col_expr(codes::Column::ConsumedAt, Expr::value(at.as_micros()))
            .filter(codes::Column::Id.eq(id.as_uuid()))
            .filter(codes::Column::ConsumedAt.is_null());
        Ok(self.tx.run(consume).await? == 1)
    }

    /// Ends a grant and its families, offline ones too: `true` for exactly one caller.
    pub async fn end(&self, id: GrantId, reason: EndReason, at: Instant) -> Result<bool, StoreError> {
        let this = Condition::all().add(Column::Id.eq(id.as_uuid()));
        Ok(endings::end_grants_and_families(self.tx, this, reason, at).await? == 1)
    }

    /// Ends all grants of a user and their families, offline ones too; how many grants.
    pub async fn end_all_of_user(&self, user: UserId, reason: EndReason, at: Instant) -> Result<u64, StoreError> {
        let theirs = Condition::all().add(Column::UserId.eq(user.as_uuid()));
        endings::end_grants_and_families(self.tx, theirs, reason, at).await
    }
}

/// The key of `users`, by which every join here finds the person.
const USER_ID: crate::entities::users::Column = crate::entities::users::Column::Id;

/// A grant from its row.
pub(super) fn grant(stored: Model) -> Result<Grant, StoreError> {
    let row = Row::of("grants", stored.id);
    Ok(Grant {
        id: GrantId::from_uuid(stored.id),
        client: ClientKey::from_uuid(stored.client_key),
        user: UserId::from_uuid(stored.user_id),
        session: SessionId::from_uuid(stored.session_id),
        scope: row.scopes("scope", &stored.scope)?,
        claims: stored.claims.map(|claims| row.document("claims", &claims)).transpose()?.unwrap_or_default(),
        resources: row.document("resources", &stored.resources)?,
        nonce: stored.nonce,
        authenticated_at: Instant::from_micros(stored.authenticated_at),
        acr: row.known("acr", Acr::parse(&stored.acr))?,
        amr: stored.amr,
        cnf: stored.cnf,
        created_at: Instant::from_micros(stored.created_at),
        ended: endings::ending(row, stored.ended_at, stored.end_reason.as_deref())?,
    })
}

fn code(stored: codes::Model) -> Result<AuthorizationCode, StoreError> {
    let row = Row::of("authorization_codes", stored.id);
    let challenge = stored.challenge.map(|text| row.known("challenge", CodeChallenge::parse(&text).ok()));
    Ok(AuthorizationCode {
        id: CodeId::from_uuid(stored.id),
        hash: row.hash("hash", &stored.hash)?,
        grant: GrantId::from_uuid(stored.grant_id),
        client: ClientKey::from_uuid(stored.client_key),
        redirect_uri: stored.redirect_uri,
        redirect_uri_given: stored.redirect_uri_given,
        challenge: challenge.transpose()?,
        created_at: Instant::from_micros(stored.created_at),
        expires_at: Instant::from_micros(stored.expires_at),
        consumed_at: stored.consumed_at.map(Instant::from_micros),
    })
}
