//! APIs, scopes, roles and groups.

use std::collections::BTreeMap;

use palatine_domain::RealmSlug;
use palatine_domain::admin::AdminRole;
use palatine_domain::api::MAX_SCOPES_PER_API;
use palatine_domain::client::RESERVED_CLIENT_ID_PREFIX;
use palatine_domain::policy::AccessTokenProfile;
use palatine_protocol::capabilities::SUPPORTED;
use palatine_protocol::scope::Scope;

use super::{DesiredApi, DesiredGroup, DesiredRole, DesiredScope, Findings, mappers};
use crate::document::{ApiDocument, GroupDocument, Path, RoleDocument};

pub(super) fn apis(findings: &mut Findings<'_>) -> Vec<DesiredApi> {
    let document = findings.document();
    document.apis.iter().map(|(identifier, document)| api(findings, identifier, document)).collect()
}

fn api(findings: &mut Findings<'_>, identifier: &str, document: &ApiDocument) -> DesiredApi {
    let at = Path::of(["apis", identifier]);
    check_identifier(findings, &at, identifier);
    check_registration(findings, &at, identifier, document);
    if let Some(name) = &document.name {
        findings.words(&at.then("name"), name);
    }
    if document.algorithm.is_some_and(|algorithm| !SUPPORTED.access_token_algorithms.contains(&algorithm)) {
        findings.add(&at.then("algorithm"), "access tokens are not signed with this algorithm");
    }
    if document.scopes.len() > MAX_SCOPES_PER_API {
        findings.add(&at.then("scopes"), format!("an API owns at most {MAX_SCOPES_PER_API} scopes"));
    }
    DesiredApi {
        identifier: identifier.to_owned(),
        name: document.name.clone().unwrap_or_else(|| identifier.to_owned()),
        profile: document.profile,
        algorithm: document.algorithm,
        client: document.client.clone(),
    }
}

/// "any string without spaces, URI or not"; what tokens carry in `aud`.
fn check_identifier(findings: &mut Findings<'_>, at: &Path, identifier: &str) {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    if !(1..=255).contains(&identifier.len()) || identifier.contains(blank) {
        findings.add(at, "the identifier of an API has 1 to 255 bytes and no spaces");
    }
    if identifier.starts_with(RESERVED_CLIENT_ID_PREFIX) {
        let words = format!("identifiers that begin with `{RESERVED_CLIENT_ID_PREFIX}` are reserved; choose another");
        findings.add(at, words);
    }
}

/// "An identifier equals no `client_id` but that of its own registration […]; with profile `jwt` it differs from its
/// `client_id` too."
fn check_registration(findings: &mut Findings<'_>, at: &Path, identifier: &str, document: &ApiDocument) {
    let is_one = document.client.as_deref() == Some(identifier);
    let profile = document.profile.unwrap_or(findings.document().policy.access_tokens.profile);
    if !is_one && findings.document().clients.contains_key(identifier) {
        let words = format!(
            "`{identifier}` is a client_id too; give the API an identifier of its own, or say `client: {identifier}` if \
             the two are one registration"
        );
        findings.add(at, words);
    }
    if is_one && profile == AccessTokenProfile::Jwt {
        let words = "with the profile `jwt` no `aud` is a bare client_id; give the API another identifier";
        findings.add(&at.then("client"), words);
    }
}

/// A scope has one owner at most, whatever section it stands in.
pub(super) fn scopes(findings: &mut Findings<'_>) -> Vec<DesiredScope> {
    let document = findings.document();
    let of_no_api = document.scopes.iter().map(|entry| (entry, None));
    let of_apis =
        document.apis.iter().flat_map(|(api, document)| document.scopes.iter().map(move |entry| (entry, Some(api))));
    let mut places: BTreeMap<&str, Path> = BTreeMap::new();
    let mut desired = Vec::new();
    for ((name, document), api) in of_no_api.chain(of_apis) {
        let at = match api {
            Some(api) => Path::of(["apis", api, "scopes", name]),
            None => Path::of(["scopes", name]),
        };
        let Some(scope) = findings.keep(&at, Scope::parse(name)) else { continue };
        let description = &document.description;
        if description.chars().count() > 255 || description.chars().any(char::is_control) {
            findings.add(&at, "a description has at most 255 characters and no control characters");
        }
        let mappers = mappers::mappers(findings, &at.then("mappers"), &document.mappers);
        if crate::built_in::is_admin_scope(name) {
            findings.add(&at, format!("the scope `{name}` is the admin API's in every realm; choose another name"));
        }
        if api.is_some() && scope.is_identity() {
            findings.add(&at, format!("every realm has the scope `{name}`; no API can own it"));
        }
        if let Some(first) = places.insert(name, at.clone()) {
            let first = findings.source.place(&first);
            findings.add(&at, format!("the scope `{name}` is declared at {first} already; one API owns a scope"));
        }
        desired.push(DesiredScope { scope, description: description.clone(), api: api.cloned(), mappers, at });
    }
    desired
}

