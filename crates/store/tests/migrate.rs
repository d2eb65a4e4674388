//! Opening and migrating: idempotent, one at a time, and clear when it cannot be.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use palatine_domain::Ambient;
use palatine_domain::admin::{API_IDENTIFIER, AdminRealm, SCOPE_READ, SCOPE_WRITE};
use palatine_domain::api::ScopeDefinition;
use palatine_domain::roles::Role;
use palatine_domain::tenant::RealmProfile;
use palatine_protocol::scope::Scope;
use palatine_store::{Backend, OperatorProof, Store, StoreError, StoreSettings, TenantFilter};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use support::{TestDatabase, TestStore, administrator, on_both_databases, run};

fn in_folder(folder: &tempfile::TempDir, file: &str) -> StoreSettings {
    StoreSettings::at(format!("sqlite://{}", folder.path().join(file).display()))
}

on_both_databases! {
    async fn migrating_twice_changes_nothing(db) {
        assert!(Store::migrate(&db.database.settings).await.unwrap().applied.is_empty());
        assert!(db.store.pending_migrations().await.unwrap().is_empty());
        db.store.ping().await.unwrap();
    }
}

/// Runs a step once more over what is there, after the statements.
async fn migrate_again(db: &TestStore, step: &str, before: &str) {
    let forget = format!("{before}; DELETE FROM seaql_migrations WHERE version = '{step}'");
    let url = db.database.settings.url.expose();
    match db.store.backend() {
        Backend::Sqlite => {
            let mut conn = SqliteConnection::connect(url).await.unwrap();
            conn.execute(AssertSqlSafe(forget)).await.unwrap();
        }
        Backend::Postgres => run(&mut PgConnection::connect(url).await.unwrap(), forget).await,
    }
    assert_eq!(Store::migrate(&db.database.settings).await.unwrap().applied, [step]);
}

on_both_databases! {
    async fn realms_that_are_there_get_their_built_in_roles(db) {
        let [system, acme] = [db.tenant("system").await, db.tenant("acme").await];
        db.tenant_with("gone", RealmProfile::InsecureDemo).await;
        let tx = db.store.write(&acme).await.unwrap();
        for role in tx.roles().list().await.unwrap() {
            assert!(tx.roles().delete(role.id).await.unwrap());
        }
        // What a realm of before may hold.
        let role = |name: &str| Role {
            id: db.store.ambient().id(),
            name: name.to_owned(),
            description: "Its own".to_owned(),
            client: None,
        };
        let (own, auditor) = (role("own"), role("auditor"));
        for role in [&own, &auditor] {
            tx.roles().insert(role).await.unwrap();
        }
        assert!(tx.roles().add_composite(auditor.id, own.id).await.unwrap());
        assert!(tx.roles().add_composite(own.id, auditor.id).await.unwrap());
        tx.commit().await.unwrap();
        let bury = "UPDATE tenants SET state = 'deleting', delete_after = NULL WHERE slug = 'gone'; \
                    DELETE FROM roles WHERE name LIKE 'operator-%'";
        migrate_again(&db, "m20261129_000001_admin_roles", bury).await;

        for (scope, kind) in [(&system, AdminRealm::System), (&acme, AdminRealm::Customer)] {
            let roles = db.store.read(scope).await.unwrap().roles().list().await.unwrap();
            let mut built_in: Vec<_> = roles.iter().filter_map(|role| role.built_in(kind)).collect();
            built_in.sort_unstable();
            assert_eq!(built_in, kind.roles());
            let described = |role: &Role| role.built_in(kind).is_none_or(|is| is.description() == role.description);
            assert!(roles.iter().all(described), "{roles:?}");
        }
        let read = db.store.read(&acme).await.unwrap();
        let kept = read.roles().by_name(None, "auditor").await.unwrap().unwrap();
        assert_eq!(kept.id, auditor.id, "who held it holds it still");
        assert_eq!(read.roles().composites().await.unwrap(), [(own.id, auditor.id)]);
        assert_eq!(read.roles().list().await.unwrap().len(), 5);
    }
}

on_both_databases! {
    async fn realms_that_are_there_get_the_admin_api_and_its_scopes(db) {
        let acme = db.tenant("acme").await;
        let gone = db.tenant_with("gone", RealmProfile::InsecureDemo).await;
        let tx = db.store.write(&acme).await.unwrap();
        let own = ScopeDefinition {
            id: db.store.ambient().id(),
            scope: Scope::parse("admin:read").unwrap(),
            description: "Its own".to_owned(),
            api: None,
        };
        tx.scopes().insert(&own).await.unwrap();
        tx.commit().await.unwrap();
        let bury = "UPDATE tenants SET state = 'deleting', delete_after = NULL WHERE slug = 'gone'";
        migrate_again(&db, "m20261129_000006_admin_api", bury).await;

        let read = db.store.read(&acme).await.unwrap();
        let api = read.apis().by_identifier(API_IDENTIFIER).await.unwrap().unwrap();
        let scopes = read.scopes().list().await.unwrap();
        let owned = scopes.iter().filter(|scope| scope.api == Some(api.id)).map(|scope| scope.scope.as_str());
        assert_eq!(owned.collect::<Vec<_>>(), [SCOPE_READ, SCOPE_WRITE]);
        assert!(scopes.iter().any(|scope| scope.id == own.id), "who may ask for it may still");
        assert!(db.store.read(&gone).await.unwrap().apis().list().await.unwrap().is_empty());
    }
}

