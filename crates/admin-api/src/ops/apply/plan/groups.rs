//! Groups, each before those below it.

use palatine_domain::ids::RoleId;
use palatine_domain::roles::Group;

use super::{Op, Planner};
use crate::ops::apply::report::{Change, What};

impl Planner<'_> {
    pub(super) fn groups(&mut self) {
        for wanted in &self.desired.groups {
            let roles = self.known_roles(&wanted.roles, &wanted.at);
            let stored = self.state.groups.get(&wanted.path);
            let id = stored.map_or_else(|| self.ambient.id(), |group| group.id);
            let missing = |role: &RoleId| stored.is_none_or(|group| !group.roles.contains(role));
            let roles: Vec<RoleId> = roles.into_iter().filter(missing).collect();
            if stored.is_none() {
                let parent = wanted.parent.as_ref().and_then(|parent| self.groups.get(parent).copied());
                self.groups.insert(wanted.path.clone(), id);
                self.change(Change::created(What::Group, &wanted.path));
                self.step(&wanted.at, Op::InsertGroup(Group { id, name: wanted.name.clone(), parent }));
            } else if !roles.is_empty() {
                self.change(Change::updated(What::Group, &wanted.path));
            }
            for role in roles {
                self.step(&wanted.at.then("roles"), Op::GiveRoleToGroup(role, id));
            }
        }
    }
}
