//! What every tenant table has: one definition, two databases.
//!
//! A table is written in SQL, with words in braces where the databases differ:
//!
//! | word | SQLite | PostgreSQL | holds |
//! |---|---|---|---|
//! | `{id}` | `BLOB` | `uuid` | a UUIDv7 |
//! | `{instant}` | `BIGINT` | `bigint` | microseconds since the epoch |
//! | `{bytes}` | `BLOB` | `bytea` | hashes, sealed things |
//! | `{json}` | `TEXT` | `jsonb` | a document |
//! | `{word}` | `TEXT` | `text COLLATE "C"` | text that is a key: compared and ordered by bytes |
//! | `{small}` | `INTEGER` | `smallint` | a set of flags |

use std::fmt::Write as _;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement};

/// Session setting that names the application's role, where it is not `palatine_app`.
pub const APP_ROLE_SETTING: &str = "palatine.app_role";

/// Session setting that names the operator's role, where it is not `palatine_operator`.
pub const OPERATOR_ROLE_SETTING: &str = "palatine.operator_role";

/// Parts of a table that is partitioned by tenant. Fixed: changing it would move every row.
pub const PARTITIONS: u32 = 32;

/// A table whose rows belong to tenants.
pub(crate) struct TenantTable {
    pub(crate) name: &'static str,
    /// Columns and constraints; `tenant_id {id} NOT NULL` is put before them.
    pub(crate) body: &'static str,
    pub(crate) partitions: Partitions,
    /// What the application may do.
    pub(crate) rights: Rights,
    /// Indexes: `(name, what follows ON table)`.
    pub(crate) indexes: &'static [(&'static str, &'static str)],
}

/// How PostgreSQL stores a table; SQLite has one plain table each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Partitions {
    None,
    ByTenant,
    ByTime,
}

/// What the application may do with a table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    ReadWrite,
    Append,
    /// What operators' transactions write, for all tenants at once.
    Read,
}

impl TenantTable {
    /// A plain table that the application reads and writes.
    pub(crate) const fn new(name: &'static str, body: &'static str) -> Self {
        Self { name, body, partitions: Partitions::None, rights: Rights::ReadWrite, indexes: &[] }
    }

    /// In [`PARTITIONS`] parts by the hash of the tenant.
    pub(crate) const fn by_tenant(mut self) -> Self {
        self.partitions = Partitions::ByTenant;
        self
    }

    /// In parts by time; the migration makes them.
    pub(crate) const fn by_time(mut self) -> Self {
        self.partitions = Partitions::ByTime;
        self
    }

    /// Rows are never changed or removed by the application.
    pub(crate) const fn append_only(mut self) -> Self {
        self.rights = Rights::Append;
        self
    }

    /// Rows are read by the application and written by the operator alone.
    pub(crate) const fn read_only(mut self) -> Self {
        self.rights = Rights::Read;
        self
    }

    /// With these indexes.
    pub(crate) const fn indexed(mut self, indexes: &'static [(&'static str, &'static str)]) -> Self {
        self.indexes = indexes;
        self
    }
}

/// Makes tenant tables, and on PostgreSQL their parts, policies and grants.
pub(crate) async fn create_tenant_tables(manager: &SchemaManager<'_>, tables: &[TenantTable]) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    for table in tables {
        let name = table.name;
        let body = format!("tenant_id {{id}} NOT NULL,\n{}", table.body);
        let mut script = create_table(backend, name, &body, table.partitions);
        for (index, over) in table.indexes {
            let _ = writeln!(script, "CREATE INDEX {index} ON \"{name}\" {over};");
        }
        if backend == DbBackend::Postgres {
            script.push_str(&protect(table, &Roles::of(manager).await?));
        }
        run(manager, &script).await?;
    }
    Ok(())
}

/// Makes a routing table: no tenant's, without policies.
pub(crate) async fn create_routing_table(
    manager: &SchemaManager<'_>,
    name: &str,
    body: &str,
    app_rights: &str,
) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    let mut script = create_table(backend, name, body, Partitions::None);
    if backend == DbBackend::Postgres {
        let Roles { app, operator } = Roles::of(manager).await?;
        if !app_rights.is_empty() {
            let _ = writeln!(script, "GRANT {app_rights} ON \"{name}\" TO {app};");
        }
        let _ = writeln!(script, "GRANT SELECT, INSERT, UPDATE, DELETE ON \"{name}\" TO {operator};");
    }
    run(manager, &script).await
}