/// The realm's, then each client's.
pub(super) fn roles(findings: &mut Findings<'_>) -> Vec<DesiredRole> {
    let document = findings.document();
    let of_realm = document.roles.iter().map(|entry| (None, entry));
    let of_clients = document
        .clients
        .iter()
        .flat_map(|(client, document)| document.client_roles.iter().map(move |entry| (Some(client), entry)));
    of_realm.chain(of_clients).map(|(client, (name, document))| role(findings, client, name, document)).collect()
}

fn role(findings: &mut Findings<'_>, client: Option<&String>, name: &str, document: &RoleDocument) -> DesiredRole {
    let at = match client {
        Some(client) => Path::of(["clients", client, "client_roles", name]),
        None => Path::of(["roles", name]),
    };
    findings.words(&at, name);
    if name.contains('/') {
        findings.add(&at, "the name of a role has no `/`: `client_id/role` names a role of a client");
    }
    let description = &document.description;
    if description.chars().count() > 255 || description.chars().any(char::is_control) {
        findings.add(&at.then("description"), "a description has at most 255 characters and no control characters");
    }
    findings.no_repetition(&at.then("composites"), &document.composites);
    let reserved = AdminRole::parse(name).filter(|_| client.is_none());
    if let Some(role) = reserved {
        check_built_in(findings, &at, role, document);
    }
    DesiredRole {
        client: client.cloned(),
        name: name.to_owned(),
        description: reserved.map_or_else(|| description.clone(), |role| role.description().to_owned()),
        composites: document.composites.clone(),
        at,
    }
}

/// A built-in role may be named, and is what it is.
fn check_built_in(findings: &mut Findings<'_>, at: &Path, role: AdminRole, document: &RoleDocument) {
    let (name, description) = (role.name(), &document.description);
    let is_system = findings.document().realm == RealmSlug::system().as_str();
    if !is_system && !AdminRole::of_realm().contains(&role) {
        findings
            .add(at, format!("`{name}` is a role of operators, whom the realm `system` holds; choose another name"));
    }
    if !description.is_empty() && description != role.description() {
        let words = format!("`{name}` is built in and keeps its description; leave this one out");
        findings.add(&at.then("description"), words);
    }
    if !document.composites.is_empty() {
        let words = format!("`{name}` is built in and brings no other role along; make a role that brings both");
        findings.add(&at.then("composites"), words);
    }
}

/// How deep groups nest.
const MAX_GROUP_DEPTH: usize = 16;

/// Each before those below it.
pub(super) fn groups(findings: &mut Findings<'_>) -> Vec<DesiredGroup> {
    let mut groups = Vec::new();
    let top: Vec<_> = findings.document().groups.iter().collect();
    let mut waiting: Vec<(Option<String>, Path, &String, &GroupDocument)> =
        top.into_iter().rev().map(|(name, document)| (None, Path::of(["groups", name]), name, document)).collect();
    while let Some((parent, at, name, document)) = waiting.pop() {
        findings.words(&at, name);
        if name.contains('/') {
            findings.add(&at, "the name of a group has no `/`");
        }
        findings.no_repetition(&at.then("roles"), &document.roles);
        let path = parent.as_ref().map_or_else(|| name.clone(), |parent| format!("{parent}/{name}"));
        if path.split('/').count() > MAX_GROUP_DEPTH {
            findings.add(&at, format!("groups nest at most {MAX_GROUP_DEPTH} deep"));
            continue;
        }
        for (below, document) in document.groups.iter().rev() {
            waiting.push((Some(path.clone()), at.then("groups").then(below), below, document));
        }
        groups.push(DesiredGroup { path, name: name.clone(), parent, roles: document.roles.clone(), at });
    }
    groups
}
