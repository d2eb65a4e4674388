//! A server from its ports to its end, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use palatine_domain::tenant::RealmProfile;
use palatine_domain::{Ambient, RealmSlug};
use palatine_server::refusal::{Insecurity, Refusal};
use palatine_server::{Config, Profile, RunningServer, Server};
use palatine_store::{OperatorProof, Store, StoreSettings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const ONE_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const ANOTHER_KEY: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn config(folder: &Path, server: &str, key: &str) -> Config {
    let database = folder.join("palatine.db");
    let toml = format!(
        "[server]\nlisten = '127.0.0.1:0'\nmanagement = '127.0.0.1:0'\nworkers = 1\nshutdown_delay_seconds = 0\n\
         public_url = 'http://localhost:1'\n{server}\n[database]\nurl = 'sqlite://{}'\ndurability = 'normal'\n\
         [master_key]\nkey = '{key}'\n[hashing]\nmemory_kib = 8\niterations = 1\nthreads = 1",
        database.display()
    );
    Config::parse(&toml).unwrap()
}

async fn open(config: Config, profile: Profile) -> Result<Server, Refusal> {
    Store::migrate(&config.database).await.unwrap();
    Server::bind(config, profile, Ambient::system()).await
}

async fn start(folder: &Path, server: &str) -> RunningServer {
    open(config(folder, server, ONE_KEY), Profile::Production).await.unwrap().start().unwrap()
}

async fn make_realm(settings: &StoreSettings, slug: &str, profile: RealmProfile) {
    let store = Store::connect(settings, Ambient::system()).await.unwrap();
    let tx = store.as_operator(OperatorProof::command("test")).await.unwrap();
    let tx = tx.create_tenant(&RealmSlug::parse(slug).unwrap(), profile).await.unwrap();
    let settings = serde_json::from_value(serde_json::json!({ "display_name": slug })).unwrap();
    tx.settings().put(&settings).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
}

/// Sends a request as it is written, and gives everything that comes back until the server closes.
async fn exchange(to: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(stream).await
}

async fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(to: SocketAddr, path: &str) -> String {
    exchange(to, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

async fn until(is_so: impl AsyncFn() -> bool) {
    timeout(PATIENCE, async { while !is_so().await {} }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_started_server_is_alive_ready_and_measured() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), "").await;
    assert_eq!(status(&get(server.main_addr, "/health").await), "200");
    assert_eq!(status(&get(server.management_addr, "/health/live").await), "200");
    let ready = get(server.management_addr, "/health/ready").await;
    assert!(status(&ready) == "200" && ready.contains("\"database\":\"ok\""), "{ready}");
    let metrics = get(server.management_addr, "/metrics").await;
    assert!(metrics.contains("palatine_build_info{") && metrics.contains("palatine_http_request_seconds_bucket{"));
    assert_eq!(status(&get(server.main_addr, "/metrics").await), "404");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_says_so_and_finishes_the_request_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), "").await;
    make_realm(&config(folder.path(), "", ONE_KEY).database, "acme", RealmProfile::Standard).await;
    let (main, management) = (server.main_addr, server.management_addr);
    let mut under_way = TcpStream::connect(main).await.unwrap();
    let head = "POST /realms/acme/oauth/token HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 18\r\n\r\ngrant_type";
    under_way.write_all(head.as_bytes()).await.unwrap();
    until(async || get(management, "/metrics").await.contains("palatine_http_requests_in_flight 1")).await;
    let stopping = tokio::spawn(server.stop());
    until(async || status(&get(management, "/health/ready").await) == "503").await;
    assert!(!stopping.is_finished());
    under_way.write_all(b"=unheard").await.unwrap();
    let answer = rest(under_way).await.to_lowercase();
    assert!(answer.contains("unsupported_grant_type") || answer.contains("invalid_client"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    timeout(PATIENCE, stopping).await.unwrap().unwrap();
    assert!(TcpStream::connect(main).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_body_never_ends_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), "request_timeout_seconds = 1").await;
    make_realm(&config(folder.path(), "", ONE_KEY).database, "acme", RealmProfile::Standard).await;
    let head = "POST /realms/acme/oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\na=";
    let answer = exchange(server.main_addr, head).await;
    assert!(status(&answer) == "408" && answer.contains("the request took too long"), "{answer}");
    for header in ["x-request-id: ", "referrer-policy: strict-origin", "x-content-type-options: nosniff"] {
        assert!(answer.to_lowercase().contains(header), "{header}: {answer}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), "").await;
    let huge = "a".repeat(40_000);
    let request =
        format!("GET /realms/a/oauth/token HTTP/1.1\r\nHost: localhost\r\nX: {huge}\r\nConnection: close\r\n\r\n");
    let answer = exchange(server.main_addr, &request).await;
    assert!(status(&answer) == "431" && answer.contains("invalid_request"), "{answer}");
    let request = "POST /realms/a/oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n";
    let mut stream = TcpStream::connect(server.main_addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 413");
    drop(stream);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_realms_are_for_requests_to_this_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = open(config(folder.path(), "", ONE_KEY), Profile::Development).await.unwrap().start().unwrap();
    let to = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let answer = exchange(server.main_addr, &to("localhost:8080")).await;
    assert!(status(&answer) == "200" && answer.contains("acme-corp"), "{answer}");
    assert_eq!(status(&exchange(server.main_addr, &to("evil.example")).await), "421");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_exists_in_development_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), "").await;
    for path in ["/", "/dev/callback", "/dev/sign-in"] {
        assert_eq!(status(&get(server.main_addr, path).await), "404", "{path}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_at_another_name_of_this_machine_is_sent_to_the_public_url_and_machines_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = open(config(folder.path(), "", ONE_KEY), Profile::Development).await.unwrap().start().unwrap();
    make_realm(&config(folder.path(), "", ONE_KEY).database, "acme", RealmProfile::Standard).await;
    let ask = async |method: &str, path: &str, accept: &str| {
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:1\r\nAccept: {accept}\r\nContent-Length: 0\r\n");
        exchange(server.main_addr, &format!("{head}Connection: close\r\n\r\n")).await
    };
    let there = |path: &str| format!("location: http://localhost:1{path}\r\n");
    for path in ["/", "/realms/acme/account", "/realms/acme/oauth/authorize?client_id=x&state=%2F"] {
        for method in ["GET", "HEAD"] {
            let answer = ask(method, path, "text/html,*/*;q=0.8").await;
            assert_eq!(status(&answer), "303", "{method} {path}: {answer}");
            assert!(answer.contains(&there(path)), "{method} {path}: {answer}");
        }
        for (method, accept) in [("POST", "text/html"), ("GET", "*/*")] {
            let answer = ask(method, path, accept).await;
            assert!(!answer.contains(&there(path)), "{method} {path}: {answer}");
        }
    }
    for (method, path, expected) in [
        ("GET", "/realms/acme/.well-known/openid-configuration", "200"),
        ("GET", "/.well-known/oauth-authorization-server/realms/acme", "200"),
        ("GET", "/realms/acme/protocol/openid-connect/certs", "200"),
        ("GET", "/realms/acme/oauth/userinfo", "401"),
        ("POST", "/realms/acme/oauth/token", "401"),
    ] {
        for accept in ["application/json", "text/html"] {
            assert_eq!(status(&ask(method, path, accept).await), expected, "{method} {path} {accept}");
        }
    }
    server.stop().await;
    // Whoever serves for production has one name, and stands behind a proxy.
    let server = start(folder.path(), "").await;
    let request =
        "GET /realms/acme/account HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nConnection: close\r\n\r\n";
    let answer = exchange(server.main_addr, request).await;
    assert!(!answer.contains(&there("/realms/acme/account")), "{answer}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config(folder.path(), "", ONE_KEY);
    config.server.management = taken.local_addr().unwrap();
    let refusal = open(config, Profile::Production).await.unwrap_err();
    assert!(matches!(refusal, Refusal::CannotListen { setting: "server.management", .. }), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_never_migrated_is_refused_with_the_command() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("palatine.db"), "").unwrap();
    let config = config(folder.path(), "", ONE_KEY);
    let refusal = Server::bind(config, Profile::Production, Ambient::system()).await.unwrap_err();
    assert!(matches!(&refusal, Refusal::PendingMigrations(names) if !names.is_empty()), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn production_refuses_a_database_with_demo_realms_and_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "", ONE_KEY);
    Store::migrate(&config.database).await.unwrap();
    make_realm(&config.database, "acme", RealmProfile::Standard).await;
    make_realm(&config.database, "toy", RealmProfile::InsecureDemo).await;
    let refusal = open(config, Profile::Production).await.unwrap_err();
    let Refusal::Insecure(found) = refusal else { panic!("{refusal}") };
    assert_eq!(found, [Insecurity::DemoRealms(vec![RealmSlug::parse("toy").unwrap()])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_sealed_with_another_master_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), "").await;
    make_realm(&config(folder.path(), "", ONE_KEY).database, "acme", RealmProfile::Standard).await;
    let keys = get(server.main_addr, "/realms/acme/.well-known/jwks.json").await;
    assert!(status(&keys) == "200" && keys.contains("\"kty\""), "{keys}");
    server.stop().await;
    let refusal = open(config(folder.path(), "", ANOTHER_KEY), Profile::Production).await.unwrap_err();
    assert!(matches!(refusal, Refusal::SealedWithAnother { missing: 1, .. }), "{refusal}");
    let again = start(folder.path(), "").await;
    assert_eq!(get(again.main_addr, "/realms/acme/.well-known/jwks.json").await.lines().last(), keys.lines().last());
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_prefix_moves_everything_but_the_metadata_s_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), "", ONE_KEY);
    config.server.public_url = Some("http://localhost:1/id".parse().unwrap());
    Store::migrate(&config.database).await.unwrap();
    make_realm(&config.database, "acme", RealmProfile::Standard).await;
    let server = open(config, Profile::Production).await.unwrap().start().unwrap();
    for (path, expected) in [
        ("/id/health", "200"),
        ("/id/static/app.css", "200"),
        ("/id/realms/acme/.well-known/openid-configuration", "200"),
        ("/.well-known/oauth-authorization-server/id/realms/acme", "200"),
        ("/health", "404"),
        ("/realms/acme/.well-known/openid-configuration", "404"),
    ] {
        assert_eq!(status(&get(server.main_addr, path).await), expected, "{path}");
    }
    server.stop().await;
}
