//! The realm itself, and the order in which its parts are read.

use std::collections::BTreeMap;

use palatine_domain::RealmSlug;
use serde_json::{Map, Value};

use super::access::Access;
use super::attributes::Attributes;
use super::json::Object;
use super::report::Notes;
use super::{Conversion, ExportError, clients, groups, policy, rest, scopes, users};
use crate::document::RealmDocument;

/// What the parts of a conversion share.
pub(super) struct Realm<'a> {
    pub(super) notes: &'a Notes,
    /// The realm's name in Keycloak.
    pub(super) name: &'a str,
    /// Names of roles, clients, groups and scopes that are imported.
    pub(super) access: Access<'a>,
    /// Attributes of users.
    pub(super) attributes: Attributes<'a>,
}

/// Converts an export.
pub(super) fn convert(export: &Map<String, Value>, slug: Option<&RealmSlug>) -> Result<Conversion, ExportError> {
    let notes = Notes::default();
    let mut root = Object::root(&notes, export);
    let name = root.text("realm").unwrap_or_default();
    let slug = chosen_slug(&notes, name, slug)?;
    let mut document = RealmDocument::new(slug.as_str());
    document.display_name = display_name(&notes, &mut root);
    document.policy = policy::policy(&notes, &mut root);
    let realm =
        Realm { notes: &notes, name, access: Access::read(&notes, name, export), attributes: Attributes::new(&notes) };
    document.roles = realm.access.realm_roles();
    document.groups = groups::groups(&realm, &mut root);
    let mut apis = BTreeMap::new();
    document.scopes = scopes::scopes(&realm, &mut root, &mut apis);
    document.clients = clients::clients(&realm, &mut root, &document, &mut apis);
    document.apis = apis;
    users::users(&realm, &mut root, &mut document);
    realm.attributes.declare(&mut document);
    root.ignore(&["roles", "defaultRole", "defaultRoles", "scopeMappings", "clientScopeMappings"]);
    rest::rest(&notes, &mut root);
    root.finish();
    Ok(Conversion { document, report: notes.into_report() })
}

/// The chosen name, or one that is made of Keycloak's.
fn chosen_slug(notes: &Notes, name: &str, chosen: Option<&RealmSlug>) -> Result<RealmSlug, ExportError> {
    let slug = chosen.map_or_else(|| slug_of(name), |chosen| chosen.as_str().to_owned());
    let slug = RealmSlug::parse_new(&slug).map_err(|error| ExportError::Slug { name: slug, error })?;
    if slug.as_str() != name {
        let todo = "Tell every client its new issuer; all of them have one, since the server's address is another too.";
        notes.changed("realm", format!("the name `{name}`"), format!("the realm is called `{slug}` here"), todo);
    }
    Ok(slug)
}

/// A name in lower case, with `-` for what no slug has.
fn slug_of(name: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let dashed: String = name.to_lowercase().chars().map(|c| if fits(c) { c } else { '-' }).collect();
    dashed.trim_matches('-').to_owned()
}

fn display_name(notes: &Notes, root: &mut Object<'_>) -> Option<String> {
    let name = root.words("displayName");
    if name.is_some_and(|name| !is_words(name)) {
        let todo = "Set `display_name` to something shorter.";
        notes.lost("displayName", "the display name", "it has more than 255 characters, or control characters", todo);
    }
    name.filter(|name| is_words(name)).map(str::to_owned)
}

/// Whether a text can be a name that people see: 1 to 255 characters, none of them a control character.
pub(super) fn is_words(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 255 && !text.chars().any(char::is_control)
}
