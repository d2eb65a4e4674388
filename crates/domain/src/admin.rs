//! Rights over a realm and over the platform: what there is to be allowed, and the built-in roles that allow it.
//!
//! The words of permissions and the names of roles are stable: documents, tokens and the API's table name them.

mod entry;
mod roles;

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use entry::{LONGEST_ENTRY, OperatorEntry};
pub use roles::{AdminRealm, AdminRole};

/// What tokens for the admin API carry in `aud`: an API that every realm has.
pub const API_IDENTIFIER: &str = "palatine-admin";

/// The scope that lets a token look.
pub const SCOPE_READ: &str = "admin:read";

/// The scope that lets a token change things.
pub const SCOPE_WRITE: &str = "admin:write";

/// The scopes that the admin API owns in every realm.
pub const SCOPES: [&str; 2] = [SCOPE_READ, SCOPE_WRITE];

/// Declares the enum with each permission's word, so that writing and reading go by one list.
macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// One thing that somebody may be allowed to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name,)+
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// From the word.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

permissions! {
    /// See the realm's settings: names, branding, policies, custom fields.
    SettingsRead = "settings:read",
    /// Change them.
    SettingsWrite = "settings:write",
    /// See clients, APIs, scopes, claim mappers and initial access tokens.
    ClientsRead = "clients:read",
    /// Change them, and the secrets and keys of clients.
    ClientsWrite = "clients:write",
    /// See people, and their sessions, consents and grants.
    UsersRead = "users:read",
    /// Change people, what they sign in with, and what they have open.
    UsersWrite = "users:write",
    /// See roles and groups, and who has them.
    RolesRead = "roles:read",
    /// Change roles and groups, and what they bring along.
    RolesWrite = "roles:write",
    /// See signing keys: their public halves.
    KeysRead = "keys:read",
    /// Rotate and retire signing keys.
    KeysWrite = "keys:write",
    /// See what happened.
    AuditRead = "audit:read",
    /// See how much was used.
    UsageRead = "usage:read",
    /// Of the platform: see which realms there are.
    RealmsRead = "realms:read",
    /// Of the platform: make, suspend, resume and delete realms.
    RealmsWrite = "realms:write",
    /// Of the platform: enter a realm and change it.
    RealmsEnter = "realms:enter",
    /// Of the platform: enter a realm and look.
    RealmsObserve = "realms:observe",
}

impl Permission {
    /// Whether it is over realms as such, and not over what one of them holds.
    pub const fn is_of_platform(self) -> bool {
        matches!(self, Self::RealmsRead | Self::RealmsWrite | Self::RealmsEnter | Self::RealmsObserve)
    }

    /// Whether it lets nobody change anything.
    pub const fn only_reads(self) -> bool {
        match self {
            Self::SettingsRead
            | Self::ClientsRead
            | Self::UsersRead
            | Self::RolesRead
            | Self::KeysRead
            | Self::AuditRead
            | Self::UsageRead
            | Self::RealmsRead
            | Self::RealmsObserve => true,
            Self::SettingsWrite
            | Self::ClientsWrite
            | Self::UsersWrite
            | Self::RolesWrite
            | Self::KeysWrite
            | Self::RealmsWrite
            | Self::RealmsEnter => false,
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::parse(&word).ok_or_else(|| D::Error::custom(format_args!("unknown permission `{word}`")))
    }
}

/// A set of permissions. As text a list of words, in the order of [`Permission::ALL`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u32);

impl Permissions {
    /// None.
    pub const NONE: Self = Self(0);

    /// All that can be done in a realm.
    pub const ALL_OF_REALM: Self = Self::of(&[
        Permission::SettingsRead,
        Permission::SettingsWrite,
        Permission::ClientsRead,
        Permission::ClientsWrite,
        Permission::UsersRead,
        Permission::UsersWrite,
        Permission::RolesRead,
        Permission::RolesWrite,
        Permission::KeysRead,
        Permission::KeysWrite,
        Permission::AuditRead,
        Permission::UsageRead,
    ]);

