//! The real binary as an operator runs it: what it refuses, in which words, and that nothing is lost by it.
use std::net::TcpListener;
use std::path::Path;

use palatine_e2e::{Dev, Endpoint, Palatine, Person, Tokens, eventually, form_body, seconds};

const FREE: &str = "127.0.0.1:0";

const ANOTHER_KEY: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// A small realm.
fn tiny(slug: &str, name: &str) -> String {
    format!("apiVersion: palatine/v1\nkind: Realm\nrealm: {slug}\ndisplay_name: \"{name}\"\n")
}

/// The configuration of a production server over the database of `palatine dev` in `data`.
fn production(palatine: &Palatine, more: &str) -> String {
    format!(
        "[server]\nlisten = '{FREE}'\nmanagement = '{FREE}'\npublic_url = 'https://id.example.com'\n\
         shutdown_delay_seconds = 0\n[database]\nurl = 'sqlite://{}'\n[master_key]\nkey_file = '{}'\n{more}",
        palatine.path("data/palatine.db").display(),
        palatine.path("data/master.key").display(),
    )
}

async fn sign_in(dev: &Dev) -> Tokens {
    let realm = dev.realm("dev");
    let app = realm.app("test-app", "test-secret", "http://localhost:3000/callback");
    app.sign_in(&mut realm.browser(), &Person::new("dev@example.com", "dev-password-123")).await
}

