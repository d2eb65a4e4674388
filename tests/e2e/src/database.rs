//! The test's database, and what somebody who steals a copy of it reads.

#[path = "../../../crates/store/tests/support/mod.rs"]
mod support;

use palatine_domain::{Instant, SecretText};
use palatine_store::{Backend, StoreSettings};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection};
use url::Url;

use crate::world::World;

/// A database of the test's own.
pub(crate) struct TestDatabase {
    inner: support::TestDatabase,
    /// What a server is told: on PostgreSQL, a login that has the application's rights and no others.
    settings: StoreSettings,
}

/// The server's login on PostgreSQL: a member of `palatine_app` alone, as the documentation asks.
const LOGIN: &str = "palatine_e2e";

/// Makes the login, once for the whole cluster. Its password is for test databases and opens nothing else.
const MAKE_LOGIN: &str = "DO $$ BEGIN PERFORM pg_advisory_xact_lock(hashtext('palatine e2e login')); \
     IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'palatine_e2e') THEN \
     CREATE ROLE palatine_e2e LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS PASSWORD 'palatine_e2e' IN ROLE palatine_app; \
     END IF; END $$";

/// A refresh token as the database keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRefreshToken {
    /// The hash.
    pub hash: Vec<u8>,
    /// The sealed successor, if it is still there.
    pub sealed_successor: Option<Vec<u8>>,
    /// The family, as 16 bytes.
    pub family: [u8; 16],
}

impl TestDatabase {
    pub(crate) async fn sqlite() -> Self {
        let inner = support::TestDatabase::sqlite().await;
        Self { settings: inner.settings.clone(), inner }
    }

    pub(crate) async fn postgres() -> Self {
        let inner = support::TestDatabase::postgres().await;
        support::run(&mut support::administrator().await, MAKE_LOGIN.to_owned()).await;
        let mut url = Url::parse(inner.settings.url.expose()).expect("a URL");
        url.set_username(LOGIN).expect("a URL with a host");
        url.set_password(Some(LOGIN)).expect("a URL with a host");
        Self { settings: StoreSettings { url: SecretText::new(url), ..inner.settings.clone() }, inner }
    }

    /// What a server is told.
    pub(crate) fn settings(&self) -> StoreSettings {
        self.settings.clone()
    }

    /// What the administrator uses, who sees everything.
    fn administrators(&self) -> &StoreSettings {
        &self.inner.settings
    }
}

/// What is still to be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// How often it was tried.
    pub attempts: i64,
    /// When it may be taken next.
    pub due_at: Instant,
}

impl World {
    /// Has the database do what its administrator says.
    pub async fn administer(&self, sql: &str) {
        let settings = self.database().administrators();
        let (url, sql) = (settings.url.expose(), AssertSqlSafe(sql.to_owned()));
        match settings.backend() {
            Some(Backend::Sqlite) | None => {
                let mut conn = SqliteConnection::connect(url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
            }
            Some(Backend::Postgres) => {
                let mut conn = PgConnection::connect(url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
            }
        }
    }

    /// What is still to be delivered, of all realms, in the order in which it was decided.
    pub async fn undelivered(&self) -> Vec<Undelivered> {
        const QUERY: &str = "SELECT CAST(attempts AS bigint), due_at FROM outbox WHERE done_at IS NULL \
                             ORDER BY created_at, id";
        let settings = self.database().administrators();
        let url = settings.url.expose();
        let rows: Vec<(i64, i64)> = match settings.backend() {
            Some(Backend::Sqlite) | None => {
                let mut conn = SqliteConnection::connect(url).await.unwrap();
                sqlx::query_as(QUERY).fetch_all(&mut conn).await.unwrap()
            }
            Some(Backend::Postgres) => {
                let mut conn = PgConnection::connect(url).await.unwrap();
                sqlx::query_as(QUERY).fetch_all(&mut conn).await.unwrap()
            }
        };
        rows.into_iter()
            .map(|(attempts, due_at)| Undelivered { attempts, due_at: Instant::from_micros(due_at) })
            .collect()
    }

    /// All refresh tokens of all realms, in the order of their issue, read from the database itself.
    pub async fn stored_refresh_tokens(&self) -> Vec<StoredRefreshToken> {
        const QUERY: &str = "SELECT hash, sealed_successor, family_id FROM refresh_tokens ORDER BY issued_at, id";
        let settings = self.database().administrators();
        let url = settings.url.expose();
        match settings.backend() {
            Some(Backend::Sqlite) | None => {
                let mut conn = SqliteConnection::connect(url).await.unwrap();
                let rows = sqlx::query(QUERY).fetch_all(&mut conn).await.unwrap();
                let family = |row: &sqlx::sqlite::SqliteRow| row.get::<Vec<u8>, _>(2).try_into().unwrap();
                rows.iter()
                    .map(|row| StoredRefreshToken {
                        hash: row.get(0),
                        sealed_successor: row.get(1),
                        family: family(row),
                    })
                    .collect()
            }
            Some(Backend::Postgres) => {
                let mut conn = PgConnection::connect(url).await.unwrap();
                let rows = sqlx::query(QUERY).fetch_all(&mut conn).await.unwrap();
                let family = |row: &sqlx::postgres::PgRow| *row.get::<sqlx::types::Uuid, _>(2).as_bytes();
                rows.iter()
                    .map(|row| StoredRefreshToken {
                        hash: row.get(0),
                        sealed_successor: row.get(1),
                        family: family(row),
                    })
                    .collect()
            }
        }
    }

    /// Everything in the database, as bytes: the files of SQLite, each row of PostgreSQL as text.
    pub async fn database_dump(&self) -> Vec<u8> {
        let settings = self.database().administrators();
        match settings.backend() {
            Some(Backend::Sqlite) => self.sqlite_files(),
            _ => postgres_rows(settings.url.expose()).await,
        }
    }

    fn sqlite_files(&self) -> Vec<u8> {
        let folder = self.database().inner.folder().expect("a folder");
        let files = std::fs::read_dir(folder).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default()).collect()
    }
}

async fn postgres_rows(url: &str) -> Vec<u8> {
    const TABLES: &str = "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                          WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition";
    let mut conn = PgConnection::connect(url).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut conn).await.unwrap();
    let mut dump = Vec::new();
    for table in tables {
        let query = format!("SELECT t::text FROM \"{table}\" t");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut conn).await.unwrap();
        dump.extend(rows.into_iter().flat_map(String::into_bytes));
    }
    dump
}
