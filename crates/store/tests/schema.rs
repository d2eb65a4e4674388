//! The migrated schema, read back from the catalogues of both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use palatine_domain::ids::TenantScoped as _;
use palatine_store::{Store, StoreError, StoreSettings};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection};
use support::{TestDatabase, TestStore, administrator, run};

/// The only tables without a tenant.
const ROUTING: [&str; 5] = ["jobs", "seaql_migrations", "tenant_hosts", "tenant_versions", "tenants"];

/// What keeps one tenant's rows from another's, of one table: the columns of each key, in their order.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Keys {
    primary: Vec<String>,
    unique: BTreeSet<Vec<String>>,
    /// Columns, table referred to, columns there.
    foreign: BTreeSet<(Vec<String>, String, Vec<String>)>,
}

type Schema = BTreeMap<String, Keys>;

async fn sqlite_schema(conn: &mut SqliteConnection) -> Schema {
    let mut schema = Schema::new();
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            .fetch_all(&mut *conn)
            .await
            .unwrap();
    for table in tables {
        let mut keys = Keys {
            primary: column(conn, format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk"))
                .await,
            ..Keys::default()
        };
        let indexes = format!("SELECT name FROM pragma_index_list('{table}') WHERE \"unique\" AND origin <> 'pk'");
        for index in column(conn, indexes).await {
            let columns = format!("SELECT name FROM pragma_index_info('{index}') ORDER BY seqno");
            keys.unique.insert(column(conn, columns).await);
        }
        let count = format!("SELECT DISTINCT CAST(id AS TEXT) FROM pragma_foreign_key_list('{table}')");
        for id in column(conn, count).await {
            let part = |what: &str| {
                format!("SELECT \"{what}\" FROM pragma_foreign_key_list('{table}') WHERE id = {id} ORDER BY seq")
            };
            let (from, to) = (column(conn, part("from")).await, column(conn, part("to")).await);
            let target = column(conn, part("table")).await.remove(0);
            keys.foreign.insert((from, target, to));
        }
        schema.insert(table, keys);
    }
    schema
}

async fn column(conn: &mut SqliteConnection, sql: String) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(conn).await.unwrap()
}

async fn postgres_schema(conn: &mut PgConnection) -> Schema {
    let mut schema = Schema::new();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace \
         AND relkind IN ('r', 'p') AND NOT relispartition",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    schema.extend(tables.into_iter().map(|table| (table, Keys::default())));
    let constraints = conn
        .fetch_all(
            "SELECT own.relname::text AS name, con.contype::text AS kind, target.relname::text AS target, \
             (SELECT array_agg(attname::text ORDER BY position) FROM unnest(con.conkey) WITH ORDINALITY AS k(num, position) \
              JOIN pg_attribute ON attrelid = con.conrelid AND attnum = num) AS here, \
             (SELECT array_agg(attname::text ORDER BY position) FROM unnest(con.confkey) WITH ORDINALITY AS k(num, position) \
              JOIN pg_attribute ON attrelid = con.confrelid AND attnum = num) AS there \
             FROM pg_constraint con JOIN pg_class own ON own.oid = con.conrelid \
             LEFT JOIN pg_class target ON target.oid = con.confrelid \
             WHERE own.relnamespace = 'public'::regnamespace AND NOT own.relispartition AND con.conparentid = 0",
        )
        .await
        .unwrap();
    for row in constraints {
        let keys = schema.get_mut(row.get::<&str, _>("name")).unwrap();
        let here: Vec<String> = row.get("here");
        match row.get::<&str, _>("kind") {
            "p" => keys.primary = here,
            "u" => {
                keys.unique.insert(here);
            }
            "f" => {
                keys.foreign.insert((here, row.get("target"), row.get("there")));
            }
            other => panic!("a constraint of kind {other}"),
        }
    }
    schema
}

