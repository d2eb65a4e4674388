//! Signed authorization requests, by value and by reference (OpenID Connect Core, section 6; RFC 9101).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use palatine_e2e::{
    Answered, App, Ask, Backend, Browser, ClientSite, Endpoint, KeyHolder, RealmUnderTest, Tokens, Visit, World,
    on_sqlite, realms,
};
use palatine_protocol::jwk::SigningAlgorithm;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Another of the client's redirect URIs.
const OTHER: &str = "https://signed.example.com/other";

/// The realm with a client that signs, with these keys and these `request_uris`.
fn with_client(keys: &Value, request_uris: &[String]) -> String {
    let client = format!(
        "  signed-app:\n    kind: web\n    secret: alpha-signed-secret\n    keys: {keys}\n    \
         sign_in: {{request_uris: {}}}\n    grants: [authorization_code, refresh_token, implicit]\n    \
         response_types: [code, id_token]\n    scopes: {{default: [openid], optional: [profile]}}\n    \
         redirect_uris: [\"https://signed.example.com/callback\", \"{OTHER}\"]\n  stranger:\n",
        json!(request_uris)
    );
    realms::changed(&realms::alpha(), "  stranger:\n", &client)
}

fn app(realm: &RealmUnderTest) -> App {
    realm.app("signed-app", "alpha-signed-secret", "https://signed.example.com/callback")
}

/// What stands outside of an object: no more than must.
fn outside(ask: &Ask) -> Ask {
    ask.clone().without("state").without("nonce").without_pkce()
}

