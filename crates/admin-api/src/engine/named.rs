//! Clients that a document names without describing them.

use std::collections::BTreeSet;

use palatine_domain::client::ClientId;
use palatine_domain::mapper::{ClaimRule, ClaimSource, MapperRule};

use super::check::{Desired, DesiredMapper};

/// The names that may be those of clients outside the document: of registrations, and in mappers.
pub(crate) fn named_clients(desired: &Desired) -> BTreeSet<ClientId> {
    let of_apis = desired.apis.iter().filter_map(|api| api.client.as_deref());
    let of_scopes = desired.scopes.iter().flat_map(|scope| &scope.mappers);
    let of_clients = desired.clients.iter().flat_map(|client| &client.mappers);
    let in_mappers = of_scopes.chain(of_clients).filter_map(in_mapper);
    let described = |name: &ClientId| desired.clients.iter().any(|client| client.client_id == *name);
    of_apis.chain(in_mappers).filter_map(|name| ClientId::parse(name).ok()).filter(|name| !described(name)).collect()
}

fn in_mapper(mapper: &DesiredMapper) -> Option<&str> {
    match &mapper.rule {
        MapperRule::Audience(name) => Some(name),
        MapperRule::Claim(ClaimRule { source: ClaimSource::Roles { client, .. }, .. }) => client.as_deref(),
        MapperRule::Claim(_) => None,
    }
}
