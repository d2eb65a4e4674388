//! What is seeded is what the house itself would have written: it is found, it serves, and no other realm sees it.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

#[path = "../../../crates/store/tests/support/mod.rs"]
mod support;

use palatine_domain::{Ambient, RealmSlug};
use palatine_load::seed::{MAIN, Size, seed};
use palatine_load::subject::Subject;
use palatine_load::{Database, LoadError};
use palatine_store::{OperatorProof, Store, TenantFilter, UserFilter};
use serde_json::Value;
use sqlx::PgConnection;

/// A small database, in the tests' PostgreSQL.
struct Seeded {
    database: Database,
    /// The realms, but for the operators'.
    slugs: Vec<String>,
    conn: PgConnection,
    test: support::TestDatabase,
}

impl Seeded {
    async fn new() -> Self {
        let test = support::TestDatabase::postgres().await;
        let database = Database::at(test.settings.url.expose()).unwrap();
        seed(&database, Size::new(3, 50, 30).unwrap(), |_| {}).await.unwrap();
        let mut conn = database.connect().await.unwrap();
        let slugs = "SELECT slug FROM tenants WHERE slug <> 'system' ORDER BY slug = 'main' DESC, slug";
        let slugs = sqlx::query_scalar(slugs).fetch_all(&mut conn).await.unwrap();
        Self { database, slugs, conn, test }
    }

    async fn store(&self) -> Store {
        Store::connect(&self.test.settings, Ambient::system()).await.unwrap()
    }

    /// A column of a table's rows in a realm, in order.
    async fn texts(&mut self, query: &'static str, realm: &str) -> Vec<String> {
        sqlx::query_scalar(query).bind(realm).fetch_all(&mut self.conn).await.unwrap()
    }
}

