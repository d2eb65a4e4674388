//! What the clients that rows hold by their keys are called.

use std::collections::{BTreeSet, HashMap};

use palatine_domain::client::ClientId;
use palatine_domain::ids::ClientKey;
use palatine_store::{StoreError, TenantTx};
use palatine_token_service::TokenService;

use crate::access::Caller;

/// The names of clients on the wire, those of the platform's own among them.
pub(super) struct NamedClients(HashMap<ClientKey, ClientId>);

impl NamedClients {
    /// Of these keys, each asked for once.
    pub(super) async fn of<A>(
        tx: &TenantTx<A>,
        tokens: &TokenService,
        keys: impl Iterator<Item = ClientKey>,
    ) -> Result<Self, StoreError> {
        let keys: Vec<ClientKey> = keys.collect::<BTreeSet<_>>().into_iter().collect();
        let mut names = tx.clients().names_of(&keys).await?;
        let own = keys.iter().filter_map(|key| tokens.built_in_client(*key));
        names.extend(own.map(|client| (client.key, client.client_id.clone())));
        Ok(Self(names))
    }

    /// The name of one; `None` if it is gone.
    pub(super) fn name(&self, key: ClientKey) -> Option<String> {
        self.0.get(&key).map(|name| name.as_str().to_owned())
    }
}

/// Whose rows are wanted, by the client's name.
pub(super) enum OfClient {
    /// Of every client.
    Any,
    /// Of this one.
    One(ClientKey),
    /// Of one that there is not: none.
    Nobody,
}

impl OfClient {
    /// Asks before any transaction is open.
    pub(super) async fn named(
        caller: &Caller,
        tokens: &TokenService,
        client_id: Option<&str>,
    ) -> Result<Self, StoreError> {
        let Some(client_id) = client_id else { return Ok(Self::Any) };
        let found = tokens.find_client(caller.realm(), client_id).await?;
        Ok(found.map_or(Self::Nobody, |client| Self::One(client.key)))
    }
}
