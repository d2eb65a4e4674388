//! `prompt`, `max_age`, `login_hint`, `id_token_hint`, and the response modes (OpenID Connect Core, section 3.1.2.1).

use palatine_e2e::{Answered, Endpoint, Landing, Tokens, minutes, on_every_backend, on_sqlite, realms, seconds};

on_every_backend! {
    async fn prompt_none_always_answers_and_never_shows_a_page(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        for mode in ["query", "fragment", "form_post"] {
            let ask = app.ask().with("prompt", "none").with("response_mode", mode);
            let visit = browser.open(&ask.url()).await;
            let answered = match visit.landing {
                Landing::Posted { action, fields } => {
                    assert_eq!((mode, action.as_str()), ("form_post", app.redirect_uri.as_str()));
                    Answered::posted(fields, &ask)
                }
                _ => Answered::at(visit.left(), &ask),
            };
            assert_eq!(answered.error(), "login_required", "{mode}");
        }
        app.sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask().with("prompt", "none");
        let visit = browser.open(&ask.url()).await;
        Tokens::of(&app.redeem(&Answered::at(visit.left(), &ask).code(), &ask).await);
    }

    async fn prompt_login_asks_again_and_moves_auth_time(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let first = app.sign_in(&mut browser, &realm.ada()).await.id_claims();
        world.pass(seconds(30));
        let ask = app.ask().with("prompt", "login");
        let visit = browser.open(&ask.url()).await;
        assert!(visit.page().text().contains("Please sign in again to confirm that it is you."));
        let second = app.sign_in_asking(&mut browser, &realm.ada(), ask).await.id_claims();
        assert_eq!(second["sid"], first["sid"], "the same session goes on");
        assert!(second["auth_time"].as_i64() >= first["auth_time"].as_i64().map(|at| at + 30));
    }

    async fn max_age_asks_again_when_the_sign_in_is_older(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        world.pass(minutes(5));
        let young = app.ask().with("max_age", "3600");
        assert!(matches!(browser.open(&young.url()).await.landing, Landing::Left(_)));
        let old = app.ask().with("max_age", "60");
        assert_eq!(browser.open(&old.url()).await.page().heading(), "Sign in to Alpha");
        let none = old.clone().with("prompt", "none");
        assert_eq!(Answered::at(browser.open(&none.url()).await.left(), &none).error(), "login_required");
        let tokens = app.sign_in_asking(&mut browser, &realm.ada(), old).await;
        assert!(tokens.id_claims()["auth_time"].as_i64().unwrap() + 60 >= world.now().as_seconds());
    }
}

