//! Roles of the realm and of its clients, and what each brings along.

use std::collections::BTreeMap;

use palatine_domain::Ambient;
use palatine_domain::ids::RoleId;
use palatine_domain::roles::{REALM_ADMIN, Role, RoleGraph};

use super::{Op, Planner};
use crate::document::Path;
use crate::ops::apply::check::{Desired, DesiredRole};
use crate::ops::apply::report::{Change, ChangeKind, What};
use crate::ops::apply::state::State;

/// Every role that there is and will be, by what a document names it.
pub(super) fn ids(desired: &Desired, state: &State, ambient: &Ambient) -> BTreeMap<String, RoleId> {
    let stored = |name: &str| state.roles.get(name).map(|role| role.id);
    let mut ids: BTreeMap<String, RoleId> = state.roles.iter().map(|(name, role)| (name.clone(), role.id)).collect();
    let wanted = desired.roles.iter().map(DesiredRole::reference).chain([REALM_ADMIN.to_owned()]);
    for name in wanted {
        let id = stored(&name).unwrap_or_else(|| ambient.id());
        ids.entry(name).or_insert(id);
    }
    ids
}

impl Planner<'_> {
    /// `realm-admin`, which every realm has, then the document's roles of the realm.
    pub(super) fn roles(&mut self) {
        let described = self.desired.roles.iter().any(|wanted| wanted.client.is_none() && wanted.name == REALM_ADMIN);
        if !described && !self.state.roles.contains_key(REALM_ADMIN) {
            let role = DesiredRole {
                client: None,
                name: REALM_ADMIN.to_owned(),
                description: "Administers the realm.".to_owned(),
                composites: Vec::new(),
                at: Path::of(["roles", REALM_ADMIN]),
            };
            self.role(&role);
        }
        for wanted in self.desired.roles.iter().filter(|wanted| wanted.client.is_none()) {
            self.role(wanted);
        }
    }

    /// The roles of one client, which is there by now.
    pub(super) fn roles_of_client(&mut self, client_id: &str) {
        for wanted in self.desired.roles.iter().filter(|wanted| wanted.client.as_deref() == Some(client_id)) {
            self.role(wanted);
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
            let mut added = false;
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
                added = true;
            }
            if added {
                self.changed(What::Role, &wanted.reference());
            }
        }
    }

    /// Says that something was updated, unless it was said already.
    pub(super) fn changed(&mut self, what: What, name: &str) {
        let said = |change: &Change| change.what == what && change.name == name;
        if !self.plan.changes.iter().any(said) {
            self.change(Change { what, name: name.to_owned(), kind: ChangeKind::Updated });
        }
    }
}
