//! Which APIs an access token is for, and what follows for its scope, profile and algorithm (PROTOCOL.md section 5).

use palatine_domain::api::Api;
use palatine_domain::client::{Client, RESERVED_CLIENT_ID_PREFIX};
use palatine_domain::mapper::{ClaimMapper, MapperRule};
use palatine_domain::policy::{AccessTokenPolicy, AccessTokenProfile};
use palatine_protocol::claims::Audience;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_protocol::scope::{Scope, ScopeSet};
use palatine_realm::{Catalogue, Realm};

/// What an access token will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `aud`.
    pub audience: Audience,
    /// `scope` of the token; the others stay on the grant.
    pub scope: ScopeSet,
    /// Its shape.
    pub profile: AccessTokenProfile,
    /// What signs it.
    pub algorithm: SigningAlgorithm,
}

/// Plans a token. `granted` is all that the client holds, `scope` what this token is to carry of it. `resources` empty:
/// the APIs that own the scopes.
pub fn plan(
    realm: &Realm,
    client: &Client,
    granted: &ScopeSet,
    scope: &ScopeSet,
    resources: &[String],
) -> Result<Target, OAuthError> {
    let catalogue = realm.catalogue();
    let (apis, scope, clients) = if resources.is_empty() {
        let added = Added::by_mappers(realm, client, scope);
        (united(catalogue.owners(scope), added.apis), scope.clone(), added.clients)
    } else {
        let apis = named(catalogue, client, granted, resources)?;
        let scope = covered(catalogue, scope, &apis);
        // Whoever names resources wants a token for those alone (RFC 8707, section 2).
        (apis, scope, Vec::new())
    };
    let (profile, algorithm) = shape(&realm.policy().access_tokens, client, &apis)?;
    // "`jwt` (…; then `aud` is never a bare client_id)"
    let clients = clients.into_iter().filter(|_| profile == AccessTokenProfile::Rfc9068);
    let audience: Audience = apis.iter().map(|api| api.identifier.as_str()).chain(clients).collect();
    let audience = if audience.is_empty() { Audience::from(own_audience(realm, client, profile)) } else { audience };
    Ok(Target { audience, scope, profile, algorithm })
}

/// What audience mappers add: APIs of the realm, and clients of it by their `client_id`.
struct Added<'r> {
    apis: Vec<&'r Api>,
    clients: Vec<&'r str>,
}

impl<'r> Added<'r> {
    /// An admin made the mapper, as an admin links an API: no scope is needed. What is nobody's to give is left out,
    /// although no mapper is stored with it.
    fn by_mappers(realm: &'r Realm, client: &Client, scope: &ScopeSet) -> Self {
        let catalogue = realm.catalogue();
        let mut added = Self { apis: Vec::new(), clients: Vec::new() };
        for owner in scope.iter().map(|scope| catalogue.mappers_of_scope(scope)) {
            added.take(realm, owner);
        }
        added.take(realm, catalogue.mappers_of_client(client.key));
        added
    }

    fn take(&mut self, realm: &'r Realm, mappers: &'r [ClaimMapper]) {
        for mapper in mappers {
            let MapperRule::Audience(name) = &mapper.rule else { continue };
            match realm.catalogue().api_by_identifier(name) {
                Some(api) => self.apis.push(api),
                None if name.starts_with(RESERVED_CLIENT_ID_PREFIX) || name == realm.issuer() => {}
                None => self.clients.push(name),
            }
        }
    }
}

/// Both, each API once, by identifier.
fn united<'r>(mut apis: Vec<&'r Api>, more: Vec<&'r Api>) -> Vec<&'r Api> {
    apis.extend(more);
    apis.sort_by(|a, b| a.identifier.cmp(&b.identifier));
    apis.dedup_by(|a, b| a.id == b.id);
    apis
}

/// "A client may name only APIs of which a scope is allowed to it, or to which an admin linked it, and that the grant
/// covers; else `invalid_target`."
fn named<'r>(
    catalogue: &'r Catalogue,
    client: &Client,
    granted: &ScopeSet,
    resources: &[String],
) -> Result<Vec<&'r Api>, OAuthError> {
    let owner = |scope: &Scope| catalogue.scope(scope).and_then(|definition| definition.api);
    let may_name = |api: &Api| {
        let is_allowed = || client.scopes.iter().any(|allowed| owner(&allowed.scope) == Some(api.id));
        let is_granted = || granted.iter().any(|scope| owner(scope) == Some(api.id));
        client.linked_apis.contains(&api.id) || (is_allowed() && is_granted())
    };
    let mut apis: Vec<&Api> = Vec::with_capacity(resources.len());
    for resource in resources {
        let api = catalogue
            .api_by_identifier(resource)
            .filter(|api| may_name(api))
            .ok_or_else(|| OAuthError::new(ErrorCode::InvalidTarget, "the client may not ask for this resource"))?;
        if apis.iter().all(|known| known.id != api.id) {
            apis.push(api);
        }
    }
    Ok(apis)
}

