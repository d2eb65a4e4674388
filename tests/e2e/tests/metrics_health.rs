//! What operators see: health, readiness, metrics, request ids.

use std::collections::HashSet;

use palatine_e2e::{Backend, Endpoint, World, on_every_backend, on_sqlite, realms};

/// The value of a metric with these labels, in any order; 0 if it is not there.
fn value(metrics: &str, name: &str, labels: &[&str]) -> f64 {
    let fits = |line: &&str| line.starts_with(name) && labels.iter().all(|label| line.contains(label));
    let numbers = metrics.lines().filter(fits).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    numbers.sum()
}

on_every_backend! {
    async fn a_serving_node_is_live_and_ready(world) {
        let node = world.node();
        assert_eq!(node.management("/health/live").await.success()["status"], "live");
        let ready = node.management("/health/ready").await.success();
        assert_eq!(ready["status"], "ready");
        for check in ["database", "migrations", "configuration", "ephemeral", "serving"] {
            assert_eq!(ready["checks"][check], "ok", "{check}");
        }
        assert_eq!(node.wire().get("/health").await.success()["status"], "ok");
    }

    async fn a_node_without_its_database_is_live_but_not_ready_and_says_when_to_come_back(world) {
        let realm = world.alpha();
        let tokens = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        // This is what stays in memory.
        realm.jwks().await;
        world.node().store().close().await;
        assert_eq!(world.node().management("/health/live").await.status, 200);
        let ready = world.node().management("/health/ready").await;
        assert_eq!((ready.status, &ready.json()["checks"]["database"]), (503, &"failed".into()));
        assert_eq!(world.node().wire().get("/health").await.status, 503);
        let refused = realm.web_app().refresh(tokens.refresh()).await;
        refused.assert_refused(503, "temporarily_unavailable");
        assert!(refused.header("retry-after").is_some());
        let userinfo = realm.userinfo(&tokens.access).await;
        userinfo.assert_refused(503, "temporarily_unavailable");
        let visit = realm.browser().open(&realm.web_app().ask().url()).await;
        visit.last().assert_page(503, "We cannot answer just now");
        assert!(visit.last().header("retry-after").is_some());
        // Nobody sees a page in a hidden frame, also when it cannot be said whose session its cookie proves.
        let silent = realm.wire().request(reqwest::Method::GET, &realm.web_app().ask().with("prompt", "none").url());
        let silent = palatine_e2e::Answer::of(silent.header("cookie", "pal_session=unheard-of")).await;
        assert_eq!(silent.status, 303);
        assert!(silent.location().contains("error=temporarily_unavailable"), "{}", silent.location());
        // What needs no database goes on.
        realm.discovery().await;
        realm.jwks().await;
    }
}

on_every_backend! {
    async fn each_pool_of_the_database_says_how_much_of_it_is_used(world) {
        world.alpha().discovery().await;
        let metrics = world.node().management("/metrics").await.body;
        let pools = match world.node().store().backend() {
            palatine_store::Backend::Postgres => &["postgres"][..],
            palatine_store::Backend::Sqlite => &["writer", "readers"],
        };
        for pool in pools {
            let label = format!("pool=\"{pool}\"");
            let of = |what: &str| value(&metrics, &format!("palatine_database_pool_{what}"), &[&label]);
            assert!(of("connections") >= 1.0 && of("connections") <= of("max_connections"), "{pool}: {metrics}");
            for what in ["idle_connections", "used_connections"] {
                assert!(metrics.contains(&format!("palatine_database_pool_{what}{{{label}}}")), "{pool}: {metrics}");
            }
        }
    }
}

