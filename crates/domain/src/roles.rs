//! Roles and groups, and what follows from holding them.

mod graph;

use crate::admin::{AdminRealm, AdminRole};
use crate::ids::{ClientKey, GroupId, RoleId};

pub use graph::{Holdings, RoleGraph, RolesOfClient};

/// A role of the realm, or of one of its clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its row.
    pub id: RoleId,
    /// Its name, unique in its owner.
    pub name: String,
    /// What it is for, in words.
    pub description: String,
    /// The client it belongs to; `None`: the realm.
    pub client: Option<ClientKey>,
}

impl Role {
    /// The built-in role that it is, in such a realm; `None` if it is none.
    pub fn built_in(&self, realm: AdminRealm) -> Option<AdminRole> {
        if self.client.is_some() { None } else { AdminRole::parse_in(realm, &self.name) }
    }
}

/// A group of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its row.
    pub id: GroupId,
    /// Its name, unique under its parent.
    pub name: String,
    /// The group it is part of.
    pub parent: Option<GroupId>,
}

/// What a user was given: without what follows from it. A document of the store's one read for an issuance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memberships {
    /// Roles that are the user's own.
    pub roles: Vec<RoleId>,
    /// Groups that the user was put into.
    pub groups: Vec<GroupId>,
}

/// How many roles and groups of a user are read for their tokens, together. A token of that many would be too long for
/// any header; whoever holds more is shown the oldest.
pub const MAX_MEMBERSHIPS: u64 = 1_000;
