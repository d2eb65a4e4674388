//! Roles of the realm and of its clients.

use std::collections::BTreeMap;

use palatine_domain::admin::AdminRole;

use super::access::Access;
use super::built_in;
use super::json::Object;
use super::realm::is_words;
use super::report::Notes;

/// A role as the export has it.
pub(super) struct ReadRole<'a> {
    pub(super) client: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) description: String,
    /// What it brings along.
    pub(super) held: Held<'a>,
    pub(super) path: String,
}

/// Roles that somebody or something has.
#[derive(Default)]
pub(super) struct Held<'a> {
    pub(super) of_realm: Vec<&'a str>,
    pub(super) of_clients: Vec<(&'a str, Vec<&'a str>)>,
}

impl<'a> Held<'a> {
    /// The members `realmRoles` and `clientRoles` of a user or a group.
    pub(super) fn by(holder: &mut Object<'a>) -> Self {
        Self { of_realm: holder.texts("realmRoles"), of_clients: holder.lists_by_name("clientRoles") }
    }
}

impl ReadRole<'_> {
    /// By what a document names it.
    pub(super) fn reference(&self) -> String {
        self.client.map_or_else(|| self.name.to_owned(), |client| format!("{client}/{}", self.name))
    }
}

/// Reads `roles`; what is not imported is reported. The role that everybody has is among them.
pub(super) fn read<'a>(access: &Access<'a>, mut roles: Object<'a>) -> Vec<ReadRole<'a>> {
    let mut read = Vec::new();
    for role in roles.objects("realm") {
        read.extend(role_of(access, None, role));
    }
    if let Some(mut of_clients) = roles.object("client") {
        for client in of_clients.unread() {
            let path = of_clients.at(client);
            let listed = of_clients.objects(client);
            if access.has_client(client) {
                read.extend(listed.into_iter().filter_map(|role| role_of(access, Some(client), role)));
            } else if built_in::is_client(client, access.realm()) {
                access.notes().left_out(&path, "roles of Keycloak's own clients", "these clients are not here");
            } else if !listed.is_empty() {
                let why = "the realm has no such client, or it was not imported";
                access.notes().lost(&path, format!("roles of the client `{client}`"), why, "");
            }
        }
    }
    roles.finish();
    let mut seen = std::collections::BTreeSet::new();
    read.retain(|role| seen.insert(role.reference()));
    read
}

fn role_of<'a>(access: &Access<'a>, client: Option<&'a str>, mut role: Object<'a>) -> Option<ReadRole<'a>> {
    let notes = access.notes();
    let Some(name) = role.text("name") else {
        notes.lost(role.path(), "a role", "it has no name", "");
        return None;
    };
    let path = client.map_or_else(|| format!("roles/realm/{name}"), |client| format!("roles/client/{client}/{name}"));
    role.name(path.clone());
    role.ignore(&["id", "composite", "clientRole", "containerId", "scopeParamRequired"]);
    let held = role.object("composites").map(|mut composites| {
        let held = Held { of_realm: composites.texts("realm"), of_clients: composites.lists_by_name("client") };
        composites.finish();
        held
    });
    role.no_counterpart("attributes", "attributes of roles", "roles have none", "");
    let description = description(notes, &mut role);
    role.finish();
    let is_default = client.is_none() && access.is_default(name);
    if client.is_none() && built_in::is_role(name) {
        notes.left_out(&path, format!("the role `{name}`"), "it is Keycloak's own, and nothing asks for it here");
        return None;
    }
    if !is_words(name) || name.contains('/') {
        let why = "the name of a role has 1 to 255 characters, no control characters and no `/`";
        notes.lost(&path, "a role", why, "Make a role of another name and give it to those who had this one.");
        return None;
    }
    if client.is_none() && !is_default && AdminRole::parse(name).is_some() {
        let why = "the name is reserved for those who administer a realm";
        let todo = "Make a role of another name and give it to those who had this one.";
        notes.lost(&path, format!("the role `{name}`"), why, todo);
        return None;
    }
    Some(ReadRole { client, name, description, held: held.unwrap_or_default(), path })
}

/// A description in words; `${…}` names a text of Keycloak's.
fn description(notes: &Notes, role: &mut Object<'_>) -> String {
    let description = role.words("description").filter(|text| !text.starts_with("${")).unwrap_or_default();
    fitting_description(notes, &role.at("description"), description)
}

/// A description of at most 255 characters, none of them a control character.
pub(super) fn fitting_description(notes: &Notes, path: &str, description: &str) -> String {
    let fitting: String = description.chars().filter(|c| !c.is_control()).take(255).collect();
    if fitting != description {
        notes.changed(path, "a description", "it has at most 255 characters and no control characters", "");
    }
    fitting
}

/// What roles bring along, without that by which one would bring itself along.
pub(super) fn without_circles(
    notes: &Notes,
    mut composites: BTreeMap<String, Vec<String>>,
) -> BTreeMap<String, Vec<String>> {
    let mut walk = Walk { composites: &composites, states: BTreeMap::new(), closing: Vec::new() };
    for role in composites.keys() {
        walk.from(role);
    }
    for (role, child) in std::mem::take(&mut walk.closing) {
        let why = "a role cannot hold itself";
        notes.lost(&format!("roles/{role}"), format!("that `{role}` brings `{child}` along"), why, "");
        if let Some(children) = composites.get_mut(&role) {
            children.retain(|kept| *kept != child);
        }
    }
    composites
}

/// A walk through what brings what along, deeper first.
struct Walk<'c> {
    composites: &'c BTreeMap<String, Vec<String>>,
    /// Whether we are still below a role, or have seen all below it.
    states: BTreeMap<&'c str, bool>,
    closing: Vec<(String, String)>,
}

impl<'c> Walk<'c> {
    fn from(&mut self, role: &'c str) {
        let mut open: Vec<(&'c str, std::slice::Iter<'c, String>)> = Vec::new();
        self.enter(role, &mut open);
        while let Some((above, children)) = open.last_mut() {
            let above = *above;
            match children.next() {
                None => {
                    self.states.insert(above, true);
                    open.pop();
                }
                Some(child) => match self.states.get(child.as_str()) {
                    Some(false) => self.closing.push((above.to_owned(), child.clone())),
                    Some(true) => {}
                    None => self.enter(child, &mut open),
                },
            }
        }
    }

    fn enter(&mut self, role: &'c str, open: &mut Vec<(&'c str, std::slice::Iter<'c, String>)>) {
        if self.states.contains_key(role) {
            return;
        }
        self.states.insert(role, false);
        let children = self.composites.get(role).map_or(&[][..], Vec::as_slice);
        open.push((role, children.iter()));
    }
}
