//! A database of one's own for each test: SQLite from a migrated template file, PostgreSQL from a template database.
//!
//! Making and dropping a PostgreSQL database waits for the disk, up to seconds; so each is kept, emptied for its next
//! test, and locked while one uses it. Only as many exist as tests have run at once. A test that changes tables or
//! roles takes [`TestDatabase::empty_postgres`].
//!
//! Included by `#[path]` where another crate needs it; uses nothing but sqlx, tempfile and the crates under test.

#![allow(dead_code, unused_macros, unused_imports, unreachable_pub, reason = "each test binary uses its own part")]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test without a database must fail loudly"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use palatine_domain::entropy::SystemEntropy;
use palatine_domain::tenant::RealmProfile;
use palatine_domain::time::FakeClock;
use palatine_domain::{Ambient, Instant, RealmSlug};
use palatine_store::{Durability, OperatorProof, Store, StoreSettings, TenantScope};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// Where PostgreSQL is, if nothing says otherwise.
const POSTGRES: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// Held, in the maintenance database, by whoever makes the template.
const TEMPLATE_LOCK: &str = "SELECT pg_advisory_lock(hashtext('palatine test template'))";

/// When tests begin: 2026-11-21T00:00:00Z.
pub const START: Instant = Instant::from_seconds(1_795_219_200);

/// An empty, migrated database that lives as long as this value.
pub struct TestDatabase {
    pub settings: StoreSettings,
    home: Home,
}

enum Home {
    Folder(tempfile::TempDir),
    Postgres(PostgresHome),
}

enum PostgresHome {
    /// Others wait, or take another, as long as this connection lives.
    Kept { _lock: PgConnection },
    /// Dropped with this value.
    Own { name: String },
}

impl TestDatabase {
    /// A copy of the migrated template file.
    pub async fn sqlite() -> Self {
        let template = sqlite_template().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("palatine.db");
        std::fs::copy(template, &file).unwrap();
        let settings = StoreSettings {
            durability: Durability::Normal,
            ..StoreSettings::at(format!("sqlite://{}", file.display()))
        };
        Self { settings, home: Home::Folder(folder) }
    }

    /// A migrated database without rows. Fails, and says what to do, if there is no PostgreSQL.
    pub async fn postgres() -> Self {
        let mut admin = administrator().await;
        let template = postgres_template(&mut admin).await;
        let name = lock_a_slot(&mut admin).await;
        prepare(&mut admin, &name, &template).await;
        Self::on_postgres(&name, PostgresHome::Kept { _lock: admin })
    }

    /// A database without any table, owned by `owner`.
    pub async fn empty_postgres(owner: &str) -> Self {
        let name = fresh_name();
        run(&mut administrator().await, format!("CREATE DATABASE {name} OWNER {owner} TEMPLATE template0")).await;
        Self::on_postgres(&name.clone(), PostgresHome::Own { name })
    }

    fn on_postgres(name: &str, home: PostgresHome) -> Self {
        let settings =
            StoreSettings { max_connections: 8, min_connections: 1, ..StoreSettings::at(postgres_url(name)) };
        Self { settings, home: Home::Postgres(home) }
    }

    /// A file in the folder of an SQLite database.
    pub fn folder(&self) -> Option<PathBuf> {
        match &self.home {
            Home::Folder(folder) => Some(folder.path().to_owned()),
            Home::Postgres(_) => None,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Home::Postgres(PostgresHome::Own { name }) = &self.home else { return };
        let drop_it = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        // Not on the test's runtime: that may be what ends just now.
        let done = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { run(&mut administrator().await, drop_it).await });
        })
        .join();
        assert!(done.is_ok() || std::thread::panicking(), "the test's database could not be dropped");
    }
}

/// A store over a database of its own, with a clock that stands still.
pub struct TestStore {
    pub store: Store,
    pub clock: Arc<FakeClock>,
    pub database: TestDatabase,
}

impl TestStore {
    /// On SQLite.
    pub async fn sqlite() -> Self {
        Self::over(TestDatabase::sqlite().await).await
    }

    /// On PostgreSQL.
    pub async fn postgres() -> Self {
        Self::over(TestDatabase::postgres().await).await
    }

    pub async fn over(database: TestDatabase) -> Self {
        let clock = Arc::new(FakeClock::at(START));
        let ambient = Ambient::new(Arc::clone(&clock) as Arc<_>, Arc::new(SystemEntropy));
        let store = Store::connect(&database.settings, ambient).await.unwrap();
        Self { store, clock, database }
    }

    /// Makes a tenant.
    pub async fn tenant(&self, slug: &str) -> TenantScope {
        self.tenant_with(slug, RealmProfile::Standard).await
    }

    /// Makes a tenant of this profile.
    pub async fn tenant_with(&self, slug: &str, profile: RealmProfile) -> TenantScope {
        let operator = self.store.as_operator(OperatorProof::command("test")).await.unwrap();
        let write = operator.create_tenant(&RealmSlug::parse(slug).unwrap(), profile).await.unwrap();
        let scope = write.scope().clone();
        write.commit().await.unwrap();
        scope
    }
}

