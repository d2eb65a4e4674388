//! Every kind of token at every place that takes one: each place takes its own kinds and no other.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_e2e::{
    Answer, Answered, App, Browser, ClientAuth, Cookie, Endpoint, KeyHolder, RealmUnderTest, Tokens, World, form_body,
    header, on_sqlite, realms, seconds,
};
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_protocol::logout::{LogoutEvents, LogoutTokenClaims, TYP_LOGOUT_TOKEN};
use reqwest::Method;
use serde_json::{Value, json};

use crate::registration::initial_token;

/// What somebody may hold.
const KINDS: [&str; 16] = [
    "access",
    "legacy access",
    "service access",
    "id",
    "refresh",
    "code",
    "cookie",
    "sid",
    "logout",
    "device code",
    "user code",
    "registration access",
    "initial access",
    "client assertion",
    "request object",
    "signed userinfo",
];

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

const KEYED: &str = "https://keyed.example.com/callback";

/// The key of `keyed-app`: with it the client signs assertions and requests alike.
static KEY: LazyLock<KeyHolder> = LazyLock::new(|| KeyHolder::new(SigningAlgorithm::ES256, "k"));

/// The realm alpha in which every kind can be had.
async fn realm(world: &World) -> RealmUnderTest {
    let keyed = format!(
        "  keyed-app:\n    kind: web\n    auth_method: private_key_jwt\n    keys: {{jwks: {}}}\n    \
         grants: [authorization_code, client_credentials]\n    \
         scopes: {{default: [openid], optional: [\"orders:read\"]}}\n    redirect_uris: [\"{KEYED}\"]\n  # Services.\n",
        KEY.jwks()
    );
    let document = realms::changed(&realms::alpha(), "  # Services.\n", &keyed);
    let document = realms::with_members(&document, "es-app", "userinfo_algorithm: ES256");
    world.apply(&realms::changed(&document, "policy:\n", "policy:\n  registration: token\n")).await;
    // Assertions from before uses of them were remembered are not taken.
    world.pass(seconds(60));
    world.alpha()
}

/// One sign-in with everything that comes of it.
struct Holding {
    realm: RealmUnderTest,
    app: App,
    browser: Browser,
    id_token: String,
    registration: String,
    kinds: Vec<(&'static str, String)>,
}

async fn holding(world: &World) -> Holding {
    let realm = world.alpha();
    let (app, mut browser) = (realm.web_app(), realm.browser());
    let tokens = app.sign_in_for(&mut browser, &realm.ada(), "openid profile orders:read").await;
    let legacy = app.sign_in_for(&mut browser, &realm.ada(), "openid legacy:read").await;
    assert_eq!(header(&legacy.access)["typ"], "JWT", "of the same type as an ID token");
    let ask = app.ask();
    let code = app.authorize(&mut browser, &realm.ada(), &ask).await.code();
    let cookie = browser.cookie("pal_session").map(|cookie| cookie.value).unwrap_or_default();
    let sid = tokens.id_claims()["sid"].as_str().unwrap_or_default().to_owned();
    let service = realm.service("worker").token().await;
    let logout = logout_token(world, &tokens).await;
    let device = realm.tv_app().post(Endpoint::DeviceAuthorization, &[]).await.success();
    let registered = registered(&realm, &initial_token(world, 1).await).await;
    let assertion = KEY.asserts("keyed-app", &realm.issuer(), world.now().as_seconds());
    let es = realm.es_app().sign_in(&mut realm.browser(), &realm.ada()).await;
    let held = [
        tokens.access.clone(),
        legacy.access,
        service,
        tokens.id().to_owned(),
        tokens.refresh().to_owned(),
        code,
        cookie,
        sid,
        logout,
        text(&device, "device_code"),
        text(&device, "user_code"),
        text(&registered, "registration_access_token"),
        initial_token(world, 1).await,
        assertion,
        request_object(world, &realm),
        realm.userinfo(&es.access).await.body,
    ];
    let registration = text(&registered, "registration_client_uri");
    let kinds = KINDS.into_iter().zip(held).collect();
    Holding { id_token: tokens.id().to_owned(), realm, app, browser, registration, kinds }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}")).to_owned()
}

