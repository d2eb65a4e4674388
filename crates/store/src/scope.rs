//! The tenant's scope, and the transaction that carries it. With the migrations, the only raw SQL there is.

#![expect(clippy::disallowed_methods, reason = "this is the file that raw SQL belongs to")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use palatine_domain::ids::{RowId as _, TenantId, TenantScoped};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::pool::PoolConnection;
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, Postgres, SqlSafeStr as _, Sqlite, SqliteConnection,
};
use tokio::sync::Mutex;

use crate::error::{StoreError, is_broken_connection};
use crate::pools::{Pools, PostgresPool};
use crate::settings::StoreRoles;

pub use crate::transaction::{ReadOnly, ReadWrite, TenantRead, TenantTx, TenantWrite};

/// Proof that a tenant exists and was looked up: the only key to its rows.
///
/// Made by [`crate::Store`] alone. It cannot be written down as a literal, nor made from an identifier:
///
/// ```compile_fail,E0451
/// use palatine_domain::ids::TenantId;
/// fn forge(tenant: TenantId) -> palatine_store::TenantScope {
///     palatine_store::TenantScope { tenant }
/// }
/// ```
/// ```compile_fail,E0277
/// use palatine_domain::ids::TenantId;
/// fn forge(tenant: TenantId) -> palatine_store::TenantScope {
///     tenant.into()
/// }
/// ```
/// ```compile_fail,E0624
/// use palatine_domain::ids::TenantId;
/// fn forge(tenant: TenantId) -> palatine_store::TenantScope {
///     palatine_store::TenantScope::new(tenant)
/// }
/// ```
///
/// It is had by asking for a realm:
///
/// ```
/// use palatine_domain::RealmSlug;
/// use palatine_store::{Store, StoreError, TenantScope};
/// async fn find(store: &Store, slug: &RealmSlug) -> Result<Option<TenantScope>, StoreError> {
///     Ok(store.tenant_by_slug(slug).await?.map(|(scope, _)| scope))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TenantScope {
    tenant: TenantId,
}

impl TenantScope {
    pub(crate) fn new(tenant: TenantId) -> Self {
        Self { tenant }
    }
}

impl TenantScoped for TenantScope {
    fn tenant_id(&self) -> TenantId {
        self.tenant
    }
}

/// Whether a transaction may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Read,
    Write,
}

/// A transaction of ours under SeaORM's statements.
///
/// SeaORM's own transaction sends BEGIN alone; this one sends the tenant's scope with it, in one round trip.
/// Dropped, it rolls back.
pub(crate) struct ScopedTx {
    backend: DbBackend,
    held: Mutex<Held>,
    statements: Arc<AtomicU64>,
}

/// What the statements run on.
enum Held {
    Postgres(sqlx::Transaction<'static, Postgres>),
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// One statement, its own transaction, no tenant: routing tables.
    PostgresAlone(PoolConnection<Postgres>),
    SqliteAlone(PoolConnection<Sqlite>),
}

enum Link<'a> {
    Postgres(&'a mut PgConnection),
    Sqlite(&'a mut SqliteConnection),
}

impl Held {
    fn link(&mut self) -> Link<'_> {
        match self {
            Self::Postgres(tx) => Link::Postgres(tx),
            Self::PostgresAlone(conn) => Link::Postgres(conn),
            Self::Sqlite(tx) => Link::Sqlite(tx),
            Self::SqliteAlone(conn) => Link::Sqlite(conn),
        }
    }
}

impl ScopedTx {
    /// Begins a transaction of one tenant.
    pub(crate) async fn begin(
        pools: &Pools,
        statements: &Arc<AtomicU64>,
        tenant: TenantId,
        mode: Mode,
    ) -> Result<Self, StoreError> {
        let held = match pools {
            Pools::Postgres(pool) => {
                let access = if mode == Mode::Read { "READ ONLY" } else { "READ WRITE" };
                let begin = format!("BEGIN {access}; {}", set_tenant(tenant));
                Held::Postgres(begin_postgres(pool, begin).await?)
            }
            Pools::Sqlite(files) => Held::Sqlite(match mode {
                Mode::Read => files.readers.begin_with("BEGIN DEFERRED").await?,
                // A deferred transaction that reads and then writes fails at once when another wrote in between, and
                // busy_timeout does not help it (SQLITE_BUSY_SNAPSHOT).
                Mode::Write => files.writer.begin_with("BEGIN IMMEDIATE").await?,
            }),
        };
        Ok(Self::counted(held, statements))
    }