fn entries(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[tokio::test]
async fn a_port_in_use_is_named_with_a_way_out_and_nothing_is_touched() {
    let palatine = Palatine::default();
    let taken = TcpListener::bind(FREE).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (main, management, flag) in [(address.as_str(), FREE, "--listen"), (FREE, &address, "--management")] {
        let arguments = ["dev", "--listen", main, "--management", management, "--data-dir", "data"];
        let refusal = palatine.refused(&arguments, 1).await;
        let port = taken.local_addr().unwrap().port();
        assert!(refusal.contains(&format!("port {port} is in use")), "{refusal}");
        assert!(refusal.contains(&format!("choose another with {flag}")), "{refusal}");
    }
    assert!(!palatine.path("data").exists());
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_written_is_named_with_a_way_out() {
    let palatine = Palatine::default();
    palatine.write("file", "kept");
    // Where even root may not write.
    for folder in ["file", "file/below", "/proc/palatine"] {
        let arguments = ["dev", "--listen", FREE, "--management", FREE, "--data-dir", folder];
        let refusal = palatine.refused(&arguments, 1).await;
        assert!(refusal.contains(&format!("the data folder {folder} cannot be used: ")), "{refusal}");
        assert!(refusal.contains("give one that you may write to with --data-dir"), "{refusal}");
        assert_eq!(refusal.lines().count(), 1, "{refusal}");
    }
    assert_eq!(std::fs::read_to_string(palatine.path("file")).unwrap(), "kept");
}

#[tokio::test]
async fn demo_realms_are_not_served_to_others() {
    let palatine = Palatine::default();
    for [listen, management] in [["0.0.0.0:0", FREE], [FREE, "[::]:0"], ["192.0.2.1:8080", FREE]] {
        let arguments = ["dev", "--listen", listen, "--management", management, "--data-dir", "data"];
        let refusal = palatine.refused(&arguments, 3).await;
        assert!(refusal.contains("is not a loopback address") && refusal.contains("--i-know"), "{refusal}");
    }
    assert!(!palatine.path("data").exists());
}

#[tokio::test]
async fn a_wrong_key_is_named_with_its_file_its_line_and_what_was_probably_meant() {
    let palatine = Palatine::default();
    palatine.write(
        "palatine.toml",
        "[server]\nlisten = '127.0.0.1:0'\n\n[databse]\nurl = 'x'\n[server.x]\n[hashing]\nmemory_kb = 1\n",
    );
    for command in [vec!["config", "check"], vec!["serve"], vec!["migrate"]] {
        let arguments = [command, vec!["--config", "palatine.toml"]].concat();
        let refusal = palatine.refused(&arguments, 2).await;
        for expected in [
            "databse (palatine.toml, line 4): unknown setting; did you mean `database`?",
            "hashing.memory_kb (palatine.toml, line 8): unknown setting; did you mean `hashing.memory_kib`?",
        ] {
            assert!(refusal.contains(expected), "{refusal}");
        }
    }
    let palatine = Palatine::default().with("PALATINE__LOG__LEVEL", "loud");
    let refusal = palatine.refused(&["config", "check"], 2).await;
    assert!(refusal.contains("log.level (environment variable PALATINE__LOG__LEVEL): \"loud\" cannot"), "{refusal}");
    let palatine = Palatine::default().with("PALATINE__SERVER__LISTEM", "127.0.0.1:1");
    let refusal = palatine.refused(&["config", "check"], 2).await;
    assert!(refusal.contains("PALATINE__SERVER__LISTEM") && refusal.contains("`server.listen`"), "{refusal}");
}

#[tokio::test]
async fn a_wrong_value_is_named_with_what_is_expected_and_a_secret_is_not_repeated() {
    let palatine = Palatine::default();
    palatine.write(
        "palatine.toml",
        "[server]\nlisten = 'nowhere'\nreplicas = 2\n[database]\nurl = 'mysql://root:hunter2-canary@db'\n[master_key]\n\
         key = 'hunter3-canary'\n[log]\nlevel = 'loud=loud=loud'\n",
    );
    let refusal = palatine.refused(&["config", "check", "--config", "palatine.toml"], 2).await;
    assert!(refusal.contains("server.listen (palatine.toml, line 2): "), "{refusal}");
    assert!(refusal.contains("such as 127.0.0.1:8080"), "{refusal}");
    assert!(!refusal.contains("canary"), "{refusal}");
    palatine.write(
        "palatine.toml",
        "[database]\nurl = 'mysql://root:hunter2-canary@db'\n[master_key]\nkey = 'hunter3-canary'\n",
    );
    let refusal = palatine.refused(&["config", "check", "--config", "palatine.toml"], 2).await;
    assert!(refusal.contains("database.url (palatine.toml, line 2): ") && refusal.contains("sqlite://"), "{refusal}");
    assert!(refusal.contains("master_key") && !refusal.contains("canary"), "{refusal}");
}

#[tokio::test]
async fn config_check_says_ok_or_what_is_insecure() {
    let palatine = Palatine::default();
    let insecure = palatine.refused(&["config", "check"], 3).await;
    assert!(insecure.contains("server.public_url is not set") && insecure.contains("master_key.key_file is not set"));
    palatine.write("master.key", ANOTHER_KEY);
    palatine.write(
        "palatine.toml",
        "[server]\npublic_url = 'https://id.example.com'\n[master_key]\nkey_file = 'master.key'\n",
    );
    assert_eq!(palatine.done(&["config", "check", "--config", "palatine.toml"]).await, "OK\n");
    palatine.write(
        "palatine.toml",
        "[server]\npublic_url = 'http://id.example.com'\n[master_key]\nkey_file = 'master.key'\n",
    );
    let insecure = palatine.refused(&["config", "check", "--config", "palatine.toml"], 3).await;
    assert!(insecure.contains("server.public_url is http://id.example.com"), "{insecure}");
    let missing = palatine.refused(&["config", "check", "--config", "missing.toml"], 2).await;
    assert!(missing.contains("missing.toml"), "{missing}");
}

#[tokio::test]
async fn dev_keeps_its_data_and_says_the_operators_password_once() {
    let palatine = Palatine::default();
    let first = palatine.dev("data").await;
    let once = "The operator of the realm system is operator / ";
    assert!(first.process.stdout().contains(once), "{}", first.process.stdout());
    let tokens = sign_in(&first).await;
    let keys = first.realm("dev").jwks().await;
    let ended = first.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let key = std::fs::read(palatine.path("data/master.key")).unwrap();

    let second = palatine.dev("data").await;
    assert!(!second.process.stdout().contains("operator /"), "{}", second.process.stdout());
    let realm = second.realm("dev");
    assert_eq!(realm.jwks().await, keys);
    let app = realm.app("test-app", "test-secret", "http://localhost:3000/callback");
    Tokens::of(&app.refresh(tokens.refresh()).await);
    assert_eq!(second.stop().await.code, Some(0));
    assert_eq!(std::fs::read(palatine.path("data/master.key")).unwrap(), key);
}

#[tokio::test]
async fn the_operators_password_is_said_although_something_else_fails() {
    let palatine = Palatine::default();
    palatine.write("bad.yaml", &format!("{}colour: red\n", tiny("tulip", "Tulip")));
    let arguments = ["dev", "--listen", FREE, "--management", FREE, "--data-dir", "data", "--apply", "bad.yaml"];
    let ended = palatine.run(&arguments).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("bad.yaml:5:1: unknown key `colour`"), "{}", ended.stderr);
    let said = ended.stdout.split_once("The operator of the realm system is operator / ").unwrap_or_default().1;
    let password = said.split_whitespace().next().unwrap_or_default().to_owned();
    assert_eq!(password.len(), 24, "{}", ended.stdout);

    let dev = palatine.dev("data").await;
    assert!(!dev.process.stdout().contains("operator /"), "{}", dev.process.stdout());
    let system = dev.realm("system");
    let mut browser = system.browser();
    let visit = browser.open(&format!("{}/account", system.issuer())).await;
    let visit = browser.sign_in_if_asked(visit, &Person::new("operator", &password)).await;
    assert_eq!(visit.page().heading(), "Your profile");
    dev.stop().await;
}

#[tokio::test]
async fn a_data_folder_belongs_to_one_process_at_a_time() {
    let palatine = Palatine::default();
    let dev = palatine.dev("data").await;
    let arguments = ["dev", "--listen", FREE, "--management", FREE, "--data-dir", "data"];
    let refusal = palatine.refused(&arguments, 1).await;
    assert!(refusal.contains("the data folder data is in use by another `palatine dev`"), "{refusal}");
    assert!(refusal.contains("--data-dir") && refusal.lines().count() == 1, "{refusal}");
    // Also a process that was killed leaves nothing behind that would have to be removed.
    drop(dev);
    palatine.dev("data").await.stop().await;
}

#[tokio::test]
async fn the_database_is_its_owners_alone_whatever_the_folder_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let palatine = Palatine::default();
    let folder = palatine.path("data");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let dev = palatine.dev("data").await;
    let files = entries(&folder);
    for expected in ["palatine.db", "palatine.db-wal", "palatine.db-shm", "master.key"] {
        assert!(files.iter().any(|file| file == expected), "{expected}: {files:?}");
    }
    for file in files {
        let mode = std::fs::metadata(folder.join(&file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    dev.stop().await;
}

#[tokio::test]
async fn the_log_names_a_request_that_took_too_long_by_its_id() {
    let palatine = Palatine::default().with("PALATINE__SERVER__REQUEST_TIMEOUT_SECONDS", "1");
    let dev = palatine.dev("data").await;
    let mut slow = dev.wire().connect().await;
    let host = dev.wire().public_url().authority().to_owned();
    slow.send(format!("POST /realms/dev/oauth/token HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\na=")).await;
    let answer = slow.answer().await.expect("an answer");
    answer.assert_refused(408, "invalid_request");
    let id = answer.header("x-request-id").expect("an id").to_owned();
    let log = dev.stop().await.stderr;
    let line = log.lines().find(|line| line.contains("a request took too long")).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains(&format!("id={id}")), "{line}");
    let answered = log.lines().any(|line| line.contains("answered") && line.contains(&id) && line.contains("408"));
    assert!(answered, "{log}");
}

#[tokio::test]
async fn data_sealed_with_another_master_key_is_refused_and_left_as_it_was() {
    let palatine = Palatine::default();
    let dev = palatine.dev("data").await;
    let keys = dev.realm("dev").jwks().await;
    dev.stop().await;
    let key = std::fs::read_to_string(palatine.path("data/master.key")).unwrap();
    let arguments = ["dev", "--listen", FREE, "--management", FREE, "--data-dir", "data"];

    palatine.write("data/master.key", ANOTHER_KEY);
    let refusal = palatine.refused(&arguments, 3).await;
    assert!(refusal.contains("sealed with another master key than the one in data/master.key"), "{refusal}");
    assert!(refusal.contains("Put the right key back"), "{refusal}");

    std::fs::remove_file(palatine.path("data/master.key")).unwrap();
    palatine.refused(&arguments, 3).await;
    assert!(!entries(&palatine.path("data")).contains(&"master.key".to_owned()), "a lost key is not replaced");

    palatine.write("data/master.key", "nonsense");
    let refusal = palatine.refused(&arguments, 1).await;
    assert!(refusal.contains("data/master.key does not hold a master key"), "{refusal}");

    palatine.write("data/master.key", &key);
    let dev = palatine.dev("data").await;
    assert_eq!(dev.realm("dev").jwks().await, keys);
    dev.stop().await;
}

#[tokio::test]
async fn production_refuses_demo_realms_until_they_are_removed() {
    let palatine = Palatine::default();
    let dev = palatine.dev("data").await;
    dev.stop().await;
    palatine.write("palatine.toml", &production(&palatine, ""));
    let serve = ["serve", "--config", "palatine.toml"];
    let refusal = palatine.refused(&serve, 3).await;
    assert!(refusal.contains("acme-corp, dev, widgets-inc"), "{refusal}");
    assert!(refusal.contains("`palatine demo remove`"), "{refusal}");
    let removed = palatine.done(&["demo", "remove", "--config", "palatine.toml"]).await;
    assert!(removed.contains("acme-corp, dev, widgets-inc"), "{removed}");
    let again = palatine.done(&["demo", "remove", "--config", "palatine.toml"]).await;
    assert_eq!(again, "There are no demo realms.\n");

    palatine.write("palatine.toml", &production(&palatine, "[log]\nformat = 'json'\n"));
    let serving = palatine.start(&serve);
    eventually("palatine serve says where it serves", seconds(30), async || serving.stderr().contains("127.0.0.1:"))
        .await;
    serving.terminate();
    let ended = serving.end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test]
async fn a_demo_realm_that_arrives_while_production_serves_is_not_served() {
    let palatine = Palatine::default();
    palatine.dev("data").await.stop().await;
    palatine.write("palatine.toml", &production(&palatine, "[log]\nformat = 'json'\n"));
    palatine.done(&["demo", "remove", "--config", "palatine.toml"]).await;
    let serving = palatine.start(&["serve", "--config", "palatine.toml"]);
    eventually("palatine serve says where it serves", seconds(30), async || serving.stderr().contains("127.0.0.1:"))
        .await;
    let log = serving.stderr();
    let listen = log
        .lines()
        .find_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()?["listen"].as_str()?.parse().ok());
    let wire = palatine_e2e::Wire::new("https://id.example.com".parse().unwrap(), listen.expect("an address"));

    palatine.write("tulip.yaml", &format!("{}profile: insecure-demo\n", tiny("tulip", "Tulip")));
    palatine.write("aster.yaml", &tiny("aster", "Aster"));
    let apply = ["apply", "--config", "palatine.toml", "-f", "tulip.yaml", "aster.yaml"];
    let ended = palatine.run(&apply).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stdout.contains("aster: "), "{}", ended.stdout);
    let reason = "tulip.yaml:5:1: everybody knows the passwords and secrets of an `insecure-demo` realm";
    assert!(ended.stderr.contains(reason), "{}", ended.stderr);
    // The folder of `palatine dev` takes it; that this one is served for production, nobody can know there.
    palatine.done(&["apply", "--data-dir", "data", "-f", "tulip.yaml"]).await;

    let discovery = |slug: &str| format!("/realms/{slug}/.well-known/openid-configuration");
    eventually("the other realm is served", seconds(15), async || wire.get(&discovery("aster")).await.status == 200)
        .await;
    assert_eq!(wire.get(&discovery("tulip")).await.status, 404);
    let log = serving.stderr();
    let warning =
        log.lines().find(|line| line.contains("a demo realm, whose passwords everybody knows, is not served"));
    assert!(warning.is_some_and(|line| line.contains("WARN") && line.contains("tulip")), "{log}");
    serving.terminate();
    assert_eq!(serving.end().await.code, Some(0));
}

