//! The authorization endpoint: the order of its checks, who is answered where, and what is read how.

use palatine_e2e::{Answered, App, Ask, Endpoint, Landing, Tokens, on_every_backend, on_sqlite, realms};

on_sqlite! {
    async fn what_is_wrong_with_client_or_redirect_uri_is_a_page(world) {
        let realm = world.alpha();
        let ask = realm.web_app().ask();
        let cases: Vec<(Ask, &str)> = vec![
            (ask.clone().without("client_id"), "Missing parameter: client_id"),
            (ask.clone().with("client_id", ""), "Missing parameter: client_id"),
            (ask.clone().with("client_id", "nobody"), "Unknown application"),
            (ask.clone().and("client_id", "web-app"), "The request could not be read"),
            (ask.clone().without("redirect_uri"), "Invalid parameter: redirect_uri"),
            (ask.clone().with("redirect_uri", ""), "Invalid parameter: redirect_uri"),
            (ask.clone().with("redirect_uri", "https://evil.example/"), "Invalid parameter: redirect_uri"),
            (ask.clone().and("redirect_uri", "https://shop.example.com/callback"), "The request could not be read"),
        ];
        for (ask, words) in cases {
            // Everything else is wrong, too: client and redirect URI come first.
            let ask = ask.with("response_type", "nonsense").with("scope", "nonsense");
            let visit = realm.browser().open(&ask.url()).await;
            visit.last().assert_page(400, words);
            assert!(visit.last().header("location").is_none());
        }
    }

    async fn the_error_page_names_the_request(world) {
        let realm = world.alpha();
        let visit = realm.browser().open(&realm.web_app().ask().with("client_id", "nobody").url()).await;
        let id = visit.last().header("x-request-id").unwrap().to_owned();
        assert!(visit.page().text().contains(&id));
    }

    async fn redirect_uris_are_compared_as_exact_strings(world) {
        let realm = world.alpha();
        let hostile = [
            "https://shop.example.com/callback/",
            "https://shop.example.com/callback?",
            "https://shop.example.com/callback?x=1",
            "https://shop.example.com/callback#",
            "https://shop.example.com/Callback",
            "https://SHOP.example.com/callback",
            "HTTPS://shop.example.com/callback",
            "http://shop.example.com/callback",
            "https://shop.example.com:443/callback",
            "https://shop.example.com/x/../callback",
            "https://shop.example.com/..;/callback",
            "https://shop.example.com/%63allback",
            "https://shop.example.com%2fcallback",
            "https://shop.example.com/callback%00",
            "https://shop.example.com/callback\u{a0}",
            "https://shop.example.com./callback",
            "https://shop.example.com@evil.example/callback",
            "https://user@shop.example.com/callback",
            "https://shop.example.com.evil.example/callback",
            "https://shop.example.comevil/callback",
            "https:\\\\shop.example.com\\callback",
            "//shop.example.com/callback",
            "/callback",
            " https://shop.example.com/callback",
            "https://shop.example.com/callback ",
            "https://shop.example.com/callback\n",
            "javascript:alert(1)//https://shop.example.com/callback",
            "data:text/html,https://shop.example.com/callback",
            "http://localhost:3000/callback/",
            "http://localhost:3000",
            "http://127.0.0.1:3000/callback",
        ];
        for redirect_uri in hostile {
            let app = App { redirect_uri: redirect_uri.into(), ..realm.web_app() };
            let visit = realm.browser().open(&app.ask().url()).await;
            assert_eq!(visit.last().status, 400, "{redirect_uri}");
            assert!(visit.last().header("location").is_none(), "{redirect_uri}");
        }
    }

    async fn every_other_mistake_is_answered_at_the_redirect_uri(world) {
        let realm = world.alpha();
        let ask = realm.web_app().ask();
        let cases = [
            (ask.clone().without("response_type"), "invalid_request"),
            (ask.clone().with("response_type", "nonsense"), "unsupported_response_type"),
            (ask.clone().with("response_mode", "nonsense"), "invalid_request"),
            (ask.clone().with("scope", "nonsense"), "invalid_scope"),
            (ask.clone().with("prompt", "nonsense"), "invalid_request"),
            (ask.clone().with("prompt", "none login"), "invalid_request"),
            (ask.clone().with("max_age", "-1"), "invalid_request"),
            (ask.clone().with("max_age", "soon"), "invalid_request"),
            (ask.clone().with("code_challenge", "short"), "invalid_request"),
            (ask.clone().with("code_challenge_method", "plain"), "invalid_request"),
            (ask.clone().without("code_challenge"), "invalid_request"),
            (ask.clone().without("code_challenge_method"), "invalid_request"),
            (ask.clone().with("request", "e30."), "invalid_request_object"),
            (ask.clone().with("request_uri", "https://x.example/r"), "invalid_request_uri"),
            (ask.clone().with("registration", "{}"), "registration_not_supported"),
            (ask.clone().with("claims", "[]"), "invalid_request"),
            (ask.clone().with("resource", "nobody"), "invalid_target"),
            (ask.clone().and("scope", "openid"), "invalid_request"),
            (ask.clone().and("nonce", "twice"), "invalid_request"),
            (ask.clone().and("nonsense", "1").and("nonsense", "2"), "invalid_request"),
        ];
        for (ask, code) in cases {
            let visit = realm.browser().open(&ask.url()).await;
            assert_eq!(Answered::at(visit.left(), &ask).error(), code, "{:?}", ask.params());
            assert_eq!(visit.answers.len(), 1, "nobody is asked to sign in first");
        }
    }

    async fn a_repeated_state_is_refused_and_not_given_back(world) {
        let realm = world.alpha();
        let ask = realm.web_app().ask().and("state", "another");
        let visit = realm.browser().open(&ask.url()).await;
        let (_, query) = visit.left().split_once('?').unwrap();
        assert!(query.contains("error=invalid_request") && !query.contains("state="), "{query}");
        assert_eq!(query.matches("iss=").count(), 1);
    }

    async fn a_hostile_state_comes_back_as_it_was_and_adds_nothing(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        let states = ["a&code=x", "a#code=x", "a%26iss=evil", "\" onload=\"x", "<script>", "ä€😀", "a b+c", "\r\nSet-Cookie: x=y"];
        for mode in ["query", "fragment", "form_post"] {
            for state in states {
                let mut ask = app.ask().with("state", state).with("response_mode", mode);
                state.clone_into(&mut ask.state);
                let visit = browser.open(&ask.url()).await;
                let answered = match &visit.landing {
                    Landing::Posted { fields, .. } => Answered::posted(fields.clone(), &ask),
                    _ => Answered::at(visit.left(), &ask),
                };
                answered.code();
            }
        }
    }

    async fn unknown_and_empty_parameters_count_for_nothing(world) {
        let realm = world.alpha();
        let ask = realm.web_app().ask().and("nonsense", "x").and("prompt", "").and("max_age", "").and("request", "");
        let answered = realm.web_app().authorize(&mut realm.browser(), &realm.ada(), &ask).await;
        Tokens::of(&realm.web_app().redeem(&answered.code(), &ask).await);
    }

    async fn a_request_without_state_is_answered_without_state(world) {
        let realm = world.alpha();
        let ask = realm.web_app().ask().without("state");
        realm.web_app().authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        let ask = ask.with("state", "").with("prompt", "none");
        let visit = realm.browser().open(&ask.url()).await;
        assert!(!visit.left().contains("state="), "{}", visit.left());
    }

    async fn left_out_scopes_are_the_clients_defaults(world) {
        let realm = world.alpha();
        let tokens = realm.web_app();
        let tokens = tokens.sign_in_asking(&mut realm.browser(), &realm.ada(), tokens.ask().without("scope")).await;
        assert_eq!(tokens.scopes(), ["email", "openid", "profile"]);
    }

    async fn a_resource_of_the_request_narrows_the_token_and_the_token_request_may_narrow_further(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let scope = "openid orders:read billing:read";
        let ask = app.ask().scope(scope).and("resource", "orders-api").and("resource", "billing-api");
        let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", ask.redirect_uri()),
            ("code_verifier", &ask.verifier),
            ("resource", "billing-api"),
        ];
        let tokens = Tokens::of(&app.post(Endpoint::Token, &form).await);
        assert_eq!((tokens.access_claims()["aud"].as_str(), tokens.scopes()), (Some("billing-api"), vec!["billing:read", "openid"]));
        let wide = Tokens::of(&app.refresh(tokens.refresh()).await);
        assert_eq!(wide.access_claims()["aud"].as_array().map(Vec::len), Some(2), "the grant kept both");
        app.refresh_with(wide.refresh(), &[("resource", "legacy-api")]).await.assert_refused(400, "invalid_target");
    }

    async fn a_disabled_client_is_an_unknown_one(world) {
        let realm = world.alpha();
        let document = realms::changed(&realms::alpha(), "  web-app:\n", "  web-app:\n    enabled: false\n");
        world.apply(&document).await;
        let visit = realm.browser().open(&realm.web_app().ask().url()).await;
        visit.last().assert_page(400, "Unknown application");
    }
}

on_every_backend! {
    async fn a_posted_request_is_answered_with_its_get_form_so_that_cookies_do_not_matter(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        for url in realm.urls(Endpoint::Authorization) {
            let ask = app.ask();
            // From another site: no cookie of ours travels with the POST, but with the GET that follows.
            let visit = browser.post_from_elsewhere(&url, &ask.params()).await;
            assert_eq!(visit.answers.first().map(|answer| answer.status), Some(303));
            let code = Answered::at(visit.left(), &ask).code();
            Tokens::of(&app.redeem(&code, &ask).await);
        }
    }

    async fn a_posted_request_with_a_mistake_is_answered_as_the_get_would_be(world) {
        let realm = world.alpha();
        let url = realm.url(Endpoint::Authorization);
        let ask = realm.web_app().ask().with("scope", "nonsense");
        let visit = realm.browser().post_from_elsewhere(&url, &ask.params()).await;
        assert_eq!(Answered::at(visit.left(), &ask).error(), "invalid_scope");
        let visit = realm.browser().post_from_elsewhere(&url, &[]).await;
        visit.last().assert_page(400, "Missing parameter: client_id");
    }
}
