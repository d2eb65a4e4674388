//! Hostile hosts, forwarding headers, paths and sizes: none reaches a link, an issuer, a limit or another realm.
use palatine_e2e::{Answer, Backend, Tokens, World, on_sqlite, realms};
use reqwest::Method;

/// What could be a name of this server to somebody who believes headers.
const FOREIGN_HOST: &str = "evil.example";

/// Headers in which a proxy says whom the client asked for.
const FORWARDING: &str = "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 666\r\n\
                          X-Forwarded-Prefix: /evil.example\r\nX-Forwarded-Server: evil.example\r\n\
                          X-Original-URL: /realms/beta\r\nX-Rewrite-URL: /realms/beta\r\nX-Host: evil.example\r\n\
                          Forwarded: for=1.2.3.4;host=evil.example;proto=https\r\nForwarded: host=evil.example\r\n";

on_sqlite! {
    async fn the_host_and_forwarding_headers_reach_no_link_no_issuer_and_no_cookie(world) {
        let realm = world.alpha();
        let wire = realm.wire();
        let ask = realm.web_app().ask();
        let (_, query) = ask.url().split_once('?').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let authorize = format!("/realms/alpha/oauth/authorize?{query}");
        let silent = format!("{authorize}&prompt=none");
        let paths = [
            "/realms/alpha/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/realms/alpha",
            "/realms/alpha",
            "/realms/alpha/nothing",
            "/realms/alpha/oauth/logout",
            "/realms/nobody/oauth/authorize",
            &authorize,
            &silent,
        ];
        for path in paths {
            let plain = wire.get_raw(path, "").await;
            for head in [
                format!("Host: {FOREIGN_HOST}\r\n"),
                format!("Host: {FOREIGN_HOST}:8080\r\n{FORWARDING}"),
                format!("Host: localhost:8080\r\n{FORWARDING}"),
                format!("Host: localhost:8080\r\nHost: {FOREIGN_HOST}\r\n"),
            ] {
                let request = format!("GET {path} HTTP/1.1\r\nAccept-Language: en\r\n{head}\r\n");
                let answer = wire.exchange(request).await;
                // RFC 9112, section 3.2: two are refused.
                let expected = if head.contains("\r\nHost:") { 400 } else { plain.status };
                assert_eq!(answer.status, expected, "{path} {head}");
                let headers: Vec<_> = answer.headers.values().filter_map(|value| value.to_str().ok()).collect();
                let all = format!("{} {}", answer.body, headers.join(" "));
                assert!(!all.contains(FOREIGN_HOST) && !all.contains(":666"), "{path}: {all}");
                if plain.status == 200 && answer.status == 200 && path.contains("well-known") {
                    assert_eq!(answer.body, plain.body, "{path}");
                }
            }
        }
        assert!(wire.get_raw(&silent, FORWARDING).await.location().starts_with("https://shop.example.com/callback?"));
    }

    async fn tokens_name_the_stored_issuer_whatever_host_asked_for_them(world) {
        let worker = world.alpha().service("worker").app;
        let url = format!("{}/oauth/token", world.alpha().issuer());
        let request = worker.request(&url, &[("grant_type", "client_credentials")]);
        let request = request.header("x-forwarded-host", FOREIGN_HOST).header("forwarded", "host=evil.example");
        let tokens = Tokens::of(&Answer::of(request).await);
        assert_eq!(tokens.access_claims()["iss"], world.alpha().issuer());
    }

    async fn a_request_without_host_or_with_a_target_elsewhere_does_no_harm(world) {
        let realm = world.alpha();
        let path = "/realms/alpha/.well-known/openid-configuration";
        for (request, status) in [
            (format!("GET {path} HTTP/1.1\r\n\r\n"), 400),
            (format!("GET {path} HTTP/1.0\r\n\r\n"), 200),
            (format!("GET http://{FOREIGN_HOST}{path} HTTP/1.1\r\nHost: {FOREIGN_HOST}\r\n\r\n"), 200),
            (format!("GET {path} HTTP/1.1\r\nHost: {FOREIGN_HOST}/x@y\r\n\r\n"), 200),
            (format!("OPTIONS * HTTP/1.1\r\nHost: {FOREIGN_HOST}\r\n\r\n"), 404),
        ] {
            let answer = realm.wire().exchange(&request).await;
            assert_eq!(answer.status, status, "{request}: {}", answer.body);
            assert!(!answer.body.contains(FOREIGN_HOST), "{request}: {}", answer.body);
        }
        assert_eq!(realm.discovery().await["issuer"], realm.issuer());
    }

    async fn heads_beyond_every_measure_are_refused_and_the_node_goes_on(world) {
        let realm = world.alpha();
        let path = "/realms/alpha/.well-known/openid-configuration";
        let headers = |count: usize, length: usize| {
            let lines: Vec<String> = (0..count).map(|n| format!("X-H-{n}: {}\r\n", "v".repeat(length))).collect();
            lines.concat()
        };
        assert_eq!(realm.wire().get_raw(path, &headers(50, 100)).await.status, 200);
        assert_eq!(realm.wire().get_raw(path, &headers(1, 40_000)).await.status, 431);
        assert_eq!(realm.wire().get_raw(&format!("{path}?{}", "q".repeat(40_000)), "").await.status, 431);
        for lines in [headers(1_000, 10), headers(50, 5_000)] {
            let mut raw = realm.wire().connect().await;
            raw.send(format!("GET {path} HTTP/1.1\r\nHost: localhost:8080\r\n{lines}\r\n")).await;
            if let Some(answer) = raw.answer().await {
                assert!((400..500).contains(&answer.status), "{}", answer.status);
            }
        }
        assert_eq!(realm.discovery().await["issuer"], realm.issuer());
    }

    async fn a_path_that_only_looks_like_one_of_ours_is_404(world) {
        let wire = world.alpha().wire().clone();
        let well_known = ".well-known/openid-configuration";
        for path in [
            format!("//realms/alpha/{well_known}"),
            format!("/realms//alpha/{well_known}"),
            format!("/realms/alpha//{well_known}"),
            format!("/realms/alpha/{well_known}/"),
            format!("/realms/alpha/./{well_known}"),
            format!("/realms/alpha/../beta/{well_known}"),
            format!("/realms/beta/../alpha/{well_known}"),
            format!("/realms/alpha%2f{well_known}"),
            format!("/realms/alpha%2F..%2Fbeta/{well_known}"),
            format!("/realms/alpha/%2e%2e/beta/{well_known}"),
            format!("/realms/alpha;x=y/{well_known}"),
            format!("/realms/alpha\\{well_known}"),
            format!("/realms/%61lpha/{well_known}"),
            format!("/realms/al%70ha/{well_known}"),
            format!("/realms/ALPHA/{well_known}"),
            format!("/realms/Alpha/{well_known}"),
            format!("/Realms/alpha/{well_known}"),
            format!("/realms/alpha./{well_known}"),
            format!("/realms/alpha%00/{well_known}"),
            format!("/realms/%00/{well_known}"),
            format!("/realms/%ff/{well_known}"),
            format!("/realms/../{well_known}"),
            format!("/realms/{}/{well_known}", "a".repeat(5_000)),
            format!("/realms/-alpha/{well_known}"),
            "/realms/alpha/oauth/token/".to_owned(),
            "/realms/alpha/oauth//token".to_owned(),
            "/realms/alpha/OAuth/token".to_owned(),
            "/realms/alpha/login".to_owned(),
            "/realms/alpha/login/".to_owned(),
            "/realms/alpha/login/x/y".to_owned(),
            "/realms".to_owned(),
            "/realms/".to_owned(),
            "/static/../realms/alpha".to_owned(),
            "/static/../../etc/passwd".to_owned(),
            "/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd".to_owned(),
            "/".to_owned(),
        ] {
            let mut raw = wire.connect().await;
            raw.send(format!("GET {path} HTTP/1.1\r\nHost: localhost:8080\r\n\r\n")).await;
            let answer = raw.answer().await.unwrap_or_else(|| panic!("{path}: no answer"));
            assert!([400, 404].contains(&answer.status), "{path}: {} {}", answer.status, answer.body);
            assert!(!answer.body.contains("\"issuer\""), "{path}");
        }
    }

    async fn an_interaction_that_is_no_id_is_a_page_that_explains(world) {
        let wire = world.alpha().wire().clone();
        for id in ["x", "%00", "%ff", "..%2f..", "6BA7B810-9DAD-41D1-80B4-00C04FD430C8", "6ba7b8109dad41d180b400c04fd430c8"] {
            for page in ["login", "consent"] {
                let answer = wire.get_raw(&format!("/realms/alpha/{page}/{id}"), "").await;
                assert!([400, 404].contains(&answer.status), "{page} {id}: {}", answer.status);
                assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{page} {id}");
            }
        }
    }
}