#[tokio::test]
async fn a_request_under_way_is_finished_before_the_process_ends() {
    let palatine = Palatine::default();
    let dev = palatine.dev("data").await;
    let mut under_way = dev.wire().connect().await;
    let form = form_body(&[
        ("grant_type", "client_credentials"),
        ("client_id", "notification-service"),
        ("client_secret", "notification-secret"),
    ]);
    let (begun, rest) = form.split_at(20);
    let host = dev.wire().public_url().authority().to_owned();
    let head = format!(
        "POST /realms/dev/oauth/token HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{begun}",
        form.len()
    );
    under_way.send(head).await;
    eventually("the request is under way", seconds(10), async || {
        dev.management("/metrics").await.body.contains("palatine_http_requests_in_flight 1")
    })
    .await;
    dev.process.terminate();
    eventually("readiness says no", seconds(10), async || dev.management("/health/ready").await.status == 503).await;
    under_way.send(rest).await;
    let answer = under_way.answer().await.expect("the answer");
    Tokens::of(&answer);
    assert_eq!(answer.header("connection"), Some("close"));
    let ended = dev.process.end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
}

#[tokio::test]
async fn documents_are_applied_as_a_whole_and_a_second_time_changes_nothing() {
    let palatine = Palatine::default();
    let dev = palatine.dev("data").await;
    palatine.write("tulip.yaml", &tiny("tulip", "Tulip"));
    let apply = ["apply", "--data-dir", "data", "-f", "tulip.yaml"];
    let first = palatine.done(&apply).await;
    assert!(first.starts_with("tulip: ") && !first.contains("nothing to change"), "{first}");
    assert_eq!(palatine.done(&apply).await, "tulip: nothing to change\n");
    // The server that runs beside it hears of the realm.
    eventually("the realm is served", seconds(15), async || {
        let url = dev.realm("tulip").url(Endpoint::Discovery);
        dev.wire().get(&url).await.status == 200
    })
    .await;

    let wrong = format!(
        "{}clients:\n  shop:\n    kind: web\n    redirect_urls: [\"https://a.example/\"]\n",
        tiny("tulip", "Rose")
    );
    palatine.write("tulip.yaml", &wrong);
    palatine.write("aster.yaml", &tiny("aster", "Aster"));
    let ended = palatine.run(&[&apply[..], &["aster.yaml"]].concat()).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let refusal = "tulip.yaml:8:5: unknown key `redirect_urls`; did you mean `redirect_uris`?";
    assert!(ended.stderr.contains(refusal), "{}", ended.stderr);
    assert!(ended.stdout.contains("aster: "), "the other one is applied: {}", ended.stdout);
    palatine.write("tulip.yaml", &tiny("tulip", "Tulip"));
    assert_eq!(palatine.done(&apply).await, "tulip: nothing to change\n");
    let missing = palatine.refused(&["apply", "--data-dir", "data", "-f", "missing.yaml"], 1).await;
    assert!(missing.contains("missing.yaml cannot be read"), "{missing}");
    let nowhere = palatine.refused(&["apply", "--data-dir", "nowhere", "-f", "tulip.yaml"], 1).await;
    assert!(nowhere.contains("the data folder nowhere cannot be used"), "{nowhere}");
    dev.stop().await;
}
