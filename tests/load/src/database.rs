//! The databases that are seeded and measured.

use std::net::IpAddr;

use palatine_domain::SecretText;
use palatine_store::StoreSettings;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use url::Url;

use crate::error::LoadError;

/// The server's login: a member of `palatine_app` alone, as the documentation asks. Its password protects nothing, and so
/// it is made on this machine alone.
const LOGIN: &str = "palatine_load";
const MAKE_LOGIN: &str = "DO $$ BEGIN PERFORM pg_advisory_xact_lock(hashtext('palatine load login')); \
     IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'palatine_load') THEN \
     CREATE ROLE palatine_load LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS PASSWORD 'palatine_load' IN ROLE palatine_app; \
     END IF; END $$";

/// A PostgreSQL database, as its owner reaches it.
#[derive(Clone, Debug)]
pub struct Database {
    url: Url,
}

impl Database {
    /// The one that a URL names.
    pub fn at(url: &str) -> Result<Self, LoadError> {
        match Url::parse(url) {
            Ok(parsed) if ["postgres", "postgresql"].contains(&parsed.scheme()) => Ok(Self { url: parsed }),
            _ => Err(LoadError::NotPostgres(url.to_owned())),
        }
    }

    /// A new one beside this one, in the place of an earlier one of that name.
    pub async fn fresh_beside(&self, name: &str) -> Result<Self, LoadError> {
        self.drop_beside(name).await?;
        run(&mut self.connect().await?, format!("CREATE DATABASE {name} TEMPLATE template0")).await?;
        let mut url = self.url.clone();
        url.set_path(name);
        Ok(Self { url })
    }

    /// Removes the one of that name.
    pub async fn drop_beside(&self, name: &str) -> Result<(), LoadError> {
        run(&mut self.connect().await?, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    /// What migrates it, and what it is seeded by.
    pub fn owners(&self) -> StoreSettings {
        StoreSettings::at(self.url.as_str())
    }

    /// What a server is told: a login that row-level security holds.
    pub async fn servers(&self) -> Result<StoreSettings, LoadError> {
        let is_here = self.url.host_str().is_some_and(is_loopback);
        let elsewhere = || LoadError::NotHere(self.url.host_str().unwrap_or("a socket").to_owned());
        if !is_here {
            return Err(elsewhere());
        }
        run(&mut self.connect().await?, MAKE_LOGIN.to_owned()).await?;
        let mut url = self.url.clone();
        url.set_username(LOGIN).and_then(|()| url.set_password(Some(LOGIN))).map_err(|()| elsewhere())?;
        Ok(StoreSettings { url: SecretText::new(url), ..StoreSettings::default() })
    }

    /// A connection of its owner.
    pub async fn connect(&self) -> Result<PgConnection, LoadError> {
        Ok(PgConnection::connect(self.url.as_str()).await?)
    }
}

/// The host of a URL whose scheme browsers do not know: a text, also where it is an address.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Runs a statement without values.
pub(crate) async fn run(conn: &mut PgConnection, statement: String) -> Result<(), LoadError> {
    conn.execute(AssertSqlSafe(statement)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_several_names() {
        assert!(["localhost", "127.0.0.1", "127.0.1.1", "[::1]"].into_iter().all(is_loopback));
        assert!(!["db", "10.0.0.1", "localhost.example.com", ""].into_iter().any(is_loopback));
    }
}