/// A client that registered itself.
async fn registered(realm: &RealmUnderTest, initial: &str) -> Value {
    let answer = register(realm, initial).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

async fn register(realm: &RealmUnderTest, token: &str) -> Answer {
    let request = realm.wire().request(Method::POST, &realm.url(Endpoint::Registration)).bearer_auth(token);
    Answer::of(request.json(&json!({"redirect_uris": ["https://new.example.com/callback"]}))).await
}

/// A signed request for a code.
fn request_object(world: &World, realm: &RealmUnderTest) -> String {
    let now = world.now().as_seconds();
    let mut claims = json!({"iss": "keyed-app", "aud": realm.issuer(), "iat": now, "exp": now + 300});
    let ask = realm.keyed_app("keyed-app", &KEY, KEYED).ask().scope("openid").without_pkce();
    claims
        .as_object_mut()
        .unwrap()
        .extend(ask.params().into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
    KEY.signs(&claims)
}

/// The token that tells the application that this very session has ended, which it has not.
async fn logout_token(world: &World, tokens: &Tokens) -> String {
    let (realm, id) = (world.node().resolver().by_slug("alpha").await.unwrap(), tokens.id_claims());
    let text = |name: &str| id[name].as_str().unwrap().to_owned();
    let claims = LogoutTokenClaims {
        iss: text("iss"),
        sub: text("sub"),
        aud: text("aud").into(),
        iat: world.now().as_seconds(),
        exp: world.now().as_seconds() + 120,
        jti: RealmUnderTest::fresh_name(),
        events: LogoutEvents::logout(),
        sid: text("sid"),
    };
    realm.keys().await.unwrap().sign(SigningAlgorithm::RS256, TYP_LOGOUT_TOKEN, &claims).unwrap()
}

/// Asserts that `place` takes these kinds and no other. Each that it takes is tried with a sign-in of its own; the others
/// use nothing up.
async fn takes_only(world: &World, taken: &[&str], place: impl AsyncFn(&mut Holding, &str) -> bool) {
    realm(world).await;
    let mut held = holding(world).await;
    for (kind, token) in held.kinds.clone().into_iter().filter(|(kind, _)| !taken.contains(kind)) {
        assert!(!place(&mut held, &token).await, "{kind} is taken");
    }
    for kind in taken {
        let mut held = holding(world).await;
        let (_, value) = held.kinds.iter().find(|(name, _)| name == kind).expect("a kind").clone();
        assert!(place(&mut held, &value).await, "{kind} is not taken");
    }
}

on_sqlite! {
    async fn userinfo_takes_access_tokens_of_people(world) {
        takes_only(world, &["access", "legacy access"], async |held, token| {
            held.realm.userinfo(token).await.status == 200
        })
        .await;
    }

    async fn introspection_finds_access_and_refresh_tokens(world) {
        takes_only(world, &["access", "legacy access", "refresh"], async |held, token| held.app.finds_active(token).await)
            .await;
        takes_only(world, &["access", "service access"], async |held, token| {
            held.realm.service("orders-backend").app.finds_active(token).await
        })
        .await;
    }

    async fn the_refresh_grant_takes_refresh_tokens(world) {
        takes_only(world, &["refresh"], async |held, token| held.app.refresh(token).await.status == 200).await;
    }

    async fn the_code_grant_takes_codes(world) {
        takes_only(world, &["code"], async |held, token| {
            // Whatever the reason it is refused for: not because the code itself is unknown.
            let form = [("grant_type", "authorization_code"), ("code", token)];
            let answer = held.app.post(Endpoint::Token, &form).await;
            answer.assert_refused(400, "invalid_grant");
            !answer.body.contains("unknown")
        })
        .await;
    }

    async fn a_hint_of_an_authorization_request_is_an_id_token(world) {
        takes_only(world, &["id"], async |held, token| {
            let ask = held.app.ask().with("prompt", "none").with("id_token_hint", token);
            held.browser.open(&ask.url()).await.left().contains("code=")
        })
        .await;
    }

    async fn a_hint_of_a_sign_out_is_an_id_token(world) {
        takes_only(world, &["id"], async |held, token| {
            let query = form_body(&[("id_token_hint", token)]);
            let visit = held.browser.open(&format!("{}?{query}", held.realm.url(Endpoint::EndSession))).await;
            visit.page().heading() == "You are signed out"
        })
        .await;
    }

    async fn a_backends_sign_out_takes_refresh_tokens(world) {
        takes_only(world, &["refresh"], async |held, token| {
            held.app.post(Endpoint::EndSession, &[("refresh_token", token)]).await.status == 204
        })
        .await;
    }

    async fn the_session_cookie_is_nothing_but_its_secret(world) {
        takes_only(world, &["cookie"], async |held, token| {
            let mut other = held.realm.browser();
            let Some(cookie) = held.browser.cookie("pal_session") else { return false };
            other.plant(Cookie { value: token.to_owned(), ..cookie });
            let ask = held.app.ask().with("prompt", "none");
            other.open(&ask.url()).await.left().contains("code=")
        })
        .await;
    }

    async fn revocation_has_an_effect_on_access_and_refresh_tokens(world) {
        takes_only(world, &["access", "legacy access", "refresh"], async |held, token| {
            let before = held.app.introspect(token).await.body;
            let status = held.app.revoke(token).await.status;
            // Another client's token is refused; what is none is as good as revoked.
            assert!([200, 400].contains(&status), "{status}");
            held.app.introspect(token).await.body != before
        })
        .await;
        takes_only(world, &[], async |held, token| {
            held.realm.es_app().revoke(token).await;
            !held.app.finds_active(&held.kinds[0].1.clone()).await
        })
        .await;
    }

    async fn a_client_secret_is_none_of_them(world) {
        takes_only(world, &[], async |held, token| {
            let auth = ClientAuth::Basic(token.to_owned());
            held.app.authenticating(auth).refresh("x").await.status != 401
        })
        .await;
    }

    async fn the_device_grant_takes_device_codes(world) {
        takes_only(world, &["device code"], async |held, token| {
            let form = [("grant_type", DEVICE_GRANT), ("device_code", token)];
            // Known, and waits for its person.
            held.realm.tv_app().post(Endpoint::Token, &form).await.error() == "authorization_pending"
        })
        .await;
    }

    async fn the_page_for_devices_takes_user_codes(world) {
        takes_only(world, &["user code"], async |held, token| {
            let page = held.browser.open(&format!("{}/device", held.realm.issuer())).await;
            let visit = held.browser.submit(&page.page().form().fill("user_code", token), "continue").await;
            visit.last().status == 200
        })
        .await;
    }

    async fn a_client_manages_itself_by_its_registration_token(world) {
        takes_only(world, &["registration access"], async |held, token| {
            let request = held.realm.wire().request(Method::GET, &held.registration);
            Answer::of(request.bearer_auth(token)).await.status == 200
        })
        .await;
    }

    async fn registration_takes_initial_access_tokens(world) {
        takes_only(world, &["initial access"], async |held, token| register(&held.realm, token).await.status == 201).await;
    }

    async fn a_client_proves_itself_by_an_assertion(world) {
        takes_only(world, &["client assertion"], async |held, token| {
            let form = [
                ("grant_type", "client_credentials"),
                ("scope", "orders:read"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", token),
            ];
            held.realm.wire().post(&held.realm.url(Endpoint::Token), &form).await.status == 200
        })
        .await;
    }

    async fn a_request_is_signed_as_a_request_object(world) {
        takes_only(world, &["request object"], async |held, token| {
            let ask = held.realm.keyed_app("keyed-app", &KEY, KEYED).ask().scope("openid").without_pkce();
            let ask = ask.without("state").without("nonce").with("request", token);
            held.browser.open(&ask.url()).await.left().contains("code=")
        })
        .await;
    }

    async fn forged_tokens_are_taken_nowhere(world) {
        realm(world).await;
        let held = holding(world).await;
        let good = held.kinds[0].1.clone();
        let jwks = held.realm.jwks().await;
        let ec = jwks["keys"].as_array().unwrap().iter().find(|key| key["kty"] == "EC").unwrap().clone();
        for forged in forgeries(&good, &ec) {
            held.realm.userinfo(&forged).await.assert_refused(401, "invalid_token");
            assert!(!held.app.finds_active(&forged).await, "{forged}");
        }
        let mut browser = held.browser;
        for forged in forgeries(&held.id_token, &ec) {
            let ask = held.app.ask().with("prompt", "none").with("id_token_hint", &forged);
            assert_eq!(Answered::at(browser.open(&ask.url()).await.left(), &ask).error(), "login_required");
        }
        assert_eq!(held.realm.userinfo(&good).await.status, 200);
        Tokens::of(&held.app.refresh(&held.kinds[4].1).await);
    }
}

/// The ways in which verifiers were fooled before.
fn forgeries(good: &str, key: &Value) -> Vec<String> {
    let parts: Vec<&str> = good.split('.').collect();
    let [head, claims, signature] = parts[..] else { panic!("a JWS has three parts") };
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let with = |changes: Value| {
        let mut header = palatine_e2e::header(good);
        for (name, value) in changes.as_object().into_iter().flatten() {
            header[name] = value.clone();
        }
        encoded(&header)
    };
    let mut longer = palatine_e2e::claims(good);
    longer["exp"] = json!(9_999_999_999_u64);
    let jku = json!({"jku": "https://evil.example/jwks", "x5u": "https://evil.example/x"});
    vec![
        format!("{head}.{claims}."),
        format!("{head}.{claims}"),
        format!("{head}.{}.{signature}", encoded(&longer)),
        format!("{}.{claims}.", with(json!({"alg": "none"}))),
        format!("{}.{claims}.{signature}", with(json!({"alg": "none"}))),
        format!("{}.{claims}.{signature}", with(json!({"alg": "HS256"}))),
        format!("{}.{claims}.{signature}", with(json!({"alg": "ES384"}))),
        format!("{}.{claims}.{signature}", with(json!({"jwk": key}))),
        format!("{}.{claims}.{signature}", with(jku)),
        format!("{}.{claims}.{signature}", with(json!({"kid": "../../etc/passwd"}))),
        format!("{}.{claims}.{signature}", with(json!({"kid": "' OR 1=1 --"}))),
        format!("{}.{claims}.{signature}", with(json!({"crit": ["x"], "x": 1}))),
        format!("{}.{claims}.{}", head, &signature[..signature.len() - 2]),
        format!("{head}.{claims}.{}", URL_SAFE_NO_PAD.encode([0_u8; 64])),
        format!("{head}.{claims}.{signature}.{signature}"),
    ]
}
