//! Enters a realm: "explicit, reasoned, time-limited, audited" (PROTOCOL.md, section 1). To write there it needs
//! `realms:enter`, to look around `realms:observe`. The entry shows in the realm's own audit log.

use std::time::Duration;

use palatine_domain::Instant;
use palatine_domain::admin::{OperatorEntry, Permission};
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::ids::OperatorEntryId;
use palatine_realm::Realm;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::{Caller, Operator, Origin};
use crate::ops::apply::Reason;
use crate::ops::error::OpError;

/// The longest that an operator stays in a realm, in seconds: an hour.
const MAX_SECONDS: u64 = 3_600;

/// An entry that is to be made.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntry {
    /// Why: 1 to 500 characters; the realm's own admins see it.
    pub reason: String,
    /// For how long, in seconds: 60 to 3,600. Default 900.
    #[serde(default)]
    pub ttl_seconds: Option<u64>,
    /// Whether to change things. Default: if the operator may.
    #[serde(default)]
    pub writes: Option<bool>,
}

/// An entry.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct EntryView {
    /// Its row.
    pub id: String,
    /// The operator's name.
    pub operator: String,
    /// Why.
    pub reason: String,
    /// Whether they may change things.
    pub writes: bool,
    /// When they entered (RFC 3339).
    pub created_at: String,
    /// When it is over (RFC 3339).
    pub expires_at: String,
    /// When they left before that (RFC 3339).
    pub ended_at: Option<String>,
}

impl EntryView {
    fn of(entry: OperatorEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            operator: entry.operator_name,
            reason: entry.reason,
            writes: entry.writes,
            created_at: entry.created_at.to_rfc3339(),
            expires_at: entry.expires_at.to_rfc3339(),
            ended_at: entry.ended_at.map(Instant::to_rfc3339),
        }
    }
}

/// Lets an operator into a realm.
pub async fn enter(operator: &Operator, realm: &Realm, new: NewEntry, from: &Origin) -> Result<EntryView, OpError> {
    let may_write = operator.rights().contains(Permission::RealmsEnter);
    let writes = new.writes.unwrap_or(may_write);
    operator.needs(if writes { Permission::RealmsEnter } else { Permission::RealmsObserve })?;
    let reason = Reason::parse(&new.reason).map_err(|error| OpError::invalid("/reason", error.to_string()))?;
    let seconds = new.ttl_seconds.unwrap_or(900);
    if !(60..=MAX_SECONDS).contains(&seconds) {
        return Err(OpError::invalid("/ttl_seconds", format!("this is from 60 to {MAX_SECONDS} seconds")));
    }
    let tx = realm.write().await?;
    let entry = OperatorEntry {
        id: realm.ambient().id(),
        operator: operator.subject().to_owned(),
        operator_name: operator.name().to_owned(),
        reason: reason.as_str().to_owned(),
        writes,
        created_at: tx.now(),
        expires_at: tx.now().plus(Duration::from_secs(seconds)),
        ended_at: None,
    };
    tx.operator_entries().insert(&entry).await?;
    let details = json!({ "entry": entry.id, "writes": writes, "expires_at": entry.expires_at.to_rfc3339() });
    tx.audit().append(&event(operator, realm, AuditKind::OperatorEntered, &entry, from, details)).await?;
    tx.commit().await?;
    Ok(EntryView::of(entry))
}

/// Ends an operator's own entry before its time.
pub async fn leave(operator: &Operator, realm: &Realm, id: OperatorEntryId, from: &Origin) -> Result<(), OpError> {
    let tx = realm.write().await?;
    let own = tx.operator_entries().active_of(operator.subject(), tx.now()).await?;
    let Some(entry) = own.filter(|entry| entry.id == id) else { return Err(OpError::NotFound) };
    tx.operator_entries().end(id, tx.now()).await?;
    let details = json!({ "entry": id });
    tx.audit().append(&event(operator, realm, AuditKind::OperatorLeft, &entry, from, details)).await?;
    tx.commit().await?;
    Ok(())
}

/// At most `limit` entries of a realm, newest first. It needs `audit:read`.
pub async fn entries(caller: &Caller, after: Option<OperatorEntryId>, limit: u64) -> Result<Vec<EntryView>, OpError> {
    let (_, tx) = caller.read(Permission::AuditRead).await?;
    let found = tx.operator_entries().list(after, limit).await?;
    tx.finish().await?;
    Ok(found.into_iter().map(EntryView::of).collect())
}

fn event(
    operator: &Operator,
    realm: &Realm,
    kind: AuditKind,
    entry: &OperatorEntry,
    from: &Origin,
    details: serde_json::Value,
) -> AuditEvent {
    AuditEvent {
        id: realm.ambient().id(),
        at: realm.ambient().now(),
        kind,
        actor: Actor::Operator(format!("{}: {}", operator.name(), entry.reason)),
        user: None,
        client: None,
        session: None,
        address: from.address.clone(),
        request_id: from.request_id.clone(),
        details,
    }
}
