//! The real binary over TLS, as an operator runs it.
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use palatine_e2e::{
    Answer, Authority, ClientSite, Dev, Endpoint, Issued, PairPlace, Palatine, Person, SameSite, eventually, seconds,
};
use reqwest::Method;
use reqwest::tls::TlsInfo;
use serde_json::json;

const FREE: &str = "127.0.0.1:0";

const NEVER: (&str, &str) = ("PALATINE__SERVER__TLS__RELOAD_CHECK_SECONDS", "3600");

fn paths(place: &PairPlace) -> (String, String) {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    (text(&place.certificate()), text(&place.key()))
}

/// `palatine dev` over TLS with these files.
fn dev_with<'a>(listen: &'a str, certificate: &'a str, key: &'a str) -> [&'a str; 11] {
    [
        "dev",
        "--tls-listen",
        listen,
        "--tls-certificate",
        certificate,
        "--tls-key",
        key,
        "--management",
        FREE,
        "--data-dir",
        "data",
    ]
}

async fn shown(dev: &Dev, authority: &Authority) -> Vec<u8> {
    let client = authority.client().build().unwrap();
    let url = dev.wire().public_url().join("/health").unwrap();
    let answer = client.get(url).send().await.unwrap();
    answer.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap().to_vec()
}

#[tokio::test]
async fn dev_serves_https_with_cookies_that_go_across_sites() {
    let authority = Authority::default();
    let place = PairPlace::with(&authority.issue_for(&["localhost", "evil.example"]));
    let palatine = Palatine::default();
    let dev = palatine.dev_over_tls("data", &authority, &place, &[]).await;
    let url = dev.wire().public_url().clone();
    assert_eq!((url.scheme(), url.host_str()), ("https", Some("localhost")));
    let realm = dev.realm("dev");
    let app = realm.app("test-app", "test-secret", "http://localhost:3000/callback");
    let mut browser = realm.browser();
    let tokens = app.sign_in(&mut browser, &Person::new("dev@example.com", "dev-password-123")).await;
    assert_eq!(tokens.id_claims()["iss"], format!("{url}realms/dev"));
    let cookies = browser.cookies();
    assert!(!cookies.is_empty() && cookies.iter().all(|cookie| cookie.secure), "{cookies:?}");
    assert!(cookies.iter().any(|cookie| cookie.same_site == SameSite::None), "{cookies:?}");
    let metrics = dev.management("/metrics").await.body;
    assert!(metrics.contains("palatine_tls_certificate_expires_timestamp_seconds "), "{metrics}");

    // A name that was made to lead here (DNS rebinding), over HTTP/2.
    let here = SocketAddr::from(([127, 0, 0, 1], url.port().unwrap()));
    let client = authority.client().resolve("evil.example", here).build().unwrap();
    let answer = client.get(format!("https://evil.example:{}/", here.port())).send().await.unwrap();
    assert_eq!((answer.version(), answer.status().as_u16()), (reqwest::Version::HTTP_2, 421));
    let ended = dev.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("the public URL is http"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_hang_up_has_the_certificate_looked_at_and_ends_nothing() {
    let authority = Authority::default();
    let place = PairPlace::with(&authority.issue());
    let palatine = Palatine::default().with(NEVER.0, NEVER.1);
    let dev = palatine.dev_over_tls("data", &authority, &place, &[]).await;
    let first = shown(&dev, &authority).await;
    let renewed = authority.issue();
    place.put_key(&renewed.key);
    dev.process.hang_up();
    eventually("the refusal is in the log", seconds(20), async || {
        dev.process.stderr().contains("the TLS certificate was not loaded again: the previous one stays")
    })
    .await;
    assert!(dev.process.stderr().contains("does not belong to the certificate"), "{}", dev.process.stderr());
    assert_eq!(shown(&dev, &authority).await, first);
    place.put(&renewed);
    dev.process.hang_up();
    eventually("the new one is shown", seconds(20), async || shown(&dev, &authority).await == renewed.der).await;
    assert_eq!(dev.stop().await.code, Some(0));
}

#[tokio::test]
async fn what_is_wrong_with_the_files_is_said_before_anything_is_touched() {
    let authority = Authority::default();
    let place = PairPlace::with(&authority.issue());
    let (certificate, key) = paths(&place);
    let palatine = Palatine::default();
    let missing = palatine.refused(&dev_with(FREE, &certificate, "missing.pem"), 2).await;
    assert!(missing.contains("server.tls.key_file (--tls-key): missing.pem cannot be read"), "{missing}");
    let lone = palatine.refused(&["dev", "--tls-listen", FREE, "--tls-key", &key], 2).await;
    assert!(lone.contains("server.tls.certificate_file: `server.tls.listen` needs this"), "{lone}");
    let taken = TcpListener::bind(FREE).unwrap();
    let address = taken.local_addr().unwrap();
    let in_use = palatine.refused(&dev_with(&address.to_string(), &certificate, &key), 1).await;
    assert!(in_use.contains(&format!("port {} is in use", address.port())), "{in_use}");
    assert!(in_use.contains("choose another with --tls-listen or `server.tls.listen`"), "{in_use}");
    let reachable = palatine.refused(&dev_with("0.0.0.0:0", &certificate, &key), 3).await;
    assert!(reachable.contains("is not a loopback address"), "{reachable}");
    place.put_key(&authority.issue().key);
    let mismatch = palatine.refused(&dev_with(FREE, &certificate, &key), 2).await;
    assert!(mismatch.contains(&format!("the key in {key} does not belong to the certificate in {certificate}")));
    assert!(!palatine.path("data").exists());
}

#[tokio::test]
async fn config_check_sees_the_certificate_and_says_what_is_doubtful() {
    let authority = Authority::default();
    let place = PairPlace::with(&authority.issue_for(&["id.example.com"]));
    let (certificate, key) = paths(&place);
    let palatine = Palatine::default();
    palatine.write("master.key", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=");
    palatine.write(
        "palatine.toml",
        &format!(
            "[server]\nlisten = ''\npublic_url = 'https://id.example.com'\n[server.tls]\nlisten = '0.0.0.0:8443'\n\
             certificate_file = '{certificate}'\nkey_file = '{key}'\n[master_key]\nkey_file = 'master.key'\n"
        ),
    );
    let check = ["config", "check", "--config", "palatine.toml"];
    let well = palatine.run(&check).await;
    assert_eq!((well.code, well.stdout.as_str(), well.stderr.as_str()), (Some(0), "OK\n", ""), "{well:?}");
    place.put(&authority.issue_expired());
    let expired = palatine.run(&check).await;
    assert_eq!((expired.code, expired.stdout.as_str()), (Some(0), "OK\n"), "{expired:?}");
    assert!(expired.stderr.contains("the TLS certificate has expired"), "{expired:?}");
    assert!(expired.stderr.contains("is not for id.example.com"), "{expired:?}");
    place.put_key("nonsense");
    let broken = palatine.refused(&check, 2).await;
    assert!(broken.contains("server.tls.key_file (palatine.toml, line 7): "), "{broken}");
    assert!(broken.contains("holds no private key in PEM") && !broken.contains("nonsense"), "{broken}");
}

#[tokio::test]
async fn the_conformance_realm_is_served_over_tls_by_one_command() {
    let authority = Authority::default();
    let place = PairPlace::with(&authority.issue());
    // The suite's own addresses: a name that leads inside, and a certificate that nobody vouches for.
    let of_suite = Issued::self_signed(&["localhost"]);
    let suite = ClientSite::open_over_tls(&of_suite).await;
    let known = PairPlace::with(&of_suite);
    let palatine = Palatine::default()
        .with("PALATINE__OUTBOUND__ALLOWED", "127.0.0.0/8,::1/128")
        .with("PALATINE__OUTBOUND__EXTRA_CA_FILE", known.certificate().to_str().unwrap());
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/conformance/realm.yaml");
    let dev = palatine.dev_over_tls("data", &authority, &place, &["--apply", document]).await;
    let realm = dev.realm("conformance");
    let discovery = realm.discovery().await;
    assert_eq!(discovery["issuer"], realm.issuer());
    let endpoints = discovery.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint"));
    for (name, url) in endpoints {
        assert!(url.as_str().unwrap().starts_with(&realm.issuer()), "{name}: {url}");
    }
    let callback = "https://localhost.emobix.co.uk:8443/test/a/palatine/callback";
    let app = realm.app("conformance-1", "conformance-secret-one", callback);
    let person = Person::new("conformance@example.com", "conformance-password-123");
    let tokens = app.sign_in_for(&mut realm.browser(), &person, "openid profile email address phone").await;
    let info = realm.userinfo(&tokens.access).await.success();
    assert_eq!((&info["sub"], &info["birthdate"]), (&json!("conformance-user"), &json!("1990-01-31")));
    assert_eq!(info["address"]["locality"], "Exampleton");
    let jwks = dev.wire().get(&realm.url(Endpoint::Jwks)).await.success();
    assert!(!jwks["keys"].as_array().unwrap().is_empty());
    suite.serves_json("/sector", &json!([callback]));
    let metadata = json!({
        "redirect_uris": [callback], "subject_type": "pairwise", "sector_identifier_uri": suite.url("/sector"),
    });
    let registering = dev.wire().request(Method::POST, &realm.url(Endpoint::Registration)).json(&metadata);
    let registered = Answer::of(registering).await;
    assert_eq!(registered.status, 201, "{}", registered.body);
    assert_eq!(suite.times_asked("/sector"), 1);
    assert_eq!(dev.stop().await.code, Some(0));
}

#[tokio::test]
async fn the_command_asks_a_server_whose_certificate_it_can_trust_and_no_other() {
    let authority = Authority::default();
    let place = PairPlace::with(&authority.issue_for(&["localhost"]));
    let palatine = Palatine::default().with("PALATINE_CLIENT_SECRET", "ci-secret-1");
    let dev = palatine.dev_over_tls("data", &authority, &place, &[]).await;
    let document = "apiVersion: palatine/v1\nkind: Realm\nrealm: acme\nclients:\n  ci: {kind: service, secret: ci-secret-1, \
                    roles: [realm-admin], scopes: {default: ['admin:read']}}\n";
    palatine.write("acme.yaml", document);
    palatine.done(&["apply", "-f", "acme.yaml", "--data-dir", "data"]).await;
    let server = dev.wire().public_url().to_string();
    let export = ["export", "acme", "--server", &server, "--client-id", "ci"];
    let refused = palatine.refused(&export, 1).await;
    assert!(refused.contains("the server does not answer: invalid peer certificate"), "{refused}");
    palatine.write("ca.pem", &authority.pem());
    let exported = palatine.done(&[&export[..], &["--ca-file", "ca.pem"]].concat()).await;
    assert_eq!(exported, palatine.done(&["export", "acme", "--data-dir", "data"]).await);
    dev.stop().await;
}
