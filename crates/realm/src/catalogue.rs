//! A realm's APIs, scopes and claim mappers, indexed for requests.

use std::collections::HashMap;

use palatine_domain::api::{Api, ScopeDefinition};
use palatine_domain::ids::{ApiId, ClientKey};
use palatine_domain::mapper::{ClaimMapper, MapperOwner};
use palatine_protocol::scope::{Scope, ScopeSet};

/// A realm's APIs by id and by identifier, its scopes by name, and its claim mappers by owner.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    apis: Vec<Api>,
    by_id: HashMap<ApiId, usize>,
    by_identifier: HashMap<String, usize>,
    scopes: HashMap<Scope, ScopeDefinition>,
    mappers: HashMap<MapperOwner, Vec<ClaimMapper>>,
}

impl Catalogue {
    /// Indexes what the store gave.
    pub(crate) fn new(mut apis: Vec<Api>, scopes: Vec<ScopeDefinition>) -> Self {
        apis.sort_by(|a, b| a.identifier.cmp(&b.identifier));
        let by_id = apis.iter().enumerate().map(|(at, api)| (api.id, at)).collect();
        let by_identifier = apis.iter().enumerate().map(|(at, api)| (api.identifier.clone(), at)).collect();
        let scopes = scopes.into_iter().map(|definition| (definition.scope.clone(), definition)).collect();
        Self { apis, by_id, by_identifier, scopes, mappers: HashMap::new() }
    }

    /// With its claim mappers, each owner's in their order.
    pub(crate) fn with_mappers(mut self, mappers: Vec<ClaimMapper>) -> Self {
        for mapper in mappers {
            self.mappers.entry(mapper.owner).or_default().push(mapper);
        }
        self
    }

    /// The mappers of a scope.
    pub fn mappers_of_scope(&self, scope: &Scope) -> &[ClaimMapper] {
        self.scope(scope).map_or(&[], |definition| self.mappers_of(MapperOwner::Scope(definition.id)))
    }

    /// The mappers of a client.
    pub fn mappers_of_client(&self, client: ClientKey) -> &[ClaimMapper] {
        self.mappers_of(MapperOwner::Client(client))
    }

    /// The mappers that work for a client with these scopes: the scopes' first, so that the client's have the last word.
    pub fn mappers(&self, client: ClientKey, scopes: &ScopeSet) -> impl Iterator<Item = &ClaimMapper> {
        scopes.iter().flat_map(|scope| self.mappers_of_scope(scope)).chain(self.mappers_of_client(client))
    }

    fn mappers_of(&self, owner: MapperOwner) -> &[ClaimMapper] {
        self.mappers.get(&owner).map_or(&[], Vec::as_slice)
    }

    /// What the realm says about a scope; `None` if it has no such scope.
    pub fn scope(&self, scope: &Scope) -> Option<&ScopeDefinition> {
        self.scopes.get(scope)
    }

    /// All scopes, in no particular order.
    pub fn scopes(&self) -> impl Iterator<Item = &ScopeDefinition> {
        self.scopes.values()
    }

    /// The API of a row.
    pub fn api(&self, id: ApiId) -> Option<&Api> {
        self.by_id.get(&id).and_then(|at| self.apis.get(*at))
    }

    /// The API whose identifier is exactly this (RFC 8707, section 2: a `resource` names it).
    pub fn api_by_identifier(&self, identifier: &str) -> Option<&Api> {
        self.by_identifier.get(identifier).and_then(|at| self.apis.get(*at))
    }

    /// All APIs, by identifier.
    pub fn apis(&self) -> &[Api] {
        &self.apis
    }

    /// The APIs that own any of the scopes: each once, by identifier. They are the audience of a token with these
    /// scopes when the request names none.
    pub fn owners(&self, scopes: &ScopeSet) -> Vec<&Api> {
        let owner = |scope| self.scope(scope).and_then(|definition| definition.api);
        let mut places: Vec<usize> =
            scopes.iter().filter_map(owner).filter_map(|api| self.by_id.get(&api).copied()).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|at| self.apis.get(at)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palatine_domain::ids::{RowId, ScopeId};
    use uuid::Uuid;

    fn api(id: u128, identifier: &str) -> Api {
        let id = ApiId::from_uuid(Uuid::from_u128(id));
        Api {
            id,
            identifier: identifier.to_owned(),
            name: identifier.to_owned(),
            profile: None,
            algorithm: None,
            client: None,
        }
    }

    fn scope(name: &str, owner: Option<u128>) -> ScopeDefinition {
        ScopeDefinition {
            id: ScopeId::from_uuid(Uuid::nil()),
            scope: Scope::parse(name).unwrap(),
            description: String::new(),
            api: owner.map(|id| ApiId::from_uuid(Uuid::from_u128(id))),
        }
    }

    fn catalogue() -> Catalogue {
        let scopes = [scope("openid", None), scope("read", Some(2)), scope("write", Some(2)), scope("pay", Some(1))];
        Catalogue::new(vec![api(2, "orders"), api(1, "billing")], scopes.into())
    }

    #[test]
    fn each_owner_is_named_once_and_in_order() {
        let catalogue = catalogue();
        let owners = |scopes: &str| -> Vec<String> {
            let scopes = ScopeSet::parse(scopes).unwrap();
            catalogue.owners(&scopes).into_iter().map(|api| api.identifier.clone()).collect()
        };
        assert_eq!(owners("write read pay openid unknown"), ["billing", "orders"]);
        assert!(owners("openid").is_empty());
    }

    #[test]
    fn an_identifier_is_compared_exactly() {
        let catalogue = catalogue();
        assert!(catalogue.api_by_identifier("orders").is_some());
        for near in ["Orders", "orders/", "order", ""] {
            assert!(catalogue.api_by_identifier(near).is_none(), "{near}");
        }
    }
}
