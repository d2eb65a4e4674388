//! A web application with a backend: sign-in, tokens, refresh, userinfo.

use palatine_e2e::{
    Answer, Answered, Backend, Endpoint, Person, Tokens, World, claims, header, on_every_backend, on_sqlite, realms,
};
use reqwest::Method;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_development_sign_in_works_as_the_readme_says() {
    let mut world = World::builder(Backend::Sqlite).realm(realms::demo("dev")).start().await;
    let realm = world.realm("dev");
    let app = realm.app("test-app", "test-secret", "http://localhost:3000/callback");
    let developer = Person::new("dev@example.com", "dev-password-123");
    let scope = "openid profile email offline_access";
    let tokens = app.sign_in_for(&mut realm.browser(), &developer, scope).await;
    assert_eq!(tokens.scopes(), ["email", "offline_access", "openid", "profile"]);
    let info = realm.userinfo(&tokens.access).await.success();
    assert_eq!(
        (&info["email"], &info["email_verified"], &info["name"]),
        (&"dev@example.com".into(), &true.into(), &"Dev User".into())
    );
    let renewed = Tokens::of(&app.refresh(tokens.refresh()).await);
    assert_eq!(renewed.id_claims()["sub"], tokens.id_claims()["sub"]);
    world.stop().await;
}

on_every_backend! {
    async fn a_code_becomes_tokens_that_verify(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let ask = app.ask().scope("openid profile email orders:read");
        let begun = world.now().as_seconds();
        let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        let tokens = Tokens::of(&app.redeem(&code, &ask).await);

        assert_eq!((tokens.expires_in, tokens.scopes()), (300, vec!["email", "openid", "orders:read", "profile"]));
        let access = realm.api("orders-api").accept(&tokens.access, "orders:read").await.unwrap();
        assert_eq!(header(&tokens.access)["alg"], "ES256");
        assert_eq!((&access["client_id"], &access["azp"]), (&"web-app".into(), &"web-app".into()));
        assert_eq!((&access["token_use"], &access["acr"]), (&"user".into(), &"1".into()));
        assert_eq!(access["amr"], serde_json::json!(["pwd"]));
        assert_eq!(access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(), 300);
        assert!(access["auth_time"].as_i64().unwrap() >= begun);
        assert!(access.get("nbf").is_none() && access.get("email").is_none(), "{access}");

        let id = tokens.id_claims();
        assert_eq!((&id["iss"], &id["aud"]), (&realm.issuer().into(), &"web-app".into()));
        assert_eq!((&id["sub"], &id["nonce"]), (&access["sub"], &ask.nonce.as_str().into()));
        assert_eq!((&id["sid"], &id["auth_time"]), (&access["sid"], &access["auth_time"]));
        assert!(id.get("token_use").is_none() && id.get("email").is_none(), "{id}");
        assert_eq!(header(tokens.id())["typ"], "JWT");
    }

    async fn a_refresh_gives_new_tokens_for_the_same_sign_in(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        world.pass(palatine_e2e::seconds(20));
        let second = Tokens::of(&app.refresh(first.refresh()).await);
        assert_ne!(second.access, first.access);
        assert_ne!(second.refresh(), first.refresh());
        let (before, after) = (first.id_claims(), second.id_claims());
        for same in ["iss", "sub", "aud", "azp", "sid", "auth_time", "acr"] {
            assert_eq!(before[same], after[same], "{same}");
        }
        assert!(after.get("nonce").is_none(), "a nonce belongs to the authorization request");
        assert!(after["iat"].as_i64() > before["iat"].as_i64());
        assert_eq!(realm.userinfo(&second.access).await.success()["email"], "ada@example.com");
    }

    async fn a_refresh_token_looks_like_a_jws_and_tells_nothing_about_the_person(world) {
        let realm = world.alpha();
        let tokens = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        let body = claims(tokens.refresh());
        assert_eq!((&body["typ"], &body["iss"]), (&"Refresh".into(), &realm.issuer().into()));
        assert_eq!(body["sid"], tokens.id_claims()["sid"]);
        let sub = tokens.id_claims()["sub"].as_str().unwrap().to_owned();
        for personal in [sub.as_str(), "ada@example.com", "Byron"] {
            assert!(!body.to_string().contains(personal), "{body}");
        }
    }
}

