//! Who hears of the end of a session: the clients that got something in it.

use palatine_domain::audit::OutboxEntry;
use palatine_domain::client::{ClientId, LogoutSettings};
use palatine_domain::ids::{ClientKey, RowId as _, SessionId, UserId};
use palatine_domain::logout::{BackChannelLogout, LogoutParty};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait as _, EntityName as _, QueryFilter as _, QueryOrder as _};
use serde::Deserialize;

use super::row::Row;
use crate::StoreError;
use crate::entities::clients::{Column, Entity, Model};
use crate::entities::grants;
use crate::scope::{ReadWrite, TenantTx};

/// What of a client's settings is needed here: the rest may be what it likes, nobody stays signed in for it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OnlyLogout {
    logout: LogoutSettings,
}

/// The enabled clients with a grant of the session, an ended one too: what they made of it may go on.
pub(super) async fn of_session<A>(tx: &TenantTx<A>, session: SessionId) -> Result<Vec<LogoutParty>, StoreError> {
    let rows = tx.rows::<Entity>().filter(Column::Enabled.eq(true)).filter(Column::Id.in_subquery(keys(tx, session)));
    rows.order_by_asc(Column::ClientId).all(tx.conn()).await?.iter().map(party).collect()
}

/// Writes down that those of them are to be told that have a place for it.
pub(super) async fn tell(
    tx: &TenantTx<ReadWrite>,
    user: UserId,
    session: SessionId,
    parties: &[LogoutParty],
) -> Result<(), StoreError> {
    for party in parties.iter().filter(|party| party.logout.backchannel_uri.is_some()) {
        let notice = BackChannelLogout { client: party.client, user, session };
        let entry = OutboxEntry {
            id: tx.ambient().id(),
            kind: BackChannelLogout::KIND.to_owned(),
            payload: serde_json::json!(notice),
            due_at: tx.now(),
            attempts: 0,
            created_at: tx.now(),
        };
        tx.outbox().enqueue(&entry).await?;
    }
    Ok(())
}

fn keys<A>(tx: &TenantTx<A>, session: SessionId) -> SelectStatement {
    use grants::{Column, Entity};
    Query::select()
        .column((Entity, Column::ClientKey))
        .from(Entity.table_ref())
        .and_where(Column::TenantId.eq(tx.tenant_uuid()))
        .and_where(Column::SessionId.eq(session.as_uuid()))
        .to_owned()
}

fn party(stored: &Model) -> Result<LogoutParty, StoreError> {
    let row = Row::of("clients", stored.id);
    let settings: OnlyLogout = row.document("settings", &stored.settings)?;
    Ok(LogoutParty {
        client: ClientKey::from_uuid(stored.id),
        client_id: row.known("client_id", ClientId::parse(&stored.client_id).ok())?,
        logout: settings.logout,
    })
}
