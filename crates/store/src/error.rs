//! What can go wrong with the database. Never leaves the services: each surface has its own errors.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// What went wrong. That something was not found is no error but `None`. `Clone`, for those who shared one load.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// A row with the same key exists, or one that it refers to does not.
    #[error("conflict: {what}")]
    Conflict {
        /// What there can only be one of, such as `username`.
        what: &'static str,
    },
    /// The database cannot answer now; the same request may succeed later.
    #[error("the database is unavailable: {reason}")]
    Unavailable {
        /// Why, for the log.
        reason: String,
    },
    /// A stored value makes no sense.
    #[error("column {column} of {table} holds a value that makes no sense (row {id})")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        id: String,
    },
    /// The settings cannot be used.
    #[error("{0}")]
    Settings(String),
    /// The PostgreSQL roles are missing or wrong, and the user of this connection may not make them.
    #[error("a database administrator must run this first:\n\n{statements}")]
    RolesMissing {
        /// The SQL that a superuser runs.
        statements: String,
    },
    /// Anything else that the driver says.
    #[error("the database refused: {0}")]
    Driver(DbErr),
}

impl StoreError {
    /// A stored value makes no sense.
    pub(crate) fn corrupt(table: &'static str, column: &'static str, id: impl std::fmt::Display) -> Self {
        Self::Corrupt { table, column, id: id.to_string() }
    }

    /// For `map_err`: a unique-key violation is a conflict about `what`; anything else is itself.
    pub(crate) fn conflict(what: &'static str) -> impl Fn(DbErr) -> Self {
        move |error| match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::Conflict { what },
            _ => error.into(),
        }
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => return Self::Conflict { what: "key" },
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => return Self::Conflict { what: "reference" },
            _ => {}
        }
        let unavailable = match &error {
            DbErr::ConnectionAcquire(_) => true,
            DbErr::Conn(RuntimeErr::SqlxError(cause))
            | DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => is_passing(cause),
            _ => false,
        };
        if unavailable { Self::Unavailable { reason: error.to_string() } } else { Self::Driver(error) }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Exec(RuntimeErr::SqlxError(error.into())).into()
    }
}

/// Whether the connection itself is gone, as against an answer that came over it.
pub(crate) fn is_broken_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        // Class 57 P: the server is being stopped, or was.
        sqlx::Error::Database(cause) => cause.code().is_some_and(|code| matches!(&*code, "57P01" | "57P02" | "57P03")),
        _ => false,
    }
}

/// Whether the same statement may succeed later.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(cause) => {
            let code = cause.code().unwrap_or_default();
            if cause.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
                // PostgreSQL, appendix A: connection exceptions, resources, operator intervention, serialization
                // failure, deadlock, lock not available, read-only server (a failover under way).
                let class = code.get(..2).unwrap_or_default();
                matches!(class, "08" | "53" | "57") || matches!(&*code, "40001" | "40P01" | "55P03" | "25006")
            } else {
                // SQLite result codes, the low byte: BUSY 5, LOCKED 6, NOMEM 7, IOERR 10, FULL 13, CANTOPEN 14.
                code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 10 | 13 | 14))
            }
        }
        _ => is_broken_connection(error),
    }
}
