//! Which roles and groups a client is shown, and where.
//!
//! The scope `roles` shows the realm roles that the client may see (all, unless it has a list of its own) as `roles` and
//! `realm_access`, and in access tokens the roles of the clients that the token is for, and of the client itself, as
//! `resource_access`. The scope `groups` shows groups. Both claims are filled from roles and groups alone.

use std::collections::BTreeMap;

use palatine_domain::client::Client;
use palatine_domain::ids::ClientKey;
use palatine_domain::mapper::{ClaimMapper, ClaimSource, MapperRule};
use palatine_domain::roles::{Holdings, RolesOfClient};
use palatine_protocol::claims::{ExtraClaims, RoleAccess};
use palatine_protocol::scope::{self, Scope, ScopeSet};
use palatine_realm::Realm;
use serde_json::Value;

use crate::targets::Target;

/// Whether anything that the client may ask for shows roles or groups.
pub(super) fn may_be_shown(realm: &Realm, client: &Client) -> bool {
    let allowed = client.scopes.iter().map(|allowed| &allowed.scope);
    show(realm, client, allowed)
}

/// Whether these scopes do.
pub(super) fn are_shown(realm: &Realm, client: &Client, scope: &ScopeSet) -> bool {
    show(realm, client, scope.iter())
}

fn show<'s>(realm: &Realm, client: &Client, mut scopes: impl Iterator<Item = &'s Scope>) -> bool {
    let catalogue = realm.catalogue();
    catalogue.mappers_of_client(client.key).iter().any(reads_roles)
        || scopes.any(|scope| {
            matches!(scope.as_str(), scope::ROLES | scope::GROUPS)
                || catalogue.mappers_of_scope(scope).iter().any(reads_roles)
        })
}

fn reads_roles(mapper: &ClaimMapper) -> bool {
    match &mapper.rule {
        MapperRule::Claim(rule) => matches!(rule.source, ClaimSource::Roles { .. } | ClaimSource::Groups { .. }),
        MapperRule::Audience(_) => false,
    }
}

/// The realm roles that the client may see.
pub(super) fn visible<'h>(client: &'h Client, holdings: &'h Holdings) -> impl Iterator<Item = &'h String> {
    let list = client.settings.realm_roles_in_tokens.as_ref().filter(|_| !client.settings.all_roles_in_tokens);
    holdings.realm_roles.iter().filter(move |role| list.is_none_or(|list| list.contains(role)))
}

/// `roles` and `groups` (RFC 9068, section 2.2.3.1). Without any, the claim is left out.
pub(super) fn lists(claims: &mut ExtraClaims, client: &Client, holdings: &Holdings, scope: &ScopeSet) {
    if scope.contains(scope::ROLES) {
        list(claims, "roles", visible(client, holdings));
    }
    if scope.contains(scope::GROUPS) {
        list(claims, "groups", holdings.groups.iter());
    }
}

fn list<'h>(claims: &mut ExtraClaims, name: &str, names: impl Iterator<Item = &'h String>) {
    let names: Vec<Value> = names.map(|name| name.as_str().into()).collect();
    if !names.is_empty() {
        claims.insert(name.to_owned(), Value::Array(names));
    }
}

/// "Realm roles the client may see as `realm_access.roles`"
pub(super) fn realm_access(client: &Client, holdings: &Holdings, scope: &ScopeSet) -> Option<RoleAccess> {
    let roles: Vec<String> = visible(client, holdings).filter(|_| scope.contains(scope::ROLES)).cloned().collect();
    (!roles.is_empty()).then_some(RoleAccess { roles })
}

/// "client roles of the audiences as `resource_access.{client}.roles` (all roles only by a per-client switch, off)"
pub(super) fn resource_access(
    realm: &Realm,
    client: &Client,
    holdings: &Holdings,
    target: &Target,
) -> Option<BTreeMap<String, RoleAccess>> {
    if !target.scope.contains(scope::ROLES) {
        return None;
    }
    let is_meant = |(owner, roles): &(&ClientKey, &RolesOfClient)| {
        client.settings.all_roles_in_tokens
            || **owner == client.key
            || target.audience.contains(&roles.client_id)
            || is_registered_as_one_of(realm, **owner, target)
    };
    let access = |(_, roles): (&ClientKey, &RolesOfClient)| {
        (roles.client_id.clone(), RoleAccess { roles: roles.roles.iter().cloned().collect() })
    };
    let shown: BTreeMap<String, RoleAccess> = holdings.client_roles.iter().filter(is_meant).map(access).collect();
    (!shown.is_empty()).then_some(shown)
}

/// Whether the client is one registration with an API that the token is for.
fn is_registered_as_one_of(realm: &Realm, client: ClientKey, target: &Target) -> bool {
    let api = |audience| realm.catalogue().api_by_identifier(audience);
    target.audience.iter().filter_map(api).any(|api| api.client == Some(client))
}