on_sqlite! {
    async fn management_is_not_on_the_main_port_and_realms_are_not_on_the_other(world) {
        let node = world.node();
        for path in ["/metrics", "/health/live", "/health/ready"] {
            assert_eq!(node.wire().get(path).await.status, 404, "{path}");
        }
        for path in ["/realms/alpha", "/realms/alpha/.well-known/openid-configuration", "/"] {
            assert_eq!(node.management(path).await.status, 404, "{path}");
        }
    }

    async fn tokens_are_counted_by_grant_and_outcome(world) {
        let realm = world.alpha();
        let count = async |grant: &str, outcome: &str| {
            let metrics = world.node().management("/metrics").await.body;
            let (grant, outcome) = (format!("grant=\"{grant}\""), format!("outcome=\"{outcome}\""));
            value(&metrics, "palatine_token_requests_total", &[&grant, &outcome])
        };
        let before = count("client_credentials", "issued").await;
        let refused = count("refresh_token", "invalid_grant").await;
        realm.service("worker").asking(&[]).await;
        realm.service("worker").asking(&[]).await;
        realm.web_app().refresh("x").await.assert_refused(400, "invalid_grant");
        assert!((count("client_credentials", "issued").await - before - 2.0).abs() < 0.1);
        assert!((count("refresh_token", "invalid_grant").await - refused - 1.0).abs() < 0.1);
    }

    async fn metrics_have_latencies_caches_pools_and_hashing_and_no_secret(world) {
        let realm = world.alpha();
        let tokens = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        let answer = world.node().management("/metrics").await;
        assert!(answer.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
        for name in [
            "palatine_http_request_seconds",
            "palatine_realm_requests_total",
            "palatine_database_statements_total",
            "palatine_build_info",
            "palatine_realm_poll_age_seconds",
            "palatine_realm_cache_hits_total",
            "palatine_realm_client_cache_hits_total",
            "palatine_ephemeral_session_reads_total",
            "palatine_hash_waiting",
            "palatine_hash_wait_seconds",
            "palatine_token_requests_total",
            "palatine_authorizations_total",
            "palatine_database_pool_connections",
        ] {
            assert!(answer.body.contains(&format!("\n{name}")), "{name}");
        }
        let session = tokens.id_claims()["sid"].as_str().unwrap().to_owned();
        for personal in [tokens.access.as_str(), tokens.refresh(), &session, "ada", "alpha-web-secret"] {
            assert!(!answer.body.contains(personal), "{personal}");
        }
        // A path that somebody made up is no label.
        realm.wire().get("/realms/alpha/canary-path").await;
        realm.wire().get("/realms/canary-realm/oauth/token").await;
        assert!(!world.node().management("/metrics").await.body.contains("canary"));
    }

    async fn every_metric_says_what_it_means(world) {
        let realm = world.alpha();
        realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        realm.app("web-app", "wrong", "").refresh("x").await;
        let metrics = world.node().management("/metrics").await.body;
        let words = |line: &str, kind: &str| Some(line.strip_prefix(kind)?.split(' ').next()?.to_owned());
        let explained: HashSet<_> = metrics.lines().filter_map(|line| words(line, "# HELP ")).collect();
        let there: Vec<_> = metrics.lines().filter_map(|line| words(line, "# TYPE ")).collect();
        assert!(there.len() > 20, "{metrics}");
        for name in there {
            assert!(explained.contains(&name), "{name}");
        }
    }

    async fn every_answer_has_a_request_id_of_its_own(world) {
        let realm = world.alpha();
        let mut ids = HashSet::new();
        for url in [realm.url(Endpoint::Discovery), realm.url(Endpoint::Token), "/nowhere".to_owned(), "/health".to_owned()] {
            let answer = realm.wire().get(&url).await;
            ids.insert(answer.header("x-request-id").unwrap_or_else(|| panic!("{url}")).to_owned());
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(answer.header("referrer-policy"), Some("strict-origin"));
        }
        assert_eq!(ids.len(), 4);
    }

    async fn a_request_id_that_a_client_wrote_is_not_taken_over(world) {
        let realm = world.alpha();
        let request = realm.wire().request(reqwest::Method::GET, &realm.url(Endpoint::Discovery));
        let answer = palatine_e2e::Answer::of(request.header("x-request-id", "canary\u{9}x")).await;
        assert!(!answer.header("x-request-id").unwrap().contains("canary"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_of_realms_are_bounded() {
    let world = World::builder(Backend::Sqlite)
        .realm(realms::alpha())
        .realm(realms::beta())
        .configure(|config| config.metrics.realm_labels = 1)
        .start();
    let mut world = world.await;
    world.alpha().discovery().await;
    world.beta().discovery().await;
    let metrics = world.node().management("/metrics").await.body;
    assert!(value(&metrics, "palatine_realm_requests_total", &["realm=\"alpha\""]) >= 1.0);
    assert!(value(&metrics, "palatine_realm_requests_total", &["realm=\"other\""]) >= 1.0);
    assert!(!metrics.contains("realm=\"beta\""));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_lies_below_the_path_prefix() {
    let world = World::builder(Backend::Sqlite).public_url("https://id.example.com/auth").start();
    let mut world = world.await;
    assert_eq!(world.node().wire().get("/auth/health").await.status, 200);
    assert_eq!(world.node().wire().get("/health").await.status, 404);
    world.stop().await;
}
