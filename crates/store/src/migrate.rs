//! Bringing the schema up to date, as the owner of the tables.

use palatine_migrations::roles::{self, RolesOutcome};
use palatine_migrations::{APP_ROLE_SETTING, Migrator, OPERATOR_ROLE_SETTING};
use sea_orm::{DatabaseConnection, DbErr, EntityTrait as _, RuntimeErr};
use sea_orm_migration::{MigratorTrait as _, seaql_migrations};
use sqlx::Postgres;
use sqlx::pool::PoolOptions;

use crate::error::StoreError;
use crate::pools::{postgres_options, require_backend, sqlite_writer};
use crate::scope::ScopedTx;
use crate::settings::{Backend, StoreSettings};
use crate::store::Store;

/// What [`Store::migrate`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrateReport {
    /// The names of the migrations that were applied, oldest first; none if the schema was up to date.
    pub applied: Vec<String>,
}

impl Store {
    /// Applies the migrations that are missing, and makes the database file or the PostgreSQL roles if need be.
    ///
    /// The URL's user becomes the owner of the tables. Only one process migrates at a time; the others wait and find
    /// nothing to do.
    ///
    /// # Errors
    ///
    /// [`StoreError::RolesMissing`], with the SQL for a database administrator, if a role is missing or wrong and this
    /// user may not change it; the schema is then untouched.
    pub async fn migrate(settings: &StoreSettings) -> Result<MigrateReport, StoreError> {
        match require_backend(settings)? {
            Backend::Sqlite => {
                let pool = sqlite_writer(settings, true).await?;
                let report = run(&DatabaseConnection::from(pool.clone())).await;
                pool.close().await;
                report
            }
            Backend::Postgres => {
                // A single connection, so that the lock it takes covers all that follows.
                let options = postgres_options(settings)?.options([
                    (APP_ROLE_SETTING, settings.roles.app.as_str()),
                    (OPERATOR_ROLE_SETTING, settings.roles.operator.as_str()),
                ]);
                let pool = PoolOptions::<Postgres>::new()
                    .max_connections(1)
                    .acquire_timeout(settings.acquire_timeout())
                    .connect_with(options)
                    .await?;
                let report = migrate_postgres(&DatabaseConnection::from(pool.clone()), settings).await;
                pool.close().await;
                report
            }
        }
    }

    /// The names of the migrations that this program has and the database has not, oldest first.
    ///
    /// Migrations of a newer program are no reason to be unready: during a rolling upgrade both run.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        let conn = ScopedTx::alone(self.pools(), self.statement_counter()).await?;
        let applied = match seaql_migrations::Entity::find().all(&conn).await {
            Ok(rows) => rows.into_iter().map(|row| row.version).collect(),
            Err(error) if is_missing_table(&error) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        Ok(palatine_migrations::names().into_iter().filter(|name| !applied.contains(name)).collect())
    }
}

async fn migrate_postgres(db: &DatabaseConnection, settings: &StoreSettings) -> Result<MigrateReport, StoreError> {
    roles::lock(db).await?;
    match roles::prepare(db, settings.roles.app.as_str(), settings.roles.operator.as_str()).await? {
        RolesOutcome::Ready => run(db).await,
        RolesOutcome::NeedsAdministrator(statements) => Err(StoreError::RolesMissing { statements }),
    }
}

async fn run(db: &DatabaseConnection) -> Result<MigrateReport, StoreError> {
    let pending = Migrator::get_pending_migrations(db).await?;
    let applied: Vec<String> = pending.iter().map(|migration| migration.name().to_owned()).collect();
    if !applied.is_empty() {
        Migrator::up(db, None).await?;
    }
    Ok(MigrateReport { applied })
}

/// PostgreSQL's `undefined_table`; SQLite has no code of its own for it.
fn is_missing_table(error: &DbErr) -> bool {
    let DbErr::Query(RuntimeErr::SqlxError(cause)) = error else { return false };
    let sqlx::Error::Database(cause) = cause.as_ref() else { return false };
    cause.code().is_some_and(|code| code == "42P01") || cause.message().starts_with("no such table")
}
