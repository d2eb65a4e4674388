//! Roles of the realm and of its clients, and what each brings along.

use std::collections::{BTreeMap, BTreeSet};

use palatine_domain::Ambient;
use palatine_domain::ids::RoleId;
use palatine_domain::roles::{Role, RoleGraph};

use super::{Op, Planner};
use crate::document::Path;
use crate::engine::change::{Change, What};
use crate::engine::check::{Desired, DesiredRole};
use crate::engine::state::State;

/// Every role that there is and will be, by what a document names it.
pub(super) fn ids(desired: &Desired, state: &State, ambient: &Ambient) -> BTreeMap<String, RoleId> {
    let stored = |name: &str| state.roles.get(name).map(|role| role.id);
    let mut ids: BTreeMap<String, RoleId> = state.roles.iter().map(|(name, role)| (name.clone(), role.id)).collect();
    let wanted = desired.roles.iter().map(DesiredRole::reference);
    for name in wanted {
        let id = stored(&name).unwrap_or_else(|| ambient.id());
        ids.entry(name).or_insert(id);
    }
    ids
}

impl Planner<'_> {
    /// The document's roles of the realm. The built-in ones came with the realm.
    pub(super) fn roles(&mut self) {
        for wanted in self.desired.roles.iter().filter(|wanted| wanted.client.is_none()) {
            self.role(wanted);
        }
    }

    /// The roles of one client, which is there by now.
    pub(super) fn roles_of_client(&mut self, client_id: &str) {
        let described = self.desired.roles.iter().filter(|wanted| wanted.client.as_deref() == Some(client_id));
        for wanted in described.clone() {
            self.role(wanted);
        }
        let Some(client) = self.clients.get(client_id).copied().filter(|_| self.extent.is_exact()) else { return };
        let kept = |role: &Role| described.clone().any(|wanted| wanted.name == role.name);
        let at = Path::of(["clients", client_id, "client_roles"]);
        for (name, role) in self.state.roles.iter().filter(|(_, role)| role.client == Some(client) && !kept(role)) {
            self.change(Change::removed(What::Role, name));
            self.step(&at, Op::DeleteRole(role.id));
        }
    }

    fn role(&mut self, wanted: &DesiredRole) {
        let name = wanted.reference();
        let Some(id) = self.roles.get(&name).copied() else { return };
        match self.state.roles.get(&name) {
            Some(stored) if stored.description == wanted.description => {}
            Some(stored) => {
                let role = Role { description: wanted.description.clone(), ..stored.clone() };
                self.change(Change::updated(What::Role, name));
                self.step(&wanted.at, Op::UpdateRole(role));
            }
            None => {
                let client = wanted.client.as_ref().and_then(|client| self.clients.get(client).copied());
                let role = Role { id, name: wanted.name.clone(), description: wanted.description.clone(), client };
                self.change(Change::created(What::Role, name));
                self.step(&wanted.at, Op::InsertRole(role));
            }
        }
    }

    /// What roles bring along. A role that would bring itself along is refused.
    pub(super) fn composites(&mut self) {
        let mut graph = RoleGraph::new([], []).with_composites(self.state.composites.iter().copied());
        for wanted in &self.desired.roles {
            let at = wanted.at.then("composites");
            let Some(role) = self.roles.get(&wanted.reference()).copied() else { continue };
            let mut changed = self.take_composites(role, wanted);
            for (number, name) in wanted.composites.iter().enumerate() {
                let [child] = *self.roles_at(std::slice::from_ref(name), &at) else { continue };
                if self.state.composites.contains(&(role, child)) {
                    continue;
                }
                if graph.would_close_a_circle(role, child) {
                    let words =
                        format!("`{name}` brings `{}` along already, or is it; a role cannot hold itself", wanted.name);
                    self.problem(&at.item(number), words);
                    continue;
                }
                graph = graph.with_composites([(role, child)]);
                self.step(&at.item(number), Op::AddComposite(role, child));
                changed = true;
            }
            if changed {
                self.changed(What::Role, &wanted.reference());
            }
        }
    }

    /// What a role brings along beyond its document, if that is to be exact; gives whether there was any.
    fn take_composites(&mut self, role: RoleId, wanted: &DesiredRole) -> bool {
        let brought: BTreeSet<RoleId> =
            self.state.composites.iter().filter(|(of, _)| *of == role).map(|(_, child)| *child).collect();
        let named: Vec<RoleId> = wanted.composites.iter().filter_map(|name| self.roles.get(name).copied()).collect();
        let surplus: Vec<RoleId> = self.surplus(&brought, &named).collect();
        for child in &surplus {
            self.step(&wanted.at.then("composites"), Op::RemoveComposite(role, *child));
        }
        !surplus.is_empty()
    }

    /// Says that something was updated, unless it was said already.
    pub(super) fn changed(&mut self, what: What, name: &str) {
        let said = |change: &Change| change.what == what && change.name == name;
        if !self.plan.changes.iter().any(said) {
            self.change(Change::updated(what, name));
        }
    }
}