    /// All that can be seen in a realm.
    pub const READ_OF_REALM: Self = Self::of(&[
        Permission::SettingsRead,
        Permission::ClientsRead,
        Permission::UsersRead,
        Permission::RolesRead,
        Permission::KeysRead,
        Permission::AuditRead,
        Permission::UsageRead,
    ]);

    /// These.
    pub const fn of(permissions: &[Permission]) -> Self {
        let mut bits = 0;
        let mut rest = permissions;
        while let [first, others @ ..] = rest {
            bits |= first.bit();
            rest = others;
        }
        Self(bits)
    }

    /// Whether the permission is among them.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this one alone.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the other has all of this.
    pub const fn is_subset(self, of: Self) -> bool {
        self.difference(of).is_empty()
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that a token with these admin scopes may use: `admin:read` to look, `admin:write` to look and to change.
    #[must_use]
    pub fn within_scopes(self, read: bool, write: bool) -> Self {
        self.iter().filter(|permission| if permission.only_reads() { read || write } else { write }).collect()
    }

    /// Each, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::as_str)).finish()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::NONE, |set, permission| set.union(Self::of(&[permission])))
    }
}

impl FromIterator<Permissions> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permissions>>(sets: I) -> Self {
        sets.into_iter().fold(Self::NONE, Self::union)
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Permissions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of permissions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<Permissions, A::Error> {
                let mut found = Permissions::NONE;
                while let Some(permission) = words.next_element::<Permission>()? {
                    found = found.union(Permissions::of(&[permission]));
                }
                Ok(found)
            }
        }
        deserializer.deserialize_seq(Words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_is_read_back_from_its_own_word_and_has_a_bit_of_its_own() {
        for &permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(permission));
            assert_eq!(Permissions::of(&[permission]).iter().collect::<Vec<_>>(), [permission]);
        }
        assert_eq!(Permission::parse("clients:Read"), None);
    }

    #[test]
    fn all_of_a_realm_is_all_but_what_is_the_platforms() {
        let of_realm: Permissions = Permission::ALL.iter().copied().filter(|one| !one.is_of_platform()).collect();
        assert_eq!(Permissions::ALL_OF_REALM, of_realm);
        let read: Permissions = of_realm.iter().filter(|one| one.as_str().ends_with(":read")).collect();
        assert_eq!(Permissions::READ_OF_REALM, read);
    }

    #[test]
    fn a_token_that_may_only_look_changes_nothing() {
        let all = Permissions::ALL_OF_REALM;
        assert_eq!(all.within_scopes(true, false), Permissions::READ_OF_REALM);
        assert_eq!(all.within_scopes(false, true), all, "who may change something may see it");
        assert!(all.within_scopes(false, false).is_empty());
        assert!(Permissions::NONE.within_scopes(true, true).is_empty());
    }

    #[test]
    fn sets_are_compared_and_combined() {
        let read = Permissions::of(&[Permission::ClientsRead]);
        let both = read.union(Permissions::of(&[Permission::ClientsWrite]));
        assert!(read.is_subset(both) && !both.is_subset(read) && Permissions::NONE.is_subset(read));
        assert_eq!(both.difference(read), Permissions::of(&[Permission::ClientsWrite]));
        assert_eq!(both.intersection(read), read);
        assert_eq!([read, both].into_iter().collect::<Permissions>(), both);
    }

    #[test]
    fn a_set_is_written_as_its_words() {
        let set = Permissions::of(&[Permission::UsersRead, Permission::ClientsRead]);
        let json = serde_json::to_value(set).unwrap();
        assert_eq!(json, serde_json::json!(["clients:read", "users:read"]));
        assert_eq!(serde_json::from_value::<Permissions>(json).unwrap(), set);
        let refusal = serde_json::from_value::<Permissions>(serde_json::json!(["clients:all"])).unwrap_err();
        assert!(refusal.to_string().contains("unknown permission `clients:all`"));
    }
}
