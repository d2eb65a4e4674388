//! Claims asked for by name (OpenID Connect Core, section 5.5).
//!
//! A name asks for no more than a scope could: the claim is released if the client may have the scope that owns it, and
//! the person is asked for that scope as if it had been named. The scope itself is not granted, only the claim.

use std::collections::BTreeSet;

use palatine_domain::client::Client;
use palatine_domain::grant::GrantedClaims;
use palatine_domain::user::User;
use palatine_protocol::claims::ExtraClaims;
use palatine_protocol::claims_request::{ClaimsRequest, scope_of_standard_claim};
use palatine_protocol::scope::{Scope, ScopeSet};
use palatine_realm::Realm;

use super::standard;
use crate::authorize::checks;

/// The scopes that a person must have allowed for what is asked by name. Claims that no scope owns, or whose scope the
/// client may not have, are not released: "the Authorization Server is not required to return all" of them.
pub(crate) fn owning_scopes(realm: &Realm, client: &Client, asked: &ClaimsRequest) -> ScopeSet {
    scopes_of(realm, client, asked.userinfo.keys().chain(asked.id_token.keys()))
}

/// Of what is asked by name, what the allowed scopes own.
pub(crate) fn granted(realm: &Realm, asked: &ClaimsRequest, allowed: &ScopeSet) -> GrantedClaims {
    let is_owned = |claim: &&String| owner(realm, claim).is_some_and(|scope| allowed.contains(scope.as_str()));
    GrantedClaims {
        userinfo: asked.userinfo.keys().filter(is_owned).cloned().collect(),
        id_token: asked.id_token.keys().filter(is_owned).cloned().collect(),
    }
}

/// What those names release of a person: an admin may have taken a scope from the client since.
pub(crate) fn of_user(realm: &Realm, client: &Client, user: &User, names: &BTreeSet<String>) -> ExtraClaims {
    let mut released = standard::of_user(realm, user, &scopes_of(realm, client, names.iter()));
    released.retain(|name, _| names.contains(name));
    released
}

fn scopes_of<'a>(realm: &Realm, client: &Client, names: impl Iterator<Item = &'a String>) -> ScopeSet {
    names.filter_map(|claim| owner(realm, claim)).filter(|scope| checks::may_have(client, scope)).collect()
}

/// The scope that releases a claim.
fn owner(realm: &Realm, claim: &str) -> Option<Scope> {
    let of_field = || realm.settings().custom_fields.iter().find(|field| field.claim == claim);
    let scope = scope_of_standard_claim(claim).or_else(|| of_field().map(|field| field.scope.as_str()));
    scope.and_then(|scope| Scope::parse(scope).ok())
}
