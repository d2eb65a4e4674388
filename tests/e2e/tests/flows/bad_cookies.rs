//! Cookies that are forged, doubled, too old or too large, and forms that are out of date: a page that explains.
use palatine_e2e::{
    Answer, Answered, Browser, Cookie, Endpoint, Form, RealmUnderTest, SameSite, Tokens, Visit, minutes, on_sqlite,
};
use reqwest::Method;
use reqwest::header::{COOKIE, HeaderValue};

fn cookie(name: &str, value: &str) -> Cookie {
    Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        path: "/realms/alpha".to_owned(),
        secure: false,
        http_only: true,
        same_site: SameSite::Lax,
        max_age: None,
        expires_at: None,
    }
}

/// An authorization request with this `Cookie` header.
async fn ask_with(realm: &RealmUnderTest, header: &[u8]) -> Answer {
    let request = realm.wire().request(Method::GET, &realm.web_app().ask().url());
    Answer::of(request.header(COOKIE, HeaderValue::from_bytes(header).unwrap())).await
}

/// The sign-in form of a new request, filled in.
async fn form_of_a_new_request(browser: &mut Browser, realm: &RealmUnderTest) -> Form {
    let visit = browser.open(&realm.web_app().ask().url()).await;
    visit.page().form().fill("username", "ada").fill("password", &realm.ada().password)
}

/// Sends a form with another token in it.
async fn send_with_csrf(browser: &mut Browser, form: &Form, button: &str, csrf: &str) -> Visit {
    let mut fields = form.pressed(button);
    fields.iter_mut().filter(|(name, _)| name == "csrf").for_each(|(_, value)| csrf.clone_into(value));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(form.action(), &fields).await
}