/// The scopes that those APIs own, and those that no API owns.
fn covered(catalogue: &Catalogue, scope: &ScopeSet, apis: &[&Api]) -> ScopeSet {
    scope.filtered(|scope| {
        let owner = catalogue.scope(scope).and_then(|definition| definition.api);
        owner.is_none_or(|owner| apis.iter().any(|api| api.id == owner))
    })
}

/// "The API decides, then the client (only where no API is addressed), then the realm. APIs that disagree cannot share
/// a token."
fn shape(
    realm: &AccessTokenPolicy,
    client: &Client,
    apis: &[&Api],
) -> Result<(AccessTokenProfile, SigningAlgorithm), OAuthError> {
    let mut shapes =
        apis.iter().map(|api| (api.profile.unwrap_or(realm.profile), api.algorithm.unwrap_or(realm.algorithm)));
    let Some(first) = shapes.next() else {
        let settings = &client.settings;
        return Ok((
            settings.access_token_profile.unwrap_or(realm.profile),
            settings.access_token_algorithm.unwrap_or(realm.algorithm),
        ));
    };
    if shapes.all(|shape| shape == first) {
        Ok(first)
    } else {
        let words = "these APIs take different kinds of tokens; name one with resource";
        Err(OAuthError::new(ErrorCode::InvalidTarget, words))
    }
}

/// Where no API owns a scope: the client's own id, or the issuer where that must not stand alone.
fn own_audience(realm: &Realm, client: &Client, profile: AccessTokenProfile) -> String {
    if profile == AccessTokenProfile::Rfc9068 && client.settings.own_id_as_audience {
        client.client_id.as_str().to_owned()
    } else {
        realm.issuer().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use palatine_domain::client::ClientId;
    use palatine_domain::ids::{ApiId, ClientKey, RowId as _};
    use serde_json::json;

    use super::*;

    fn client(settings: &serde_json::Value) -> Client {
        let mut all = json!({ "kind": "service", "auth_method": "client_secret_basic", "grant_types": [] });
        all.as_object_mut().unwrap().append(&mut settings.as_object().unwrap().clone());
        Client {
            key: ClientKey::from_uuid(uuid::Uuid::nil()),
            client_id: ClientId::parse("app").unwrap(),
            name: "App".to_owned(),
            enabled: true,
            settings: serde_json::from_value(all).unwrap(),
            scopes: Vec::new(),
            linked_apis: Vec::new(),
            secrets: Vec::new(),
        }
    }

    fn api(profile: Option<AccessTokenProfile>, algorithm: Option<SigningAlgorithm>) -> Api {
        let id = ApiId::from_uuid(uuid::Uuid::nil());
        Api { id, identifier: "api".to_owned(), name: "API".to_owned(), profile, algorithm, client: None }
    }

    const REALMS: (AccessTokenProfile, SigningAlgorithm) = (AccessTokenProfile::Rfc9068, SigningAlgorithm::ES256);

    #[test]
    fn the_api_decides_on_the_shape_and_the_client_only_where_none_is_addressed() {
        let realm = AccessTokenPolicy::default();
        let own = client(&json!({ "access_token_profile": "jwt", "access_token_algorithm": "RS256" }));
        let of_client = (AccessTokenProfile::Jwt, SigningAlgorithm::RS256);
        assert_eq!(shape(&realm, &own, &[]).unwrap(), of_client);
        assert_eq!(shape(&realm, &client(&json!({})), &[]).unwrap(), REALMS);
        assert_eq!(shape(&realm, &own, &[&api(None, None)]).unwrap(), REALMS, "the realm, not the client");
        let legacy = api(Some(AccessTokenProfile::Jwt), None);
        assert_eq!(shape(&realm, &own, &[&legacy]).unwrap(), (AccessTokenProfile::Jwt, SigningAlgorithm::ES256));
    }

    #[test]
    fn apis_that_disagree_cannot_share_a_token_and_those_that_agree_can() {
        let (realm, client) = (AccessTokenPolicy::default(), client(&json!({})));
        let (plain, said) = (api(None, None), api(Some(REALMS.0), Some(REALMS.1)));
        assert_eq!(shape(&realm, &client, &[&plain, &said]).unwrap(), REALMS);
        let odd = [api(Some(AccessTokenProfile::Jwt), None), api(None, Some(SigningAlgorithm::RS256))];
        for odd in &odd {
            assert_eq!(shape(&realm, &client, &[&plain, odd]).unwrap_err().code, ErrorCode::InvalidTarget);
        }
    }
}
