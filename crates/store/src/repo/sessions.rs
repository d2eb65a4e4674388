//! Login sessions.

use std::time::Duration;

use palatine_domain::grant::EndReason;
use palatine_domain::ids::{ClientKey, RowId as _, SessionId, UserId};
use palatine_domain::logout::EndedSession;
use palatine_domain::policy::Lifetimes;
use palatine_domain::session::{Acr, Session};
use palatine_domain::{Instant, TokenHash};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait as _, Condition, EntityName as _, QueryFilter, QueryOrder as _, QuerySelect as _};

use super::row::Row;
use super::{endings, parties};
use crate::StoreError;
use crate::entities::login_sessions::{Column, Entity, Model};
use crate::entities::{grants, refresh_families};
use crate::scope::ReadWrite;

repository! {
    /// Login sessions in the realm.
    Sessions, sessions
}

/// Which sessions are wanted: those that fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// Of this user.
    pub user: Option<UserId>,
    /// In which this client was granted something.
    pub client: Option<ClientKey>,
    /// Those alone that still carry under these lifetimes.
    pub live: Option<Lifetimes>,
}

impl<A> Sessions<'_, A> {
    /// The session of that cookie, whatever became of it.
    pub async fn by_cookie(&self, cookie: &TokenHash) -> Result<Option<Session>, StoreError> {
        let rows = self.tx.rows::<Entity>().filter(Column::Cookie.eq(cookie.as_bytes().to_vec()));
        rows.one(self.tx.conn()).await?.map(session).transpose()
    }

    /// The session with that `sid`, whatever became of it.
    pub async fn by_id(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let row = self.tx.rows::<Entity>().filter(Column::Id.eq(id.as_uuid())).one(self.tx.conn()).await?;
        row.map(session).transpose()
    }

    /// The sessions of a user that were not ended, newest first.
    pub async fn of_user(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let rows = self.tx.rows::<Entity>().filter(Column::UserId.eq(user.as_uuid())).filter(Column::EndedAt.is_null());
        rows.order_by_desc(Column::CreatedAt).all(self.tx.conn()).await?.into_iter().map(session).collect()
    }

    /// At most `limit` sessions, newest first, those before `after`.
    pub async fn list(
        &self,
        filter: &SessionFilter,
        after: Option<SessionId>,
        limit: u64,
    ) -> Result<Vec<Session>, StoreError> {
        let conditions = [
            filter.user.map(|user| Condition::all().add(Column::UserId.eq(user.as_uuid()))),
            filter.client.map(|client| Condition::all().add(self.was_granted_in(client))),
            filter.live.as_ref().map(|lifetimes| carries(self.tx.now(), lifetimes)),
            after.map(|after| Condition::all().add(Column::Id.lt(after.as_uuid()))),
        ];
        let rows = conditions.into_iter().flatten().fold(self.tx.rows::<Entity>(), QueryFilter::filter);
        let rows = rows.order_by_desc(Column::Id).limit(limit);
        rows.all(self.tx.conn()).await?.into_iter().map(session).collect()
    }

    /// That the client has a grant of the session.
    fn was_granted_in(&self, client: ClientKey) -> Expr {
        use grants::Column as Grant;
        let grant = Query::select()
            .expr(Expr::val(1))
            .from(grants::Entity.table_ref())
            .and_where(Grant::TenantId.eq(self.tx.tenant_uuid()))
            .and_where(Expr::col((grants::Entity, Grant::SessionId)).equals((Entity, Column::Id)))
            .and_where(Grant::ClientKey.eq(client.as_uuid()))
            .to_owned();
        Expr::exists(grant)
    }
}

/// What [`Session::state`] calls live, in the database's words.
fn carries(now: Instant, lifetimes: &Lifetimes) -> Condition {
    let since = |seconds| now.minus(Duration::from_secs(seconds)).as_micros();
    let within = |remembered: bool, idle: u64, whole: u64| {
        Condition::all()
            .add(Column::Remembered.eq(remembered))
            .add(Column::LastSeenAt.gt(since(idle)))
            .add(Column::CreatedAt.gt(since(whole)))
    };
    let remembered = within(true, lifetimes.remember_me_seconds, lifetimes.remember_me_seconds);
    let not = within(false, lifetimes.session_idle_seconds, lifetimes.session_max_seconds);
    Condition::all().add(Column::EndedAt.is_null()).add(Condition::any().add(remembered).add(not))
}

