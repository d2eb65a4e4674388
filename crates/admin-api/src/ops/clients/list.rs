//! Lists and searches clients. It needs `clients:read`.

use palatine_domain::admin::Permission;
use palatine_domain::client::{Client, ClientId, ClientKind};
use serde::Serialize;

use crate::access::Caller;
use crate::ops::error::OpError;

/// A client in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ClientSummary {
    /// Its name on the wire.
    pub client_id: String,
    /// The name people see.
    pub name: String,
    /// What kind of application it is.
    pub kind: ClientKind,
    /// Whether it is served.
    pub enabled: bool,
    /// Whether it registered itself.
    pub registered: bool,
}

impl ClientSummary {
    fn of(client: Client) -> Self {
        Self {
            client_id: client.client_id.as_str().to_owned(),
            name: client.name,
            kind: client.settings.kind,
            enabled: client.enabled,
            registered: client.settings.registered,
        }
    }
}

/// At most `limit` clients after one, by `client_id`, with this text in their name or `client_id`.
pub async fn list(
    caller: &Caller,
    text: &str,
    after: Option<&ClientId>,
    limit: u64,
) -> Result<Vec<ClientSummary>, OpError> {
    let (_, tx) = caller.read(Permission::ClientsRead).await?;
    let found = tx.clients().search(text, after, limit).await?;
    tx.finish().await?;
    Ok(found.into_iter().map(ClientSummary::of).collect())
}
