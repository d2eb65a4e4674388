//! All roles and groups of a realm: which role brings which along, which group gives which.
//!
//! Every walk remembers where it has been, so that a circle, which nobody may make, does no harm if there is one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Group, Memberships, Role};
use crate::admin::{AdminRealm, AdminRole, Permissions};
use crate::ids::{ClientKey, GroupId, RoleId};

/// The roles and groups of a realm.
#[derive(Clone, Debug, Default)]
pub struct RoleGraph {
    roles: HashMap<RoleId, Role>,
    groups: HashMap<GroupId, Group>,
    /// What a role brings along.
    brings: HashMap<RoleId, Vec<RoleId>>,
    /// What a group gives to its members.
    gives: HashMap<GroupId, Vec<RoleId>>,
    /// What the service account of a client was given.
    services: HashMap<ClientKey, Vec<RoleId>>,
    /// The `client_id` of each client that has roles of its own.
    clients: HashMap<ClientKey, String>,
}

/// The roles and groups that somebody has in effect, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Roles of the realm.
    pub realm_roles: BTreeSet<String>,
    /// Roles of clients.
    pub client_roles: BTreeMap<ClientKey, RolesOfClient>,
    /// Groups, with those above them: each as its path from the top, joined by `/`.
    pub groups: BTreeSet<String>,
}

/// The roles of one client that somebody has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolesOfClient {
    /// The client's name on the wire.
    pub client_id: String,
    /// The roles, by name.
    pub roles: BTreeSet<String>,
}

impl RoleGraph {
    /// From all roles and groups of a realm.
    pub fn new(roles: impl IntoIterator<Item = Role>, groups: impl IntoIterator<Item = Group>) -> Self {
        Self {
            roles: roles.into_iter().map(|role| (role.id, role)).collect(),
            groups: groups.into_iter().map(|group| (group.id, group)).collect(),
            ..Self::default()
        }
    }

    /// With further roles.
    #[must_use]
    pub fn with_roles(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.roles.extend(roles.into_iter().map(|role| (role.id, role)));
        self
    }

    /// With further groups, or groups that are elsewhere now.
    #[must_use]
    pub fn with_groups(mut self, groups: impl IntoIterator<Item = Group>) -> Self {
        self.groups.extend(groups.into_iter().map(|group| (group.id, group)));
        self
    }

    /// With pairs of a role and one that it brings along.
    #[must_use]
    pub fn with_composites(mut self, pairs: impl IntoIterator<Item = (RoleId, RoleId)>) -> Self {
        for (role, child) in pairs {
            self.brings.entry(role).or_default().push(child);
        }
        self
    }

    /// With pairs of a group and a role that it gives.
    #[must_use]
    pub fn with_group_roles(mut self, pairs: impl IntoIterator<Item = (GroupId, RoleId)>) -> Self {
        for (group, role) in pairs {
            self.gives.entry(group).or_default().push(role);
        }
        self
    }

    /// With pairs of a client and a role of its service account.
    #[must_use]
    pub fn with_service_roles(mut self, pairs: impl IntoIterator<Item = (ClientKey, RoleId)>) -> Self {
        for (client, role) in pairs {
            self.services.entry(client).or_default().push(role);
        }
        self
    }

    /// With the `client_id` of each client that has roles of its own.
    #[must_use]
    pub fn with_clients(mut self, clients: impl IntoIterator<Item = (ClientKey, String)>) -> Self {
        self.clients.extend(clients);
        self
    }

    /// A role.
    pub fn role(&self, role: RoleId) -> Option<&Role> {
        self.roles.get(&role)
    }

    /// Every role.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }

    /// Every group.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// Pairs of a role and one that it brings along.
    pub fn composites(&self) -> impl Iterator<Item = (RoleId, RoleId)> {
        self.brings.iter().flat_map(|(role, children)| children.iter().map(|child| (*role, *child)))
    }

    /// The roles that a group gives itself, without those above it.
    pub fn roles_of_group(&self, group: GroupId) -> &[RoleId] {
        self.gives.get(&group).map_or(&[], Vec::as_slice)
    }

    /// The roles that the service account of a client was given.
    pub fn roles_of_client(&self, client: ClientKey) -> &[RoleId] {
        self.services.get(&client).map_or(&[], Vec::as_slice)
    }

    /// The `client_id` of a client that has roles of its own.
    pub fn owner(&self, client: ClientKey) -> Option<&str> {
        self.clients.get(&client).map(String::as_str)
    }

    /// What a person has: their own roles, those of their groups and of the groups above, and what each brings along.
    pub fn of_person(&self, memberships: &Memberships) -> Holdings {
        let groups = self.with_those_above(&memberships.groups);
        let through_groups = groups.iter().filter_map(|group| self.gives.get(group)).flatten();
        let mut holdings = self.named(memberships.roles.iter().chain(through_groups).copied());
        holdings.groups = groups.into_iter().filter_map(|group| self.path(group)).collect();
        holdings
    }

