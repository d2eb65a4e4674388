//! Connections.
//!
//! A socket stays on the reactor of the runtime that opened it: one that was opened by an HTTP worker stands still
//! whenever that worker computes, whoever uses it. So [`Pools::connect`] is called on the main runtime, opens the
//! first connections at once, and has every later one opened there too. SQLite's connections are threads of their own.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use futures_util::future::try_join_all;
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{Connection as _, Database, Pool, Postgres};
use tokio::runtime::Handle;

use crate::error::StoreError;
use crate::settings::{Backend, Durability, StoreSettings};

/// How long SQLite waits for a lock. Our own writers queue for the one connection; this is for other processes.
const SQLITE_BUSY: Duration = Duration::from_secs(5);

/// Prepared statements kept for each connection: more than the repositories have.
const STATEMENT_CACHE: usize = 300;

/// A connection idle for this long is asked whether it lives before it is used.
const PING_AFTER: Duration = Duration::from_secs(30);

/// Where connections come from.
#[derive(Clone, Debug)]
pub(crate) enum Pools {
    Postgres(PostgresPool),
    Sqlite(SqlitePools),
}

/// PostgreSQL's connections, each inside the application's role.
#[derive(Clone, Debug)]
pub(crate) struct PostgresPool {
    pool: PgPool,
    opener: Handle,
}

/// SQLite's connections.
#[derive(Clone, Debug)]
pub(crate) struct SqlitePools {
    /// One: its queue is what orders the writers.
    pub(crate) writer: SqlitePool,
    /// Several, which cannot write.
    pub(crate) readers: SqlitePool,
}

/// The connections of one pool, as they are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// `postgres`; or SQLite's `writer` and `readers`.
    pub pool: &'static str,
    /// How many there may be.
    pub most: u32,
    /// How many are open.
    pub open: u32,
    /// How many of these wait for work.
    pub idle: u32,
}

impl PoolState {
    fn of<D: Database>(name: &'static str, pool: &Pool<D>) -> Self {
        // Read one after the other, while both change.
        let open = pool.size();
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX).min(open);
        Self { pool: name, most: pool.options().get_max_connections(), open, idle }
    }

    /// How many are at work.
    pub fn in_use(self) -> u32 {
        self.open - self.idle
    }
}

impl Pools {
    /// Each pool, as it is now.
    pub(crate) fn states(&self) -> Vec<PoolState> {
        match self {
            Self::Postgres(postgres) => vec![PoolState::of("postgres", &postgres.pool)],
            Self::Sqlite(files) => {
                vec![PoolState::of("writer", &files.writer), PoolState::of("readers", &files.readers)]
            }
        }
    }

    pub(crate) async fn connect(settings: &StoreSettings) -> Result<Self, StoreError> {
        match require_backend(settings)? {
            Backend::Postgres => PostgresPool::connect(settings).await.map(Self::Postgres),
            Backend::Sqlite => SqlitePools::connect(settings).await.map(Self::Sqlite),
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Postgres(postgres) => postgres.pool.close().await,
            Self::Sqlite(files) => {
                files.readers.close().await;
                files.writer.close().await;
            }
        }
    }
}