/// Adds columns to a table that exists. Each takes null or has a default: the old program writes rows without it.
pub(crate) async fn add_columns(manager: &SchemaManager<'_>, table: &str, columns: &[&str]) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    let add = |script: String, column: &&str| {
        format!("{script}ALTER TABLE \"{table}\" ADD COLUMN {};\n", typed(backend, column))
    };
    run(manager, &columns.iter().fold(String::new(), add)).await
}

/// Runs statements that are the same on both databases, or meant for the present one.
pub(crate) async fn run(manager: &SchemaManager<'_>, script: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(script).await.map(|_| ())
}

fn create_table(backend: DbBackend, name: &str, body: &str, partitions: Partitions) -> String {
    let body = typed(backend, body);
    if backend != DbBackend::Postgres {
        return format!("CREATE TABLE \"{name}\" (\n{body}\n);\n");
    }
    match partitions {
        Partitions::None => format!("CREATE TABLE \"{name}\" (\n{body}\n);\n"),
        Partitions::ByTime => format!("CREATE TABLE \"{name}\" (\n{body}\n) PARTITION BY RANGE (at);\n"),
        Partitions::ByTenant => {
            let mut script = format!("CREATE TABLE \"{name}\" (\n{body}\n) PARTITION BY HASH (tenant_id);\n");
            for part in 0..PARTITIONS {
                let _ = writeln!(
                    script,
                    "CREATE TABLE \"{name}_p{part:02}\" PARTITION OF \"{name}\" \
                     FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part});"
                );
            }
            script
        }
    }
}

fn typed(backend: DbBackend, body: &str) -> String {
    let words = if backend == DbBackend::Postgres {
        ["uuid", "bigint", "bytea", "jsonb", "text COLLATE \"C\"", "smallint"]
    } else {
        ["BLOB", "BIGINT", "BLOB", "TEXT", "TEXT", "INTEGER"]
    };
    ["{id}", "{instant}", "{bytes}", "{json}", "{word}", "{small}"]
        .into_iter()
        .zip(words)
        .fold(body.to_owned(), |body, (placeholder, word)| body.replace(placeholder, word))
}

/// Row-level security, and who may do what. Nothing is granted on parts: a part shows the rows of all its tenants.
///
/// The owner gets a policy of its own: row-level security is forced on it too, and a backfill without one would touch
/// no row and say nothing.
fn protect(table: &TenantTable, Roles { app, operator }: &Roles) -> String {
    let name = table.name;
    let mine = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid";
    let (rights, operators) = match table.rights {
        Rights::ReadWrite => ("SELECT, INSERT, UPDATE, DELETE", "SELECT, UPDATE, DELETE"),
        Rights::Append => ("SELECT, INSERT", "SELECT, UPDATE, DELETE"),
        Rights::Read => ("SELECT", "SELECT, INSERT, UPDATE, DELETE"),
    };
    format!(
        "ALTER TABLE \"{name}\" ENABLE ROW LEVEL SECURITY;\n\
         ALTER TABLE \"{name}\" FORCE ROW LEVEL SECURITY;\n\
         CREATE POLICY tenant ON \"{name}\" TO {app} USING ({mine}) WITH CHECK ({mine});\n\
         CREATE POLICY owner ON \"{name}\" TO CURRENT_USER USING (true) WITH CHECK (true);\n\
         CREATE POLICY operator ON \"{name}\" TO {operator} USING (true) WITH CHECK (true);\n\
         GRANT {rights} ON \"{name}\" TO {app};\n\
         GRANT {operators} ON \"{name}\" TO {operator};\n"
    )
}

/// The names of the roles, quoted.
pub(crate) struct Roles {
    pub(crate) app: String,
    pub(crate) operator: String,
}

impl Roles {
    /// As the session's settings name them. PostgreSQL quotes them itself.
    pub(crate) async fn of(manager: &SchemaManager<'_>) -> Result<Self, DbErr> {
        let sql = format!(
            "SELECT quote_ident(coalesce(nullif(current_setting('{APP_ROLE_SETTING}', true), ''), 'palatine_app')) AS app, \
             quote_ident(coalesce(nullif(current_setting('{OPERATOR_ROLE_SETTING}', true), ''), 'palatine_operator')) \
             AS operator"
        );
        let row = manager
            .get_connection()
            .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
            .await?
            .ok_or_else(|| DbErr::Migration("the session's settings cannot be read".to_owned()))?;
        Ok(Self { app: row.try_get("", "app")?, operator: row.try_get("", "operator")? })
    }
}

/// A UUID of version 4, in SQLite.
pub(crate) const RANDOM_ID: &str = "unhex(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || '8' || \
                                    substr(hex(randomblob(8)), 2))";

/// The instant of a statement, in SQLite.
pub(crate) const NOW: &str = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)";
