//! Our own TLS listener, beside plain HTTP: versions, what hurts nobody, and certificates that change while it serves.
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use palatine_e2e::{
    Authority, Backend, Issued, PairPlace, SameSite, Tokens, Wire, World, eventually, form_body, realms, seconds,
};
use palatine_server::Config;
use palatine_server::config::TlsVersion;
use reqwest::tls::{TlsInfo, Version as Tls};
use reqwest::{ClientBuilder, Version as Http};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An installation with a TLS listener beside the plain one.
struct Secured {
    world: World,
    authority: Authority,
    place: PairPlace,
}

impl Secured {
    async fn start(configure: impl Fn(&mut Config) + Send + Sync + 'static) -> Self {
        let authority = Authority::default();
        let place = PairPlace::with(&authority.issue());
        let (certificate, key) = (place.certificate(), place.key());
        let world = World::builder(Backend::Sqlite).public_url("https://localhost").realm(realms::alpha());
        let world = world.configure(move |config| {
            let tls = &mut config.server.tls;
            tls.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
            (tls.certificate_file, tls.key_file) = (Some(certificate.clone()), Some(key.clone()));
            // When the files are looked at is for each test to say.
            tls.reload_check_seconds = 3_600;
            configure(config);
        });
        Self { world: world.start().await, authority, place }
    }

    fn port(&self) -> u16 {
        self.world.node().tls_address().port()
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port())
    }

    /// What a new connection is shown.
    async fn shown(&self) -> Vec<u8> {
        let client = self.authority.client().build().unwrap();
        certificate(&client.get(self.url("/health")).send().await.unwrap())
    }

    async fn reload_until_shown(&self, issued: &Issued) {
        self.world.node().reload_certificate();
        eventually("the new certificate is shown", seconds(20), async || self.shown().await == issued.der).await;
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.world.node().tls_address()).await.unwrap()
    }

    async fn serves(&self, client: ClientBuilder) -> Result<(Http, Option<Tls>), reqwest::Error> {
        let answer = client.build().unwrap().get(self.url("/health")).send().await?;
        assert_eq!(answer.status(), 200);
        let info = answer.extensions().get::<TlsInfo>().unwrap();
        Ok((answer.version(), info.version()))
    }

    async fn stop(mut self) {
        self.world.stop().await;
    }
}

