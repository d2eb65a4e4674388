//! A native application: public, PKCE alone, a custom scheme or a loopback port (RFC 8252).

use palatine_e2e::{
    Answered, App, Backend, ClientAuth, Endpoint, Person, Tokens, World, on_every_backend, on_sqlite, realms,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_app_signs_in_with_the_longest_verifier_and_its_own_scheme() {
    let mut world = World::builder(Backend::Sqlite).realm(realms::demo("dev")).start().await;
    let realm = world.realm("dev");
    let app = realm.app("mobile-app", "", "myapp://callback").authenticating(ClientAuth::Public);
    let developer = Person::new("dev@example.com", "dev-password-123");
    let ask = app.ask().scope("openid profile email offline_access");
    assert_eq!(ask.verifier.len(), 128);
    let tokens = app.sign_in_asking(&mut realm.browser(), &developer, ask).await;
    assert!(realm.userinfo(&tokens.access).await.success()["sub"].is_string());
    world.stop().await;
}

on_every_backend! {
    async fn a_public_client_gets_refreshes_and_revokes_tokens_with_its_id_alone(world) {
        let realm = world.alpha();
        for (token, revoke) in realm.urls(Endpoint::Token).into_iter().zip(realm.urls(Endpoint::Revocation)) {
            let app = realm.native_app();
            let ask = app.ask();
            let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
            let redirect_uri = ("redirect_uri", ask.redirect_uri());
            let verifier = ("code_verifier", ask.verifier.as_str());
            let form = [("grant_type", "authorization_code"), ("code", &code), redirect_uri, verifier];
            let first = Tokens::of(&app.post_to(&token, &form).await);
            let form = [("grant_type", "refresh_token"), ("refresh_token", first.refresh())];
            let second = Tokens::of(&app.post_to(&token, &form).await);
            let revoked = app.post_to(&revoke, &[("token", second.refresh())]).await;
            assert_eq!((revoked.status, revoked.body.as_str()), (200, ""));
            app.refresh(second.refresh()).await.assert_refused(400, "invalid_grant");
            realm.userinfo(&second.access).await.assert_refused(401, "invalid_token");
        }
    }
}

on_sqlite! {
    async fn a_public_client_must_use_pkce(world) {
        let realm = world.alpha();
        for app in [realm.native_app(), realm.spa_app()] {
            let ask = app.ask().without_pkce();
            let visit = realm.browser().open(&ask.url()).await;
            assert_eq!(Answered::at(visit.left(), &ask).error(), "invalid_request");
        }
    }

    async fn the_port_of_a_loopback_literal_is_free(world) {
        let realm = world.alpha();
        for redirect_uri in ["http://127.0.0.1/callback", "http://127.0.0.1:51004/callback", "http://[::1]:9/callback"] {
            let app = App { redirect_uri: redirect_uri.into(), ..realm.native_app() };
            app.sign_in(&mut realm.browser(), &realm.ada()).await;
        }
    }

    async fn everything_else_of_a_loopback_address_is_not(world) {
        let realm = world.alpha();
        let hostile = [
            "http://localhost:51004/callback",
            "http://127.0.0.1:51004/callback/",
            "http://127.0.0.1:51004/Callback",
            "http://127.0.0.1:51004/callback?x=1",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:080/callback",
            "http://127.0.0.1:99999/callback",
            "http://127.0.0.1:1@evil.example/callback",
            "http://127.0.0.1.evil.example/callback",
            "http://127.0.0.2:51004/callback",
            "https://127.0.0.1:51004/callback",
            "http://user@127.0.0.1:51004/callback",
            "myapp://callback/",
            "MYAPP://callback",
            "myapp://callback?x=1",
            "myapp://callback#x",
            "myapp:callback",
        ];
        for redirect_uri in hostile {
            let app = App { redirect_uri: redirect_uri.into(), ..realm.native_app() };
            let visit = realm.browser().open(&app.ask().url()).await;
            visit.last().assert_page(400, "Invalid parameter: redirect_uri");
        }
    }

    async fn the_port_of_a_web_client_is_not_free(world) {
        let realm = world.alpha();
        let app = App { redirect_uri: "http://localhost:3001/callback".into(), ..realm.web_app() };
        let visit = realm.browser().open(&app.ask().url()).await;
        visit.last().assert_page(400, "Invalid parameter: redirect_uri");
    }

    async fn an_empty_secret_by_basic_is_the_id_alone(world) {
        let realm = world.alpha();
        let app = realm.native_app().authenticating(ClientAuth::RawBasic(String::new()));
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        Tokens::of(&app.refresh(tokens.refresh()).await);
        let secret = realm.native_app().authenticating(ClientAuth::RawBasic("made-up".into()));
        secret.refresh(tokens.refresh()).await.assert_refused(401, "invalid_client");
    }

    async fn an_id_alone_introspects_nothing(world) {
        let realm = world.alpha();
        let app = realm.native_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        app.introspect(&tokens.access).await.assert_refused(401, "invalid_client");
    }
}
