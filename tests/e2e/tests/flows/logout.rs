//! Signing out (OpenID Connect RP-Initiated Logout; PROTOCOL.md section 6).

use palatine_domain::audit::AuditKind;
use palatine_e2e::{
    Answered, Browser, Endpoint, RealmUnderTest, Tokens, Visit, form_body, minutes, on_every_backend, on_sqlite,
};

const BYE: &str = "https://shop.example.com/bye";

/// Asks to sign out in this browser.
async fn ask_out(browser: &mut Browser, realm: &RealmUnderTest, params: &[(&str, &str)]) -> Visit {
    browser.open(&format!("{}?{}", realm.url(Endpoint::EndSession), form_body(params))).await
}

/// Whether the browser is signed in.
async fn is_signed_in(browser: &mut Browser, realm: &RealmUnderTest) -> bool {
    let ask = realm.web_app().ask().with("prompt", "none");
    !browser.open(&ask.url()).await.left().contains("error=login_required")
}

on_every_backend! {
    async fn a_hint_of_the_browsers_session_signs_out_without_asking(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        for url in realm.urls(Endpoint::EndSession) {
            let mut browser = realm.browser();
            let tokens = app.sign_in(&mut browser, &realm.ada()).await;
            let query =
                form_body(&[("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BYE), ("state", "a b&c")]);
            let visit = browser.open(&format!("{url}?{query}")).await;
            assert_eq!(visit.left(), format!("{BYE}?state=a%20b%26c"), "state, and nothing else");
            assert!(browser.cookie("pal_session").is_none() && browser.cookie("pal_state").is_none());
            assert!(!is_signed_in(&mut browser, &realm).await);
            app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
            realm.userinfo(&tokens.access).await.assert_refused(401, "invalid_token");
            assert!(!app.finds_active(&tokens.access).await);
        }
        assert_eq!(world.audit("alpha", AuditKind::SessionEnded).await.len(), 2);
    }

    async fn the_cookie_of_an_ended_session_is_worth_nothing(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let tokens = app.sign_in(&mut browser, &realm.ada()).await;
        let stolen = browser.cookie("pal_session").unwrap();
        ask_out(&mut browser, &realm, &[("id_token_hint", tokens.id())]).await;
        browser.plant(stolen.clone());
        assert!(!is_signed_in(&mut browser, &realm).await);
        world.restart().await;
        browser.plant(stolen);
        assert!(!is_signed_in(&mut browser, &realm).await);
    }

    async fn a_hint_without_a_cookie_ends_its_session(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let tokens = app.sign_in(&mut browser, &realm.ada()).await;
        let visit = ask_out(&mut realm.browser(), &realm, &[("id_token_hint", tokens.id())]).await;
        assert_eq!(visit.page().heading(), "You are signed out");
        assert!(!is_signed_in(&mut browser, &realm).await);
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
    }

    async fn a_backend_ends_the_session_of_its_refresh_token(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let tokens = app.sign_in(&mut browser, &realm.ada()).await;
        let other = realm.es_app().sign_in(&mut browser, &realm.ada()).await;
        let form = [("refresh_token", tokens.refresh())];
        realm.es_app().post(Endpoint::EndSession, &form).await.assert_refused(400, "invalid_grant");
        app.post(Endpoint::EndSession, &[("refresh_token", "x")]).await.assert_refused(400, "invalid_grant");
        assert!(is_signed_in(&mut browser, &realm).await);
        let answer = app.post(Endpoint::EndSession, &form).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""));
        assert!(answer.all("set-cookie").is_empty());
        assert!(!is_signed_in(&mut browser, &realm).await);
        realm.es_app().refresh(other.refresh()).await.assert_refused(400, "invalid_grant");
    }
}

on_sqlite! {
    async fn an_expired_hint_is_as_good(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let tokens = app.sign_in(&mut browser, &realm.ada()).await;
        world.pass(minutes(20));
        let visit = ask_out(&mut browser, &realm, &[("id_token_hint", tokens.id())]).await;
        assert_eq!(visit.page().heading(), "You are signed out");
        assert!(!is_signed_in(&mut browser, &realm).await);
    }

    async fn a_hint_of_another_session_asks(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let (mut adas, mut graces) = (realm.browser(), realm.browser());
        let ada = app.sign_in(&mut adas, &realm.ada()).await;
        app.sign_in(&mut graces, &realm.grace()).await;
        let visit = ask_out(&mut graces, &realm, &[("id_token_hint", ada.id())]).await;
        assert_eq!(visit.page().heading(), "Do you want to sign out?");
        assert!(is_signed_in(&mut graces, &realm).await && is_signed_in(&mut adas, &realm).await);
    }

    async fn no_hint_or_no_token_of_ours_asks_and_then_signs_out(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        for hint in [None, Some("nonsense"), Some("a.b.c")] {
            let mut browser = realm.browser();
            let tokens = app.sign_in(&mut browser, &realm.ada()).await;
            let params: Vec<_> = hint.into_iter().map(|hint| ("id_token_hint", hint)).collect();
            let visit = ask_out(&mut browser, &realm, &params).await;
            assert_eq!(visit.page().heading(), "Do you want to sign out?", "{hint:?}");
            assert!(is_signed_in(&mut browser, &realm).await, "asking ends nothing");
            let visit = browser.submit(&visit.page().form(), "logout").await;
            assert_eq!(visit.page().heading(), "You are signed out");
            assert!(!is_signed_in(&mut browser, &realm).await);
            app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
        }
    }

    async fn a_client_may_be_named_instead_of_hinted_at_and_the_way_back_survives_the_question(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let params = [("client_id", "web-app"), ("post_logout_redirect_uri", BYE), ("state", "s")];
        let visit = ask_out(&mut browser, &realm, &params).await;
        assert!(visit.page().text().contains("Web shop asks to sign you out."), "{}", visit.page().text());
        let visit = browser.submit(&visit.page().form(), "logout").await;
        assert_eq!(visit.left(), format!("{BYE}?state=s"));
    }

    async fn a_way_back_that_is_not_registered_is_refused_and_nobody_is_signed_out(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let hint = ("id_token_hint", tokens.id());
        let foreign = ["https://evil.example/", "https://shop.example.com/bye/", "https://shop.example.com/callback"];
        for uri in foreign.into_iter().chain(["https://es.example.com/bye", "javascript:alert(1)", "//evil.example"]) {
            let visit = ask_out(&mut browser, &realm, &[hint, ("post_logout_redirect_uri", uri)]).await;
            visit.last().assert_page(400, "Invalid parameter: post_logout_redirect_uri");
        }
        let visit = ask_out(&mut browser, &realm, &[("post_logout_redirect_uri", BYE)]).await;
        visit.last().assert_page(400, "Invalid parameter: post_logout_redirect_uri");
        assert!(is_signed_in(&mut browser, &realm).await);
    }

    async fn a_post_logout_uri_is_no_redirect_uri(world) {
        let realm = world.alpha();
        let visit = realm.browser().open(&realm.web_app().ask().with("redirect_uri", BYE).url()).await;
        visit.last().assert_page(400, "Invalid parameter: redirect_uri");
    }

    async fn hint_and_client_must_be_of_one_client(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let visit = ask_out(&mut browser, &realm, &[("id_token_hint", tokens.id()), ("client_id", "es-app")]).await;
        assert_eq!(visit.last().status, 400);
        assert!(is_signed_in(&mut browser, &realm).await);
    }

    async fn who_is_not_signed_in_is_not_asked(world) {
        let realm = world.alpha();
        let visit = ask_out(&mut realm.browser(), &realm, &[]).await;
        assert_eq!(visit.page().heading(), "You are signed out");
        let params = [("client_id", "web-app"), ("post_logout_redirect_uri", BYE)];
        let visit = ask_out(&mut realm.browser(), &realm, &params).await;
        assert_eq!(visit.left(), BYE);
    }

    async fn a_posted_request_is_one_too(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let form = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BYE), ("state", "s")];
        // From another site, so without the cookie: the hint alone ends the session.
        let visit = browser.post_from_elsewhere(&realm.url(Endpoint::EndSession), &form).await;
        assert_eq!(visit.left(), format!("{BYE}?state=s"));
        assert!(!is_signed_in(&mut browser, &realm).await);
    }

    async fn an_access_token_or_a_refresh_token_is_no_hint(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        for hint in [tokens.access.as_str(), tokens.refresh()] {
            let visit = ask_out(&mut browser, &realm, &[("id_token_hint", hint)]).await;
            assert_eq!(visit.page().heading(), "Do you want to sign out?");
        }
    }

    async fn the_question_is_answered_from_the_page_that_asked_alone(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let visit = ask_out(&mut browser, &realm, &[]).await;
        let form = visit.page().form();
        let stale = browser.post(form.action(), &[("csrf", "forged"), ("logout", "1")]).await;
        assert_eq!((stale.last().status, stale.page().heading().as_str()), (400, "This form is out of date"));
        let foreign = browser.post_from_elsewhere(form.action(), &[("csrf", form.value("csrf"))]).await;
        assert_eq!(foreign.last().status, 403);
        assert!(is_signed_in(&mut browser, &realm).await);
        Tokens::of(&realm.web_app().refresh(tokens.refresh()).await);
    }

    async fn pages_from_before_a_sign_out_explain_themselves(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let consent = browser.open(&app.ask().scope("openid profile").url()).await.page().clone();
        let question = ask_out(&mut browser, &realm, &[]).await.page().clone();
        ask_out(&mut browser, &realm, &[("id_token_hint", tokens.id())]).await;
        let visit = browser.submit(&question.form(), "logout").await;
        assert_eq!(visit.page().heading(), "You are signed out", "twice is as good as once");
        let visit = browser.submit(&consent.form(), "accept").await;
        assert_eq!(visit.page().heading(), "Sign in to Alpha", "nobody is there any more: {}", visit.page().text());
        let visit = browser.type_credentials(visit.page(), &realm.ada()).await;
        assert!(visit.page().form().has_button("accept"), "and then the question is asked again");
    }

    async fn an_answer_after_sign_out_is_login_required(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        ask_out(&mut browser, &realm, &[("id_token_hint", tokens.id())]).await;
        let ask = realm.web_app().ask().with("prompt", "none");
        assert_eq!(Answered::at(browser.open(&ask.url()).await.left(), &ask).error(), "login_required");
    }
}