impl Sessions<'_, ReadWrite> {
    /// Begins a session.
    pub async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: session.id.as_uuid(),
            cookie: session.cookie.as_bytes().to_vec(),
            user_id: session.user.as_uuid(),
            authenticated_at: session.authenticated_at.as_micros(),
            acr: session.acr.as_str().to_owned(),
            amr: session.amr.clone(),
            remembered: session.remembered,
            created_at: session.created_at.as_micros(),
            last_seen_at: session.last_seen_at.as_micros(),
            ended_at: None,
            end_reason: None,
            address: session.address.clone(),
            user_agent: session.user_agent.clone(),
        };
        self.tx.insert(row, "session").await
    }

    /// Notes that it was used; `false` if it is not there, was ended, or was used later.
    pub async fn touch(&self, id: SessionId, at: Instant) -> Result<bool, StoreError> {
        let touch = self
            .tx
            .update::<Entity>()
            .col_expr(Column::LastSeenAt, Expr::value(at.as_micros()))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::EndedAt.is_null())
            .filter(Column::LastSeenAt.lt(at.as_micros()));
        Ok(self.tx.run(touch).await? == 1)
    }

    /// Gives a session a new cookie secret after the person proved themselves again; `false` if it is not there or was
    /// ended. The old cookie names nothing from then on.
    pub async fn rotate_cookie(
        &self,
        id: SessionId,
        new: &TokenHash,
        authenticated_at: Instant,
        acr: Acr,
        amr: &str,
        remembered: bool,
    ) -> Result<bool, StoreError> {
        let rotate = self
            .tx
            .update::<Entity>()
            .col_expr(Column::Cookie, Expr::value(new.as_bytes().to_vec()))
            .col_expr(Column::AuthenticatedAt, Expr::value(authenticated_at.as_micros()))
            .col_expr(Column::Acr, Expr::value(acr.as_str()))
            .col_expr(Column::Amr, Expr::value(amr))
            .col_expr(Column::Remembered, Expr::value(remembered))
            .col_expr(Column::LastSeenAt, Expr::value(authenticated_at.as_micros()))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::EndedAt.is_null());
        Ok(self.tx.run(rotate).await? == 1)
    }

    /// Ends a session, its refresh families but the offline ones, and its grants but those with an offline family; the
    /// clients that want to be told by a logout token are told after the commit.
    ///
    /// What has ended for exactly one caller, who must leave a tombstone for its cookie in the cache; `None` if it is not
    /// there or was ended before.
    pub async fn end(&self, id: SessionId, reason: EndReason, at: Instant) -> Result<Option<EndedSession>, StoreError> {
        let end = self
            .tx
            .update::<Entity>()
            .col_expr(Column::EndedAt, Expr::value(at.as_micros()))
            .col_expr(Column::EndReason, Expr::value(reason.as_str()))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::EndedAt.is_null());
        let Some(ended) = end.exec_with_returning(self.tx.conn()).await?.pop() else { return Ok(None) };
        self.end_what_it_carried(id, reason, at).await?;
        let parties = parties::of_session(self.tx, id).await?;
        parties::tell(self.tx, UserId::from_uuid(ended.user_id), id, &parties).await?;
        let cookie = Row::of("login_sessions", ended.id).hash("cookie", &ended.cookie)?;
        Ok(Some(EndedSession { cookie, parties }))
    }

    /// Ends every session of a user; see [`Self::end`].
    pub async fn end_all_of_user(
        &self,
        user: UserId,
        reason: EndReason,
        at: Instant,
    ) -> Result<Vec<EndedSession>, StoreError> {
        let mut ended = Vec::new();
        for session in self.of_user(user).await? {
            ended.extend(self.end(session.id, reason, at).await?);
        }
        Ok(ended)
    }

    async fn end_what_it_carried(&self, id: SessionId, reason: EndReason, at: Instant) -> Result<(), StoreError> {
        use grants::Column as Grant;
        use refresh_families::Column as Family;
        let born_in_it = Grant::SessionId.eq(id.as_uuid());
        let online = Condition::all()
            .add(Family::Offline.eq(false))
            .add(Family::GrantId.in_subquery(endings::grant_ids(self.tx, born_in_it.clone())));
        endings::end_families(self.tx, online, reason, at).await?;
        let offline = Query::select()
            .column((refresh_families::Entity, Family::GrantId))
            .from(refresh_families::Entity.table_ref())
            .and_where(Family::TenantId.eq(self.tx.tenant_uuid()))
            .and_where(Family::Offline.eq(true))
            .and_where(Family::EndedAt.is_null())
            .and_where(Family::GrantId.in_subquery(endings::grant_ids(self.tx, born_in_it.clone())))
            .to_owned();
        let carried = Condition::all().add(born_in_it).add(Grant::Id.not_in_subquery(offline));
        endings::end_grants(self.tx, carried, reason, at).await?;
        Ok(())
    }
}

/// A session from its row.
pub(super) fn session(stored: Model) -> Result<Session, StoreError> {
    let row = Row::of("login_sessions", stored.id);
    Ok(Session {
        id: SessionId::from_uuid(stored.id),
        cookie: row.hash("cookie", &stored.cookie)?,
        user: UserId::from_uuid(stored.user_id),
        authenticated_at: Instant::from_micros(stored.authenticated_at),
        acr: row.known("acr", Acr::parse(&stored.acr))?,
        amr: stored.amr,
        remembered: stored.remembered,
        created_at: Instant::from_micros(stored.created_at),
        last_seen_at: Instant::from_micros(stored.last_seen_at),
        ended_at: endings::ending(row, stored.ended_at, stored.end_reason.as_deref())?.map(|(at, _)| at),
        address: stored.address,
        user_agent: stored.user_agent,
    })
}
