//! Sessions of browsers: their cookies, their ends, and whom they belong to (PROTOCOL.md section 6).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_e2e::{
    Answered, Backend, Browser, Cookie, RealmUnderTest, SameSite, Tokens, World, minutes, on_every_backend, on_sqlite,
    realms, seconds,
};
use sha2::{Digest, Sha256};

/// Whether the browser is signed in.
async fn is_signed_in(browser: &mut Browser, realm: &RealmUnderTest) -> bool {
    let ask = realm.web_app().ask().with("prompt", "none");
    !browser.open(&ask.url()).await.left().contains("error=login_required")
}

fn cookie(browser: &Browser, name: &str) -> Cookie {
    browser.cookie(name).unwrap_or_else(|| panic!("no cookie {name}"))
}

on_every_backend! {
    async fn a_session_cookie_from_before_the_sign_in_is_not_the_one_after_it(world) {
        let realm = world.alpha();
        let mut victim = realm.browser();
        let planted = Cookie {
            name: "pal_session".into(),
            value: "A".repeat(43),
            path: "/realms/alpha".into(),
            secure: false,
            http_only: true,
            same_site: SameSite::Lax,
            max_age: None,
            expires_at: None,
        };
        victim.plant(planted.clone());
        realm.web_app().sign_in(&mut victim, &realm.ada()).await;
        assert_ne!(cookie(&victim, "pal_session").value, planted.value);
        let mut attacker = realm.browser();
        attacker.plant(planted);
        assert!(!is_signed_in(&mut attacker, &realm).await);
    }

    async fn signing_in_again_gives_a_new_secret_to_the_same_session(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let first = app.sign_in(&mut browser, &realm.ada()).await;
        let (session, state) = (cookie(&browser, "pal_session"), cookie(&browser, "pal_state"));
        let second = app.sign_in_asking(&mut browser, &realm.ada(), app.ask().with("prompt", "login")).await;
        assert_eq!(second.id_claims()["sid"], first.id_claims()["sid"]);
        assert_ne!(cookie(&browser, "pal_session").value, session.value);
        assert_ne!(cookie(&browser, "pal_state").value, state.value);
        let mut thief = realm.browser();
        thief.plant(session);
        assert!(!is_signed_in(&mut thief, &realm).await);
        assert!(is_signed_in(&mut browser, &realm).await);
        Tokens::of(&app.refresh(first.refresh()).await);
    }

    async fn another_person_replaces_the_one_before(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let ada = app.sign_in(&mut browser, &realm.ada()).await;
        let adas = cookie(&browser, "pal_session");
        let grace = app.sign_in_asking(&mut browser, &realm.grace(), app.ask().with("prompt", "login")).await;
        assert_ne!(grace.id_claims()["sid"], ada.id_claims()["sid"]);
        assert_ne!(grace.id_claims()["sub"], ada.id_claims()["sub"]);
        app.refresh(ada.refresh()).await.assert_refused(400, "invalid_grant");
        let mut thief = realm.browser();
        thief.plant(adas);
        assert!(!is_signed_in(&mut thief, &realm).await);
    }

    async fn a_session_ends_half_an_hour_after_its_last_use_and_after_ten_hours_in_any_case(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        for _ in 0..20 {
            world.pass(minutes(29));
            assert!(is_signed_in(&mut browser, &realm).await);
        }
        world.pass(minutes(20));
        assert!(!is_signed_in(&mut browser, &realm).await, "ten hours");
        app.sign_in(&mut browser, &realm.ada()).await;
        world.pass(minutes(31));
        assert!(!is_signed_in(&mut browser, &realm).await, "half an hour");
    }

    async fn a_session_outlives_a_restart(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        world.restart().await;
        assert!(is_signed_in(&mut browser, &realm).await);
    }
}