async fn json(subject: &Subject, token: &str, path: &str) -> (u16, Value) {
    let answer = subject.get(&format!("/admin/api/v1/realms/{path}")).bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seeded_user_is_found_in_their_own_realm_alone() {
    let mut seeded = Seeded::new().await;
    let username =
        "SELECT username FROM users JOIN tenants ON tenants.id = tenant_id WHERE slug = $1 ORDER BY users.id";
    let names = seeded.texts(username, MAIN).await;
    let other = seeded.slugs[1].clone();
    let (here, there) = (names.len(), seeded.texts(username, &other).await.len());
    assert_eq!((here, there), (30, 10));
    let subject = Subject::start(&seeded.database).await.unwrap();
    let token = subject.service(MAIN).await.unwrap();
    let others_token = subject.service(&other).await.unwrap();

    let (_, found) = json(&subject, &token, &format!("{MAIN}/users?q={}", names[0])).await;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found["items"][0]["username"], names[0].as_str());
    let id = found["items"][0]["id"].as_str().unwrap();
    assert_eq!(json(&subject, &token, &format!("{MAIN}/users/{id}")).await.0, 200);

    let (_, nothing) = json(&subject, &others_token, &format!("{other}/users?q={}", names[0])).await;
    assert_eq!(nothing["items"].as_array().map(Vec::len), Some(0), "{nothing}");
    assert_eq!(json(&subject, &others_token, &format!("{other}/users/{id}")).await.0, 404);
    assert_eq!(json(&subject, &others_token, &format!("{MAIN}/users/{id}")).await.0, 404);
    subject.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_realm_is_found_by_operators_and_serves() {
    let seeded = Seeded::new().await;
    let subject = Subject::start(&seeded.database).await.unwrap();
    let operator = subject.operator().await.unwrap();
    for slug in &seeded.slugs {
        let search = subject.get(&format!("/admin/api/v1/realms?q={slug}")).bearer_auth(&operator);
        let found: Value = search.send().await.unwrap().json().await.unwrap();
        assert_eq!(found["items"][0]["realm"], slug.as_str(), "{found}");
        let path = format!("/realms/{slug}/.well-known/openid-configuration");
        let metadata: Value = subject.get(&path).send().await.unwrap().json().await.unwrap();
        assert!(metadata["issuer"].as_str().unwrap().ends_with(slug), "{metadata}");
        // Its service has the secret and the role of the one that it is a copy of, and its own realm's rows.
        let token = subject.service(slug).await.unwrap();
        let (status, clients) = json(&subject, &token, &format!("{slug}/clients")).await;
        assert_eq!((status, clients["items"].as_array().map(Vec::len)), (200, Some(3)), "{clients}");
    }
    subject.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rows_of_a_seeded_user_are_those_that_the_store_writes() {
    const ROWS: [&str; 4] = [
        "SELECT token FROM user_search JOIN users ON users.id = user_id AND users.tenant_id = user_search.tenant_id \
         JOIN tenants ON tenants.id = users.tenant_id WHERE subject = $1 AND slug = $2 ORDER BY 1",
        "SELECT value || ' ' || kinds FROM user_identifiers JOIN users ON users.id = user_id \
         AND users.tenant_id = user_identifiers.tenant_id \
         JOIN tenants ON tenants.id = users.tenant_id WHERE subject = $1 AND slug = $2 ORDER BY 1",
        "SELECT kind FROM subjects JOIN tenants ON tenants.id = tenant_id WHERE subject = $1 AND slug = $2",
        "SELECT (to_jsonb(users) - ARRAY['tenant_id', 'id'])::text FROM users \
         JOIN tenants ON tenants.id = tenant_id WHERE subject = $1 AND slug = $2",
    ];
    let mut seeded = Seeded::new().await;
    let store = seeded.store().await;
    let other = RealmSlug::parse(&seeded.slugs[2]).unwrap();
    let (main, _) = store.tenant_by_slug(&RealmSlug::parse(MAIN).unwrap()).await.unwrap().unwrap();
    let (other, _) = store.tenant_by_slug(&other).await.unwrap().unwrap();
    let read = store.read(&main).await.unwrap();
    let users = read.users().find(&UserFilter::default(), None, 30).await.unwrap();
    read.finish().await.unwrap();
    assert_eq!(users.len(), 30);
    let write = store.write(&other).await.unwrap();
    for user in &users {
        let mut user = user.clone();
        user.id = store.ambient().id();
        write.users().insert(&user).await.unwrap();
    }
    write.commit().await.unwrap();
    for user in &users {
        for rows in ROWS {
            let mut of = Vec::new();
            for slug in [MAIN, &seeded.slugs[2]] {
                let query = sqlx::query_scalar::<_, String>(rows).bind(&user.subject).bind(slug);
                of.push(query.fetch_all(&mut seeded.conn).await.unwrap());
            }
            assert!(!of[0].is_empty(), "{}: {rows}", user.username);
            assert_eq!(of[0], of[1], "{}: {rows}", user.username);
        }
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_words_of_a_seeded_realm_are_those_that_the_store_writes() {
    const WORDS: &str = "SELECT token FROM realm_words WHERE slug = $1 ORDER BY 1";
    let mut seeded = Seeded::new().await;
    let store = seeded.store().await;
    for slug in seeded.slugs.clone() {
        let (scope, _) = store.tenant_by_slug(&RealmSlug::parse(&slug).unwrap()).await.unwrap().unwrap();
        let before = seeded.texts(WORDS, &slug).await;
        let write = store.write(&scope).await.unwrap();
        let settings = write.settings().get().await.unwrap();
        write.settings().put(&settings).await.unwrap();
        write.commit().await.unwrap();
        assert_eq!(before, seeded.texts(WORDS, &slug).await);
        assert!(!before.is_empty());
    }
    let operator = store.as_operator(OperatorProof::command("a test")).await.unwrap();
    assert_eq!(operator.search_tenants(&TenantFilter::default(), None, 9).await.unwrap().len(), 4);
    drop(operator);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_with_realms_is_not_seeded() {
    let seeded = Seeded::new().await;
    let again = seed(&seeded.database, Size::new(1, 0, 0).unwrap(), |_| {}).await;
    assert!(matches!(again, Err(LoadError::NotEmpty)), "{again:?}");
}
