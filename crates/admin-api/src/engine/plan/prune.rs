//! What the document does not describe at all, if it is to go.
//!
//! What every realm has stays, and so do clients that registered themselves: they are not configuration.

use std::collections::BTreeSet;

use palatine_domain::admin::AdminRole;
use palatine_protocol::scope::Scope;

use super::{Op, Planner};
use crate::document::Path;
use crate::engine::change::{Change, What};

impl Planner<'_> {
    /// Whoever refers to something is removed before it.
    pub(super) fn prune(&mut self) {
        self.prune_users();
        self.prune_clients();
        self.prune_groups();
        self.prune_roles();
        self.prune_scopes();
        self.prune_apis();
    }

    fn prune_users(&mut self) {
        if !self.extent.prunes_users() {
            return;
        }
        let described: BTreeSet<&str> = self.desired.users.iter().map(|wanted| wanted.username.as_str()).collect();
        let state = self.state;
        for (name, known) in state.users.iter().filter(|(name, _)| !described.contains(name.as_str())) {
            self.change(Change::removed(What::User, name));
            self.step(&Path::of(["users"]), Op::DeleteUser(known.user.id));
        }
    }

    fn prune_clients(&mut self) {
        let described: BTreeSet<&str> = self.desired.clients.iter().map(|wanted| wanted.client_id.as_str()).collect();
        let state = self.state;
        for (name, known) in state.clients.iter().filter(|(name, _)| !described.contains(name.as_str())) {
            if known.client.settings.registered {
                continue;
            }
            self.change(Change::removed(What::Client, name));
            self.step(&Path::of(["clients"]), Op::DeleteClient(known.client.key));
        }
    }

    /// A group goes with those below it.
    fn prune_groups(&mut self) {
        let described: BTreeSet<&str> = self.desired.groups.iter().map(|wanted| wanted.path.as_str()).collect();
        let state = self.state;
        let mut gone: BTreeSet<&str> = BTreeSet::new();
        for (path, known) in state.groups.iter().filter(|(path, _)| !described.contains(path.as_str())) {
            gone.insert(path);
            let above = path.rsplit_once('/').map(|(above, _)| above);
            if above.is_some_and(|above| gone.contains(above)) {
                continue;
            }
            self.change(Change::removed(What::Group, path));
            self.step(&Path::of(["groups"]), Op::DeleteGroup(known.group.id));
        }
    }

    /// Roles of clients go with what describes them.
    fn prune_roles(&mut self) {
        let described =
            |name: &str| self.desired.roles.iter().any(|wanted| wanted.client.is_none() && wanted.name == name);
        let stays = |name: &str| described(name) || AdminRole::parse(name).is_some();
        let state = self.state;
        let gone: Vec<_> = state.roles.values().filter(|role| role.client.is_none() && !stays(&role.name)).collect();
        for role in gone {
            self.change(Change::removed(What::Role, &role.name));
            self.step(&Path::of(["roles"]), Op::DeleteRole(role.id));
        }
    }

    /// Scopes of APIs go with what describes them.
    fn prune_scopes(&mut self) {
        let described = |scope: &Scope| self.desired.scopes.iter().any(|wanted| wanted.scope == *scope);
        let state = self.state;
        let plain = state.scopes.values().filter(|known| known.api.is_none() && !known.scope.is_identity());
        let gone: Vec<_> = plain.filter(|known| !described(&known.scope)).collect();
        for known in gone {
            self.change(Change::removed(What::Scope, known.scope.as_str()));
            self.step(&Path::of(["scopes"]), Op::DeleteScope(known.id));
        }
    }

    fn prune_apis(&mut self) {
        let described: BTreeSet<&str> = self.desired.apis.iter().map(|wanted| wanted.identifier.as_str()).collect();
        let state = self.state;
        for (identifier, api) in state.apis.iter().filter(|(name, _)| !described.contains(name.as_str())) {
            if crate::built_in::is_admin_api(identifier) {
                continue;
            }
            self.change(Change::removed(What::Api, identifier));
            self.step(&Path::of(["apis"]), Op::DeleteApi(api.id));
        }
    }
}
