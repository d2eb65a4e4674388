//! Every kind of token at every place that takes one: each place takes its own kinds and no other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_e2e::{
    Answered, App, Browser, Cookie, Endpoint, RealmUnderTest, Tokens, World, form_body, header, on_sqlite,
};
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_protocol::logout::{LogoutEvents, LogoutTokenClaims, TYP_LOGOUT_TOKEN};
use serde_json::{Value, json};

/// What somebody may hold.
const KINDS: [&str; 9] =
    ["access", "legacy access", "service access", "id", "refresh", "code", "cookie", "sid", "logout"];

/// One sign-in with everything that comes of it.
struct Holding {
    realm: RealmUnderTest,
    app: App,
    browser: Browser,
    id_token: String,
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
    ];
    Holding { id_token: tokens.id().to_owned(), realm, app, browser, kinds: KINDS.into_iter().zip(held).collect() }
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

/// Asserts that `place` takes these kinds and no other. Each is tried with a sign-in of its own.
async fn takes_only(world: &World, taken: &[&str], place: impl AsyncFn(&mut Holding, &str) -> bool) {
    for kind in KINDS {
        let mut held = holding(world).await;
        let found = held.kinds.iter().find(|(name, _)| *name == kind).map(|(_, value)| value.clone());
        assert_eq!(place(&mut held, &found.unwrap_or_default()).await, taken.contains(&kind), "{kind}");
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
            let auth = palatine_e2e::ClientAuth::Basic(token.to_owned());
            held.app.authenticating(auth).refresh("x").await.status != 401
        })
        .await;
    }

    async fn forged_tokens_are_taken_nowhere(world) {
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
