//! Who may write what: the permission of each kind of write, and the rule about principals.
//!
//! "An act on a principal (user, client, group, role) needs every right that principal has or could thereby get"
//! (PROTOCOL.md, section 14). Rights are those before the act and those after it, in the order of the writes.

use palatine_domain::admin::{AdminRealm, Permission, Permissions};
use palatine_domain::client::Client;
use palatine_domain::ids::{ClientKey, GroupId, RoleId, UserId};
use palatine_domain::mapper::MapperOwner;
use palatine_domain::roles::{Memberships, Role, RoleGraph};

use super::plan::Op;
use super::state::State;
use crate::built_in;

/// What whoever asks may do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Guard {
    /// Everything: the command of an operator at the store itself.
    Unlimited,
    /// What these rights allow.
    Rights(Permissions, AdminRealm),
}

/// An act that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// A permission is missing.
    #[error("this needs the permission {0}")]
    Permission(Permission),
    /// The principal has, or would get, rights that whoever asks has not.
    #[error("this is about {about}, with rights that you do not have: {}", words(*missing))]
    Principal {
        /// Who or what it is.
        about: &'static str,
        /// What is missing.
        missing: Permissions,
    },
}

fn words(permissions: Permissions) -> String {
    permissions.iter().map(Permission::as_str).collect::<Vec<_>>().join(", ")
}

impl Guard {
    /// Checks the writes of a plan, each as it would be after those before it.
    pub(crate) fn check<'o>(self, state: &State, ops: impl Iterator<Item = &'o Op>) -> Result<(), Forbidden> {
        let Self::Rights(held, realm) = self else { return Ok(()) };
        let mut judge = Judge { held, realm, graph: state.graph.clone(), state, new_clients: Vec::new() };
        for op in ops {
            judge.needs(permission(op, state))?;
            judge.allows(op)?;
        }
        Ok(())
    }

    /// Checks that somebody may act on a user.
    pub(crate) fn check_user(self, graph: &RoleGraph, memberships: &Memberships) -> Result<(), Forbidden> {
        let Self::Rights(held, realm) = self else { return Ok(()) };
        within(held, "a user", graph.permissions_of_person(memberships, realm))
    }

    /// Checks that somebody may act on a client.
    pub(crate) fn check_client(self, graph: &RoleGraph, client: &Client) -> Result<(), Forbidden> {
        let Self::Rights(held, realm) = self else { return Ok(()) };
        within(held, "a client", of_client(graph, client, realm))
    }
}

/// Everything that a realm's roles can allow.
fn all_of(realm: AdminRealm) -> Permissions {
    match realm {
        AdminRealm::Customer => Permissions::ALL_OF_REALM,
        AdminRealm::System => Permission::ALL.iter().copied().collect(),
    }
}

/// What a client has: the roles of its service account; and whoever may use the admin API through it could be anybody.
fn of_client(graph: &RoleGraph, client: &Client, realm: AdminRealm) -> Permissions {
    let administers = client.scopes.iter().any(|allowed| built_in::is_admin_scope(allowed.scope.as_str()));
    let service = graph.permissions_of_service(client.key, realm);
    if administers { all_of(realm) } else { service }
}

fn within(held: Permissions, about: &'static str, rights: Permissions) -> Result<(), Forbidden> {
    let missing = rights.difference(held);
    if missing.is_empty() { Ok(()) } else { Err(Forbidden::Principal { about, missing }) }
}

/// The permission that a kind of write needs in any case.
fn permission(op: &Op, state: &State) -> Permission {
    match op {
        Op::PutSettings(_) => Permission::SettingsWrite,
        Op::InsertApi(_)
        | Op::UpdateApi(_)
        | Op::DeleteApi(_)
        | Op::InsertScope(_)
        | Op::UpdateScope(_)
        | Op::DeleteScope(_)
        | Op::InsertMapper(_)
        | Op::UpdateMapper(_)
        | Op::DeleteMapper(..)
        | Op::InsertClient(_)
        | Op::UpdateClient(_)
        | Op::DeleteClient(_)
        | Op::AddSecret(..)
        | Op::RemoveSecret(..)
        | Op::GiveRoleToClient(..)
        | Op::TakeRoleFromClient(..) => Permission::ClientsWrite,
        Op::InsertRole(role) | Op::UpdateRole(role) => of_role(Some(role)),
        Op::DeleteRole(role) | Op::AddComposite(role, _) | Op::RemoveComposite(role, _) => {
            of_role(state.graph.role(*role))
        }
        Op::InsertGroup(_)
        | Op::UpdateGroup(_)
        | Op::DeleteGroup(_)
        | Op::GiveRoleToGroup(..)
        | Op::TakeRoleFromGroup(..) => Permission::RolesWrite,
        Op::InsertUser(_)
        | Op::UpdateUser(_)
        | Op::DeleteUser(_)
        | Op::SetPassword(..)
        | Op::GiveRoleToUser(..)
        | Op::TakeRoleFromUser(..)
        | Op::AddMember(..)
        | Op::RemoveMember(..) => Permission::UsersWrite,
    }
}

/// Whoever administers clients administers their roles; all others are the realm's.
fn of_role(role: Option<&Role>) -> Permission {
    if role.is_some_and(|role| role.client.is_some()) { Permission::ClientsWrite } else { Permission::RolesWrite }
}