on_sqlite! {
    async fn a_forged_session_cookie_signs_nobody_in_and_breaks_nothing(world) {
        let realm = world.alpha();
        let long = format!("pal_session={}", "A".repeat(20_000));
        let values: [&[u8]; 12] = [
            b"pal_session=",
            b"pal_session",
            b"pal_session=x",
            b"pal_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            b"pal_session=%00%ff",
            b"pal_session=\xff\xfe",
            b"pal_session=\"quoted\"; pal_session",
            b"pal_session=a; pal_session=b",
            b"pal_state=a.b; pal_device=forged; pal_session=null",
            b"; ; ;=;;=x; =",
            b"pal_ix_=x; pal_ix_6ba7b810-9dad-41d1-80b4-00c04fd430c8=y; pal_ix_%0d%0a=z",
            long.as_bytes(),
        ];
        for value in values {
            let answer = ask_with(&realm, value).await;
            assert_eq!(answer.status, 303, "{}", answer.body);
            assert!(answer.location().starts_with("/realms/alpha/login/"), "{}", answer.location());
        }
    }

    async fn a_session_cookie_beside_another_of_its_name_is_not_believed(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let mine = browser.cookie("pal_session").unwrap().value;
        let alone = ask_with(&realm, format!("pal_session={mine}").as_bytes()).await;
        assert!(alone.location().contains("code="));
        for both in [format!("pal_session={mine}; pal_session=tossed"), format!("pal_session=tossed; pal_session={mine}")] {
            assert!(ask_with(&realm, both.as_bytes()).await.location().starts_with("/realms/alpha/login/"), "{both}");
        }
    }

    async fn cookies_beyond_every_measure_are_431_and_the_node_goes_on(world) {
        let realm = world.alpha();
        let many: Vec<String> = (0..1_000).map(|number| format!("c{number}={}", "v".repeat(40))).collect();
        assert_eq!(ask_with(&realm, many.join("; ").as_bytes()).await.status, 431);
        realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
    }

    async fn a_sign_in_that_took_too_long_is_told_so_and_can_be_begun_again(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let form = form_of_a_new_request(&mut browser, &realm).await;
        let stale = browser.cookies().into_iter().find(|cookie| cookie.name.starts_with("pal_ix_")).unwrap();
        world.pass(minutes(11));
        // The browser has dropped the cookie; one that kept it is told the same.
        let told = browser.submit(&form, "login").await;
        assert_eq!(told.last().status, 400);
        browser.plant(cookie(&stale.name, &stale.value));
        let told = browser.submit(&form, "login").await;
        told.last().assert_page(400, "This sign-in has expired");
        Tokens::of(&{
            let ask = realm.web_app().ask();
            let code = realm.web_app().authorize(&mut browser, &realm.ada(), &ask).await.code();
            realm.web_app().redeem(&code, &ask).await
        });
    }

    async fn a_login_form_sent_twice_is_told_so_and_gives_one_code(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let form = form_of_a_new_request(&mut browser, &realm).await;
        let kept = browser.cookies().into_iter().find(|cookie| cookie.name.starts_with("pal_ix_")).unwrap();
        assert!(browser.submit(&form, "login").await.left().contains("code="));
        browser.plant(kept);
        browser.submit(&form, "login").await.last().assert_page(400, "This step is already done");
        browser.get(form.action()).await.assert_page(400, "This step is already done");
    }

    async fn a_login_form_of_another_tab_is_shown_again_with_what_was_typed(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let first = form_of_a_new_request(&mut browser, &realm).await;
        let second = form_of_a_new_request(&mut browser, &realm).await;
        assert_ne!(first.value("csrf"), second.value("csrf"));
        for csrf in [second.value("csrf"), "", "x", &"A".repeat(5_000)] {
            let visit = send_with_csrf(&mut browser, &first, "login", csrf).await;
            assert_eq!(visit.last().status, 400);
            let page = visit.page();
            assert!(page.alert().contains("out of date"), "{}", page.alert());
            let again = page.form();
            assert_eq!((again.value("username"), again.value("password")), ("ada", ""));
            assert!(!page.html.contains(&realm.ada().password));
        }
        // Each goes on by itself.
        assert!(browser.submit(&first, "login").await.left().contains("code="));
        assert!(browser.submit(&second, "login").await.left().contains("code="));
    }

    async fn a_form_with_the_token_of_another_realm_is_refused(world) {
        let (alpha, beta) = (world.alpha(), world.beta());
        let mut browser = alpha.browser();
        let ours = form_of_a_new_request(&mut browser, &alpha).await;
        let theirs = form_of_a_new_request(&mut browser, &beta).await;
        let visit = send_with_csrf(&mut browser, &ours, "login", theirs.value("csrf")).await;
        assert_eq!(visit.last().status, 400);
        assert!(browser.cookie("pal_session").is_none());
    }

    async fn a_form_that_another_site_sends_is_refused_and_nothing_happens(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let form = form_of_a_new_request(&mut browser, &realm).await;
        let fields = form.pressed("login");
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let visit = browser.post_from_elsewhere(form.action(), &fields).await;
        visit.last().assert_page(403, "The form came from another site");
        assert!(browser.cookie("pal_session").is_none());
        assert!(browser.submit(&form, "login").await.left().contains("code="));
    }

    async fn a_consent_form_after_sign_out_asks_who_is_there_and_grants_nothing(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        let tokens = realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask().scope("openid profile");
        let consent = browser.open(&ask.url()).await.page().form();
        let out = format!("{}?id_token_hint={}", realm.url(Endpoint::EndSession), tokens.id());
        assert_eq!(browser.open(&out).await.page().heading(), "You are signed out");
        let visit = browser.submit(&consent, "accept").await;
        assert!(visit.page().heading().starts_with("Sign in to "), "{}", visit.page().heading());
        let visit = browser.type_credentials(visit.page(), &realm.ada()).await;
        let visit = browser.consent_if_asked(visit).await;
        Answered::at(visit.left(), &ask).code();
    }

    async fn a_consent_form_sent_twice_is_told_so(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        let ask = app.ask().scope("openid profile");
        let visit = browser.open(&ask.url()).await;
        let visit = browser.type_credentials(visit.page(), &realm.ada()).await;
        let form = visit.page().form();
        let kept: Vec<Cookie> = browser.cookies().into_iter().filter(|c| c.name.starts_with("pal_ix_")).collect();
        Answered::at(browser.submit(&form, "accept").await.left(), &ask).code();
        for cookie in kept {
            browser.plant(cookie);
        }
        let again = browser.submit(&form, "accept").await;
        again.last().assert_page(400, "This step is already done");
    }

    async fn a_sign_out_form_after_sign_out_or_of_another_session_ends_nothing(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        let form = browser.open(&realm.url(Endpoint::EndSession)).await.page().form();
        let mut another = realm.browser();
        realm.web_app().sign_in(&mut another, &realm.grace()).await;
        let fields = form.fields();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        another.post(form.action(), &fields).await.last().assert_page(400, "This form is out of date");
        assert!(another.open(&realm.web_app().ask().with("prompt", "none").url()).await.left().contains("code="));
        for _ in 0..2 {
            let visit = browser.post(form.action(), &fields).await;
            assert_eq!(visit.page().heading(), "You are signed out");
        }
    }
}
