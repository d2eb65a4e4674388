//! Authorization codes: single use, short-lived, bound to what they were made for (RFC 6749, section 4.1; RFC 7636).

use palatine_domain::audit::AuditKind;
use palatine_e2e::{ClientAuth, Endpoint, Tokens, on_every_backend, on_sqlite, seconds};

on_every_backend! {
    async fn a_code_is_used_once_and_its_reuse_ends_what_it_gave(world) {
        let realm = world.alpha();
        let (app, ask) = (realm.web_app(), realm.web_app().ask());
        let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        let tokens = Tokens::of(&app.redeem(&code, &ask).await);
        let other = app.sign_in(&mut realm.browser(), &realm.ada()).await;

        app.redeem(&code, &ask).await.assert_refused(400, "invalid_grant");
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
        realm.userinfo(&tokens.access).await.assert_refused(401, "invalid_token");
        assert!(!app.finds_active(&tokens.access).await);
        assert_eq!(world.audit("alpha", AuditKind::CodeReused).await.len(), 1);
        assert!(app.finds_active(&other.access).await, "another grant lives on");
    }

    async fn a_code_lives_sixty_seconds(world) {
        world.holds_its_time();
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let ask = app.ask();
        let code = app.authorize(&mut browser, &realm.ada(), &ask).await.code();
        world.pass(seconds(55));
        Tokens::of(&app.redeem(&code, &ask).await);
        let code = app.authorize(&mut browser, &realm.ada(), &ask).await.code();
        world.pass(seconds(60));
        app.redeem(&code, &ask).await.assert_refused(400, "invalid_grant");
    }
}

on_sqlite! {
    async fn a_failed_client_authentication_does_not_use_the_code_up(world) {
        let realm = world.alpha();
        let (app, ask) = (realm.web_app(), realm.web_app().ask());
        let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        let impostor = app.authenticating(ClientAuth::Basic("wrong".into()));
        impostor.redeem(&code, &ask).await.assert_refused(401, "invalid_client");
        Tokens::of(&app.redeem(&code, &ask).await);
    }

    async fn a_code_belongs_to_its_client(world) {
        let realm = world.alpha();
        let (app, ask) = (realm.web_app(), realm.web_app().ask());
        let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        for thief in [realm.es_app(), realm.native_app()] {
            thief.redeem(&code, &ask).await.assert_refused(400, "invalid_grant");
        }
        Tokens::of(&app.redeem(&code, &ask).await);
    }

    async fn the_redirect_uri_is_repeated_exactly(world) {
        let realm = world.alpha();
        let (app, ask) = (realm.web_app(), realm.web_app().ask());
        let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        let registered = "http://localhost:3000/callback";
        for wrong in [None, Some(registered), Some("https://shop.example.com/callback/")] {
            let mut form =
                vec![("grant_type", "authorization_code"), ("code", &code), ("code_verifier", &ask.verifier)];
            form.extend(wrong.map(|uri| ("redirect_uri", uri)));
            app.post(Endpoint::Token, &form).await.assert_refused(400, "invalid_grant");
        }
        Tokens::of(&app.redeem(&code, &ask).await);
    }

    async fn a_client_with_one_redirect_uri_may_leave_it_out_of_both_requests_of_oauth_alone(world) {
        let realm = world.alpha();
        let app = realm.es_app();
        let ask = app.ask().scope("profile").without("redirect_uri");
        let visit = realm.browser().open(&ask.url()).await;
        let visit = realm.browser().sign_in_if_asked(visit, &realm.ada()).await;
        // Another browser than the one that began it gets nowhere; the one that did, does.
        assert!(matches!(visit.landing, palatine_e2e::Landing::Page(_)));
        let mut browser = realm.browser();
        let visit = browser.open(&ask.url()).await;
        let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
        let (target, _) = visit.left().split_once('?').unwrap();
        assert_eq!(target, app.redirect_uri);
        let named = palatine_e2e::Answered::at(visit.left(), &ask.clone().with("redirect_uri", target));
        let form = [("grant_type", "authorization_code"), ("code", &named.code()), ("code_verifier", &ask.verifier)];
        Tokens::of(&app.post(Endpoint::Token, &form).await);
    }

    async fn the_verifier_must_fit_the_challenge(world) {
        let realm = world.alpha();
        for app in [realm.web_app(), realm.native_app()] {
            let ask = app.ask();
            let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
            for wrong in [None, Some(""), Some("x"), Some(app.ask().verifier.as_str()), Some(&ask.verifier[..43])] {
                let redirect_uri = ("redirect_uri", ask.redirect_uri());
                let mut form = vec![("grant_type", "authorization_code"), ("code", code.as_str()), redirect_uri];
                form.extend(wrong.map(|verifier| ("code_verifier", verifier)));
                app.post(Endpoint::Token, &form).await.assert_refused(400, "invalid_grant");
            }
            Tokens::of(&app.redeem(&code, &ask).await);
        }
    }

    async fn a_verifier_without_a_challenge_is_refused(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let ask = app.ask().without_pkce();
        let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        app.redeem(&code, &ask).await.assert_refused(400, "invalid_grant");
        let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", ask.redirect_uri())];
        Tokens::of(&app.post(Endpoint::Token, &form).await);
    }

    async fn the_shortest_verifier_is_taken(world) {
        let realm = world.alpha();
        let app = realm.native_app();
        let mut ask = app.ask();
        ask.verifier.truncate(43);
        let challenge = palatine_e2e::challenge_of(&ask.verifier);
        let ask = ask.with("code_challenge", &challenge);
        let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        Tokens::of(&app.redeem(&code, &ask).await);
    }

    async fn an_unknown_code_is_refused(world) {
        let (app, ask) = (world.alpha().web_app(), world.alpha().web_app().ask());
        for code in ["x", &"a".repeat(43), &"a".repeat(60_000)] {
            app.redeem(code, &ask).await.assert_refused(400, "invalid_grant");
        }
    }
}