/// Somebody's rights against a realm that changes write by write. What was taken away is still counted: who could act
/// before could act on what is less.
struct Judge<'a> {
    held: Permissions,
    realm: AdminRealm,
    graph: RoleGraph,
    state: &'a State,
    /// Clients as they will be.
    new_clients: Vec<Client>,
}

impl Judge<'_> {
    fn needs(&self, permission: Permission) -> Result<(), Forbidden> {
        if self.held.contains(permission) { Ok(()) } else { Err(Forbidden::Permission(permission)) }
    }

    fn allows(&mut self, op: &Op) -> Result<(), Forbidden> {
        match op {
            Op::PutSettings(_)
            | Op::InsertApi(_)
            | Op::UpdateApi(_)
            | Op::DeleteApi(_)
            | Op::InsertScope(_)
            | Op::UpdateScope(_)
            | Op::DeleteScope(_)
            | Op::InsertUser(_) => Ok(()),
            Op::InsertMapper(mapper) | Op::UpdateMapper(mapper) => self.owner(mapper.owner),
            Op::DeleteMapper(owner, _) => self.owner(*owner),
            Op::InsertClient(client) | Op::UpdateClient(client) => self.client_becomes(client),
            Op::DeleteClient(key)
            | Op::AddSecret(key, _)
            | Op::RemoveSecret(key, _)
            | Op::TakeRoleFromClient(_, key) => self.client(*key),
            Op::GiveRoleToClient(role, key) => self.client_gets(*key, *role),
            Op::InsertRole(role) => self.role_comes(role),
            Op::UpdateRole(role) => self.role(role.id),
            Op::DeleteRole(role) | Op::RemoveComposite(role, _) => self.role(*role),
            Op::AddComposite(role, child) => self.role_brings(*role, *child),
            Op::InsertGroup(group) | Op::UpdateGroup(group) => {
                self.group(group.id)?;
                self.change(|graph| graph.with_groups([group.clone()]));
                self.group(group.id)
            }
            Op::DeleteGroup(group) | Op::TakeRoleFromGroup(_, group) => self.group(*group),
            Op::GiveRoleToGroup(role, group) => {
                self.group(*group)?;
                self.change(|graph| graph.with_group_roles([(*group, *role)]));
                self.group(*group)
            }
            Op::UpdateUser(user) => self.user(user.id, Memberships::default()),
            Op::DeleteUser(user)
            | Op::SetPassword(user, _)
            | Op::TakeRoleFromUser(_, user)
            | Op::RemoveMember(_, user) => self.user(*user, Memberships::default()),
            Op::GiveRoleToUser(role, user) => self.user(*user, Memberships { roles: vec![*role], groups: Vec::new() }),
            Op::AddMember(group, user) => self.user(*user, Memberships { roles: Vec::new(), groups: vec![*group] }),
        }
    }

    fn change(&mut self, by: impl FnOnce(RoleGraph) -> RoleGraph) {
        self.graph = by(std::mem::take(&mut self.graph));
    }

    fn owner(&self, owner: MapperOwner) -> Result<(), Forbidden> {
        match owner {
            MapperOwner::Client(key) => self.client(key),
            // Our own API reads rights from the store, never from claims.
            MapperOwner::Scope(_) => Ok(()),
        }
    }

    /// A user has what was given before, and what is given now.
    fn user(&self, user: UserId, given: Memberships) -> Result<(), Forbidden> {
        let mut memberships = given;
        if let Some(known) = self.state.users.values().find(|known| known.user.id == user) {
            memberships.roles.extend(&known.roles);
            memberships.groups.extend(&known.groups);
        }
        within(self.held, "a user", self.graph.permissions_of_person(&memberships, self.realm))
    }

    fn role(&self, role: RoleId) -> Result<(), Forbidden> {
        within(self.held, "a role", self.graph.permissions_of_role(role, self.realm))
    }

    fn role_comes(&mut self, role: &Role) -> Result<(), Forbidden> {
        self.change(|graph| graph.with_roles([role.clone()]));
        // The built-in roles come with the realm; whoever makes it may.
        if role.built_in(self.realm).is_some() { Ok(()) } else { self.role(role.id) }
    }

    fn role_brings(&mut self, role: RoleId, child: RoleId) -> Result<(), Forbidden> {
        self.role(role)?;
        self.change(|graph| graph.with_composites([(role, child)]));
        self.role(role)
    }

    fn group(&self, group: GroupId) -> Result<(), Forbidden> {
        within(self.held, "a group", self.graph.permissions_of_group(group, self.realm))
    }

    fn client(&self, key: ClientKey) -> Result<(), Forbidden> {
        let known = self.state.clients.values().map(|known| &known.client);
        for client in known.chain(&self.new_clients).filter(|client| client.key == key) {
            within(self.held, "a client", of_client(&self.graph, client, self.realm))?;
        }
        within(self.held, "a client", self.graph.permissions_of_service(key, self.realm))
    }

    fn client_becomes(&mut self, client: &Client) -> Result<(), Forbidden> {
        self.new_clients.push(client.clone());
        self.client(client.key)
    }

    fn client_gets(&mut self, key: ClientKey, role: RoleId) -> Result<(), Forbidden> {
        self.client(key)?;
        self.change(|graph| graph.with_service_roles([(key, role)]));
        self.client(key)
    }
}

#[cfg(test)]
mod tests;