    /// Begins a transaction across tenants. A second round trip, so that a missing role leaves a connection in order.
    pub(crate) async fn begin_operator(
        pools: &Pools,
        statements: &Arc<AtomicU64>,
        roles: &StoreRoles,
    ) -> Result<Self, StoreError> {
        let held = match pools {
            Pools::Postgres(pool) => {
                let mut tx = begin_postgres(pool, "BEGIN READ WRITE".to_owned()).await?;
                let enter = format!("SET LOCAL ROLE {}", roles.operator.quoted());
                tx.execute(AssertSqlSafe(enter)).await?;
                Held::Postgres(tx)
            }
            Pools::Sqlite(files) => Held::Sqlite(files.writer.begin_with("BEGIN IMMEDIATE").await?),
        };
        Ok(Self::counted(held, statements))
    }

    /// A connection without a tenant and without a transaction, for one statement over routing tables.
    pub(crate) async fn alone(pools: &Pools, statements: &Arc<AtomicU64>) -> Result<Self, StoreError> {
        let held = match pools {
            Pools::Postgres(pool) => Held::PostgresAlone(living(pool).await?),
            Pools::Sqlite(files) => Held::SqliteAlone(files.readers.acquire().await?),
        };
        Ok(Self { backend: held.backend(), held: Mutex::new(held), statements: Arc::clone(statements) })
    }

    fn counted(held: Held, statements: &Arc<AtomicU64>) -> Self {
        statements.fetch_add(1, Ordering::Relaxed);
        Self { backend: held.backend(), held: Mutex::new(held), statements: Arc::clone(statements) }
    }

    /// From here on the operator's transaction is that tenant's, with no rights beyond.
    pub(crate) async fn become_tenant(&self, tenant: TenantId, roles: &StoreRoles) -> Result<(), DbErr> {
        match self.held.lock().await.link() {
            Link::Postgres(conn) => {
                let leave = format!("SET LOCAL ROLE {}; {}", roles.app.quoted(), set_tenant(tenant));
                sqlx::raw_sql(AssertSqlSafe(leave)).execute(conn).await.map_err(exec_error)?;
            }
            Link::Sqlite(_) => {}
        }
        Ok(())
    }