    /// What the service account of a client has.
    pub fn of_service(&self, client: ClientKey) -> Holdings {
        self.named(self.services.get(&client).into_iter().flatten().copied())
    }

    /// What a person is allowed to do by their roles.
    pub fn permissions_of_person(&self, memberships: &Memberships, realm: AdminRealm) -> Permissions {
        let of_groups = memberships.groups.iter().map(|group| self.permissions_of_group(*group, realm));
        let own = self.permissions(memberships.roles.iter().copied(), realm);
        of_groups.fold(own, Permissions::union)
    }

    /// What the service account of a client is allowed to do by its roles.
    pub fn permissions_of_service(&self, client: ClientKey, realm: AdminRealm) -> Permissions {
        self.permissions(self.services.get(&client).into_iter().flatten().copied(), realm)
    }

    /// What a role allows its holders: by itself, and by what it brings along.
    pub fn permissions_of_role(&self, role: RoleId, realm: AdminRealm) -> Permissions {
        self.permissions([role], realm)
    }

    /// What a group allows its members: by its own roles and those of the groups above it.
    pub fn permissions_of_group(&self, group: GroupId, realm: AdminRealm) -> Permissions {
        let groups = self.with_those_above(&[group]);
        self.permissions(groups.iter().filter_map(|group| self.gives.get(group)).flatten().copied(), realm)
    }

    /// Whether `role` would bring itself along if it brought `child` along.
    pub fn would_close_a_circle(&self, role: RoleId, child: RoleId) -> bool {
        self.with_those_below([child]).contains(&role)
    }

    /// A group's path from the top, joined by `/`; `None` if there is none such, or it is above itself.
    pub fn path(&self, group: GroupId) -> Option<String> {
        let mut names = Vec::new();
        let mut at = Some(group);
        while let Some(id) = at {
            if names.len() > self.groups.len() {
                return None;
            }
            let group = self.groups.get(&id)?;
            names.push(group.name.as_str());
            at = group.parent;
        }
        names.reverse();
        Some(names.join("/"))
    }

    fn with_those_above(&self, groups: &[GroupId]) -> HashSet<GroupId> {
        let mut known = HashSet::new();
        for group in groups {
            let mut at = Some(*group).filter(|group| self.groups.contains_key(group));
            while let Some(group) = at.filter(|group| known.insert(*group)) {
                at = self.groups.get(&group).and_then(|group| group.parent);
            }
        }
        known
    }

    fn with_those_below(&self, roles: impl IntoIterator<Item = RoleId>) -> HashSet<RoleId> {
        let mut waiting: Vec<RoleId> = roles.into_iter().collect();
        let mut known = HashSet::new();
        while let Some(role) = waiting.pop() {
            if known.insert(role) {
                waiting.extend(self.brings.get(&role).into_iter().flatten());
            }
        }
        known
    }

    fn permissions(&self, roles: impl IntoIterator<Item = RoleId>, realm: AdminRealm) -> Permissions {
        let roles = self.with_those_below(roles);
        let roles = roles.iter().filter_map(|role| self.roles.get(role));
        roles.filter_map(|role| role.built_in(realm)).map(AdminRole::permissions).collect()
    }

