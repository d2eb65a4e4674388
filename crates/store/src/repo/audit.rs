//! What happened in a realm.

use palatine_domain::Instant;
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::ids::{AuditEventId, ClientKey, RowId as _, SessionId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, QueryFilter, QueryOrder as _, QuerySelect as _};

use super::row::Row;
use crate::StoreError;
use crate::entities::audit_events::{Column, Entity, Model};
use crate::entities::document::Document;
use crate::scope::ReadWrite;

repository! {
    /// What happened in the realm.
    Audit, audit
}

/// Which events are wanted: those that fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of one of these kinds; of any, if none is named.
    pub kinds: Vec<AuditKind>,
    /// By this one.
    pub actor: Option<Actor>,
    /// About this user.
    pub user: Option<UserId>,
    /// About this client.
    pub client: Option<ClientKey>,
    /// Not before.
    pub from: Option<Instant>,
    /// Before.
    pub to: Option<Instant>,
}

/// Where a page of events ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditCursor {
    /// When the last event of the page happened.
    pub at: Instant,
    /// The last event of the page.
    pub id: AuditEventId,
}

impl<A> Audit<'_, A> {
    /// At most `limit` events, newest first, older than `after`.
    pub async fn list(
        &self,
        filter: &AuditFilter,
        after: Option<AuditCursor>,
        limit: u64,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let (actor_kind, actor_id) = filter.actor.as_ref().map(actor_words).unzip();
        let conditions = [
            (!filter.kinds.is_empty()).then(|| Column::Kind.is_in(filter.kinds.iter().map(|kind| kind.as_str()))),
            actor_kind.map(|kind| Column::ActorKind.eq(kind)),
            actor_id.flatten().map(|id| Column::ActorId.eq(id)),
            filter.user.map(|user| Column::UserId.eq(user.as_uuid())),
            filter.client.map(|client| Column::ClientKey.eq(client.as_uuid())),
            filter.from.map(|from| Column::At.gte(from.as_micros())),
            filter.to.map(|to| Column::At.lt(to.as_micros())),
            after.map(|cursor| {
                Expr::tuple([Expr::col(Column::At), Expr::col(Column::Id)])
                    .lt(Expr::tuple([Expr::value(cursor.at.as_micros()), Expr::value(cursor.id.as_uuid())]))
            }),
        ];
        let rows = conditions.into_iter().flatten().fold(self.tx.rows::<Entity>(), QueryFilter::filter);
        let rows = rows.order_by_desc(Column::At).order_by_desc(Column::Id).limit(limit);
        rows.all(self.tx.conn()).await?.into_iter().map(event).collect()
    }
}

impl Audit<'_, ReadWrite> {
    /// Writes an event down, in the transaction of what it tells.
    pub async fn append(&self, event: &AuditEvent) -> Result<(), StoreError> {
        let (actor_kind, actor_id) = actor_words(&event.actor);
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            at: event.at.as_micros(),
            id: event.id.as_uuid(),
            kind: event.kind.as_str().to_owned(),
            actor_kind: actor_kind.to_owned(),
            actor_id,
            user_id: event.user.map(|user| user.as_uuid()),
            client_key: event.client.map(|client| client.as_uuid()),
            session_id: event.session.map(|session| session.as_uuid()),
            address: event.address.clone(),
            request_id: event.request_id.clone(),
            details: Document::of(&event.details)?,
            seq: None,
            checkpoint: None,
        };
        self.tx.insert(row, "audit event").await
    }
}

/// The stored words for an actor.
fn actor_words(actor: &Actor) -> (&'static str, Option<String>) {
    match actor {
        Actor::Anonymous => ("anonymous", None),
        Actor::User(user) => ("user", Some(user.to_string())),
        Actor::Client(client) => ("client", Some(client.to_string())),
        Actor::Operator(reason) => ("operator", Some(reason.clone())),
        Actor::System => ("system", None),
    }
}

fn event(stored: Model) -> Result<AuditEvent, StoreError> {
    let row = Row::of("audit_events", stored.id);
    Ok(AuditEvent {
        id: AuditEventId::from_uuid(stored.id),
        at: Instant::from_micros(stored.at),
        kind: row.known("kind", AuditKind::parse(&stored.kind))?,
        actor: row.known("actor_kind", actor(&stored.actor_kind, stored.actor_id))?,
        user: stored.user_id.map(UserId::from_uuid),
        client: stored.client_key.map(ClientKey::from_uuid),
        session: stored.session_id.map(SessionId::from_uuid),
        address: stored.address,
        request_id: stored.request_id,
        details: row.document("details", &stored.details)?,
    })
}

fn actor(kind: &str, id: Option<String>) -> Option<Actor> {
    match (kind, id) {
        ("anonymous", None) => Some(Actor::Anonymous),
        ("user", Some(id)) => id.parse().ok().map(Actor::User),
        ("client", Some(id)) => id.parse().ok().map(Actor::Client),
        ("operator", Some(reason)) => Some(Actor::Operator(reason)),
        ("system", None) => Some(Actor::System),
        _ => None,
    }
}