/// Runs each scenario twice, on a fresh store each: `name::sqlite` and `name::postgres`.
macro_rules! on_both_databases {
    ($($(#[$attribute:meta])* async fn $name:ident($db:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn scenario($db: TestStore) $body

            $(#[$attribute])*
            #[tokio::test]
            async fn sqlite() {
                scenario(TestStore::sqlite().await).await;
            }

            $(#[$attribute])*
            #[tokio::test]
            async fn postgres() {
                scenario(TestStore::postgres().await).await;
            }
        }
    )*};
}
pub(crate) use on_both_databases;

/// A connection as the cluster's administrator, in the maintenance database.
pub async fn administrator() -> PgConnection {
    let url = maintenance_url();
    PgConnection::connect(&url).await.unwrap_or_else(|error| {
        panic!(
            "these tests need PostgreSQL 15 or later and a superuser's URL: {error}.\n\
             Set PALATINE_TEST_POSTGRES_URL, or start a server that {POSTGRES} reaches."
        )
    })
}

/// Runs statements that have no answer.
pub async fn run(conn: &mut PgConnection, sql: String) {
    let shown = sql.clone();
    conn.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|error| panic!("{shown}: {error}"));
}

#[expect(clippy::disallowed_methods, reason = "a test has no configuration but its environment")]
fn maintenance_url() -> String {
    std::env::var("PALATINE_TEST_POSTGRES_URL").unwrap_or_else(|_| POSTGRES.to_owned())
}

/// The maintenance URL with another database.
pub fn postgres_url(database: &str) -> String {
    let url = maintenance_url();
    let (server, query) = url.split_once('?').map_or((url.as_str(), None), |(server, query)| (server, Some(query)));
    let authority = server.find("://").map_or(0, |at| at + 3);
    let end = server[authority..].find('/').map_or(server.len(), |at| authority + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{database}{query}", &server[..end])
}

async fn sqlite_template() -> PathBuf {
    let file = std::env::temp_dir().join(format!("palatine-template-{:016x}.db", schema_hash()));
    if !file.exists() {
        // Made beside it and moved there, so that no other process sees half of it.
        let folder = tempfile::tempdir_in(std::env::temp_dir()).unwrap();
        let draft = folder.path().join("draft.db");
        let settings = StoreSettings {
            durability: Durability::Normal,
            ..StoreSettings::at(format!("sqlite://{}", draft.display()))
        };
        Store::migrate(&settings).await.unwrap();
        std::fs::rename(&draft, &file).unwrap();
    }
    file
}

async fn postgres_template(admin: &mut PgConnection) -> String {
    let name = format!("palatine_template_{:016x}", schema_hash());
    if !is_ready(admin, &name).await {
        run(admin, TEMPLATE_LOCK.to_owned()).await;
        // Another process may have made it meanwhile.
        if !is_ready(admin, &name).await {
            drop_leftovers(admin).await;
            run(admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            run(admin, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
            Store::migrate(&StoreSettings::at(postgres_url(&name))).await.unwrap();
            run(admin, format!("ALTER DATABASE {name} IS_TEMPLATE true ALLOW_CONNECTIONS false")).await;
        }
        run(admin, TEMPLATE_LOCK.replace("pg_advisory_lock", "pg_advisory_unlock")).await;
    }
    name
}

/// Removes what earlier schemas and broken-off runs have left, as far as nobody uses it.
async fn drop_leftovers(admin: &mut PgConnection) {
    let old: Vec<String> = sqlx::query_scalar(
        "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, 'palatine_test_') \
          AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pg_stat_activity.datname = pg_database.datname)",
    )
    .fetch_all(&mut *admin)
    .await
    .unwrap();
    for name in old {
        // Somebody may use it after all: then it stays.
        let _ = admin.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).await;
    }
}

/// Locks the first database that no other test uses; the lock ends with the connection.
async fn lock_a_slot(admin: &mut PgConnection) -> String {
    for slot in 0..1_000_i32 {
        let free: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext($1), $2)")
            .bind(format!("palatine test {:016x}", schema_hash()))
            .bind(slot)
            .fetch_one(&mut *admin)
            .await
            .unwrap();
        if free {
            return format!("palatine_test_{:016x}_{slot}", schema_hash());
        }
    }
    panic!("a thousand tests at once");
}

/// Empties the database, or makes it if there is none, or one that has grown too large to be emptied quickly.
async fn prepare(admin: &mut PgConnection, name: &str, template: &str) {
    let size: Option<i64> = sqlx::query_scalar("SELECT pg_database_size(oid) FROM pg_database WHERE datname = $1")
        .bind(name)
        .fetch_optional(&mut *admin)
        .await
        .unwrap();
    if size.is_none_or(|bytes| bytes > 64 << 20) {
        run(admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        run(admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        return;
    }
    // A connection of the last test may still be on its way out.
    let away = format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'");
    run(admin, away).await;
    let mut inside = PgConnection::connect(&postgres_url(name)).await.unwrap();
    let empty = "SET session_replication_role = replica; \
                 DO $$ DECLARE name text; BEGIN \
                 FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace \
                 AND relkind = 'r' AND relname <> 'seaql_migrations' AND pg_relation_size(oid) > 0 \
                 LOOP EXECUTE format('DELETE FROM %I', name); END LOOP; END $$";
    run(&mut inside, empty.to_owned()).await;
    inside.close().await.unwrap();
}

/// Whether the template is complete: only then is it marked as one.
async fn is_ready(admin: &mut PgConnection, name: &str) -> bool {
    let marked: Option<bool> = sqlx::query_scalar("SELECT datistemplate FROM pg_database WHERE datname = $1")
        .bind(name)
        .fetch_optional(admin)
        .await
        .unwrap();
    marked == Some(true)
}

fn fresh_name() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let random = Ambient::system().random_uuid().simple().to_string();
    format!("palatine_test_{}_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed), &random[..8])
}

/// FNV-1a over the text of the migrations: another schema, another template.
fn schema_hash() -> u64 {
    palatine_migrations::SOURCES
        .iter()
        .flat_map(|source| source.bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
