//! Groups, each before those below it.

use palatine_domain::ids::RoleId;
use palatine_domain::roles::Group;

use super::{Op, Planner};
use crate::engine::change::{Change, What};
use crate::engine::check::DesiredGroup;
use crate::engine::state::KnownGroup;

impl Planner<'_> {
    pub(super) fn groups(&mut self) {
        for wanted in &self.desired.groups {
            let roles = self.known_roles(&wanted.roles, &wanted.at);
            match self.state.groups.get(&wanted.path) {
                Some(known) => self.known_group(wanted, known, &roles),
                None => self.new_group(wanted, roles),
            }
        }
    }

    fn new_group(&mut self, wanted: &DesiredGroup, roles: Vec<RoleId>) {
        let id = self.ambient.id();
        let parent = wanted.parent.as_ref().and_then(|parent| self.groups.get(parent).copied());
        self.groups.insert(wanted.path.clone(), id);
        self.change(Change::created(What::Group, &wanted.path));
        self.step(&wanted.at, Op::InsertGroup(Group { id, name: wanted.name.clone(), parent }));
        for role in roles {
            self.step(&wanted.at.then("roles"), Op::GiveRoleToGroup(role, id));
        }
    }

    fn known_group(&mut self, wanted: &DesiredGroup, known: &KnownGroup, roles: &[RoleId]) {
        let id = known.group.id;
        let missing: Vec<_> = roles.iter().copied().filter(|role| !known.roles.contains(role)).collect();
        let surplus: Vec<_> = self.surplus(&known.roles, roles).collect();
        if !missing.is_empty() || !surplus.is_empty() {
            self.change(Change::updated(What::Group, &wanted.path));
        }
        let at = wanted.at.then("roles");
        for role in missing {
            self.step(&at, Op::GiveRoleToGroup(role, id));
        }
        for role in surplus {
            self.step(&at, Op::TakeRoleFromGroup(role, id));
        }
    }
}