on_sqlite! {
    async fn remember_me_outlives_the_browser_and_without_it_nothing_does(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        for (ticked, lives) in [(true, true), (false, false)] {
            let mut browser = realm.browser();
            let visit = browser.open(&app.ask().url()).await;
            let form = visit.page().form().tick("remember_me", "on", ticked);
            let form = form.fill("username", "ada").fill("password", &realm.ada().password);
            browser.submit(&form, "login").await.left();
            assert_eq!(cookie(&browser, "pal_session").max_age, ticked.then_some(seconds(30 * 86_400)));
            assert_eq!(cookie(&browser, "pal_state").max_age, ticked.then_some(seconds(30 * 86_400)));
            world.pass(minutes(25));
            browser.close();
            assert_eq!(is_signed_in(&mut browser, &realm).await, lives);
            world.pass(seconds(20 * 86_400));
            assert_eq!(is_signed_in(&mut browser, &realm).await, lives);
            world.pass(seconds(11 * 86_400));
            assert!(!is_signed_in(&mut browser, &realm).await);
        }
    }

    async fn cookies_of_an_http_issuer_are_lax_and_of_the_realms_path(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let visit = browser.open(&realm.web_app().ask().url()).await;
        let interaction = browser.cookies().pop().unwrap();
        assert!(interaction.name.starts_with("pal_ix_") && interaction.http_only);
        assert_eq!((interaction.same_site, interaction.max_age), (SameSite::Lax, Some(minutes(10))));
        browser.type_credentials(visit.page(), &realm.ada()).await;
        let names: Vec<String> = browser.cookies().into_iter().map(|cookie| cookie.name).collect();
        assert!(!names.iter().any(|name| name.starts_with("pal_ix_")), "the interaction is over: {names:?}");
        for (name, http_only) in [("pal_session", true), ("pal_state", false), ("pal_device", true)] {
            let cookie = cookie(&browser, name);
            assert_eq!((cookie.path.as_str(), cookie.http_only), ("/realms/alpha", http_only), "{name}");
            assert_eq!((cookie.same_site, cookie.secure), (SameSite::Lax, false), "{name}");
        }
        assert_eq!(cookie(&browser, "pal_device").max_age, Some(seconds(365 * 86_400)));
        assert_eq!(cookie(&browser, "pal_session").value.len(), 43, "256 bits");
    }

    async fn the_state_cookie_says_which_session_it_is_and_gives_no_right(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let sid = tokens.id_claims()["sid"].as_str().unwrap().to_owned();
        let value = cookie(&browser, "pal_state").value;
        let (random, hash) = value.split_once('.').unwrap();
        assert_eq!(hash, URL_SAFE_NO_PAD.encode(Sha256::digest(sid.as_bytes())));
        assert_eq!(URL_SAFE_NO_PAD.decode(random).map(|bytes| bytes.len()), Ok(16));
        let mut other = realm.browser();
        for worthless in [&value, &sid] {
            other.plant(Cookie { value: worthless.clone(), ..cookie(&browser, "pal_session") });
            assert!(!is_signed_in(&mut other, &realm).await);
        }
    }

    async fn a_sign_in_is_finished_in_the_browser_that_began_it(world) {
        let realm = world.alpha();
        let mut victim = realm.browser();
        let mut attacker = realm.browser();
        let begun = attacker.open(&realm.web_app().ask().url()).await;
        let page = begun.page().clone();
        let visit = victim.open(&page.url).await;
        assert_eq!((visit.last().status, visit.page().heading().as_str()), (400, "Cookies are turned off"));
        let visit = victim.type_credentials(&page, &realm.ada()).await;
        assert_eq!(visit.last().status, 400);
        assert!(victim.cookie("pal_session").is_none());
        victim.open(&realm.web_app().ask().url()).await;
        let visit = victim.type_credentials(&page, &realm.ada()).await;
        assert_eq!(visit.page().heading(), "This sign-in has expired");
    }

    async fn the_sign_in_form_is_taken_from_its_own_page_alone(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let page = browser.open(&realm.web_app().ask().url()).await.page().clone();
        let (form, ada) = (page.form(), realm.ada());
        let typed = [("username", ada.username.as_str()), ("password", ada.password.as_str()), ("login", "1")];
        let stale = browser.post(form.action(), &[&typed[..], &[("csrf", "forged")]].concat()).await;
        assert_eq!(stale.last().status, 400);
        assert!(stale.page().alert().contains("The form was out of date."), "{}", stale.page().text());
        let missing = browser.post(form.action(), &typed).await;
        assert_eq!(missing.last().status, 400);
        let whole = [&typed[..], &[("csrf", form.value("csrf"))]].concat();
        assert_eq!(browser.post_from_elsewhere(form.action(), &whole).await.last().status, 403);
        assert!(browser.cookie("pal_session").is_none());
        let visit = browser.type_credentials(&page, &ada).await;
        assert!(visit.left().contains("code="), "nothing was lost");
    }

    async fn the_form_sent_twice_and_the_page_reloaded_explain_themselves(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let ask = app.ask();
        let page = browser.open(&ask.url()).await.page().clone();
        let visit = browser.type_credentials(&page, &realm.ada()).await;
        Answered::at(visit.left(), &ask).code();
        let again = browser.type_credentials(&page, &realm.ada()).await;
        assert_eq!((again.last().status, again.page().heading().as_str()), (400, "This step is already done"));
        let reloaded = browser.open(&page.url).await;
        assert_eq!(reloaded.last().status, 400);
    }

    async fn a_second_tab_goes_on_when_the_first_has_signed_in(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let (one, two) = (app.ask(), app.ask());
        let first = browser.open(&one.url()).await.page().clone();
        let second = browser.open(&two.url()).await.page().clone();
        browser.type_credentials(&first, &realm.ada()).await.left();
        let visit = browser.open(&second.url).await;
        Answered::at(visit.left(), &two).code();
    }

    async fn what_was_typed_stays_but_for_the_password(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let page = browser.open(&realm.web_app().ask().url()).await.page().clone();
        let form = page.form().fill("username", "<b>ada</b>").fill("password", "not-the-one");
        let visit = browser.submit(&form, "login").await;
        assert_eq!((visit.last().status, visit.page().form().value("username")), (422, "<b>ada</b>"));
        assert!(!visit.last().body.contains("not-the-one") && !visit.last().body.contains("<b>ada"));
        let visit = browser.submit(&page.form().fill("username", "ada"), "login").await;
        assert_eq!(visit.last().status, 422);
        assert!(visit.page().alert().contains("Enter your password"), "{}", visit.page().alert());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_of_an_https_issuer_are_secure_and_travel_across_sites() {
    let world =
        World::builder(Backend::Sqlite).public_url("https://id.example.com/auth").realm(realms::alpha()).start();
    let mut world = world.await;
    let realm = world.alpha();
    let (app, mut browser) = (realm.web_app(), realm.browser());
    app.sign_in(&mut browser, &realm.ada()).await;
    let expected = [("pal_session", SameSite::None), ("pal_state", SameSite::None), ("pal_device", SameSite::Lax)];
    for (name, same_site) in expected {
        let cookie = cookie(&browser, name);
        assert_eq!((cookie.same_site, cookie.secure), (same_site, true), "{name}");
        assert_eq!(cookie.path, "/auth/realms/alpha");
    }
    let ask = app.ask().with("prompt", "none");
    let answer = browser.get_in_foreign_frame(&ask.url()).await;
    Answered::at(answer.location(), &ask).code();
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    world.stop().await;
}