/// A world whose realm takes three authorization requests a minute from an address.
async fn with_limits(trusted: &[&str]) -> World {
    let trusted: Vec<String> = trusted.iter().map(|network| (*network).to_owned()).collect();
    let document = realms::changed(&realms::alpha(), "enabled: false", "enabled: true\n    authorize_per_minute: 3");
    let world = World::builder(Backend::Sqlite).realm(document).configure(move |config| {
        config.server.trusted_proxies = serde_json::from_value(serde_json::json!(trusted)).unwrap();
    });
    world.start().await
}

/// The statuses of authorization requests with these `X-Forwarded-For` headers.
async fn statuses(world: &World, forwarded: &[&str]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for address in forwarded {
        let request = world.alpha().wire().request(Method::GET, &world.alpha().web_app().ask().url());
        let request = request.header("x-forwarded-for", *address).header("forwarded", format!("for={address}"));
        statuses.push(Answer::of(request.header("x-real-ip", *address)).await.status);
    }
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_a_client_made_up_escapes_no_limit() {
    let mut world = with_limits(&[]).await;
    let made_up = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "2001:db8::1"];
    assert_eq!(statuses(&world, &made_up).await, [303, 303, 303, 429, 429]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_trusted_proxy_only_what_the_proxy_wrote_counts() {
    let mut world = with_limits(&["127.0.0.0/8"]).await;
    let of_one = ["203.0.113.7", "192.0.2.1, 203.0.113.7", "nonsense, 203.0.113.7", "192.0.2.9, 203.0.113.7"];
    assert_eq!(statuses(&world, &of_one).await, [303, 303, 303, 429]);
    assert_eq!(statuses(&world, &["203.0.113.8", "203.0.113.7, 127.0.0.1"]).await, [303, 429]);
    world.stop().await;
}
