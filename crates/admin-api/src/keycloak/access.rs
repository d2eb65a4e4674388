//! Who may refer to what: the names of clients and roles that are imported, and what becomes of a list of roles.

use std::collections::{BTreeMap, BTreeSet};

use palatine_domain::admin::AdminRole;
use serde_json::{Map, Value};

use super::administrators::administrators;
use super::json::Object;
use super::report::Notes;
use super::roles::{self, Held, ReadRole};
use super::{built_in, clients};
use crate::document::RoleDocument;

/// The names of what is imported.
pub(super) struct Access<'a> {
    notes: &'a Notes,
    realm: &'a str,
    clients: BTreeSet<&'a str>,
    roles: Vec<ReadRole<'a>>,
    /// By what a document names them.
    names: BTreeSet<String>,
    default_role: String,
    /// What the default role brings along.
    defaults: Vec<String>,
    composites: BTreeMap<String, Vec<String>>,
    /// Realm roles that a client or a scope may show, by its name.
    shown_by_client: BTreeMap<&'a str, Vec<&'a str>>,
    shown_by_scope: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Access<'a> {
    /// Reads the names, and the roles with what they bring along.
    pub(super) fn read(notes: &'a Notes, realm: &'a str, export: &'a Map<String, Value>) -> Self {
        let listed = export.get("clients").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let default = export.get("defaultRole").and_then(|role| role.get("name")).and_then(Value::as_str);
        let default_role = default.map_or_else(|| built_in::default_role(realm), str::to_owned);
        let mut access = Self {
            notes,
            realm,
            clients: listed.iter().filter_map(|client| clients::imported_id(realm, client).ok()).collect(),
            roles: Vec::new(),
            names: BTreeSet::new(),
            default_role,
            defaults: Vec::new(),
            composites: BTreeMap::new(),
            shown_by_client: BTreeMap::new(),
            shown_by_scope: BTreeMap::new(),
        };
        access.read_shown(export);
        if let Some(roles) = export.get("roles").and_then(|roles| Object::of(notes, "roles", roles)) {
            access.read_roles(roles);
        }
        access
    }

    fn read_roles(&mut self, roles: Object<'a>) {
        let read = roles::read(self, roles);
        let (defaults, read): (Vec<_>, Vec<_>) = read.into_iter().partition(|role| self.is_default_role(role));
        self.names = read.iter().map(ReadRole::reference).collect();
        for default in defaults {
            self.defaults = self.held(&default.path, &default.held);
            if !self.defaults.is_empty() {
                let todo = "Give them to new people, or put new people into a group that has them.";
                let why = "there are no roles that everybody has; those who are imported have them one by one";
                self.notes.changed(&default.path, "roles that everybody has", why, todo);
            }
        }
        let composites = read.iter().map(|role| (role.reference(), self.held(&role.path, &role.held))).collect();
        self.composites = roles::without_circles(self.notes, composites);
        self.roles = read;
    }

    fn is_default_role(&self, role: &ReadRole<'_>) -> bool {
        role.client.is_none() && role.name == self.default_role
    }

    /// `scopeMappings`: the realm roles that clients and scopes may show.
    fn read_shown(&mut self, export: &'a Map<String, Value>) {
        let mut root = Object::root(self.notes, export);
        for mut mapping in root.objects("scopeMappings") {
            let (client, scope) = (mapping.text("client"), mapping.text("clientScope"));
            let roles = mapping.texts("roles");
            mapping.ignore(&["self"]);
            match (client, scope) {
                (Some(client), _) => self.shown_by_client.entry(client).or_default().extend(roles),
                (None, Some(scope)) => self.shown_by_scope.entry(scope).or_default().extend(roles),
                (None, None) => {}
            }
            mapping.finish();
        }
        let Some(mut of_clients) = root.object("clientScopeMappings") else { return };
        for owner in of_clients.unread() {
            let path = of_clients.at(owner);
            if of_clients.list(owner).is_empty() || built_in::is_client(owner, self.realm) {
                continue;
            }
            let why = "the roles of a client are in tokens that are for it, whoever asked for them";
            let todo = "Look at which tokens are for this client.";
            self.notes.changed(&path, "who may show the roles of a client", why, todo);
        }
    }

    /// The notes.
    pub(super) fn notes(&self) -> &'a Notes {
        self.notes
    }

    /// The realm's name in Keycloak.
    pub(super) fn realm(&self) -> &'a str {
        self.realm
    }

    /// Whether a client of that name is imported.
    pub(super) fn has_client(&self, client_id: &str) -> bool {
        self.clients.contains(client_id)
    }

    /// Whether this is the role that everybody has.
    pub(super) fn is_default(&self, role: &str) -> bool {
        role == self.default_role
    }

    /// The realm's roles.
    pub(super) fn realm_roles(&self) -> BTreeMap<String, RoleDocument> {
        self.roles_of(None)
    }

    /// The roles of a client.
    pub(super) fn roles_of(&self, client: Option<&str>) -> BTreeMap<String, RoleDocument> {
        let theirs = self.roles.iter().filter(|role| role.client == client);
        let document = |role: &ReadRole<'_>| RoleDocument {
            description: role.description.clone(),
            composites: self.composites.get(&role.reference()).cloned().unwrap_or_default(),
        };
        theirs.map(|role| (role.name.to_owned(), document(role))).collect()
    }

    /// What a list of roles comes to, each once.
    pub(super) fn held(&self, path: &str, held: &Held<'_>) -> Vec<String> {
        let mut names = Vec::new();
        for role in &held.of_realm {
            self.realm_role(path, role, &mut names);
        }
        for (client, roles) in &held.of_clients {
            self.client_roles(path, client, roles, &mut names);
        }
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    fn realm_role(&self, path: &str, role: &str, names: &mut Vec<String>) {
        if self.names.contains(role) {
            names.push(role.to_owned());
        } else if self.is_default(role) {
            names.extend(self.defaults.iter().cloned());
        } else if built_in::is_role(role) {
            self.notes.left_out(
                path,
                format!("the role `{role}`"),
                "it is Keycloak's own, and nothing asks for it here",
            );
        } else if AdminRole::parse(role).is_some() {
            let why = "here it would let its holder administer the realm";
            let todo = "Give it to those who are to administer the realm, and to nobody else.";
            self.notes.lost(path, format!("the role `{role}`"), why, todo);
        } else {
            self.notes.lost(
                path,
                format!("the role `{role}`"),
                "the realm has no such role, or it was not imported",
                "",
            );
        }
    }

    fn client_roles(&self, path: &str, client: &str, roles: &[&str], names: &mut Vec<String>) {
        if client == built_in::REALM_MANAGEMENT {
            self.administrator(path, roles, names);
        } else if built_in::is_client(client, self.realm) {
            let (what, why) = (format!("roles of the client `{client}`"), "it is Keycloak's own");
            self.notes.left_out(path, what, why);
        } else if self.clients.contains(client) {
            for role in roles {
                let name = format!("{client}/{role}");
                if self.names.contains(&name) {
                    names.push(name);
                } else {
                    self.notes.lost(
                        path,
                        format!("the role `{role}` of `{client}`"),
                        "the client has no such role",
                        "",
                    );
                }
            }
        } else {
            let why = "the realm has no such client, or it was not imported";
            self.notes.lost(path, format!("roles of the client `{client}`"), why, "");
        }
    }

    /// Roles over the realm itself.
    fn administrator(&self, path: &str, roles: &[&str], names: &mut Vec<String>) {
        let (given, left) = administrators(&roles.iter().copied().collect());
        for role in given {
            let what = format!("roles of `realm-management` that became `{}`", role.name());
            self.notes.changed(path, what, role.description(), "See that this is what its holder is to be.");
            names.push(role.name().to_owned());
        }
        for role in left {
            let why = "no built-in role is the same";
            let todo = "Give `client-manager`, `user-manager` or `auditor` if its holder is to administer something.";
            self.notes.lost(path, format!("the role `{role}` of `realm-management`"), why, todo);
        }
    }

    /// The realm roles that tokens of a client may show, which has these scopes: those that it lists, and what they
    /// bring along.
    pub(super) fn shown(&self, client_id: &str, scopes: &[&str]) -> Vec<String> {
        let of_scopes = scopes.iter().filter_map(|scope| self.shown_by_scope.get(scope)).flatten();
        let listed = self.shown_by_client.get(client_id).into_iter().flatten().chain(of_scopes);
        let mut waiting: Vec<String> = listed.map(|role| (*role).to_owned()).collect();
        if waiting.iter().any(|role| self.is_default(role)) {
            waiting.extend(self.defaults.iter().cloned());
        }
        let mut shown = BTreeSet::new();
        while let Some(role) = waiting.pop() {
            if !role.contains('/') && self.names.contains(&role) && shown.insert(role.clone()) {
                waiting.extend(self.composites.get(&role).into_iter().flatten().cloned());
            }
        }
        shown.into_iter().collect()
    }
}