impl PostgresPool {
    async fn connect(settings: &StoreSettings) -> Result<Self, StoreError> {
        let timeout = Duration::from_secs(settings.statement_timeout_seconds).as_millis().to_string();
        let options = postgres_options(settings)?.statement_cache_capacity(STATEMENT_CACHE).options([
            // The application's role, also for a login that is that role: what `Store::isolation` says of one
            // connection is then so of all.
            ("role", settings.roles.app.as_str()),
            ("statement_timeout", timeout.as_str()),
            ("idle_in_transaction_session_timeout", "60000"),
        ]);
        let at_least = settings.min_connections.clamp(1, settings.max_connections.max(1));
        let pool = PoolOptions::<Postgres>::new()
            .max_connections(settings.max_connections.max(1))
            .min_connections(at_least)
            .acquire_timeout(settings.acquire_timeout())
            .test_before_acquire(false)
            .before_acquire(|conn, meta| {
                Box::pin(async move {
                    if meta.idle_for >= PING_AFTER {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        let first = (0..at_least).map(|_| pool.acquire());
        drop(try_join_all(first).await?);
        Ok(Self { pool, opener: Handle::current() })
    }

    /// A connection: an idle one, or one opened on the main runtime.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        if let Some(idle) = self.pool.try_acquire() {
            return Ok(idle);
        }
        let pool = self.pool.clone();
        let waiting = self.opener.spawn(async move { pool.acquire().await });
        // Who no longer waits must not take the place in the queue of one who does.
        let _leave = AbortOnDrop(waiting.abort_handle());
        match waiting.await {
            Ok(acquired) => Ok(acquired?),
            Err(stopped) => Err(StoreError::Unavailable { reason: stopped.to_string() }),
        }
    }

    /// How many connections are open.
    pub(crate) fn size(&self) -> u32 {
        self.pool.size()
    }

    /// How many of them are idle.
    #[cfg(test)]
    pub(crate) fn idle(&self) -> usize {
        self.pool.num_idle()
    }
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl SqlitePools {
    async fn connect(settings: &StoreSettings) -> Result<Self, StoreError> {
        // The writer first: a connection that only reads cannot make the files that the write-ahead log needs.
        let writer = sqlite_writer(settings, false).await?;
        let readers = PoolOptions::new()
            .max_connections(settings.sqlite_readers.max(1))
            .min_connections(1)
            .acquire_timeout(settings.acquire_timeout())
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(sqlite_options(settings)?.read_only(true))
            .await?;
        Ok(Self { writer, readers })
    }
}

/// The one connection that writes; with `make`, the file is made if it is missing.
pub(crate) async fn sqlite_writer(settings: &StoreSettings, make: bool) -> Result<SqlitePool, StoreError> {
    let synchronous = match settings.durability {
        Durability::Full => SqliteSynchronous::Full,
        Durability::Normal => SqliteSynchronous::Normal,
    };
    let options =
        sqlite_options(settings)?.create_if_missing(make).journal_mode(SqliteJournalMode::Wal).synchronous(synchronous);
    let file = options.get_filename().display().to_string();
    let unusable =
        |error: &dyn std::fmt::Display| StoreError::Settings(format!("cannot open the database file {file}: {error}"));
    if make {
        make_file(options.get_filename()).map_err(|error| unusable(&error))?;
    }
    PoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .acquire_timeout(settings.acquire_timeout())
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map_err(|error| unusable(&error))
}

/// Makes the file if it is missing, for its owner alone: SQLite would let everybody read it whom the folder lets in. What
/// SQLite writes beside it gets the file's own permissions.
fn make_file(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}

fn sqlite_options(settings: &StoreSettings) -> Result<SqliteConnectOptions, StoreError> {
    let url = settings.url.expose();
    if url.contains(":memory:") || url.contains("mode=memory") {
        let reason = "SQLite in memory would be another database for each connection; name a file";
        return Err(StoreError::Settings(reason.to_owned()));
    }
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|error| StoreError::Settings(format!("the database URL cannot be read: {error}")))?;
    Ok(options.foreign_keys(true).busy_timeout(SQLITE_BUSY).statement_cache_capacity(STATEMENT_CACHE))
}

/// The driver's own message is left out: it may quote the URL, and with it a password.
pub(crate) fn postgres_options(settings: &StoreSettings) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(settings.url.expose()).map_err(|_| {
        StoreError::Settings("the database URL cannot be read: postgres://user:password@host/name".into())
    })?;
    Ok(options.application_name("palatine"))
}

pub(crate) fn require_backend(settings: &StoreSettings) -> Result<Backend, StoreError> {
    settings
        .backend()
        .ok_or_else(|| StoreError::Settings("the database URL begins with sqlite:// or postgres://".to_owned()))
}
