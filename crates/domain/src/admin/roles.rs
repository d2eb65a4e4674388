//! The built-in roles: what each is called, and what it allows.
//!
//! Each is an ordinary role of its realm under a reserved name. A role of a client is never one, whatever its name.

use super::{Permission, Permissions};
use crate::slug::RealmSlug;

/// Which of the built-in roles mean something in a realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminRealm {
    /// A customer's realm: the roles over a realm alone.
    Customer,
    /// The realm where operators sign in: those over the platform too.
    System,
}

impl AdminRealm {
    /// Which of the two a realm is.
    pub fn of(slug: &RealmSlug) -> Self {
        if *slug == RealmSlug::system() { Self::System } else { Self::Customer }
    }

    /// The built-in roles that such a realm has.
    pub const fn roles(self) -> &'static [AdminRole] {
        match self {
            Self::Customer => AdminRole::of_realm(),
            Self::System => AdminRole::of_system(),
        }
    }
}

/// A role whose holder administers something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdminRole {
    /// Administers its realm.
    RealmAdmin,
    /// Administers clients and APIs.
    ClientManager,
    /// Administers people.
    UserManager,
    /// Sees everything in its realm and changes nothing.
    Auditor,
    /// Administers the platform.
    OperatorAdmin,
    /// Looks into realms.
    OperatorSupport,
    /// Sees which realms there are.
    OperatorBilling,
}

impl AdminRole {
    /// Those that every realm has.
    pub const fn of_realm() -> &'static [Self] {
        &[Self::RealmAdmin, Self::ClientManager, Self::UserManager, Self::Auditor]
    }

    /// Those that the realm `system` has.
    pub const fn of_system() -> &'static [Self] {
        &[
            Self::RealmAdmin,
            Self::ClientManager,
            Self::UserManager,
            Self::Auditor,
            Self::OperatorAdmin,
            Self::OperatorSupport,
            Self::OperatorBilling,
        ]
    }

    /// The reserved name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RealmAdmin => "realm-admin",
            Self::ClientManager => "client-manager",
            Self::UserManager => "user-manager",
            Self::Auditor => "auditor",
            Self::OperatorAdmin => "operator-admin",
            Self::OperatorSupport => "operator-support",
            Self::OperatorBilling => "operator-billing",
        }
    }

    /// What it is for, in words. Stored with the role; a migration repeats it.
    pub const fn description(self) -> &'static str {
        match self {
            Self::RealmAdmin => "Administers the realm.",
            Self::ClientManager => "Administers clients, APIs and scopes.",
            Self::UserManager => "Administers people and what they have open.",
            Self::Auditor => "Sees everything in the realm and changes nothing.",
            Self::OperatorAdmin => "Makes, suspends and deletes realms, and enters them.",
            Self::OperatorSupport => "Enters realms and looks around there.",
            Self::OperatorBilling => "Sees which realms there are; enters none.",
        }
    }

    /// What it allows, by itself.
    pub const fn permissions(self) -> Permissions {
        match self {
            Self::RealmAdmin => Permissions::ALL_OF_REALM,
            Self::ClientManager => Permissions::of(&[
                Permission::ClientsRead,
                Permission::ClientsWrite,
                Permission::SettingsRead,
                Permission::RolesRead,
                Permission::UsageRead,
            ]),
            Self::UserManager => Permissions::of(&[
                Permission::UsersRead,
                Permission::UsersWrite,
                Permission::RolesRead,
                Permission::SettingsRead,
            ]),
            Self::Auditor => Permissions::READ_OF_REALM,
            Self::OperatorAdmin => Permissions::of(&[
                Permission::RealmsRead,
                Permission::RealmsWrite,
                Permission::RealmsEnter,
                Permission::RealmsObserve,
            ]),
            Self::OperatorSupport => Permissions::of(&[Permission::RealmsRead, Permission::RealmsObserve]),
            Self::OperatorBilling => Permissions::of(&[Permission::RealmsRead]),
        }
    }

    /// The built-in role of that name, in whatever realm.
    pub fn parse(name: &str) -> Option<Self> {
        Self::of_system().iter().copied().find(|role| role.name() == name)
    }

    /// The built-in role of that name, as far as it means something in the realm.
    pub fn parse_in(realm: AdminRealm, name: &str) -> Option<Self> {
        realm.roles().iter().copied().find(|role| role.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_read_back_from_its_own_name() {
        for &role in AdminRole::of_system() {
            assert_eq!(AdminRole::parse(role.name()), Some(role));
            assert!(role.description().chars().count() <= 255);
        }
        assert_eq!(AdminRole::parse("Auditor"), None);
    }

    #[test]
    fn operators_are_such_in_the_realm_system_alone() {
        let realm = |slug| AdminRealm::of(&RealmSlug::parse(slug).unwrap());
        assert_eq!(AdminRole::parse_in(realm("system"), "operator-admin"), Some(AdminRole::OperatorAdmin));
        assert_eq!(AdminRole::parse_in(realm("acme"), "operator-admin"), None);
        assert_eq!(AdminRole::parse_in(realm("acme"), "auditor"), Some(AdminRole::Auditor));
    }

    #[test]
    fn a_role_over_a_realm_allows_nothing_over_the_platform_nor_the_reverse() {
        for &role in AdminRole::of_system() {
            let of_realm = AdminRole::of_realm().contains(&role);
            assert!(role.permissions().iter().all(|permission| permission.is_of_platform() != of_realm), "{role:?}");
        }
    }

    #[test]
    fn nobody_but_the_realms_admin_holds_more_than_one_kind_of_write() {
        let writes = |role: AdminRole| {
            role.permissions().iter().filter(|permission| permission.as_str().ends_with(":write")).count()
        };
        assert_eq!(AdminRole::of_realm().iter().map(|role| writes(*role)).collect::<Vec<_>>(), [5, 1, 1, 0]);
    }
}
