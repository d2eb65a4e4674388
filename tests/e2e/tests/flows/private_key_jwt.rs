//! Clients that prove themselves by a signature (RFC 7523; OpenID Connect Core, section 9; PROTOCOL.md section 4).

use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use palatine_e2e::{
    Answer, Backend, ClientSite, Endpoint, KeyHolder, RealmUnderTest, Tokens, World, on_every_backend, on_sqlite,
    realms, seconds,
};
use palatine_protocol::jwk::SigningAlgorithm;
use serde_json::{Value, json};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A service of the realm that registers these keys.
fn with_client(slug: &str, keys: &Value) -> String {
    let client = format!(
        "  keyed:\n    kind: service\n    auth_method: private_key_jwt\n    keys: {keys}\n    scopes: {{default: [\"orders:read\"]}}\n  stranger:\n"
    );
    realms::changed(&realms::document(slug, slug), "  stranger:\n", &client)
}

/// Assertions from before the store began to remember are refused: the clock is moved past them.
async fn world_with(keys: &Value) -> World {
    let world = World::on(Backend::Sqlite).await;
    apply(&world, keys).await;
    world
}

async fn apply(world: &World, keys: &Value) {
    world.pass(seconds(60));
    world.apply(&with_client("alpha", keys)).await;
}

/// The claims of a good assertion; each call has a `jti` of its own.
fn claims(world: &World, realm: &RealmUnderTest) -> Value {
    let now = world.now().as_seconds();
    let jti = world.ambient().random_uuid().to_string();
    json!({"iss": "keyed", "sub": "keyed", "aud": realm.issuer(), "iat": now, "exp": now + 60, "jti": jti})
}

async fn present(realm: &RealmUnderTest, assertion: &str) -> Answer {
    present_at(realm, Endpoint::Token, &[("grant_type", "client_credentials")], assertion).await
}