/// A cross-tenant reference cannot be stored, if this holds.
fn assert_every_key_begins_with_the_tenant(schema: &Schema) {
    for (table, keys) in schema {
        if ROUTING.contains(&table.as_str()) {
            continue;
        }
        let begins = |columns: &[String]| columns.first().is_some_and(|first| first == "tenant_id");
        assert!(begins(&keys.primary), "{table}: primary key {:?}", keys.primary);
        assert!(keys.unique.iter().all(|columns| begins(columns)), "{table}: unique keys {:?}", keys.unique);
        for (here, target, there) in &keys.foreign {
            assert!(begins(here) && begins(there), "{table}: foreign key {here:?} to {target} {there:?}");
            assert!(!ROUTING.contains(&target.as_str()), "{table} refers to {target}");
        }
    }
}

async fn as_superuser(db: &TestDatabase) -> PgConnection {
    PgConnection::connect(db.settings.url.expose()).await.unwrap()
}

async fn as_app(db: &TestDatabase) -> PgConnection {
    let mut conn = as_superuser(db).await;
    conn.execute("SET ROLE palatine_app").await.unwrap();
    conn
}

/// Two tenants with settings, and the identifier of the first.
async fn two_tenants(db: &TestStore) -> [String; 2] {
    let mut conn = as_superuser(&db.database).await;
    let mut ids = Vec::new();
    for slug in ["one", "two"] {
        let id = db.tenant(slug).await.tenant_id().to_string();
        let insert = format!("INSERT INTO realm_settings VALUES ('{id}', '{{\"display_name\": \"{slug}\"}}', 0)");
        run(&mut conn, insert).await;
        ids.push(id);
    }
    ids.try_into().unwrap()
}

async fn count(conn: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM realm_settings").fetch_one(conn).await.unwrap()
}

#[tokio::test]
async fn on_sqlite_every_key_of_a_tenant_table_begins_with_the_tenant() {
    let db = TestDatabase::sqlite().await;
    let mut conn = SqliteConnection::connect(db.settings.url.expose()).await.unwrap();
    let schema = sqlite_schema(&mut conn).await;
    assert_eq!(schema.len(), 46 + ROUTING.len());
    assert_every_key_begins_with_the_tenant(&schema);
}

