//! Two tenants, filled alike.

use palatine_domain::ids::TenantScoped as _;
use palatine_domain::{Ambient, Instant};
use palatine_store::{Backend, StoreError, TenantRead, TenantWrite};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};

use crate::filled::Filled;
use crate::support::TestStore;

/// A database with two tenants that hold the same natural keys under different identifiers.
pub(crate) struct World {
    pub(crate) db: TestStore,
    /// The tenant that acts.
    pub(crate) t1: Filled,
    /// The other one.
    pub(crate) t2: Filled,
}

impl World {
    pub(crate) async fn on(db: TestStore) -> Self {
        let first = db.tenant("first").await;
        let second = db.tenant("second").await;
        let (t1, t2) = (Filled::make(&db, first), Filled::make(&db, second));
        for tenant in [&t1, &t2] {
            let tx = db.store.write(&tenant.scope).await.unwrap();
            tenant.write_down(&tx).await.unwrap();
            tx.commit().await.unwrap();
        }
        Self { db, t1, t2 }
    }

    /// Reads as the first tenant.
    pub(crate) async fn read(&self) -> TenantRead {
        self.db.store.read(&self.t1.scope).await.unwrap()
    }

    /// Writes as the first tenant.
    pub(crate) async fn write(&self) -> TenantWrite {
        self.db.store.write(&self.t1.scope).await.unwrap()
    }

    /// Reads as the other tenant.
    pub(crate) async fn read_other(&self) -> TenantRead {
        self.db.store.read(&self.t2.scope).await.unwrap()
    }

    pub(crate) fn ambient(&self) -> &Ambient {
        self.db.store.ambient()
    }

    pub(crate) fn now(&self) -> Instant {
        self.ambient().now()
    }

    /// The first tenant's configuration version.
    pub(crate) async fn version(&self) -> i64 {
        let slug = palatine_domain::RealmSlug::parse("first").unwrap();
        self.db.store.tenant_by_slug(&slug).await.unwrap().unwrap().1.version.0
    }

    /// A way to the database past the store.
    pub(crate) async fn vandal(&self) -> Vandal {
        let url = self.db.database.settings.url.expose();
        let tenant = self.t1.scope.tenant_id().to_string();
        match self.db.store.backend() {
            Backend::Sqlite => Vandal {
                tenant: format!("x'{}'", tenant.replace('-', "")),
                conn: Connected::Sqlite(SqliteConnection::connect(url).await.unwrap()),
            },
            Backend::Postgres => Vandal {
                tenant: format!("'{tenant}'"),
                conn: Connected::Postgres(PgConnection::connect(url).await.unwrap()),
            },
        }
    }

    /// One number out of the database, past the store. `{tenant}` stands for the first tenant.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.vandal().await.count(sql).await
    }
}

/// Reaches the database past the store; `{tenant}` in its statements stands for the first tenant.
pub(crate) struct Vandal {
    tenant: String,
    conn: Connected,
}

enum Connected {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Vandal {
    /// Does what the store never would.
    pub(crate) async fn run(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.replace("{tenant}", &self.tenant));
        match &mut self.conn {
            Connected::Sqlite(conn) => conn.execute(sql).await.map(drop).unwrap(),
            Connected::Postgres(conn) => conn.execute(sql).await.map(drop).unwrap(),
        }
    }

    /// One number.
    async fn count(&mut self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.replace("{tenant}", &self.tenant));
        match &mut self.conn {
            Connected::Sqlite(conn) => sqlx::query_scalar(sql).fetch_one(conn).await.unwrap(),
            Connected::Postgres(conn) => sqlx::query_scalar(sql).fetch_one(conn).await.unwrap(),
        }
    }
}

/// What all that is shown of a value says: values have no equality where one could be mistaken for identity.
pub(crate) fn shown(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
}

/// Whether it is a conflict about `expected`.
pub(crate) fn conflict_about<T: std::fmt::Debug>(result: Result<T, StoreError>, expected: &str) {
    match result {
        Err(StoreError::Conflict { what }) => assert_eq!(what, expected),
        other => panic!("expected a conflict about {expected}, got {other:?}"),
    }
}
