//! Which database, and how it is used.

use std::fmt;
use std::time::Duration;

use palatine_domain::SecretText;
use serde::Deserialize;

/// How the store reaches its database.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// `sqlite://path/to/file.db` or `postgres://user:password@host/database`. Secret: it may hold a password.
    pub url: SecretText,
    /// PostgreSQL: connections at most. Default 16.
    pub max_connections: u32,
    /// PostgreSQL: connections that are opened at once and kept. Default 4.
    pub min_connections: u32,
    /// SQLite: connections that read. There is always one that writes. Default 4.
    pub sqlite_readers: u32,
    /// SQLite: whether a committed transaction outlives a power cut. Default `full`.
    pub durability: Durability,
    /// Seconds to wait for a free connection. Default 5.
    pub acquire_timeout_seconds: u64,
    /// Seconds until a statement is given up. Default 10.
    pub statement_timeout_seconds: u64,
    /// PostgreSQL: the names of the roles.
    pub roles: StoreRoles,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            url: SecretText::new("sqlite://data/palatine.db"),
            max_connections: 16,
            min_connections: 4,
            sqlite_readers: 4,
            durability: Durability::Full,
            acquire_timeout_seconds: 5,
            statement_timeout_seconds: 10,
            roles: StoreRoles::default(),
        }
    }
}

impl StoreSettings {
    /// The defaults, with this database.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: SecretText::new(url), ..Self::default() }
    }

    /// Which database the URL names, if either.
    pub fn backend(&self) -> Option<Backend> {
        let url = self.url.expose();
        if url.starts_with("sqlite:") {
            Some(Backend::Sqlite)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Some(Backend::Postgres)
        } else {
            None
        }
    }

    pub(crate) fn acquire_timeout(&self) -> Duration {
        Duration::from_secs(self.acquire_timeout_seconds)
    }
}

/// One of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// One file, one process.
    Sqlite,
    /// A server, any number of processes.
    Postgres,
}

/// SQLite's `synchronous`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Each commit reaches the disk before it is answered.
    Full,
    /// A power cut may undo the last commits, never half of one. For tests and development.
    Normal,
}

/// The PostgreSQL roles, which belong to the whole cluster.
///
/// - `app`: what every request works as; sees one tenant at a time. The login of the server is this role itself, or a
///   member of it: each connection enters it when it is opened.
/// - `operator`: NOLOGIN; sees all tenants; entered for single transactions. `app` may enter it and has none of its
///   rights before.
///
/// The owner of the tables is whoever runs `migrate`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreRoles {
    /// Default `palatine_app`.
    pub app: RoleName,
    /// Default `palatine_operator`.
    pub operator: RoleName,
}

impl Default for StoreRoles {
    fn default() -> Self {
        Self { app: RoleName("palatine_app".to_owned()), operator: RoleName("palatine_operator".to_owned()) }
    }
}

/// A PostgreSQL role: `[a-z_][a-z0-9_]{0,62}`, so that it needs no escaping anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct RoleName(String);

impl RoleName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl TryFrom<String> for RoleName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let begins = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
        let goes_on = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if begins && goes_on && name.len() <= 63 {
            Ok(Self(name))
        } else {
            Err(format!("{name:?} is no role name: use a-z, 0-9 and _, beginning with a letter, 63 characters at most"))
        }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_name_cannot_carry_sql() {
        for bad in ["", "1a", "a\"; drop table users; --", "Äpp", "App", &"a".repeat(64)] {
            assert!(RoleName::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(RoleName::try_from("palatine_app".to_owned()).is_ok());
    }

    #[test]
    fn the_settings_do_not_print_the_password() {
        let settings = StoreSettings::at("postgres://palatine:hunter2@db/palatine");
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn the_scheme_of_the_url_picks_the_database() {
        assert_eq!(StoreSettings::at("sqlite://x.db").backend(), Some(Backend::Sqlite));
        assert_eq!(StoreSettings::at("postgresql://h/d").backend(), Some(Backend::Postgres));
        assert_eq!(StoreSettings::at("mysql://h/d").backend(), None);
    }
}