async fn present_at(realm: &RealmUnderTest, endpoint: Endpoint, form: &[(&str, &str)], assertion: &str) -> Answer {
    let form = [form, &[("client_assertion_type", TYPE), ("client_assertion", assertion)]].concat();
    realm.wire().post(&realm.url(endpoint), &form).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_algorithm_lets_its_owner_in() {
    let owners: Vec<KeyHolder> =
        SigningAlgorithm::ALL.iter().map(|&algorithm| KeyHolder::new(algorithm, algorithm.as_str())).collect();
    let set = json!({"keys": owners.iter().map(KeyHolder::jwk).collect::<Vec<_>>()});
    let mut world = world_with(&json!({ "jwks": set })).await;
    let realm = world.alpha();
    for owner in &owners {
        let tokens = Tokens::of(&present(&realm, &owner.signs(&claims(&world, &realm))).await);
        assert_eq!(tokens.access_claims()["client_id"], "keyed", "{}", owner.algorithm);
    }
    let offered = realm.discovery().await;
    for endpoint in ["token", "introspection", "revocation"] {
        let methods = offered[format!("{endpoint}_endpoint_auth_methods_supported")].as_array().unwrap();
        assert!(methods.contains(&json!("private_key_jwt")), "{endpoint}");
        let algorithms = &offered[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")];
        assert_eq!(*algorithms, json!(["RS256", "PS256", "ES256", "EdDSA"]), "{endpoint}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audience_is_the_issuer_or_the_token_endpoint_in_either_spelling() {
    let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
    let mut world = world_with(&json!({"jwks": owner.jwks()})).await;
    let realm = world.alpha();
    let mut good = vec![json!(realm.issuer()), json!([realm.issuer(), realm.url(Endpoint::Token)])];
    good.extend(realm.urls(Endpoint::Token).into_iter().map(Value::from));
    for audience in good {
        let mut claims = claims(&world, &realm);
        claims["aud"] = audience;
        Tokens::of(&present(&realm, &owner.signs(&claims)).await);
    }
    let beta = world.beta();
    for audience in [json!(beta.issuer()), json!([realm.issuer(), beta.issuer()]), json!("keyed"), json!([])] {
        let mut claims = claims(&world, &realm);
        claims["aud"] = audience;
        present(&realm, &owner.signs(&claims)).await.assert_refused(401, "invalid_client");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn introspection_and_revocation_take_an_assertion_too() {
    let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
    let mut world = world_with(&json!({"jwks": owner.jwks()})).await;
    let realm = world.alpha();
    let tokens = Tokens::of(&present(&realm, &owner.signs(&claims(&world, &realm))).await);
    let form = [("token", tokens.access.as_str())];
    let ask = || owner.signs(&claims(&world, &realm));
    let active = async || present_at(&realm, Endpoint::Introspection, &form, &ask()).await.success()["active"].clone();
    assert_eq!(active().await, true);
    assert_eq!(present_at(&realm, Endpoint::Revocation, &form, &ask()).await.status, 200);
    assert_eq!(active().await, false);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assertion_counts_once_and_only_while_it_is_fresh() {
    let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
    let mut world = world_with(&json!({"jwks": owner.jwks()})).await;
    let realm = world.alpha();
    world.holds_its_time();
    let assertion = owner.signs(&claims(&world, &realm));
    Tokens::of(&present(&realm, &assertion).await);
    present(&realm, &assertion).await.assert_refused(401, "invalid_client");
    // The same jti in another assertion is a use of the first.
    let mut again = claims(&world, &realm);
    again["jti"] = palatine_e2e::claims(&assertion)["jti"].clone();
    present(&realm, &owner.signs(&again)).await.assert_refused(401, "invalid_client");
    let old = owner.signs(&claims(&world, &realm));
    world.pass(seconds(89));
    Tokens::of(&present(&realm, &old).await);
    let old = owner.signs(&claims(&world, &realm));
    world.pass(seconds(90));
    present(&realm, &old).await.assert_refused(401, "invalid_client");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assertion_of_another_kind_or_forged_is_refused() {
    let (owner, thief) = (KeyHolder::new(SigningAlgorithm::RS256, "k"), KeyHolder::new(SigningAlgorithm::RS256, "k"));
    let mut world = world_with(&json!({"jwks": owner.jwks()})).await;
    let realm = world.alpha();
    let usual = json!({"alg": "RS256", "kid": "k"});
    let with = |header: Value| [usual.as_object().unwrap().clone(), header.as_object().unwrap().clone()];
    let header = |changes: Value| Value::Object(with(changes).into_iter().flatten().collect());
    let mut forged = vec![thief.signs(&claims(&world, &realm))];
    for changes in [
        json!({"jwk": thief.jwk()}),
        json!({"jku": "https://thief.example/jwks.json"}),
        json!({"x5u": "https://thief.example/x5u"}),
        json!({"kid": "../../etc/passwd"}),
        json!({"alg": "none"}),
        json!({"crit": ["exp"]}),
    ] {
        forged.push(thief.signs_as(&header(changes), &claims(&world, &realm)));
    }
    // Signed by the owner, and meant as something else.
    for changes in
        [json!({"typ": "at+jwt"}), json!({"typ": "logout+jwt"}), json!({"alg": "PS256"}), json!({"crit": ["x"]})]
    {
        forged.push(owner.signs_as(&header(changes), &claims(&world, &realm)));
    }
    let unsigned = owner.signs_as(&json!({"alg": "none"}), &claims(&world, &realm));
    forged.push(format!("{}.", unsigned.rsplit_once('.').unwrap().0));
    // The public key as a shared secret.
    let secret = EncodingKey::from_secret(&owner.public_bytes());
    let mut hmac = Header::new(Algorithm::HS256);
    hmac.kid = Some("k".to_owned());
    forged.push(jsonwebtoken::encode(&hmac, &claims(&world, &realm), &secret).unwrap());
    for assertion in ["", "a.b.c", "x"] {
        forged.push(assertion.to_owned());
    }
    for assertion in &forged {
        let answer = present(&realm, assertion).await;
        assert!(matches!(answer.status, 400 | 401), "{assertion}: {}", answer.body);
    }
    Tokens::of(&present(&realm, &owner.signs(&claims(&world, &realm))).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_proves_itself_by_its_own_method_alone() {
    let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
    let mut world = world_with(&json!({"jwks": owner.jwks(), "assertion_algorithm": "ES256"})).await;
    let realm = world.alpha();
    // Not by its id, nor by a secret that it never had.
    realm.app("keyed", "", "").client_credentials(&[]).await.assert_refused(401, "invalid_client");
    let id = [("grant_type", "client_credentials"), ("client_id", "keyed")];
    realm.wire().post(&realm.url(Endpoint::Token), &id).await.assert_refused(401, "invalid_client");
    // A client with a secret has no use for an assertion.
    let mut other = claims(&world, &realm);
    (other["iss"], other["sub"]) = (json!("worker"), json!("worker"));
    present(&realm, &owner.signs(&other)).await.assert_refused(401, "invalid_client");
    let assertion = owner.signs(&claims(&world, &realm));
    let both = [("grant_type", "client_credentials"), ("client_secret", "x"), ("client_id", "keyed")];
    present_at(&realm, Endpoint::Token, &both, &assertion).await.assert_refused(400, "invalid_request");
    let another = [("grant_type", "client_credentials"), ("client_id", "worker")];
    present_at(&realm, Endpoint::Token, &another, &assertion).await.assert_refused(401, "invalid_client");
    let its_own = [("grant_type", "client_credentials"), ("client_id", "keyed")];
    Tokens::of(&present_at(&realm, Endpoint::Token, &its_own, &assertion).await);
    let form =
        [("grant_type", "client_credentials"), ("client_assertion_type", "urn:other"), ("client_assertion", "a.b.c")];
    realm.wire().post(&realm.url(Endpoint::Token), &form).await.assert_refused(401, "invalid_client");
    world.stop().await;
}

on_sqlite! {
    async fn an_assertion_for_one_realm_is_worth_nothing_in_the_other(world) {
        let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
        world.pass(seconds(60));
        for slug in ["alpha", "beta"] {
            world.apply(&with_client(slug, &json!({"jwks": owner.jwks()}))).await;
        }
        let (alpha, beta) = (world.alpha(), world.beta());
        let assertion = owner.signs(&claims(world, &alpha));
        present(&beta, &assertion).await.assert_refused(401, "invalid_client");
        Tokens::of(&present(&alpha, &assertion).await);
        // Uses are counted by realm: the same jti is a first one elsewhere.
        let mut same_jti = claims(world, &beta);
        same_jti["jti"] = palatine_e2e::claims(&assertion)["jti"].clone();
        Tokens::of(&present(&beta, &owner.signs(&same_jti)).await);
    }

    async fn keys_are_fetched_once_and_again_for_a_new_kid_but_not_at_every_request(world) {
        let site = ClientSite::open().await;
        let (old, new) = (KeyHolder::new(SigningAlgorithm::ES256, "old"), KeyHolder::new(SigningAlgorithm::ES256, "new"));
        site.serves_json("/jwks", &old.jwks());
        apply(world, &json!({"jwks_uri": site.url("/jwks")})).await;
        let realm = world.alpha();
        for _ in 0..3 {
            Tokens::of(&present(&realm, &old.signs(&claims(world, &realm))).await);
        }
        assert_eq!(site.times_asked("/jwks"), 1);
        // Rotated: the new key is unknown, and may be asked for 30 s after the last fetch.
        site.serves_json("/jwks", &new.jwks());
        present(&realm, &new.signs(&claims(world, &realm))).await.assert_refused(401, "invalid_client");
        assert_eq!(site.times_asked("/jwks"), 1);
        world.pass(seconds(30));
        Tokens::of(&present(&realm, &new.signs(&claims(world, &realm))).await);
        assert_eq!(site.times_asked("/jwks"), 2);
        present(&realm, &old.signs(&claims(world, &realm))).await.assert_refused(401, "invalid_client");
        // After ten minutes they are fetched again in any case.
        world.pass(seconds(600));
        Tokens::of(&present(&realm, &new.signs(&claims(world, &realm))).await);
        assert_eq!(site.times_asked("/jwks"), 3);
    }

    async fn of_many_who_need_the_same_keys_one_fetches_them(world) {
        let site = ClientSite::open().await;
        let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
        site.serves_json("/jwks", &owner.jwks());
        apply(world, &json!({"jwks_uri": site.url("/jwks")})).await;
        let realm = world.alpha();
        let assertions: Vec<String> = (0..16).map(|_| owner.signs(&claims(world, &realm))).collect();
        for answer in join_all(assertions.iter().map(|assertion| present(&realm, assertion))).await {
            Tokens::of(&answer);
        }
        assert_eq!(site.times_asked("/jwks"), 1);
    }

    async fn a_site_that_is_down_is_asked_at_most_every_30_seconds(world) {
        let site = ClientSite::open().await;
        let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
        site.serves("/jwks", 500, "text/plain", b"broken");
        apply(world, &json!({"jwks_uri": site.url("/jwks")})).await;
        let realm = world.alpha();
        for _ in 0..3 {
            present(&realm, &owner.signs(&claims(world, &realm))).await.assert_refused(401, "invalid_client");
        }
        assert_eq!(site.times_asked("/jwks"), 1);
        site.serves_json("/jwks", &owner.jwks());
        world.pass(seconds(30));
        Tokens::of(&present(&realm, &owner.signs(&claims(world, &realm))).await);
    }

    async fn what_a_jwks_uri_must_not_reach_is_not_reached(world) {
        let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
        for uri in ["https://10.0.0.1/jwks", "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/jwks"] {
            apply(world, &json!({"jwks_uri": uri})).await;
            let realm = world.alpha();
            let answer = present(&realm, &owner.signs(&claims(world, &realm))).await;
            answer.assert_refused(401, "invalid_client");
            assert!(!answer.body.contains("10.0.0.1") && !answer.body.contains("169.254"), "{}", answer.body);
        }
    }
}

on_every_backend! {
    async fn of_64_uses_of_an_assertion_one_succeeds(world) {
        let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
        apply(world, &json!({"jwks": owner.jwks()})).await;
        let realm = world.alpha();
        let assertion = owner.signs(&claims(world, &realm));
        let answers = join_all((0..64).map(|_| present(&realm, &assertion))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 63));
        for answer in lost {
            answer.assert_refused(401, "invalid_client");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_two_nodes_an_assertion_counts_once_and_without_redis_not_at_all() {
    let builder = World::builder(Backend::PostgresAndRedis).private_redis();
    let mut world = builder.realm(realms::alpha()).realm(realms::beta()).start().await;
    let second = world.second_node().await;
    let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
    apply(&world, &json!({"jwks": owner.jwks()})).await;
    let realm = world.alpha();
    let there = realm.at(&second);
    palatine_e2e::eventually("the second node knows the client", seconds(10), async || {
        present(&there, &owner.signs(&claims(&world, &realm))).await.status == 200
    })
    .await;
    let assertion = owner.signs(&claims(&world, &realm));
    let places = [&realm, &there];
    let answers = join_all((0..64).map(|n| present(places[n % 2], &assertion))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    world.redis_mut().kill();
    let answer = present(&realm, &owner.signs(&claims(&world, &realm))).await;
    answer.assert_refused(503, "temporarily_unavailable");
    assert!(answer.header("retry-after").is_some());
    // Secrets do not need Redis.
    Tokens::of(&realm.service("worker").app.client_credentials(&[]).await);
    second.stop().await;
    world.stop().await;
}