#[tokio::test]
async fn on_postgres_every_key_of_a_tenant_table_begins_with_the_tenant() {
    let db = TestDatabase::postgres().await;
    assert_every_key_begins_with_the_tenant(&postgres_schema(&mut as_superuser(&db).await).await);
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_keys() {
    let (file, server) = (TestDatabase::sqlite().await, TestDatabase::postgres().await);
    let mut conn = SqliteConnection::connect(file.settings.url.expose()).await.unwrap();
    assert_eq!(sqlite_schema(&mut conn).await, postgres_schema(&mut as_superuser(&server).await).await);
}

#[tokio::test]
async fn every_tenant_table_forces_row_level_security_with_its_three_policies() {
    let db = TestDatabase::postgres().await;
    let rows = as_superuser(&db)
        .await
        .fetch_all(
            "SELECT relname::text AS name, relrowsecurity AND relforcerowsecurity AS forced, \
             (SELECT array_agg(polname::text ORDER BY polname) FROM pg_policy WHERE polrelid = pg_class.oid) AS policies \
             FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition",
        )
        .await
        .unwrap();
    for row in rows {
        let name: String = row.get("name");
        let (forced, policies): (bool, Option<Vec<String>>) = (row.get("forced"), row.get("policies"));
        if ROUTING.contains(&name.as_str()) {
            assert!(!forced && policies.is_none(), "{name} is routing data");
        } else {
            assert!(forced, "{name}");
            assert_eq!(policies.unwrap(), ["operator", "owner", "tenant"], "{name}");
        }
    }
}

#[tokio::test]
async fn neither_role_has_rights_on_a_partition() {
    let db = TestDatabase::postgres().await;
    let mut conn = as_superuser(&db).await;
    let rows = conn
        .fetch_all(
            "SELECT relname::text AS name, has_table_privilege(rolname, pg_class.oid, 'SELECT, INSERT, UPDATE, DELETE, \
             TRUNCATE, REFERENCES, TRIGGER') OR has_any_column_privilege(rolname, pg_class.oid, 'SELECT, INSERT, UPDATE') \
             AS may FROM pg_class, unnest(ARRAY['palatine_app', 'palatine_operator']::name[]) AS rolname \
             WHERE relispartition AND relkind = 'r'",
        )
        .await
        .unwrap();
    assert!(rows.len() >= 2 * (3 * 32 + 1), "{} rows", rows.len());
    for row in rows {
        assert!(!row.get::<bool, _>("may"), "{}", row.get::<&str, _>("name"));
    }
}

#[tokio::test]
async fn the_operators_rights_are_had_by_entering_its_role_alone() {
    let db = TestDatabase::postgres().await;
    let row = as_superuser(&db)
        .await
        .fetch_one(
            "SELECT bool_or(rolsuper OR rolbypassrls) AS bypasses, \
             bool_or(rolcanlogin) FILTER (WHERE rolname = 'palatine_operator') AS login, \
             pg_has_role('palatine_app', 'palatine_operator', 'MEMBER') AS may_enter, \
             pg_has_role('palatine_app', 'palatine_operator', 'USAGE') AS inherits \
             FROM pg_roles WHERE rolname IN ('palatine_app', 'palatine_operator')",
        )
        .await
        .unwrap();
    let facts = ["bypasses", "login", "may_enter", "inherits"].map(|fact| row.get::<bool, _>(fact));
    assert_eq!(facts, [false, false, true, false]);
}

#[tokio::test]
async fn without_a_scope_there_are_no_rows_and_none_can_be_made() {
    let db = TestStore::postgres().await;
    let [one, _] = two_tenants(&db).await;
    let mut app = as_app(&db.database).await;
    assert_eq!(count(&mut app).await, 0);
    let insert = format!("INSERT INTO revoked_tokens VALUES ('{one}', 'x', 0)");
    assert!(app.execute(AssertSqlSafe(insert)).await.unwrap_err().to_string().contains("row-level security"));
}

#[tokio::test]
async fn a_scope_shows_its_own_tenant_and_refuses_rows_of_another() {
    let db = TestStore::postgres().await;
    let [one, two] = two_tenants(&db).await;
    let mut app = as_app(&db.database).await;
    run(&mut app, format!("BEGIN; SELECT set_config('app.tenant_id', '{one}', true)")).await;
    assert_eq!(count(&mut app).await, 1);
    let touched = app.execute("UPDATE realm_settings SET updated_at = 1").await.unwrap().rows_affected();
    assert_eq!(touched, 1);
    let insert = format!("INSERT INTO revoked_tokens VALUES ('{two}', 'x', 0)");
    assert!(app.execute(AssertSqlSafe(insert)).await.unwrap_err().to_string().contains("row-level security"));
    run(&mut app, "ROLLBACK".to_owned()).await;
    // The setting is '' now, not absent: a policy that casts it must not fail.
    assert_eq!(count(&mut app).await, 0);
}

#[tokio::test]
async fn the_application_can_neither_change_nor_remove_an_audit_event() {
    let db = TestDatabase::postgres().await;
    let mut app = as_app(&db).await;
    for forbidden in
        ["UPDATE audit_events SET seq = 1", "DELETE FROM audit_events", "SELECT * FROM audit_events_default"]
    {
        let refused = app.execute(AssertSqlSafe(forbidden)).await.unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{forbidden}: {refused}");
    }
}

#[tokio::test]
async fn the_application_reads_how_much_was_used_and_writes_nothing_of_it() {
    let db = TestStore::postgres().await;
    let [one, _] = two_tenants(&db).await;
    let mut app = as_app(&db.database).await;
    run(&mut app, format!("SELECT set_config('app.tenant_id', '{one}', false); SELECT * FROM usage_hours")).await;
    let insert = format!("INSERT INTO usage_hours VALUES ('{one}', 0, '', '', 'issued', 1)");
    for forbidden in [insert, "UPDATE usage_hours SET count = 1".to_owned(), "DELETE FROM usage_hours".to_owned()] {
        let refused = app.execute(AssertSqlSafe(forbidden.clone())).await.unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{forbidden}: {refused}");
    }
}

#[tokio::test]
async fn only_the_operator_makes_and_drops_audit_parts_and_late_parts_take_their_rows_along() {
    let db = TestStore::postgres().await;
    let [one, _] = two_tenants(&db).await;
    let mut conn = as_superuser(&db.database).await;
    // 2031-03-15, far from the parts that the migration made.
    let event = format!(
        "INSERT INTO audit_events (tenant_id, at, id, kind, actor_kind, details) \
         VALUES ('{one}', 1931299200000000, '{one}', 'x', 'system', '{{}}')"
    );
    run(&mut conn, event).await;

    let refused = as_app(&db.database).await.execute("SELECT palatine_audit_partition_create(1931299200000000)").await;
    assert!(refused.unwrap_err().to_string().contains("permission denied"));

    run(&mut conn, "SET ROLE palatine_operator".to_owned()).await;
    for fresh in [true, false] {
        let made: bool = sqlx::query_scalar("SELECT palatine_audit_partition_create(1931299200000000)")
            .fetch_one(&mut conn)
            .await
            .unwrap();
        assert_eq!(made, fresh);
    }
    let held: String =
        sqlx::query_scalar("SELECT tableoid::regclass::text FROM audit_events").fetch_one(&mut conn).await.unwrap();
    assert_eq!(held, "audit_events_203103");
    let dropped: bool = sqlx::query_scalar("SELECT palatine_audit_partition_drop(1930867200000000)")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!(dropped);
}

/// A database migrated by an owner that is no superuser, to whom row-level security applies.
async fn owned() -> (TestDatabase, StoreSettings) {
    let mut admin = administrator().await;
    let make = "DO $$ BEGIN CREATE ROLE palatine_test_owner NOLOGIN; \
                EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";
    run(&mut admin, make.to_owned()).await;
    let db = TestDatabase::empty_postgres("palatine_test_owner").await;
    let url = db.settings.url.expose();
    let joint = if url.contains('?') { '&' } else { '?' };
    let settings = StoreSettings::at(format!("{url}{joint}options[role]=palatine_test_owner"));
    (db, settings)
}

#[tokio::test]
async fn a_backfill_by_the_owner_touches_the_rows_of_all_tenants() {
    // The roles belong to the cluster: a migrated database beside this one has made them.
    let _template = TestDatabase::postgres().await;
    let (db, settings) = owned().await;
    Store::migrate(&settings).await.unwrap();
    let db = TestStore::over(db).await;
    two_tenants(&db).await;
    let mut owner = PgConnection::connect(settings.url.expose()).await.unwrap();
    let facts = owner
        .fetch_one(
            "SELECT current_user::text AS me, tableowner::text AS owner FROM pg_tables WHERE tablename = 'users'",
        )
        .await
        .unwrap();
    assert_eq!([facts.get::<&str, _>("me"), facts.get("owner")], ["palatine_test_owner"; 2]);
    assert_eq!(owner.execute("UPDATE realm_settings SET updated_at = 7").await.unwrap().rows_affected(), 2);
    // And it is the policy that lets it, not a bypass.
    let without = "BEGIN; DROP POLICY owner ON realm_settings";
    run(&mut owner, without.to_owned()).await;
    assert_eq!(owner.execute("UPDATE realm_settings SET updated_at = 8").await.unwrap().rows_affected(), 0);
}

#[tokio::test]
async fn who_may_not_make_roles_gets_the_sql_for_an_administrator_and_no_tables() {
    let (db, mut settings) = owned().await;
    settings.roles.app = "palatine_absent_app".to_owned().try_into().unwrap();
    settings.roles.operator = "palatine_absent_operator".to_owned().try_into().unwrap();
    let error = Store::migrate(&settings).await.unwrap_err();
    let StoreError::RolesMissing { statements } = error else { panic!("{error}") };
    for needed in
        ["CREATE ROLE palatine_absent_app", "NOINHERIT", "CREATE ROLE palatine_absent_operator NOLOGIN", "GRANT"]
    {
        assert!(statements.contains(needed), "{statements}");
    }
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        .fetch_one(&mut as_superuser(&db).await)
        .await
        .unwrap();
    assert_eq!(tables, 0);
}