on_sqlite! {
    async fn userinfo_takes_the_token_in_the_header_or_in_the_body_of_a_post(world) {
        let realm = world.alpha();
        let tokens = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        for url in realm.urls(Endpoint::Userinfo) {
            let by_get = realm.wire().request(Method::GET, &url).bearer_auth(&tokens.access);
            let by_header = realm.wire().request(Method::POST, &url).bearer_auth(&tokens.access);
            let by_body = realm.wire().post_request(&url, &[("access_token", &tokens.access)]);
            for request in [by_get, by_header, by_body] {
                let info = Answer::of(request).await.success();
                assert_eq!(info["sub"], tokens.id_claims()["sub"]);
                assert_eq!((&info["name"], &info["email"]), (&"Ada Byron".into(), &"ada@example.com".into()));
                assert_eq!((&info["customerId"], &info["email_verified"]), (&"cust-alpha-1".into(), &true.into()));
            }
        }
    }

    async fn userinfo_refuses_a_token_that_comes_two_ways_or_in_the_query(world) {
        let realm = world.alpha();
        let url = realm.url(Endpoint::Userinfo);
        let tokens = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        let twice = realm.wire().post_request(&url, &[("access_token", &tokens.access)]).bearer_auth(&tokens.access);
        let answer = Answer::of(twice).await;
        answer.assert_refused(400, "invalid_request");
        let query = realm.wire().get(&format!("{url}?access_token={}", tokens.access)).await;
        assert_eq!(query.status, 401);
    }

    async fn userinfo_without_credentials_names_no_error(world) {
        let realm = world.alpha();
        let answer = realm.wire().get(&realm.url(Endpoint::Userinfo)).await;
        assert_eq!(answer.status, 401);
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer ") && !challenge.contains("error"), "{challenge}");
        let wrong = realm.userinfo("nonsense").await;
        wrong.assert_refused(401, "invalid_token");
        assert!(wrong.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
    }

    async fn userinfo_releases_what_the_scope_says_and_needs_openid(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let bare = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid").await;
        let info = realm.userinfo(&bare.access).await.success();
        assert_eq!(info.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
        let without = app.sign_in_for(&mut realm.browser(), &realm.ada(), "profile").await;
        assert!(without.id.is_none(), "no ID token without openid");
        let answer = realm.userinfo(&without.access).await;
        answer.assert_refused(403, "insufficient_scope");
        assert!(answer.header("www-authenticate").unwrap().contains("insufficient_scope"));
    }

    async fn profile_claims_are_in_the_id_token_only_where_the_client_is_set_so(world) {
        let realm = world.alpha();
        let with = realm.es_app().sign_in(&mut realm.browser(), &realm.ada()).await.id_claims();
        assert_eq!((&with["name"], &with["email"]), (&"Ada Byron".into(), &"ada@example.com".into()));
        let without = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await.id_claims();
        assert!(without.get("name").is_none() && without.get("email").is_none(), "{without}");
    }

    async fn a_client_without_the_refresh_grant_gets_no_refresh_token(world) {
        let realm = world.alpha();
        let app = realm.short_app();
        let tokens = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid").await;
        assert_eq!(tokens.refresh, None);
        app.refresh("anything").await.assert_refused(400, "unauthorized_client");
    }

    async fn the_person_stays_signed_in_for_the_next_application(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let first = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let ask = realm.es_app().ask();
        let visit = browser.open(&ask.url()).await;
        assert_eq!(visit.answers.len(), 1, "nothing is asked");
        let code = Answered::at(visit.left(), &ask).code();
        let second = Tokens::of(&realm.es_app().redeem(&code, &ask).await);
        assert_eq!(second.id_claims()["sid"], first.id_claims()["sid"]);
    }

    async fn the_pages_speak_plain_words_and_name_who_asks(world) {
        let realm = world.alpha();
        let visit = realm.browser().open(&realm.web_app().ask().url()).await;
        let page = visit.page();
        assert_eq!((page.status, page.heading().as_str()), (200, "Sign in to Alpha"));
        assert!(page.text().contains("Web shop"), "{}", page.text());
        assert_eq!(visit.last().header("cache-control"), Some("no-store"));
    }
}
