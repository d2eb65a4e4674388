//! Groups, each with those below it.

use std::collections::BTreeMap;

use super::json::Object;
use super::realm::{Realm, is_words};
use super::roles::Held;
use crate::document::GroupDocument;

/// How deep groups nest here.
const MAX_DEPTH: usize = 16;

/// The groups of the realm.
pub(super) fn groups(realm: &Realm<'_>, root: &mut Object<'_>) -> BTreeMap<String, GroupDocument> {
    below(realm, root, "groups", "", 1)
}

fn below(
    realm: &Realm<'_>,
    above: &mut Object<'_>,
    key: &str,
    path: &str,
    depth: usize,
) -> BTreeMap<String, GroupDocument> {
    let mut groups = BTreeMap::new();
    for group in above.objects(key) {
        if depth > MAX_DEPTH {
            realm.notes.lost(group.path(), "a group", format!("groups nest at most {MAX_DEPTH} deep"), "");
            continue;
        }
        if let Some((name, group)) = group_of(realm, group, path, depth) {
            groups.entry(name).or_insert(group);
        }
    }
    groups
}

fn group_of(realm: &Realm<'_>, mut group: Object<'_>, above: &str, depth: usize) -> Option<(String, GroupDocument)> {
    let name = group.text("name").unwrap_or_default();
    let path = if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") };
    group.name(format!("groups/{path}"));
    if !is_words(name) || name.contains('/') {
        let why = "the name of a group has 1 to 255 characters, no control characters and no `/`";
        let todo = "Make a group of another name; those below it are not imported either.";
        realm.notes.lost(group.path(), "a group", why, todo);
        return None;
    }
    group.ignore(&["id", "path", "parentId", "subGroupCount", "access"]);
    group.no_counterpart(
        "attributes",
        "attributes of groups",
        "groups have none",
        "Give them to the members themselves.",
    );
    group.no_counterpart("description", "descriptions of groups", "groups have none", "");
    let held = Held::by(&mut group);
    let roles = realm.access.held(group.path(), &held);
    let groups = below(realm, &mut group, "subGroups", &path, depth + 1);
    group.finish();
    Some((name.to_owned(), GroupDocument { roles, groups }))
}

/// The path of a group as a document names it, from `/above/below`.
pub(super) fn document_path(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path)
}

/// Whether there is such a group.
pub(super) fn has(groups: &BTreeMap<String, GroupDocument>, path: &str) -> bool {
    let mut at = groups;
    for name in path.split('/') {
        match at.get(name) {
            Some(group) => at = &group.groups,
            None => return false,
        }
    }
    true
}
