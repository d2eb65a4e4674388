//! Signing keys: made on first need, published, rotated, sealed (PROTOCOL.md section 10; section 13, trap 8).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_admin_api::ops::keys::{self, RetireKeys, RetiredKey, RotateKeys};
use palatine_admin_api::ops::master_key;
use palatine_domain::SecretText;
use palatine_domain::audit::{Actor, AuditKind};
use palatine_domain::key::{KeyState, SigningKey};
use palatine_e2e::{
    Api, ApiRefusal, Backend, Endpoint, Palatine, Tokens, World, eventually, form_body, header, minutes,
    on_every_backend, on_sqlite, realms, seconds,
};
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_realm::{MasterKeys, Realm};
use sha2::{Digest, Sha256};

async fn kids(world: &World) -> Vec<String> {
    let jwks = world.alpha().jwks().await;
    let keys = jwks["keys"].as_array().expect("a key set");
    keys.iter().map(|key| key["kid"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn stored_keys(world: &World) -> Vec<SigningKey> {
    world.rows("alpha").await.keys().all_signing_keys().await.expect("the keys")
}

async fn stored(world: &World) -> Vec<SigningKey> {
    let rows = world.rows("alpha").await;
    rows.keys().signing_keys().await.expect("the keys")
}

fn operator() -> Actor {
    Actor::Operator("a test".to_owned())
}

async fn snapshot(world: &World) -> Realm {
    world.node().resolver().by_slug("alpha").await.expect("the realm")
}

/// Gives the realm's ES256 key a successor, as `palatine keys rotate` does; the successor's `kid`.
async fn rotate(world: &World) -> String {
    let request = RotateKeys { algorithm: Some(SigningAlgorithm::ES256) };
    keys::rotate(&snapshot(world).await, &request, &operator()).await.expect("rotated")[0].kid.clone()
}

/// Takes keys out of use, as `palatine keys retire` does.
async fn retire(world: &World, which: RetireKeys) -> Vec<RetiredKey> {
    keys::retire(&snapshot(world).await, &which, &operator()).await.expect("retired")
}

fn kid(token: &str) -> String {
    header(token)["kid"].as_str().expect("a kid").to_owned()
}

/// The realm `alpha` with sessions that live for a month.
fn patient_alpha() -> String {
    let policy = "policy:\n  lifetimes: {session_idle_seconds: 2592000, session_max_seconds: 2592000}\n";
    realms::changed(&realms::alpha(), "policy:\n", policy)
}

/// Waits until no rotation is due any more.
async fn until_rotated(world: &World, keys: usize) {
    eventually("the due keys have successors", seconds(10), async || kids(world).await.len() == keys).await;
}

on_every_backend! {
    async fn no_key_is_made_with_the_realm_and_both_are_when_first_needed(world) {
        let realm = world.alpha();
        realm.discovery().await;
        realm.browser().open(&realm.web_app().ask().url()).await;
        assert_eq!(stored(world).await.len(), 0);
        let jwks = realm.jwks().await;
        assert_eq!(stored(world).await.len(), 2);
        let keys = jwks["keys"].as_array().unwrap();
        let algorithms: Vec<&str> = keys.iter().filter_map(|key| key["alg"].as_str()).collect();
        assert_eq!(algorithms, ["ES256", "RS256"]);
        for key in keys {
            assert_eq!(key["use"], "sig");
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(key.get(private).is_none(), "{private}");
            }
        }
        assert_eq!(realm.jwks().await, jwks);
    }

    async fn keys_outlive_a_restart(world) {
        let realm = world.alpha();
        let token = realm.service("worker").token().await;
        let before = kids(world).await;
        world.restart().await;
        assert_eq!(kids(world).await, before);
        realm.api("orders-api").verify(&token).await.unwrap();
        let tokens = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        assert!(before.contains(&header(tokens.id())["kid"].as_str().unwrap().to_owned()));
    }

    async fn a_rotation_keeps_the_old_key_published_and_its_tokens_good(world) {
        world.holds_its_time();
        let realm = world.alpha();
        let api: Api = realm.api("orders-api");
        let app = realm.web_app();
        let tokens = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid orders:read").await;
        let old = header(&tokens.access)["kid"].as_str().unwrap().to_owned();
        let new = rotate(world).await;
        let published = kids(world).await;
        assert!(published.contains(&old) && published.contains(&new) && published.len() == 3);

        let before = realm.service("worker").token().await;
        assert_eq!(header(&before)["kid"], old, "published ahead of its time");
        world.pass(seconds(11 * 60 - 5));
        let just_before = realm.service("worker").token().await;
        world.pass(seconds(11));
        let after = realm.service("worker").token().await;
        assert_eq!(header(&after)["kid"], new);
        for token in [&just_before, &after] {
            api.verify(token).await.unwrap();
        }
        assert!(kids(world).await.contains(&old));
        // A hint that the old key signed is still one.
        let renewed = Tokens::of(&app.refresh(tokens.refresh()).await);
        assert_eq!(header(&renewed.access)["kid"], new);
        assert!(app.finds_active(&renewed.access).await);
    }

    async fn a_key_that_is_taken_out_of_use_verifies_nothing_more_and_another_signs_at_once(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let tokens = app.sign_in_for(&mut browser, &realm.ada(), "openid orders:read").await;
        let service = realm.service("worker").token().await;
        let stolen = kid(&tokens.access);
        let signs_now = retire(world, RetireKeys::Kid(stolen.clone())).await.remove(0).signs_now.unwrap();
        realm.userinfo(&tokens.access).await.assert_refused(401, "invalid_token");
        for token in [&tokens.access, &service] {
            assert!(!app.finds_active(token).await);
            assert_eq!(realm.api("orders-api").verify(token).await, Err(ApiRefusal::UnknownKey));
        }
        let published = kids(world).await;
        assert!(!published.contains(&stolen) && published.contains(&signs_now));
        let renewed = Tokens::of(&app.refresh(tokens.refresh()).await);
        assert_eq!(kid(&renewed.access), signs_now);
        realm.api("orders-api").verify(&renewed.access).await.unwrap();
        assert_eq!(world.audit("alpha", AuditKind::SigningKeyRetired).await.len(), 1);

        // The same with the key of ID tokens: what it signed is no hint any more.
        retire(world, RetireKeys::Algorithm(SigningAlgorithm::RS256)).await;
        let end = format!("{}?{}", realm.url(Endpoint::EndSession), form_body(&[("id_token_hint", tokens.id())]));
        assert_eq!(browser.open(&end).await.page().heading(), "Do you want to sign out?");
        let renewed = Tokens::of(&app.refresh(renewed.refresh()).await);
        assert!(kids(world).await.contains(&kid(renewed.id())));
    }

    async fn all_keys_can_be_taken_out_of_use_and_the_realm_goes_on(world) {
        let realm = world.alpha();
        let tokens = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        let before = kids(world).await;
        rotate(world).await;
        assert_eq!(retire(world, RetireKeys::All).await.len(), 3);
        let after = kids(world).await;
        assert!(after.len() == 2 && after.iter().all(|kid| !before.contains(kid)));
        let renewed = Tokens::of(&realm.web_app().refresh(tokens.refresh()).await);
        assert!(realm.userinfo(&renewed.access).await.status == 200);
        // Nothing that a copy of the database holds opens the old ones any more.
        for key in stored_keys(world).await.iter().filter(|key| before.contains(&key.kid)) {
            assert!(key.sealed_private.is_empty(), "{}", key.kid);
        }
    }
}

on_sqlite! {
    async fn the_access_tokens_hash_is_in_the_id_token(world) {
        let realm = world.alpha();
        for app in [realm.web_app(), realm.es_app()] {
            let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
            let renewed = Tokens::of(&app.refresh(tokens.refresh()).await);
            for tokens in [tokens, renewed] {
                let half = &Sha256::digest(tokens.access.as_bytes())[..16];
                assert_eq!(tokens.id_claims()["at_hash"], URL_SAFE_NO_PAD.encode(half));
            }
        }
    }

    async fn the_key_set_may_be_kept_for_less_than_half_the_time_that_a_key_is_published_ahead(world) {
        let realm = world.alpha();
        for url in realm.urls(Endpoint::Jwks) {
            let answer = realm.wire().get(&url).await;
            assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        }
        rotate(world).await;
        let now = world.now();
        let keys = keys::list(&snapshot(world).await).await.unwrap();
        let pending = keys.iter().find(|key| key.state == KeyState::Pending).unwrap();
        assert!(now.until(pending.active_from) > 2 * seconds(300));
    }

    async fn a_client_that_names_an_algorithm_gets_it_and_its_key_is_rotated_too(world) {
        let odd = |algorithm: &str| {
            let named = format!("\"{{slug}}-web-secret\"\n    id_token_algorithm: {algorithm}");
            let document = realms::changed(&realms::alpha(), "\"alpha-web-secret\"", &named.replace("{slug}", "alpha"));
            realms::changed(&document, "algorithm: RS256", &format!("algorithm: {algorithm}"))
        };
        let realm = world.alpha();
        for algorithm in ["PS256", "EdDSA"] {
            world.apply(&odd(algorithm)).await;
            let app = realm.web_app();
            let tokens = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid legacy:read").await;
            for token in [tokens.id(), &tokens.access] {
                assert_eq!(header(token)["alg"], algorithm);
                assert!(kids(world).await.contains(&kid(token)));
            }
            assert!(app.finds_active(&tokens.access).await);
            realm.api("legacy-api").with_typ("JWT").verify(&tokens.access).await.unwrap();
        }
        let rotated = keys::rotate(&snapshot(world).await, &RotateKeys::default(), &operator()).await.unwrap();
        assert_eq!(rotated.len(), 4);
        let rsa: Vec<_> = realm.jwks().await["keys"].as_array().unwrap().iter().filter_map(|key| key.get("n").cloned()).collect();
        let different: std::collections::HashSet<_> = rsa.iter().map(ToString::to_string).collect();
        assert_eq!((rsa.len(), different.len()), (4, 4), "RS256 and PS256 share no key");
    }

    async fn each_realm_has_keys_of_its_own(world) {
        let alphas = kids(world).await;
        let betas = world.beta().jwks().await;
        assert!(alphas.iter().all(|kid| !betas.to_string().contains(kid)));
    }

    async fn every_token_names_its_key_and_verifies_with_it(world) {
        let realm = world.alpha();
        let tokens = realm.web_app().sign_in_for(&mut realm.browser(), &realm.ada(), "openid legacy:read").await;
        assert_eq!((header(&tokens.access)["alg"].as_str(), header(tokens.id())["alg"].as_str()), (Some("RS256"), Some("RS256")));
        realm.api("legacy-api").with_typ("JWT").verify(&tokens.access).await.unwrap();
        // An ID token is verified as one by its client, which is its audience.
        realm.api("web-app").with_typ("JWT").verify(tokens.id()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_need_keys_at_once_make_one_pair() {
    let mut world = World::on(Backend::PostgresAndRedis).await;
    let second = world.second_node().await;
    let (one, two) = (world.alpha(), world.alpha().at(&second));
    let (first, other) = tokio::join!(one.jwks(), two.jwks());
    assert_eq!(first, other);
    assert_eq!(stored(&world).await.len(), 2);
    let token = two.service("worker").token().await;
    one.api("orders-api").verify(&token).await.unwrap();
    second.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_by_the_clock_and_leave_the_key_set_in_their_time() {
    let world = World::builder(Backend::Sqlite)
        .realm(realms::alpha())
        .configure(|config| config.jobs.key_rotation_seconds = 1)
        .start();
    let mut world = world.await;
    let realm = world.alpha();
    let first = kids(&world).await;
    let day = minutes(24 * 60);
    world.pass(minutes(90 * 24 * 60 - 12));
    let early = realm.service("worker").token().await;
    assert!(first.contains(&kid(&early)) && kids(&world).await.len() == 2);
    world.pass(minutes(1));
    until_rotated(&world, 4).await;
    let just_before = realm.service("worker").token().await;
    assert!(first.contains(&kid(&just_before)), "published ahead of its time");
    world.pass(minutes(12));
    let after = realm.service("worker").token().await;
    assert!(!first.contains(&kid(&after)));
    for token in [&early, &just_before, &after] {
        assert!(kids(&world).await.contains(&kid(token)));
    }
    world.pass(day * 7);
    let last = kids(&world).await;
    assert!(last.len() == 2 && last.iter().all(|kid| !first.contains(kid)));
    // When no session can name them any more, their private halves go, too.
    world.pass(day * 24);
    eventually("the old keys are destroyed", seconds(10), async || {
        stored_keys(&world).await.iter().filter(|key| key.sealed_private.is_empty()).count() == 2
    })
    .await;
    assert_eq!(world.audit("alpha", AuditKind::SigningKeyRotated).await.len(), 2);
    let metrics = world.node().management("/metrics").await.body;
    for name in ["palatine_realm_signing_keys_rotated_total", "palatine_signing_key_age_seconds"] {
        assert!(metrics.contains(name), "{name}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_token_whose_key_has_left_the_key_set_still_signs_its_session_out() {
    let mut world = World::builder(Backend::Sqlite).realm(patient_alpha()).start().await;
    let realm = world.alpha();
    let (app, mut browser) = (realm.web_app(), realm.browser());
    let tokens = app.sign_in(&mut browser, &realm.ada()).await;
    let signed_in = kid(tokens.id());
    keys::rotate(&snapshot(&world).await, &RotateKeys::default(), &operator()).await.expect("rotated");
    world.pass(minutes(12) + minutes(7 * 24 * 60));
    assert!(!kids(&world).await.contains(&signed_in));
    let end = format!("{}?{}", realm.url(Endpoint::EndSession), form_body(&[("id_token_hint", tokens.id())]));
    assert_eq!(browser.open(&end).await.page().heading(), "You are signed out");
    world.stop().await;
}

/// Two master keys; a node is started with the first, with both, and with the second.
const MASTER_KEYS: [&str; 2] =
    ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="];

async fn master_key_is_replaced_on(backend: Backend) {
    let stage = Arc::new(AtomicUsize::new(0));
    let of_nodes = Arc::clone(&stage);
    let world = World::builder(backend).realm(realms::alpha()).realm(realms::beta()).configure(move |config| {
        let key = |at: usize| SecretText::new(MASTER_KEYS[at]);
        let (current, previous) = match of_nodes.load(Ordering::SeqCst) {
            0 => (key(0), vec![]),
            1 => (key(1), vec![key(0)]),
            _ => (key(1), vec![]),
        };
        config.master_key.key = Some(current);
        config.master_key.previous = previous;
    });
    let mut world = world.start().await;
    let (alpha, beta) = (world.alpha().jwks().await, world.beta().jwks().await);
    let token = world.alpha().service("worker").token().await;
    stage.store(1, Ordering::SeqCst);
    world.restart().await;
    let masters = MasterKeys::parse([MASTER_KEYS[1], MASTER_KEYS[0]]).expect("keys");
    let rotate = async || master_key::rotate(world.node().store(), &masters, &world.ambient()).await.expect("rotated");
    assert_eq!((rotate().await, rotate().await), (2, 0));
    assert_eq!(world.alpha().jwks().await, alpha, "while it serves");
    stage.store(2, Ordering::SeqCst);
    world.restart().await;
    assert_eq!((world.alpha().jwks().await, world.beta().jwks().await), (alpha, beta));
    world.alpha().api("orders-api").verify(&token).await.expect("a token from before");
    world.alpha().service("worker").token().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_master_key_is_replaced_without_losing_a_signing_key_on_sqlite() {
    master_key_is_replaced_on(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_master_key_is_replaced_without_losing_a_signing_key_on_postgres() {
    master_key_is_replaced_on(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_hears_of_a_leaked_key_within_a_second() {
    let mut world = World::on(Backend::PostgresAndRedis).await;
    let second = world.second_node().await;
    let (one, two) = (world.alpha(), world.alpha().at(&second));
    let tokens = one.web_app().sign_in(&mut one.browser(), &one.ada()).await;
    assert_eq!(two.userinfo(&tokens.access).await.status, 200);
    retire(&world, RetireKeys::Kid(kid(&tokens.access))).await;
    eventually("the other node refuses the key", seconds(1), async || two.userinfo(&tokens.access).await.status == 401)
        .await;
    assert_eq!(one.jwks().await, two.jwks().await);
    second.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_lists_rotates_and_retires_keys_while_the_server_runs() {
    let palatine = Palatine::default();
    let dev = palatine.dev("data").await;
    let realm = dev.realm("acme-corp");
    let on_data = |arguments: &[&str]| {
        [&["keys"], arguments, &["acme-corp", "--data-dir", "data"]]
            .concat()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let run = async |arguments: &[&str]| {
        let arguments = on_data(arguments);
        palatine.done(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    assert!(run(&["list"]).await.contains("no keys yet"));
    let kids = async || {
        let keys = realm.jwks().await["keys"].as_array().cloned().unwrap_or_default();
        keys.iter().filter_map(|key| key["kid"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let first = kids().await;
    let rotated = run(&["rotate", "--algorithm", "ES256"]).await;
    assert!(rotated.contains("ES256  pending"), "{rotated}");
    eventually("the server shows the successor", seconds(2), async || kids().await.len() == 3).await;
    let retired = run(&["retire", "--kid", &first[0], "--reason", "it leaked"]).await;
    assert!(retired.contains(&first[0]) && retired.contains("signs now"), "{retired}");
    eventually("the server lets go of the key", seconds(2), async || !kids().await.contains(&first[0])).await;
    let listed = run(&["list"]).await;
    assert!(listed.contains("removed") && listed.contains("active") && listed.lines().count() == 3, "{listed}");
    let unknown = on_data(&["retire", "--kid", "nobody"]);
    let refusal = palatine.refused(&unknown.iter().map(String::as_str).collect::<Vec<_>>(), 1).await;
    assert!(refusal.contains("`palatine keys list` shows"), "{refusal}");
    assert_eq!(dev.stop().await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_is_killed_leaves_one_signing_key_and_at_most_one_successor() {
    let palatine = Palatine::default();
    let dev = palatine.dev("data").await;
    let realm = dev.realm("acme-corp");
    realm.jwks().await;
    for millis in (0..12).map(|step| step * 25) {
        let rotation = palatine.start(&["keys", "rotate", "acme-corp", "--data-dir", "data"]);
        // What is not done by then is killed.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(millis), rotation.end()).await;
        let keys = realm.jwks().await["keys"].as_array().cloned().unwrap_or_default();
        assert!((2..=4).contains(&keys.len()), "after {millis} ms: {keys:?}");
    }
    let listed = palatine.done(&["keys", "rotate", "acme-corp", "--data-dir", "data"]).await;
    let shown = palatine.done(&["keys", "list", "acme-corp", "--data-dir", "data"]).await;
    for algorithm in ["ES256", "RS256"] {
        let of = |state: &str| shown.lines().filter(|line| line.contains(algorithm) && line.contains(state)).count();
        assert_eq!((of("active"), of("pending")), (1, 1), "{listed}\n{shown}");
    }
    assert_eq!(dev.stop().await.code, Some(0));
}
