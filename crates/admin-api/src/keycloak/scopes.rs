//! Client scopes.

use std::collections::BTreeMap;

use palatine_protocol::scope::Scope;

use super::json::Object;
use super::mappers::{self, Owner};
use super::realm::Realm;
use super::{built_in, roles};
use crate::built_in::is_admin_scope;
use crate::document::{ApiDocument, ScopeDocument};

/// The scopes of the realm. Those that every realm has are among them if they have mappers of their own.
pub(super) fn scopes(
    realm: &Realm<'_>,
    root: &mut Object<'_>,
    apis: &mut BTreeMap<String, ApiDocument>,
) -> BTreeMap<String, ScopeDocument> {
    let mut scopes = BTreeMap::new();
    for scope in root.objects("clientScopes") {
        if let Some((name, scope)) = scope_of(realm, scope, apis) {
            scopes.entry(name).or_insert(scope);
        }
    }
    for key in ["defaultDefaultClientScopes", "defaultOptionalClientScopes"] {
        if !root.texts(key).is_empty() {
            realm.notes.left_out(key, "scopes of new clients", "a new client names its scopes itself");
        }
    }
    scopes
}

fn scope_of(
    realm: &Realm<'_>,
    mut object: Object<'_>,
    apis: &mut BTreeMap<String, ApiDocument>,
) -> Option<(String, ScopeDocument)> {
    let notes = realm.notes;
    let name = object.text("name").unwrap_or_default();
    object.name(format!("clientScopes/{name}"));
    object.ignore(&["id"]);
    let scope = importable(realm, &mut object, name)?;
    let mut attributes = object.object_or_empty("attributes");
    let shown = attributes.words("consent.screen.text").filter(|text| !text.starts_with("${"));
    attributes.ignore(&["gui.order", "include.in.token.scope", "display.on.consent.screen"]);
    attributes.finish();
    let described = object.words("description").or(shown).unwrap_or_default();
    let description = roles::fitting_description(notes, &object.at("description"), described);
    let mappers = mappers::mappers(realm, &mut object, &Owner::Scope(name), apis).mappers;
    object.finish();
    if scope.is_identity() {
        // Its page has words for it in the language of whoever reads it.
        return (!mappers.is_empty()).then(|| (name.to_owned(), ScopeDocument { description: String::new(), mappers }));
    }
    Some((name.to_owned(), ScopeDocument { description, mappers }))
}

/// The scope, if one of that name can be had here.
fn importable(realm: &Realm<'_>, object: &mut Object<'_>, name: &str) -> Option<Scope> {
    let (notes, what) = (realm.notes, format!("the scope `{name}`"));
    let protocol = object.text("protocol").unwrap_or("openid-connect");
    let another = "Choose another name.";
    if built_in::is_needless_scope(name) {
        notes.left_out(object.path(), what, "what it does is done here without it");
    } else if protocol != "openid-connect" {
        notes.lost(object.path(), what, format!("it is of the protocol `{protocol}`"), "");
    } else if is_admin_scope(name) {
        notes.lost(object.path(), what, "the name is the admin API's", another);
    } else {
        match Scope::parse(name) {
            Ok(scope) => return Some(scope),
            Err(error) => notes.lost(object.path(), what, error.to_string(), another),
        }
    }
    None
}