on_sqlite! {
    async fn a_silent_request_that_came_too_soon_is_answered_and_shows_no_page(world) {
        let limited = realms::changed(&realms::alpha(), "enabled: false", "enabled: true\n    authorize_per_minute: 1");
        world.apply(&limited).await;
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        browser.open(&app.ask().url()).await;
        for mode in ["query", "fragment", "form_post"] {
            let ask = app.ask().with("prompt", "none").with("response_mode", mode);
            let by_get = browser.open(&ask.url()).await;
            let (endpoint, params) = (realm.url(Endpoint::Authorization), ask.params());
            let by_post = browser.post_from_elsewhere(&endpoint, &params).await;
            for visit in [by_get, by_post] {
                let answered = match visit.landing {
                    Landing::Posted { fields, .. } => Answered::posted(fields, &ask),
                    _ => Answered::at(visit.left(), &ask),
                };
                assert_eq!(answered.error(), "temporarily_unavailable", "{mode}");
            }
        }
        // Where nobody may be answered, and where a page may be shown, it is a page.
        let silent = app.ask().with("prompt", "none");
        let foreign = silent.clone().with("redirect_uri", "https://evil.example/");
        let nobody = silent.with("client_id", "nobody");
        for ask in [foreign, nobody, app.ask()] {
            browser.open(&ask.url()).await.last().assert_page(429, "Too many requests");
        }
    }

    async fn max_age_zero_asks_in_any_case_and_once(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        world.pass(seconds(1));
        let ask = app.ask().with("max_age", "0");
        assert_eq!(browser.open(&ask.url()).await.page().heading(), "Sign in to Alpha");
        app.sign_in_asking(&mut browser, &realm.ada(), ask).await;
    }

    async fn prompt_consent_asks_even_a_client_of_the_house(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask().with("prompt", "consent");
        let visit = browser.open(&ask.url()).await;
        assert_eq!(visit.page().heading(), "Web shop wants to use your account");
        let visit = browser.submit(&visit.page().form(), "accept").await;
        Answered::at(visit.left(), &ask).code();
    }

    async fn prompt_login_and_consent_ask_both(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask().with("prompt", "login consent");
        let visit = browser.open(&ask.url()).await;
        let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
        assert_eq!(visit.page().heading(), "Web shop wants to use your account");
        let visit = browser.consent_if_asked(visit).await;
        Answered::at(visit.left(), &ask).code();
    }

    async fn max_age_zero_asks_although_no_time_has_passed(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask().with("max_age", "0").with("prompt", "none");
        assert_eq!(Answered::at(browser.open(&ask.url()).await.left(), &ask).error(), "login_required");
    }

    async fn a_client_has_a_max_age_of_its_own_which_a_request_may_change(world) {
        let document = realms::changed(
            &realms::alpha(),
            "    secret: \"alpha-web-secret\"\n",
            "    secret: \"alpha-web-secret\"\n    sign_in: {default_max_age: 60, require_auth_time: true}\n",
        );
        world.apply(&document).await;
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        assert!(app.sign_in(&mut browser, &realm.ada()).await.id_claims()["auth_time"].is_i64());
        let silent = app.ask().with("prompt", "none");
        Answered::at(browser.open(&silent.url()).await.left(), &silent).code();
        world.pass(seconds(61));
        assert_eq!(Answered::at(browser.open(&silent.url()).await.left(), &silent).error(), "login_required");
        let patient = silent.with("max_age", "600");
        Answered::at(browser.open(&patient.url()).await.left(), &patient).code();
    }

    async fn select_account_lets_the_person_go_on_or_come_as_another(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let ada = app.sign_in(&mut browser, &realm.ada()).await.id_claims();
        let ask = app.ask().with("prompt", "select_account");
        let visit = browser.open(&ask.url()).await;
        assert_eq!(visit.page().heading(), "Choose an account");
        assert_eq!(visit.page().texts("button[name]"), ["Continue as ada", "Use another account"]);
        let visit = browser.submit(&visit.page().form(), "continue").await;
        let tokens = Tokens::of(&app.redeem(&Answered::at(visit.left(), &ask).code(), &ask).await);
        assert_eq!((&tokens.id_claims()["sub"], &tokens.id_claims()["sid"]), (&ada["sub"], &ada["sid"]));

        let visit = browser.open(&ask.url()).await;
        let visit = browser.submit(&visit.page().form(), "another").await;
        assert_eq!(visit.page().heading(), "Sign in to Alpha");
        assert!(!visit.page().text().contains("confirm that it is you"), "somebody else is expected");
        let visit = browser.open(&visit.page().url).await;
        let visit = browser.type_credentials(visit.page(), &realm.grace()).await;
        let tokens = Tokens::of(&app.redeem(&Answered::at(visit.left(), &ask).code(), &ask).await);
        assert_ne!(tokens.id_claims()["sub"], ada["sub"]);
    }

    async fn select_account_with_nobody_there_is_signing_in(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let ask = app.ask().with("prompt", "select_account");
        let visit = browser.open(&ask.url()).await;
        let visit = browser.type_credentials(visit.page(), &realm.ada()).await;
        Answered::at(visit.left(), &ask).code();
    }

    async fn select_account_combines_with_login_and_consent(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        for prompt in ["select_account login", "login consent select_account", "consent select_account"] {
            let ask = app.ask().with("prompt", prompt);
            let visit = browser.open(&ask.url()).await;
            assert_eq!(visit.page().heading(), "Choose an account", "{prompt}");
            let mut visit = browser.submit(&visit.page().form(), "continue").await;
            if prompt.contains("login") {
                assert!(visit.page().text().contains("confirm that it is you"), "{prompt}");
                visit = browser.type_credentials(visit.page(), &realm.ada()).await;
            }
            if prompt.contains("consent") {
                assert_eq!(visit.page().heading(), "Web shop wants to use your account", "{prompt}");
                visit = browser.consent_if_asked(visit).await;
            }
            Answered::at(visit.left(), &ask).code();
        }
    }

    async fn the_choice_of_an_account_is_of_the_person_who_was_asked(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask().with("prompt", "select_account");
        let visit = browser.open(&ask.url()).await;
        let form = visit.page().form();
        // In another tab somebody else signs in.
        let other = app.ask().with("prompt", "login");
        app.authorize(&mut browser, &realm.grace(), &other).await;
        let stale = browser.submit(&form, "continue").await;
        assert_eq!(stale.last().status, 400);
        let visit = browser.open(&visit.page().url).await;
        assert_eq!(visit.page().texts("button[name]").first().map(String::as_str), Some("Continue as grace"));
        // Another browser has no part in it.
        let mut stranger = realm.browser();
        assert_eq!(stranger.submit(&visit.page().form(), "continue").await.last().status, 400);
        let form = visit.page().form();
        let both = [("csrf", form.value("csrf")), ("continue", "1"), ("another", "1")];
        assert_eq!(browser.post(form.action(), &both).await.last().status, 400);
    }

    async fn the_pages_speak_the_language_that_was_asked_for(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let ask = app.ask().with("ui_locales", "fr-CA de-CH en").with("claims_locales", "de").with("display", "popup");
        let visit = browser.open(&ask.url()).await;
        assert_eq!(visit.page().heading(), "Bei Alpha anmelden");
        let visit = browser.type_credentials(visit.page(), &realm.ada()).await;
        Answered::at(visit.left(), &ask).code();
        let visit = browser.open(&ask.clone().with("prompt", "select_account").url()).await;
        assert_eq!(visit.page().heading(), "Konto auswählen");
        let visit = browser.open(&ask.with("prompt", "consent").url()).await;
        assert_eq!(visit.page().heading(), "Web shop möchte Ihr Konto verwenden");
    }

    async fn a_hint_is_an_id_token_that_this_client_was_given_by_this_realm(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let tokens = app.sign_in(&mut browser, &realm.ada()).await;
        let anothers = realm.es_app().sign_in(&mut browser, &realm.ada()).await;
        let elsewhere = world.beta().web_app().sign_in(&mut world.beta().browser(), &world.beta().ada()).await;
        for wrong in [anothers.id(), elsewhere.id(), &tokens.access, tokens.refresh(), "nonsense", "e30.e30."] {
            let ask = app.ask().with("id_token_hint", wrong);
            assert_eq!(Answered::at(browser.open(&ask.url()).await.left(), &ask).error(), "invalid_request");
            let silent = ask.with("prompt", "none");
            assert_eq!(Answered::at(browser.open(&silent.url()).await.left(), &silent).error(), "login_required");
        }
        world.pass(seconds(301));
        let expired = app.ask().with("id_token_hint", tokens.id()).with("prompt", "none");
        Answered::at(browser.open(&expired.url()).await.left(), &expired).code();
        // The one who is meant is asked to come, whatever account is there.
        let grace = app.sign_in(&mut realm.browser(), &realm.grace()).await;
        let ask = app.ask().with("id_token_hint", grace.id()).with("prompt", "select_account");
        let visit = browser.open(&ask.url()).await;
        assert_eq!(visit.page().heading(), "Sign in to Alpha");
        let visit = browser.type_credentials(visit.page(), &realm.grace()).await;
        Answered::at(visit.left(), &ask).code();
    }

    async fn login_hint_fills_the_name_in_whatever_it_contains(world) {
        let realm = world.alpha();
        for hint in ["grace@example.com", "\"><script>alert(1)</script>", "ä€😀", "a&b=c"] {
            let visit = realm.browser().open(&realm.web_app().ask().with("login_hint", hint).url()).await;
            assert_eq!(visit.page().form().value("username"), hint);
        }
    }

    async fn a_hint_of_somebody_else_is_login_required(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let grace = app.sign_in(&mut realm.browser(), &realm.grace()).await;
        let mut browser = realm.browser();
        let ada = app.sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask().with("prompt", "none");
        let other = ask.clone().with("id_token_hint", grace.id());
        assert_eq!(Answered::at(browser.open(&other.url()).await.left(), &other).error(), "login_required");
        let same = ask.clone().with("id_token_hint", ada.id());
        Answered::at(browser.open(&same.url()).await.left(), &same).code();
        let broken = ask.with("id_token_hint", "nonsense");
        assert_eq!(Answered::at(browser.open(&broken.url()).await.left(), &broken).error(), "login_required");
    }

    async fn silent_renewal_in_a_frame_is_login_required_where_cookies_are_kept_apart(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask().with("prompt", "none");
        // On http the cookie is Lax, and no frame of another site brings it.
        let answer = browser.get_in_foreign_frame(&ask.url()).await;
        assert_eq!(Answered::at(answer.location(), &ask).error(), "login_required");
    }

    async fn the_answer_travels_as_it_was_asked(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        for (mode, mark) in [("query", '?'), ("fragment", '#')] {
            let ask = app.ask().with("response_mode", mode);
            let visit = browser.open(&ask.url()).await;
            assert!(visit.left().starts_with(&format!("{}{mark}", app.redirect_uri)), "{}", visit.left());
            Answered::at(visit.left(), &ask).code();
        }
        let ask = app.ask().with("response_mode", "form_post");
        let visit = browser.open(&ask.url()).await;
        let policy = visit.last().header("content-security-policy").unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("form-action"), "{policy}");
        assert!(visit.last().body.contains("<noscript>"));
        assert_eq!(visit.last().header("cache-control"), Some("no-store"));
        let (action, fields) = visit.posted();
        assert_eq!(action, app.redirect_uri);
        Tokens::of(&app.redeem(&Answered::posted(fields, &ask).code(), &ask).await);
    }

    async fn an_error_travels_as_the_answer_would(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let ask = app.ask().with("scope", "nonsense");
        let fragment = ask.clone().with("response_mode", "fragment");
        let visit = realm.browser().open(&fragment.url()).await;
        assert!(visit.left().starts_with(&format!("{}#", app.redirect_uri)));
        let posted = ask.with("response_mode", "form_post");
        let visit = realm.browser().open(&posted.url()).await;
        assert_eq!(Answered::posted(visit.posted().1, &posted).error(), "invalid_scope");
    }

    async fn a_sign_in_that_takes_too_long_says_so(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let visit = browser.open(&realm.web_app().ask().url()).await;
        world.pass(minutes(11));
        // The cookie of the interaction has expired in the browser, too.
        let visit = browser.type_credentials(visit.page(), &realm.ada()).await;
        assert_eq!(visit.last().status, 400);
        assert_eq!(visit.page().heading(), "This sign-in has expired");
    }
}