    fn named(&self, roles: impl IntoIterator<Item = RoleId>) -> Holdings {
        let mut holdings = Holdings::default();
        for role in self.with_those_below(roles).iter().filter_map(|role| self.roles.get(role)) {
            match role.client {
                None => {
                    holdings.realm_roles.insert(role.name.clone());
                }
                Some(client) => {
                    if let Some(client_id) = self.clients.get(&client) {
                        let new = || RolesOfClient { client_id: client_id.clone(), roles: BTreeSet::new() };
                        holdings.client_roles.entry(client).or_insert_with(new).roles.insert(role.name.clone());
                    }
                }
            }
        }
        holdings
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::RowId;

    fn id<I: RowId>(number: u128) -> I {
        I::from_uuid(Uuid::from_u128(number))
    }

    fn role(number: u128, name: &str, client: Option<u128>) -> Role {
        Role { id: id(number), name: name.to_owned(), description: String::new(), client: client.map(id) }
    }

    fn group(number: u128, name: &str, parent: Option<u128>) -> Group {
        Group { id: id(number), name: name.to_owned(), parent: parent.map(id) }
    }

    /// `admin` brings `editor` of the client `shop` along, which brings `reader`; `staff` gives `reader`, and
    /// `staff/team` below it gives `admin`.
    fn graph() -> RoleGraph {
        let roles = [role(1, "admin", None), role(2, "editor", Some(9)), role(3, "reader", None), role(4, "x", None)];
        RoleGraph::new(roles, [group(1, "staff", None), group(2, "team", Some(1))])
            .with_composites([(id(1), id(2)), (id(2), id(3))])
            .with_group_roles([(id(1), id(3)), (id(2), id(1))])
            .with_service_roles([(id(9), id(2))])
            .with_clients([(id(9), "shop".to_owned())])
    }

    fn names(set: &BTreeSet<String>) -> Vec<&str> {
        set.iter().map(String::as_str).collect()
    }

    #[test]
    fn roles_come_through_groups_above_and_through_roles_above() {
        let graph = graph();
        let in_team = graph.of_person(&Memberships { roles: vec![], groups: vec![id(2)] });
        assert_eq!(names(&in_team.realm_roles), ["admin", "reader"]);
        let of_shop = in_team.client_roles.get(&id(9)).unwrap();
        assert_eq!((of_shop.client_id.as_str(), names(&of_shop.roles)), ("shop", vec!["editor"]));
        assert_eq!(names(&in_team.groups), ["staff", "staff/team"]);
        let in_staff = graph.of_person(&Memberships { roles: vec![id(4)], groups: vec![id(1)] });
        assert_eq!(names(&in_staff.realm_roles), ["reader", "x"]);
        assert!(in_staff.client_roles.is_empty());
    }

    #[test]
    fn a_service_account_has_roles_and_what_they_bring_along() {
        let service = graph().of_service(id(9));
        assert_eq!((names(&service.realm_roles), service.client_roles.len()), (vec!["reader"], 1));
        assert_eq!(graph().of_service(id(8)), Holdings::default());
    }

    #[test]
    fn a_circle_is_seen_before_it_is_closed_and_does_no_harm() {
        let graph = graph();
        assert!(graph.would_close_a_circle(id(3), id(1)) && graph.would_close_a_circle(id(1), id(1)));
        assert!(!graph.would_close_a_circle(id(1), id(3)));
        let circle = graph.with_composites([(id(3), id(1))]);
        let holdings = circle.of_person(&Memberships { roles: vec![id(3)], groups: vec![] });
        assert_eq!(names(&holdings.realm_roles), ["admin", "reader"]);
        let loops = RoleGraph::new([], [group(1, "a", Some(2)), group(2, "b", Some(1))]);
        assert!(loops.of_person(&Memberships { roles: vec![], groups: vec![id(1)] }).groups.is_empty());
    }

    #[test]
    fn what_is_gone_gives_nothing() {
        let holdings = graph().of_person(&Memberships { roles: vec![id(77)], groups: vec![id(78)] });
        assert_eq!(holdings, Holdings::default());
    }

    /// `support` brings `auditor` along; the group `staff` gives `support`, and `staff/team` gives `user-manager`. The
    /// client `shop` has a role named `realm-admin`, which its own service account holds.
    fn admins() -> RoleGraph {
        let roles = [
            role(1, "support", None),
            role(2, "auditor", None),
            role(3, "user-manager", None),
            role(4, "operator-admin", None),
            role(5, "realm-admin", Some(9)),
        ];
        RoleGraph::new(roles, [group(1, "staff", None), group(2, "team", Some(1))])
            .with_composites([(id(1), id(2))])
            .with_group_roles([(id(1), id(1)), (id(2), id(3))])
            .with_service_roles([(id(9), id(5)), (id(8), id(4))])
    }

    #[test]
    fn permissions_come_by_groups_above_and_by_what_roles_bring_along() {
        let (graph, realm) = (admins(), AdminRealm::Customer);
        let auditor = AdminRole::Auditor.permissions();
        let both = auditor.union(AdminRole::UserManager.permissions());
        assert_eq!(graph.permissions_of_role(id(1), realm), auditor);
        assert_eq!(graph.permissions_of_group(id(1), realm), auditor);
        assert_eq!(graph.permissions_of_group(id(2), realm), both);
        let person = Memberships { roles: vec![id(3)], groups: vec![id(1)] };
        assert_eq!(graph.permissions_of_person(&person, realm), both);
        assert!(graph.permissions_of_person(&Memberships::default(), realm).is_empty());
    }

    #[test]
    fn a_role_of_a_client_allows_nothing_whatever_its_name() {
        assert!(admins().permissions_of_service(id(9), AdminRealm::Customer).is_empty());
        assert!(admins().permissions_of_role(id(5), AdminRealm::System).is_empty());
    }

    #[test]
    fn an_operators_role_allows_nothing_outside_the_realm_system() {
        let graph = admins();
        assert!(graph.permissions_of_service(id(8), AdminRealm::Customer).is_empty());
        let operator = AdminRole::OperatorAdmin.permissions();
        assert_eq!(graph.permissions_of_service(id(8), AdminRealm::System), operator);
    }
}