on_both_databases! {
    async fn realms_that_are_there_are_found_by_their_words(db) {
        let settings = |name: &str| serde_json::from_value(serde_json::json!({ "display_name": name })).unwrap();
        for (slug, name) in [("acme-1", "The Bakers' Ünion"), ("zoo", "zoo")] {
            let tx = db.store.write(&db.tenant(slug).await).await.unwrap();
            tx.settings().put(&settings(name)).await.unwrap();
            tx.commit().await.unwrap();
        }
        migrate_again(&db, "m20261129_000003_realm_words", "DELETE FROM realm_words").await;
        let tx = db.store.as_operator(OperatorProof::command("test")).await.unwrap();
        for text in ["acme", "1", "the", "bakers", "ünion"] {
            let filter = TenantFilter { text: text.to_owned(), state: None };
            let found = tx.search_tenants(&filter, None, 9).await.unwrap();
            assert_eq!(found.iter().map(|tenant| tenant.slug.as_str()).collect::<Vec<_>>(), ["acme-1"], "{text}");
        }
    }
}

#[tokio::test]
async fn a_new_file_is_made_and_a_missing_one_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let settings = in_folder(&folder, "fresh.db");
    let error = Store::connect(&settings, Ambient::system()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Settings(reason) if reason.contains("fresh.db")), "{error}");
    assert_eq!(Store::migrate(&settings).await.unwrap().applied, palatine_migrations::names());
    Store::connect(&settings, Ambient::system()).await.unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn a_new_file_is_for_its_owner_alone_with_all_that_is_written_beside_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let settings = in_folder(&folder, "fresh.db");
    Store::migrate(&settings).await.unwrap();
    let store = Store::connect(&settings, Ambient::system()).await.unwrap();
    store.ping().await.unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() > 1, "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    store.close().await;
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Store::migrate(&in_folder(&folder, "nowhere/x.db")).await.unwrap_err();
    assert!(error.to_string().contains("nowhere/x.db"), "{error}");
}

#[tokio::test]
async fn a_database_without_tables_has_every_migration_pending() {
    let folder = tempfile::tempdir().unwrap();
    let file = in_folder(&folder, "empty.db");
    std::fs::write(folder.path().join("empty.db"), b"").unwrap();
    let server = TestDatabase::empty_postgres("postgres").await;
    for settings in [&file, &server.settings] {
        let store = Store::connect(settings, Ambient::system()).await.unwrap();
        assert_eq!(store.pending_migrations().await.unwrap(), palatine_migrations::names());
        store.close().await;
    }
}

#[tokio::test]
async fn replicas_that_start_together_migrate_once() {
    let _roles = TestDatabase::postgres().await;
    let db = TestDatabase::empty_postgres("postgres").await;
    let replicas = (0..4).map(|_| {
        let settings = db.settings.clone();
        tokio::spawn(async move { Store::migrate(&settings).await.unwrap().applied.len() })
    });
    let mut applied = Vec::new();
    for replica in replicas.collect::<Vec<_>>() {
        applied.push(replica.await.unwrap());
    }
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 0, palatine_migrations::names().len()]);
}

#[tokio::test]
async fn roles_of_other_names_are_made_and_used() {
    let db = TestDatabase::empty_postgres("postgres").await;
    let mark = Ambient::system().random_uuid().simple().to_string();
    let [app, operator] = ["app", "operator"].map(|kind| format!("palatine_{kind}_{}", &mark[..8]));
    let mut settings = db.settings.clone();
    settings.roles.app = app.clone().try_into().unwrap();
    settings.roles.operator = operator.clone().try_into().unwrap();
    Store::migrate(&settings).await.unwrap();
    let mut database = db;
    database.settings = settings;
    let db = TestStore::over(database).await;
    db.tenant("acme").await;
    let user: String = sqlx::query_scalar(
        "SELECT string_agg(DISTINCT rolname, ' ' ORDER BY rolname) FROM pg_policy, pg_roles WHERE pg_roles.oid = ANY (polroles) \
         AND polname <> 'owner'",
    )
    .fetch_one(&mut PgConnection::connect(db.database.settings.url.expose()).await.unwrap())
    .await
    .unwrap();
    assert_eq!(user, format!("{app} {operator}"));
    drop(db);
    run(&mut administrator().await, format!("DROP ROLE {app}; DROP ROLE {operator}")).await;
}

#[tokio::test]
async fn a_database_in_memory_or_of_another_kind_is_refused_with_the_reason() {
    for (url, reason) in [("sqlite::memory:", "file"), ("mysql://h/d", "sqlite:// or postgres://"), ("", "sqlite://")] {
        let error = Store::connect(&StoreSettings::at(url), Ambient::system()).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_unavailable_and_the_password_stays_out_of_it() {
    let mut settings = StoreSettings::at("postgres://nobody:hunter2@127.0.0.1:1/x");
    settings.acquire_timeout_seconds = 1;
    let error = Store::connect(&settings, Ambient::system()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"));
}
