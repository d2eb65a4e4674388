//! What was changed, for people and for the audit log.

use std::fmt;

use serde_json::Value;

use super::difference::{Difference, difference};

/// Something that was created, updated or removed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What kind of thing.
    pub what: What,
    /// Its name in the document; of a secret, a client's role and a mapper, its owner and its own with a `/` between.
    pub name: String,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Its part of the realm document before, without secrets; `None` where there was none, or where only its owner's
    /// document shows it.
    pub before: Option<Value>,
    /// The same afterwards.
    pub after: Option<Value>,
}

impl Change {
    pub(crate) fn created(what: What, name: impl Into<String>) -> Self {
        Self::of(what, name, ChangeKind::Created)
    }

    pub(crate) fn updated(what: What, name: impl Into<String>) -> Self {
        Self::of(what, name, ChangeKind::Updated)
    }

    pub(crate) fn removed(what: What, name: impl Into<String>) -> Self {
        Self::of(what, name, ChangeKind::Removed)
    }

    fn of(what: What, name: impl Into<String>, kind: ChangeKind) -> Self {
        Self { what, name: name.into(), kind, before: None, after: None }
    }
}

impl Change {
    /// What differs, member by member.
    pub fn differences(&self) -> Vec<Difference> {
        difference(self.before.as_ref(), self.after.as_ref())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.what.as_str(), self.name, self.kind.as_str())
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It did not exist.
    Created,
    /// It was otherwise.
    Updated,
    /// It is no more.
    Removed,
}

impl ChangeKind {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Removed => "removed",
        }
    }
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The realm itself.
    Realm,
    /// Its name, branding, policy and custom fields.
    Settings,
    /// An API.
    Api,
    /// A scope.
    Scope,
    /// A role.
    Role,
    /// A claim mapper.
    Mapper,
    /// A group, with its roles.
    Group,
    /// A client, with its scopes, APIs and roles.
    Client,
    /// A client's secret.
    Secret,
    /// A user, with their roles and groups.
    User,
    /// A user's password.
    Password,
}

impl What {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Realm => "realm",
            Self::Settings => "settings",
            Self::Api => "API",
            Self::Scope => "scope",
            Self::Role => "role",
            Self::Mapper => "claim mapper",
            Self::Group => "group",
            Self::Client => "client",
            Self::Secret => "secret",
            Self::User => "user",
            Self::Password => "password",
        }
    }
}