    /// The role of this connection that row-level security does not hold, if there is one, on PostgreSQL.
    ///
    /// Whoever has the rights of the tables' owner or of the operator is held by their policies, which let all pass.
    /// The login counts too: `RESET ROLE` would bring it back.
    pub(crate) async fn bypassing_role(&self, roles: &StoreRoles) -> Result<Option<String>, StoreError> {
        let sql = "SELECT me.rolname::text AS role, \
                   me.rolsuper OR me.rolbypassrls \
                   OR pg_has_role(me.oid, users.relowner, 'USAGE') \
                   OR coalesce(pg_has_role(me.oid, operator.oid, 'USAGE'), false) \
                   OR NOT (users.relrowsecurity AND users.relforcerowsecurity) AS bypasses \
                   FROM pg_roles me CROSS JOIN pg_class users LEFT JOIN pg_roles operator ON operator.rolname = $1 \
                   WHERE me.rolname IN (current_user, session_user) AND users.oid = to_regclass('users') \
                   ORDER BY bypasses DESC, me.rolname = current_user DESC LIMIT 1";
        let question = Statement::from_sql_and_values(DbBackend::Postgres, sql, [roles.operator.as_str().into()]);
        let row = self.query_one_raw(question).await?.ok_or_else(|| DbErr::RecordNotFound("pg_roles".to_owned()))?;
        let (role, bypasses): (String, bool) = (row.try_get("", "role")?, row.try_get("", "bypasses")?);
        Ok(bypasses.then_some(role))
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self.held.into_inner() {
            Held::Postgres(tx) => tx.commit().await?,
            Held::Sqlite(tx) => tx.commit().await?,
            Held::PostgresAlone(_) | Held::SqliteAlone(_) => {}
        }
        Ok(())
    }
}

impl Held {
    fn backend(&self) -> DbBackend {
        match self {
            Self::Postgres(_) | Self::PostgresAlone(_) => DbBackend::Postgres,
            Self::Sqlite(_) | Self::SqliteAlone(_) => DbBackend::Sqlite,
        }
    }
}

/// A connection that has just answered: nothing but one statement will follow, and nobody would try it again.
async fn living(pool: &PostgresPool) -> Result<PoolConnection<Postgres>, StoreError> {
    let mut spare = pool.size().saturating_add(1);
    loop {
        let mut conn = pool.acquire().await?;
        match conn.ping().await {
            Ok(()) => return Ok(conn),
            Err(error) if is_broken_connection(&error) && spare > 0 => spare -= 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// The policies compare `tenant_id` with this setting; it ends with the transaction. A UUID needs no quoting.
fn set_tenant(tenant: TenantId) -> String {
    format!("SELECT set_config('app.tenant_id', '{}', true)", tenant.as_uuid().hyphenated())
}

/// Sends `begin`, which may be several statements, as one simple query: one round trip.
///
/// - A pooled connection may have died since it was last used (a restart, a failover). Nothing has happened on it yet,
///   so the next one is tried, until the pool has opened a fresh one.
/// - The sending goes on if the caller goes away: sqlx believes that no transaction is open until BEGIN was answered,
///   and would hand the next caller a connection that is inside this one.
async fn begin_postgres(
    pool: &PostgresPool,
    begin: String,
) -> Result<sqlx::Transaction<'static, Postgres>, StoreError> {
    let mut spare = pool.size().saturating_add(1);
    loop {
        let conn = pool.acquire().await?;
        let statement = AssertSqlSafe(begin.clone()).into_sql_str();
        match tokio::spawn(sqlx::Transaction::begin(conn, Some(statement))).await {
            Ok(Ok(tx)) => return Ok(tx),
            Ok(Err(error)) if is_broken_connection(&error) && spare > 0 => spare -= 1,
            Ok(Err(error)) => return Err(error.into()),
            Err(stopped) => return Err(StoreError::Unavailable { reason: stopped.to_string() }),
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for ScopedTx {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        self.count();
        let (sql, values) = parts(stmt);
        match self.held.lock().await.link() {
            Link::Postgres(conn) => sqlx::query_with(sql, values).execute(conn).await.map(ExecResult::from),
            Link::Sqlite(conn) => sqlx::query_with(sql, values).execute(conn).await.map(ExecResult::from),
        }
        .map_err(exec_error)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.count();
        let sql = AssertSqlSafe(sql.to_owned());
        match self.held.lock().await.link() {
            Link::Postgres(conn) => conn.execute(sql).await.map(ExecResult::from),
            Link::Sqlite(conn) => conn.execute(sql).await.map(ExecResult::from),
        }
        .map_err(exec_error)
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.count();
        let (sql, values) = parts(stmt);
        match self.held.lock().await.link() {
            Link::Postgres(conn) => {
                sqlx::query_with(sql, values).fetch_optional(conn).await.map(|row| row.map(QueryResult::from))
            }
            Link::Sqlite(conn) => {
                sqlx::query_with(sql, values).fetch_optional(conn).await.map(|row| row.map(QueryResult::from))
            }
        }
        .map_err(query_error)
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.count();
        let (sql, values) = parts(stmt);
        match self.held.lock().await.link() {
            Link::Postgres(conn) => sqlx::query_with(sql, values)
                .fetch_all(conn)
                .await
                .map(|rows| rows.into_iter().map(QueryResult::from).collect()),
            Link::Sqlite(conn) => sqlx::query_with(sql, values)
                .fetch_all(conn)
                .await
                .map(|rows| rows.into_iter().map(QueryResult::from).collect()),
        }
        .map_err(query_error)
    }
}

impl ScopedTx {
    fn count(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }
}

fn parts(stmt: Statement) -> (AssertSqlSafe<String>, SqlxValues) {
    let values = stmt.values.unwrap_or_else(|| sea_orm::Values(Vec::new()));
    (AssertSqlSafe(stmt.sql), SqlxValues(values))
}

fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

#[cfg(test)]
mod tests;