fn certificate(answer: &reqwest::Response) -> Vec<u8> {
    answer.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_1_2_and_1_3_are_spoken_with_http_2_and_1_1() {
    let secured = Secured::start(|_| {}).await;
    for tls in [Tls::TLS_1_2, Tls::TLS_1_3] {
        let client = || secured.authority.client().tls_version_min(tls).tls_version_max(tls);
        assert_eq!(secured.serves(client()).await.unwrap(), (Http::HTTP_2, Some(tls)));
        assert_eq!(secured.serves(client().http1_only()).await.unwrap(), (Http::HTTP_11, Some(tls)));
    }
    secured.stop().await;
}

/// A `ClientHello` of TLS 1.1 (RFC 4346, section 7.4.1.2) with two suites that it had, and with the signature algorithms
/// without which no later version would be spoken either.
fn hello_of_tls_1_1() -> Vec<u8> {
    let algorithms = [0, 8, 0, 13, 0, 4, 0, 2, 4, 3];
    let body = [&[3, 2][..], &[7; 32], &[0], &[0, 4, 0xc0, 0x13, 0x00, 0x2f], &[1, 0], &algorithms].concat();
    let length = u8::try_from(body.len()).unwrap();
    [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_versions_are_refused() {
    let secured = Secured::start(|_| {}).await;
    let mut connection = secured.connect().await;
    connection.write_all(&hello_of_tls_1_1()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    // A fatal alert, protocol_version (RFC 8446, section 6).
    assert_eq!((answer.first(), &answer[answer.len() - 2..]), (Some(&0x15), &[2, 70][..]), "{answer:?}");
    secured.stop().await;

    let strict = Secured::start(|config| config.server.tls.minimum_version = TlsVersion::Tls13).await;
    strict.serves(strict.authority.client().tls_version_max(Tls::TLS_1_2)).await.unwrap_err();
    assert_eq!(strict.serves(strict.authority.client()).await.unwrap().1, Some(Tls::TLS_1_3));
    strict.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_over_tls_and_the_plain_port_serves_the_same_issuer() {
    let secured = Secured::start(|_| {}).await;
    let plain = secured.world.alpha();
    let wire = Wire::over_tls(
        secured.authority.client(),
        plain.wire().public_url().clone(),
        secured.world.node().tls_address(),
    );
    let realm = plain.by(wire);
    let mut browser = realm.browser();
    let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
    assert_eq!(tokens.id_claims()["iss"], plain.issuer());
    let session = browser.cookies().into_iter().find(|cookie| cookie.same_site == SameSite::None).unwrap();
    assert!(session.secure && session.http_only, "{session:?}");
    let info = realm.userinfo(&tokens.access).await;
    assert_eq!(info.header("strict-transport-security"), Some("max-age=31536000"));
    Tokens::of(&plain.web_app().refresh(tokens.refresh()).await);
    secured.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_requests_and_garbage_on_the_tls_port_hurt_nobody() {
    let secured = Secured::start(|_| {}).await;
    let truncated = &hello_of_tls_1_1()[..20];
    let long = [0x16_u8, 3, 1, 0xff, 0xff].repeat(5_000);
    for rubbish in
        [b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".as_slice(), b"\0", b"\xff\xfe\xfd", truncated, &long]
    {
        let mut connection = secured.connect().await;
        // It may be closed before all of it has gone.
        let _ = connection.write_all(rubbish).await;
        let _ = connection.shutdown().await;
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(secured.serves(secured.authority.client()).await.unwrap().0, Http::HTTP_2);
    secured.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_fall_silent_in_the_handshake_keep_nobody_out_and_are_ended() {
    let secured = Secured::start(|config| {
        config.server.workers = Some(1);
        config.server.tls.handshake_timeout_seconds = 2;
    })
    .await;
    let mut silent = Vec::new();
    // More than the library lets one worker shake hands with at once.
    for _ in 0..300 {
        let mut connection = secured.connect().await;
        connection.write_all(&[0x16, 3, 1]).await.unwrap();
        silent.push(connection);
    }
    let client = || secured.authority.client().timeout(Duration::from_millis(1_900));
    secured.serves(client()).await.expect("served while the others are silent");
    assert_eq!(secured.world.alpha().wire().get("/health").await.status, 200);
    for mut connection in silent {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(seconds(20), connection.read_to_end(&mut rest)).await;
        ended.expect("a silent client is ended").unwrap_or_default();
    }
    secured.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_certificate_is_shown_to_new_connections_and_open_ones_go_on() {
    let secured = Secured::start(|_| {}).await;
    let open = secured.authority.client().build().unwrap();
    let first = certificate(&open.get(secured.url("/health")).send().await.unwrap());
    let renewed = secured.authority.issue();
    secured.place.put(&renewed);
    assert_eq!(secured.shown().await, first, "nobody has looked yet");
    secured.reload_until_shown(&renewed).await;
    let again = open.get(secured.url("/health")).send().await.unwrap();
    assert_eq!((again.status().as_u16(), certificate(&again)), (200, first), "the open connection goes on");
    secured.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_certificates_change() {
    let secured = Arc::new(Secured::start(|_| {}).await);
    let (stop, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut load = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (secured, stop, served) = (Arc::clone(&secured), Arc::clone(&stop), Arc::clone(&served));
        load.spawn(async move {
            let lasting = secured.authority.client().build().unwrap();
            while !stop.load(Ordering::SeqCst) {
                secured.serves(secured.authority.client()).await.unwrap();
                assert_eq!(lasting.get(secured.url("/health")).send().await.unwrap().status(), 200);
                served.fetch_add(2, Ordering::SeqCst);
            }
        });
    }
    for _ in 0..5 {
        let renewed = secured.authority.issue();
        secured.place.put(&renewed);
        secured.reload_until_shown(&renewed).await;
        let before = served.load(Ordering::SeqCst);
        eventually("requests go on", seconds(20), async || served.load(Ordering::SeqCst) > before).await;
    }
    stop.store(true, Ordering::SeqCst);
    while let Some(client) = load.join_next().await {
        client.unwrap();
    }
    Arc::into_inner(secured).unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_pair_leaves_the_current_certificate_until_a_good_one_is_there() {
    let secured = Secured::start(|config| config.server.tls.reload_check_seconds = 1).await;
    let first = secured.shown().await;
    let good = secured.authority.issue();
    let refusals = async || {
        let metrics = secured.world.node().management("/metrics").await.body;
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("palatine_tls_certificate_reloads_total{outcome=\"refused\"} "));
        line.map_or(0, |count| count.parse::<u64>().unwrap())
    };
    for breaking in [
        // The key of another certificate, no key, no certificate.
        &(|| secured.place.put_key(&secured.authority.issue().key)) as &dyn Fn(),
        &|| secured.place.put_key("none"),
        &|| secured.place.put_certificate("none"),
        &|| std::fs::remove_file(secured.place.key()).unwrap(),
    ] {
        let before = refusals().await;
        breaking();
        eventually("the pair is refused", seconds(20), async || refusals().await > before).await;
        assert_eq!(secured.shown().await, first);
    }
    secured.place.put(&good);
    eventually("the good pair is noticed", seconds(20), async || secured.shown().await == good.der).await;
    secured.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_http_2_connection_has_a_bounded_number_of_requests_under_way() {
    let secured = Secured::start(|config| config.server.max_requests_per_connection = 3).await;
    let realm = secured.world.alpha();
    let client = secured.authority.client().build().unwrap();
    // The connection is made first, so that all of the others share it.
    assert_eq!(client.get(secured.url("/health")).send().await.unwrap().version(), Http::HTTP_2);
    let token = realm.url(palatine_e2e::Endpoint::Token).replace("https://localhost", &secured.url(""));
    let form = form_body(&[("grant_type", "client_credentials"), ("client_id", "worker"), ("client_secret", "wrong")]);
    let requests = (0..60).map(|_| {
        let request = client.post(&token).header("content-type", "application/x-www-form-urlencoded");
        request.body(form.clone()).send()
    });
    let answers = futures_util::future::join_all(requests).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    for answer in &answers {
        assert!(answer.headers().contains_key("x-request-id"), "{answer:?}");
        assert_eq!(answer.headers()["referrer-policy"], "strict-origin", "{answer:?}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{answer:?}");
    }
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses, [401, 503]);
    assert_eq!(client.get(secured.url("/health")).send().await.unwrap().status(), 200);
    secured.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_http_2_request_for_two_hosts_is_unclear() {
    let secured = Secured::start(|_| {}).await;
    let client = secured.authority.client().build().unwrap();
    let ask = |host: String| client.get(secured.url("/health")).header("host", host).send();
    assert_eq!(ask(format!("localhost:{}", secured.port())).await.unwrap().status(), 200);
    assert_eq!(ask("elsewhere.example".to_owned()).await.unwrap().status(), 400);
    secured.stop().await;
}
