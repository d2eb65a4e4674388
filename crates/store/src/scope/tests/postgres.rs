//! What PostgreSQL adds: row-level security, roles, sockets.

use std::future::{Future as _, poll_fn};
use std::sync::atomic::AtomicUsize;
use std::task::Poll;
use std::time::Duration;

use palatine_domain::Ambient;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::operator::OperatorProof;
use crate::store::{Isolation, Store};
use crate::support::{TestDatabase, administrator, postgres_url, run};

async fn alone(store: &Store) -> ScopedTx {
    ScopedTx::alone(store.pools(), store.statement_counter()).await.unwrap()
}

async fn text(conn: &ScopedTx, sql: &str) -> Option<String> {
    let row = conn.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// The store over one connection, so that each test meets the one that was used before.
async fn with_one_connection() -> TestStore {
    let mut database = TestDatabase::postgres().await;
    database.settings.max_connections = 1;
    TestStore::over(database).await
}

#[tokio::test]
async fn row_level_security_holds_where_no_filter_of_ours_does() {
    let db = TestStore::postgres().await;
    let tenants = [db.tenant("one").await, db.tenant("two").await];
    fill(&db, &tenants).await;
    let tx = db.store.read(&tenants[0]).await.unwrap();
    assert_eq!(seen_unfiltered(tx.conn()).await, 1);
    assert_eq!(seen_unfiltered(&alone(&db.store).await).await, 0);
}

#[tokio::test]
async fn a_pooled_connection_leaks_neither_tenant_nor_role_to_its_next_user() {
    let db = with_one_connection().await;
    let scope = db.tenant("one").await;
    fill(&db, std::slice::from_ref(&scope)).await;
    for commits in [false, true] {
        for operator in [false, true] {
            let (pools, counter) = (db.store.pools(), db.store.statement_counter());
            let tx = if operator {
                ScopedTx::begin_operator(pools, counter, db.store.roles()).await.unwrap()
            } else {
                ScopedTx::begin(pools, counter, scope.tenant_id(), Mode::Read).await.unwrap()
            };
            assert_eq!(seen_unfiltered(&tx).await, 1);
            if commits {
                tx.commit().await.unwrap();
            } else {
                drop(tx);
            }
            let next = alone(&db.store).await;
            assert_eq!(seen_unfiltered(&next).await, 0);
            assert_eq!(text(&next, "SELECT current_user::text").await.as_deref(), Some("palatine_app"));
        }
    }
}

#[tokio::test]
async fn a_begin_whose_caller_goes_away_leaves_no_open_transaction() {
    let db = with_one_connection().await;
    let scope = db.tenant("one").await;
    fill(&db, std::slice::from_ref(&scope)).await;
    for polls in 0..40 {
        let mut begin = Box::pin(db.store.read(&scope));
        for _ in 0..polls {
            if poll_fn(|cx| Poll::Ready(begin.as_mut().poll(cx).is_ready())).await {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(begin);
        let next = alone(&db.store).await;
        assert_eq!(seen_unfiltered(&next).await, 0, "after {polls} polls");
        // Inside a transaction, this id stays the same.
        let id = "SELECT pg_current_xact_id()::text";
        assert_ne!(text(&next, id).await, text(&next, id).await, "after {polls} polls");
    }
}

#[tokio::test]
async fn a_new_tenants_transaction_has_lost_the_operators_sight() {
    let db = TestStore::postgres().await;
    let other = db.tenant("one").await;
    fill(&db, &[other]).await;
    let operator = db.store.as_operator(OperatorProof::command("test")).await.unwrap();
    assert_eq!(seen_unfiltered(operator.conn()).await, 1);
    let slug = palatine_domain::RealmSlug::parse("two").unwrap();
    let tx = operator.create_tenant(&slug, palatine_domain::tenant::RealmProfile::Standard).await.unwrap();
    assert_eq!(seen_unfiltered(tx.conn()).await, 0);
}

#[tokio::test]
async fn connections_that_died_in_the_pool_are_replaced_before_anybody_notices() {
    let db = TestStore::postgres().await;
    let scope = db.tenant("one").await;
    // Several idle connections.
    let held = [db.store.read(&scope).await.unwrap(), db.store.read(&scope).await.unwrap()];
    for tx in held {
        tx.finish().await.unwrap();
    }
    for attempt in 0..2 {
        let mut admin = administrator().await;
        let kill = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
                    WHERE application_name = 'palatine' AND datname = ";
        let database = db.database.settings.url.expose().rsplit('/').next().unwrap().to_owned();
        run(&mut admin, format!("{kill}'{database}'")).await;
        if attempt == 0 {
            db.store.read(&scope).await.unwrap();
        } else {
            db.store.ping().await.unwrap();
        }
    }
}

#[tokio::test]
async fn isolation_is_enforced_for_a_login_of_the_app_and_bypassed_for_superuser_and_operator() {
    let mut database = TestDatabase::postgres().await;
    let superuser = database.settings.url.expose().to_owned();
    // A superuser that has entered the application's role can leave it again.
    let db = Store::connect(&database.settings, Ambient::system()).await.unwrap();
    assert_eq!(db.isolation().await.unwrap(), Isolation::Bypassed { role: "postgres".to_owned() });
    db.close().await;

    let mut admin = administrator().await;
    let make = "DO $$ BEGIN CREATE ROLE palatine_test_login LOGIN IN ROLE palatine_app; \
                EXCEPTION WHEN duplicate_object THEN NULL; END $$";
    run(&mut admin, make.to_owned()).await;
    let mut login = url::Url::parse(&superuser).unwrap();
    login.set_username("palatine_test_login").unwrap();
    login.set_password(None).unwrap();
    database.settings.url = login.to_string().into();
    let db = Store::connect(&database.settings, Ambient::system()).await.unwrap();
    assert_eq!(db.isolation().await.unwrap(), Isolation::Enforced);
    db.close().await;

    database.settings.url = superuser.into();
    database.settings.roles.app = "palatine_operator".to_owned().try_into().unwrap();
    let db = Store::connect(&database.settings, Ambient::system()).await.unwrap();
    assert!(matches!(db.isolation().await.unwrap(), Isolation::Bypassed { .. }));
    db.close().await;
    let file = TestStore::sqlite().await;
    assert_eq!(file.store.isolation().await.unwrap(), Isolation::FileBased);
}

/// Counts PostgreSQL's `ReadyForQuery` messages: the server sends one for each request that a client waits for.
async fn counting_proxy(server: String, answers: Arc<AtomicUsize>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = TcpStream::connect(&server).await.unwrap().into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            let answers = Arc::clone(&answers);
            tokio::spawn(async move {
                // Each message: one byte of type, four of length, which counts itself.
                let mut header = [0_u8; 5];
                while from_server.read_exact(&mut header).await.is_ok() {
                    let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
                    let mut body = vec![0; usize::try_from(length).unwrap() - 4];
                    from_server.read_exact(&mut body).await.unwrap();
                    if header[0] == b'Z' {
                        answers.fetch_add(1, Ordering::SeqCst);
                    }
                    to_client.write_all(&[&header[..], &body].concat()).await.unwrap();
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn begin_and_the_tenants_scope_travel_in_one_round_trip() {
    let mut database = TestDatabase::postgres().await;
    let name = database.settings.url.expose().rsplit('/').next().unwrap().to_owned();
    let url = url::Url::parse(&postgres_url(&name)).unwrap();
    let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let answers = Arc::new(AtomicUsize::new(0));
    let mut through = url.clone();
    through.set_host(Some("127.0.0.1")).unwrap();
    through.set_port(Some(counting_proxy(server, Arc::clone(&answers)).await)).unwrap();
    through.set_query(Some("sslmode=disable"));
    database.settings.url = palatine_domain::SecretText::new(through.to_string());
    let db = TestStore::over(database).await;
    let scope = db.tenant("one").await;
    fill(&db, std::slice::from_ref(&scope)).await;
    // The pool asks a connection that comes back for a sign of life: wait until it has.
    let resting = alone(&db.store).await;
    drop(resting);
    let settled = async {
        let Pools::Postgres(pool) = db.store.pools() else { unreachable!() };
        while pool.idle() < pool.size() as usize {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    settled.await;

    let before = answers.load(Ordering::SeqCst);
    let tx = db.store.read(&scope).await.unwrap();
    assert_eq!(answers.load(Ordering::SeqCst) - before, 1);
    assert_eq!(seen_unfiltered(tx.conn()).await, 1);
}

#[test]
fn a_connection_opened_for_a_worker_does_not_depend_on_that_worker() {
    let main = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut database = main.block_on(TestDatabase::postgres());
    database.settings.max_connections = 2;
    let db = main.block_on(TestStore::over(database));
    let scope = main.block_on(db.tenant("one"));

    // A worker takes both connections, the second of which has to be opened for it, gives them back, and hangs.
    let (hangs, hanging) = std::sync::mpsc::channel::<()>();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (store, of_worker) = (db.store.clone(), scope.clone());
    let worker = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let both = [store.read(&of_worker).await.unwrap(), store.read(&of_worker).await.unwrap()];
            for tx in both {
                tx.finish().await.unwrap();
            }
            let Pools::Postgres(pool) = store.pools() else { unreachable!() };
            while pool.idle() < 2 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            hangs.send(()).unwrap();
            released.recv().unwrap();
        });
    });
    hanging.recv().unwrap();
    main.block_on(async {
        let both = async { (db.store.read(&scope).await.unwrap(), db.store.read(&scope).await.unwrap()) };
        tokio::time::timeout(Duration::from_secs(5), both).await.expect("neither connection waits for the worker");
    });
    release.send(()).unwrap();
    worker.join().unwrap();
    main.block_on(async { drop(db) });
}