/// A good object for what a request asks, with more members.
fn object(world: &World, realm: &RealmUnderTest, ask: &Ask, more: Value) -> Value {
    let now = world.now().as_seconds();
    let mut claims = json!({"iss": "signed-app", "aud": realm.issuer(), "iat": now, "nbf": now, "exp": now + 60});
    let members = claims.as_object_mut().unwrap();
    members.extend(ask.params().into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
    let Value::Object(more) = more else { panic!("an object of members") };
    members.extend(more);
    claims
}

/// Reads the answer to a request of which `state` is inside.
fn answered(visit: &Visit, ask: &Ask) -> Answered {
    Answered::at(visit.left(), ask)
}

async fn signed_in(world: &World) -> Browser {
    let realm = world.alpha();
    let mut browser = realm.browser();
    realm.web_app().sign_in(&mut browser, &realm.ada()).await;
    browser
}

/// A world whose client signs with one key.
async fn world_with(owner: &KeyHolder) -> World {
    let world = World::on(Backend::Sqlite).await;
    world.apply(&with_client(&json!({"jwks": owner.jwks()}), &[])).await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_advertised_algorithm_signs_requests_by_get_and_by_post() {
    let owners: Vec<KeyHolder> =
        SigningAlgorithm::ALL.iter().map(|&algorithm| KeyHolder::new(algorithm, algorithm.as_str())).collect();
    let keys = json!({"keys": owners.iter().map(KeyHolder::jwk).collect::<Vec<_>>()});
    let mut world = World::on(Backend::Postgres).await;
    world.apply(&with_client(&json!({ "jwks": keys }), &[])).await;
    let realm = world.alpha();
    let document = realm.discovery().await;
    assert_eq!(document["request_parameter_supported"], true);
    assert_eq!(document["request_uri_parameter_supported"], true);
    assert_eq!(document["require_request_uri_registration"], true);
    let advertised = document["request_object_signing_alg_values_supported"].as_array().unwrap();
    assert_eq!(advertised.len(), owners.len());
    let (app, mut browser) = (app(&realm), signed_in(&world).await);
    for owner in &owners {
        assert!(advertised.contains(&json!(owner.algorithm)));
        let ask = app.ask().scope("openid");
        let jws = owner.signs(&object(&world, &realm, &ask, json!({})));
        let sent = outside(&ask).with("request", &jws);
        let visit = browser.open(&sent.url()).await;
        let tokens = Tokens::of(&app.redeem(&answered(&visit, &ask).code(), &ask).await);
        assert_eq!(tokens.id_claims()["nonce"], json!(ask.nonce), "{}", owner.algorithm);
        let visit = browser.post_from_elsewhere(&realm.url(Endpoint::Authorization), &sent.params()).await;
        Tokens::of(&app.redeem(&answered(&visit, &ask).code(), &ask).await);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_inside_supersedes_what_is_outside() {
    let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
    let mut world = world_with(&owner).await;
    let realm = world.alpha();
    let (app, mut browser) = (app(&realm), signed_in(&world).await);
    let ask = app.ask().scope("openid").with("redirect_uri", OTHER);
    let more = json!({"max_age": 86_400, "claims": {"id_token": {"name": {"essential": true}}}});
    let jws = owner.signs(&object(&world, &realm, &ask, more));
    // Outside: another registered URI, another state, a challenge of somebody else, a prompt that is not signed.
    let sent = app.ask().scope("openid profile").with("request", &jws).with("state", "outside");
    let visit = browser.open(&sent.url()).await;
    assert!(visit.left().starts_with(OTHER), "{}", visit.left());
    let tokens = Tokens::of(&app.redeem(&answered(&visit, &ask).code(), &ask).await);
    assert_eq!((tokens.scope.as_str(), &tokens.id_claims()["name"]), ("openid", &json!("Ada Byron")));
    // Also through the login page and back.
    let jws = owner.signs(&object(&world, &realm, &ask, json!({"prompt": "login", "login_hint": "ada@example.com"})));
    let visit = browser.open(&outside(&ask).without("redirect_uri").with("request", &jws).url()).await;
    assert_eq!(visit.page().form().value("username"), "ada@example.com");
    let visit = browser.type_credentials(visit.page(), &realm.ada()).await;
    Tokens::of(&app.redeem(&answered(&visit, &ask).code(), &ask).await);
    // What is not registered is refused inside as outside.
    let evil = owner.signs(&object(&world, &realm, &ask, json!({"redirect_uri": "https://evil.example/"})));
    let visit = browser.open(&outside(&ask).with("request", &evil).url()).await;
    visit.last().assert_page(400, "Invalid parameter: redirect_uri");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_cannot_be_believed_is_refused() {
    let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
    let stranger = KeyHolder::new(SigningAlgorithm::ES256, "k");
    let mut world = world_with(&owner).await;
    let realm = world.alpha();
    let (app, mut browser) = (app(&realm), signed_in(&world).await);
    let ask = app.ask().scope("openid");
    let now = world.now().as_seconds();
    let good = |more: Value| object(&world, &realm, &ask, more);
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let unsigned = |alg: &str| format!("{}.{}.", part(&json!({"alg": alg, "kid": "k"})), part(&good(json!({}))));
    let mac = |secret: &[u8]| {
        let header = Header { kid: Some("k".to_owned()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &good(json!({})), &EncodingKey::from_secret(secret)).unwrap()
    };
    let own = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
    let embedded = json!({"alg": "ES256", "jwk": stranger.jwk(), "jku": "https://evil.example/jwks", "typ": "JWT"});
    let typed = |typ: &str| owner.signs_as(&json!({"alg": "ES256", "kid": "k", "typ": typ}), &good(json!({})));
    let bad = [
        unsigned("none"),
        unsigned("ES256"),
        unsigned("None"),
        mac(b"alpha-signed-secret"),
        mac(&owner.public_bytes()),
        stranger.signs(&good(json!({}))),
        stranger.signs_as(&embedded, &good(json!({}))),
        format!("{}x", owner.signs(&good(json!({})))),
        own.id().to_owned(),
        own.access.clone(),
        "nonsense".to_owned(),
        "e30.e30.".to_owned(),
        typed("at+jwt"),
        typed("logout+jwt"),
        owner.signs(&good(json!({"iss": "web-app"}))),
        owner.signs(&good(json!({"aud": world.beta().issuer()}))),
        owner.signs(&good(json!({"exp": now - 31}))),
        owner.signs(&good(json!({"nbf": now + 300}))),
        owner.signs(&good(json!({"sub": "signed-app"}))),
        owner.signs(&good(json!({"client_id": "web-app"}))),
        owner.signs(&good(json!({"response_type": "id_token"}))),
        owner.signs(&good(json!({"request": "e30."}))),
        owner.signs(&good(json!({"request_uri": "https://x.example/"}))),
    ];
    for jws in bad {
        let sent = outside(&ask).with("request", &jws);
        let visit = browser.open(&sent.url()).await;
        assert_eq!(answered(&visit, &sent).error(), "invalid_request_object", "{jws}");
    }
    let twice = owner.signs(&good(json!({})));
    let wrong: [Ask; 4] = [
        outside(&ask).with("request", &twice).without("response_type"),
        outside(&ask).with("request", &twice).and("request", &twice),
        outside(&ask).with("request", &twice).with("request_uri", "https://x.example/"),
        outside(&ask).with("request", &twice).and("scope", "openid"),
    ];
    for sent in wrong {
        assert_eq!(answered(&browser.open(&sent.url()).await, &sent).error(), "invalid_request", "{:?}", sent.params());
    }
    // Typed as RFC 9101 says, and untyped.
    let untyped = owner.signs_as(&json!({"alg": "ES256", "kid": "k"}), &good(json!({})));
    for jws in [typed("oauth-authz-req+jwt"), untyped] {
        answered(&browser.open(&outside(&ask).with("request", &jws).url()).await, &ask).code();
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_inside_is_answered_as_it_would_be_outside() {
    let owner = KeyHolder::new(SigningAlgorithm::EdDSA, "k");
    let mut world = world_with(&owner).await;
    let realm = world.alpha();
    let (app, mut browser) = (app(&realm), signed_in(&world).await);
    let ask = app.ask().scope("openid");
    let cases = [
        (json!({"scope": "openid nonsense"}), "invalid_scope"),
        (json!({"scope": ["openid"]}), "invalid_scope"),
        (json!({"prompt": "none login"}), "invalid_request"),
        (json!({"max_age": -1}), "invalid_request"),
        (json!({"max_age": 1.5}), "invalid_request"),
        (json!({"claims": "[]"}), "invalid_request"),
        (json!({"claims": {"id_token": {"sub": {"value": "nobody"}}}, "prompt": "none"}), "login_required"),
        (json!({"registration": {}}), "registration_not_supported"),
        (json!({"code_challenge_method": "plain"}), "invalid_request"),
    ];
    for (more, code) in cases {
        let jws = owner.signs(&object(&world, &realm, &ask, more.clone()));
        let visit = browser.open(&outside(&ask).with("request", &jws).url()).await;
        assert_eq!(answered(&visit, &ask).error(), code, "{more}");
    }
    let silent = ask.clone().with("response_type", "id_token").with("response_mode", "fragment");
    let jws = owner.signs(&object(&world, &realm, &silent, json!({})));
    let visit = browser.open(&outside(&silent).with("request", &jws).url()).await;
    assert_eq!(palatine_e2e::claims(answered(&visit, &silent).id_token())["nonce"], json!(ask.nonce));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_named_its_algorithm_is_held_to_it_and_one_without_keys_signs_nothing() {
    let (named, other) = (KeyHolder::new(SigningAlgorithm::ES256, "a"), KeyHolder::new(SigningAlgorithm::EdDSA, "b"));
    let keys = json!({"keys": [named.jwk(), other.jwk()]});
    let mut world = World::on(Backend::Sqlite).await;
    world.apply(&with_client(&json!({"jwks": keys, "request_object_algorithm": "ES256"}), &[])).await;
    let realm = world.alpha();
    let (app, mut browser) = (app(&realm), signed_in(&world).await);
    let ask = app.ask().scope("openid");
    let sent =
        |owner: &KeyHolder| outside(&ask).with("request", &owner.signs(&object(&world, &realm, &ask, json!({}))));
    answered(&browser.open(&sent(&named).url()).await, &ask).code();
    let refused = sent(&other);
    assert_eq!(answered(&browser.open(&refused.url()).await, &refused).error(), "invalid_request_object");
    let web = realm.web_app().ask().with("request", &named.signs(&json!({"client_id": "web-app"})));
    assert_eq!(Answered::at(browser.open(&web.url()).await.left(), &web).error(), "invalid_request_object");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_client_that_signs_every_request_an_unsigned_one_is_refused() {
    let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
    let mut world = World::on(Backend::Sqlite).await;
    let document = with_client(&json!({"jwks": owner.jwks()}), &[]);
    let must = "sign_in: {require_signed_request_object: true, request_uris: ";
    world.apply(&realms::changed(&document, "sign_in: {request_uris: ", must)).await;
    let realm = world.alpha();
    assert_eq!(realm.discovery().await["require_signed_request_object"], false, "others need not");
    let (app, mut browser) = (app(&realm), signed_in(&world).await);
    let ask = app.ask().scope("openid");
    for sent in [ask.clone(), ask.clone().with("prompt", "none"), ask.clone().with("response_mode", "fragment")] {
        let visit = browser.open(&sent.url()).await;
        assert_eq!(answered(&visit, &sent).error(), "invalid_request_object");
        let visit = browser.post_from_elsewhere(&realm.url(Endpoint::Authorization), &sent.params()).await;
        assert_eq!(answered(&visit, &sent).error(), "invalid_request_object");
    }
    let unsigned = outside(&ask).with("request", "eyJhbGciOiJub25lIn0.e30.");
    assert_eq!(answered(&browser.open(&unsigned.url()).await, &unsigned).error(), "invalid_request_object");
    let sent = outside(&ask).with("request", &owner.signs(&object(&world, &realm, &ask, json!({}))));
    answered(&browser.open(&sent.url()).await, &ask).code();
    let visit = browser.post_from_elsewhere(&realm.url(Endpoint::Authorization), &sent.params()).await;
    Tokens::of(&app.redeem(&answered(&visit, &ask).code(), &ask).await);
    // Through the sign-in page as well, where the request waits for a person.
    let mut fresh = realm.browser();
    let visit = fresh.open(&sent.url()).await;
    let visit = fresh.type_credentials(visit.page(), &realm.ada()).await;
    answered(&visit, &ask).code();
    world.stop().await;
}

on_sqlite! {
    async fn a_registered_request_uri_is_fetched_and_no_other(world) {
        let owner = KeyHolder::new(SigningAlgorithm::PS256, "k");
        let site = ClientSite::open().await;
        let uris = ["/plain", "/version#2", "/gone", "/large", "/redirect"].map(|path| site.url(path));
        let private = "https://169.254.169.254/latest".to_owned();
        let all = [uris.as_slice(), &[private]].concat();
        world.apply(&with_client(&json!({"jwks": owner.jwks()}), &all)).await;
        let realm = world.alpha();
        let (app, mut browser) = (app(&realm), signed_in(world).await);
        let ask = app.ask().scope("openid");
        let jws = owner.signs(&object(world, &realm, &ask, json!({})));
        for path in ["/plain", "/version", "/unregistered"] {
            site.serves(path, 200, "application/oauth-authz-req+jwt", jws.as_bytes());
        }
        site.serves("/large", 200, "application/jwt", &vec![b'x'; 70_000]);
        site.serves("/redirect", 302, "text/plain", b"");
        for uri in ["/plain", "/version#2"] {
            let visit = browser.open(&outside(&ask).with("request_uri", &site.url(uri)).url()).await;
            Tokens::of(&app.redeem(&answered(&visit, &ask).code(), &ask).await);
        }
        let refused = ["/unregistered", "/plain#", "/plain#2", "/version", "/version#3", "/plain?x=1", "/gone", "/large", "/redirect"];
        let refused = refused.map(|path| site.url(path)).into_iter().chain(["https://169.254.169.254/latest".to_owned(), "x".repeat(513), "ä".to_owned()]);
        for uri in refused {
            let sent = outside(&ask).with("request_uri", &uri);
            let visit = browser.open(&sent.url()).await;
            assert_eq!(answered(&visit, &sent).error(), "invalid_request_uri", "{uri}");
            assert!(!visit.left().contains("169.254"), "{}", visit.left());
        }
        assert_eq!(site.times_asked("/unregistered"), 0);
    }

    async fn a_hash_in_the_fragment_is_held_to(world) {
        let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
        let site = ClientSite::open().await;
        let realm = world.alpha();
        let app = app(&realm);
        let ask = app.ask().scope("openid");
        let jws = owner.signs(&object(world, &realm, &ask, json!({})));
        let uri = site.url(&format!("/object#{}", URL_SAFE_NO_PAD.encode(Sha256::digest(jws.as_bytes()))));
        world.apply(&with_client(&json!({"jwks": owner.jwks()}), std::slice::from_ref(&uri))).await;
        let mut browser = signed_in(world).await;
        let sent = outside(&ask).with("request_uri", &uri);
        site.serves("/object", 200, "application/jwt", jws.as_bytes());
        answered(&browser.open(&sent.url()).await, &ask).code();
        let another = owner.signs(&object(world, &realm, &ask, json!({"scope": "openid profile"})));
        site.serves("/object", 200, "application/jwt", another.as_bytes());
        assert_eq!(answered(&browser.open(&sent.url()).await, &sent).error(), "invalid_request_uri");
    }

    async fn a_posted_request_is_fetched_and_verified_once(world) {
        let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
        let site = ClientSite::open().await;
        world.apply(&with_client(&json!({"jwks": owner.jwks()}), &[site.url("/object")])).await;
        let realm = world.alpha();
        let (app, mut browser) = (app(&realm), signed_in(world).await);
        let ask = app.ask().scope("openid");
        let jws = owner.signs(&object(world, &realm, &ask, json!({})));
        site.serves("/object", 200, "application/jwt", jws.as_bytes());
        let sent = outside(&ask).with("request_uri", &site.url("/object"));
        let visit = browser.post_from_elsewhere(&realm.url(Endpoint::Authorization), &sent.params()).await;
        Tokens::of(&app.redeem(&answered(&visit, &ask).code(), &ask).await);
        assert_eq!(site.times_asked("/object"), 1);
    }
}
