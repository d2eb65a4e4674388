//! Reads how much was used, by hour. It needs `usage:read`.

use palatine_domain::admin::Permission;
use palatine_domain::usage::{UsageCount, UsageKey};
use palatine_store::UsageFilter;
use serde::Serialize;

use crate::access::Caller;
use crate::ops::error::OpError;

/// How often a client got tokens by a grant within an hour, or was refused.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct UsageView {
    /// When the hour began (RFC 3339).
    pub hour: String,
    /// The client, also one that is gone by now; null for requests that named none that there was.
    pub client_id: Option<String>,
    /// The grant, as in `grant_type`; null for requests that named none that there is.
    pub grant_type: Option<String>,
    /// `issued` or `refused`.
    pub outcome: String,
    /// How often.
    pub count: u64,
}

impl UsageView {
    fn of(usage: &UsageCount) -> Self {
        let key = &usage.key;
        Self {
            hour: key.hour.to_rfc3339(),
            client_id: key.client_id.as_ref().map(ToString::to_string),
            grant_type: key.grant_type.map(|grant| grant.as_str().to_owned()),
            outcome: key.outcome.as_str().to_owned(),
            count: usage.count,
        }
    }
}

/// At most `limit` counts, newest hour first, behind one; each with where it stands in the order.
pub async fn list(
    caller: &Caller,
    filter: &UsageFilter,
    after: Option<&UsageKey>,
    limit: u64,
) -> Result<Vec<(UsageKey, UsageView)>, OpError> {
    let (_, tx) = caller.read(Permission::UsageRead).await?;
    let found = tx.usage().list(filter, after, limit).await?;
    tx.finish().await?;
    let placed = |usage: UsageCount| {
        let view = UsageView::of(&usage);
        (usage.key, view)
    };
    Ok(found.into_iter().map(placed).collect())
}
