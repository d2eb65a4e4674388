//! Consent: whom it is asked of, what is remembered, and what is left out.

use palatine_domain::audit::AuditKind;
use palatine_e2e::{Answered, App, Browser, Landing, RealmUnderTest, Tokens, on_every_backend, on_sqlite};

/// Goes as far as the consent page.
async fn asked(
    browser: &mut Browser,
    realm: &RealmUnderTest,
    app: &App,
    scope: &str,
) -> (palatine_e2e::Ask, palatine_e2e::Page) {
    let ask = app.ask().scope(scope);
    let visit = browser.open(&ask.url()).await;
    let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
    (ask, visit.page().clone())
}

on_every_backend! {
    async fn somebody_elses_application_is_allowed_once(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        let (ask, page) = asked(&mut browser, &realm, &app, "openid profile").await;
        assert_eq!(page.heading(), "Partner reports wants to use your account");
        assert!(page.text().contains("name and profile") && page.text().contains("ada"), "{}", page.text());
        let visit = browser.submit(&page.form(), "accept").await;
        Tokens::of(&app.redeem(&Answered::at(visit.left(), &ask).code(), &ask).await);
        assert_eq!(world.audit("alpha", AuditKind::ConsentGiven).await.len(), 1);

        let again = app.ask().scope("openid profile");
        let visit = browser.open(&again.url()).await;
        Answered::at(visit.left(), &again).code();
        let silent = app.ask().scope("openid").with("prompt", "none");
        Answered::at(browser.open(&silent.url()).await.left(), &silent).code();
    }

    async fn a_refusal_is_access_denied_and_nothing_is_remembered(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        let (ask, page) = asked(&mut browser, &realm, &app, "openid profile").await;
        let visit = browser.submit(&page.form(), "cancel").await;
        assert_eq!(Answered::at(visit.left(), &ask).error(), "access_denied");
        assert_eq!(world.audit("alpha", AuditKind::ConsentRefused).await.len(), 1);
        let (_, page) = asked(&mut browser, &realm, &app, "openid profile").await;
        assert!(page.form().has_button("accept"), "asked again");
    }

    async fn more_scope_than_was_allowed_is_asked_for(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        app.sign_in_for(&mut browser, &realm.ada(), "openid profile").await;
        let (ask, page) = asked(&mut browser, &realm, &app, "openid profile orders:read").await;
        assert!(page.text().contains("See your orders"), "the scope's own words: {}", page.text());
        let none = app.ask().scope("openid profile orders:read").with("prompt", "none");
        assert_eq!(Answered::at(browser.open(&none.url()).await.left(), &none).error(), "consent_required");
        let visit = browser.submit(&page.form(), "accept").await;
        let tokens = Tokens::of(&app.redeem(&Answered::at(visit.left(), &ask).code(), &ask).await);
        assert_eq!(tokens.scopes(), ["openid", "orders:read", "profile"]);
    }
}

on_every_backend! {
    async fn only_what_is_new_is_asked_for_and_all_that_was_allowed_is_given(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        app.sign_in_for(&mut browser, &realm.ada(), "openid profile").await;
        let (ask, page) = asked(&mut browser, &realm, &app, "openid profile email orders:read").await;
        assert_eq!(page.form().boxes("scope"), ["email", "orders:read"]);
        assert!(!page.text().contains("name and profile"), "it was allowed before: {}", page.text());
        let visit = browser.submit(&page.form().tick("scope", "email", false), "accept").await;
        let tokens = Tokens::of(&app.redeem(&Answered::at(visit.left(), &ask).code(), &ask).await);
        assert_eq!(tokens.scopes(), ["openid", "orders:read", "profile"]);
    }

    async fn what_was_left_out_is_not_asked_for_again_until_the_application_asks_for_consent_anew(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        let scope = "openid profile email";
        let (ask, page) = asked(&mut browser, &realm, &app, scope).await;
        let visit = browser.submit(&page.form().tick("scope", "email", false), "accept").await;
        Answered::at(visit.left(), &ask).code();
        for prompt in ["", "none"] {
            let again = app.ask().scope(scope).with("prompt", prompt);
            let code = Answered::at(browser.open(&again.url()).await.left(), &again).code();
            let tokens = Tokens::of(&app.redeem(&code, &again).await);
            assert_eq!(tokens.scopes(), ["openid", "profile"], "prompt={prompt}");
        }
        let anew = app.ask().scope(scope).with("prompt", "consent");
        let visit = browser.open(&anew.url()).await;
        let form = visit.page().form();
        assert_eq!(form.boxes("scope"), ["profile", "email"], "everything");
        let visit = browser.submit(&form.tick("scope", "profile", false), "accept").await;
        let tokens = Tokens::of(&app.redeem(&Answered::at(visit.left(), &anew).code(), &anew).await);
        assert_eq!(tokens.scopes(), ["email", "openid"]);
        let later = app.ask().scope(scope);
        let code = Answered::at(browser.open(&later.url()).await.left(), &later).code();
        assert_eq!(Tokens::of(&app.redeem(&code, &later).await).scopes(), ["email", "openid"], "the later answer counts");
    }
}

on_sqlite! {
    async fn an_answer_to_a_question_that_grew_since_is_none(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        app.sign_in_for(&mut browser, &realm.ada(), "openid profile").await;
        let (_, page) = asked(&mut browser, &realm, &app, "openid profile email").await;
        let account = browser.open(&realm.account("/applications")).await;
        browser.submit(&account.page().form_with("remove"), "remove").await;
        let visit = browser.submit(&page.form(), "accept").await;
        assert_eq!((visit.last().status, visit.page().heading().as_str()), (400, "This form is out of date"));
        assert_eq!(world.audit("alpha", AuditKind::ConsentGiven).await.len(), 1);
    }

    async fn what_is_unticked_is_not_granted(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        let (ask, page) = asked(&mut browser, &realm, &app, "openid profile email").await;
        let form = page.form();
        assert_eq!(form.boxes("scope"), ["profile", "email"]);
        let visit = browser.submit(&form.tick("scope", "email", false), "accept").await;
        let tokens = Tokens::of(&app.redeem(&Answered::at(visit.left(), &ask).code(), &ask).await);
        assert_eq!(tokens.scopes(), ["openid", "profile"]);
        let info = realm.userinfo(&tokens.access).await.success();
        assert!(info.get("email").is_none() && info.get("name").is_some(), "{info}");
    }

    async fn a_box_that_was_not_offered_gives_nothing(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        let (ask, page) = asked(&mut browser, &realm, &app, "openid").await;
        let form = page.form();
        let csrf = form.value("csrf").to_owned();
        let forged = [("csrf", csrf.as_str()), ("scope", "orders:read"), ("scope", "profile"), ("accept", "1")];
        let visit = browser.post(form.action(), &forged).await;
        let tokens = Tokens::of(&app.redeem(&Answered::at(visit.left(), &ask).code(), &ask).await);
        assert_eq!(tokens.scope, "openid");
    }

    async fn offline_access_is_asked_for_by_others_and_given_to_the_house(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let house = realm.web_app().ask().scope("openid offline_access");
        let visit = browser.open(&house.url()).await;
        let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
        assert!(matches!(visit.landing, Landing::Left(_)), "no question for the house");
        let guest = realm.guest_app();
        let plain = guest.ask().scope("openid profile");
        assert!(matches!(browser.open(&plain.url()).await.landing, Landing::Left(_)), "nor for a plain sign-in");
        let (_, page) = asked(&mut browser, &realm, &guest, "openid offline_access").await;
        assert!(page.text().contains("ccess while you are not there"), "{}", page.text());
    }

    async fn consent_is_remembered_for_the_person_and_the_client_that_it_was_given_to(world) {
        let realm = world.alpha();
        let app = realm.partner_app();
        app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid profile").await;
        let mut graces = realm.browser();
        let visit = graces.open(&app.ask().scope("openid profile").url()).await;
        let visit = graces.sign_in_if_asked(visit, &realm.grace()).await;
        assert!(visit.page().form().has_button("accept"), "grace was not asked yet");
        let beta = world.beta();
        let (_, page) = asked(&mut beta.browser(), &beta, &beta.partner_app(), "openid profile").await;
        assert!(page.form().has_button("accept"), "nor was Ada in the other realm");
    }

    async fn the_form_is_taken_from_the_browser_and_session_that_were_asked(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        let (_, page) = asked(&mut browser, &realm, &app, "openid profile").await;
        let form = page.form();
        // Without the cookie of the interaction.
        let visit = realm.browser().post(form.action(), &[("csrf", form.value("csrf")), ("accept", "1")]).await;
        assert_eq!(visit.last().status, 400);
        // With another token.
        let visit = browser.post(form.action(), &[("csrf", "forged"), ("accept", "1")]).await;
        assert_eq!((visit.last().status, visit.page().heading().as_str()), (400, "This form is out of date"));
        // From another site.
        let visit = browser.post_from_elsewhere(form.action(), &[("csrf", form.value("csrf")), ("accept", "1")]).await;
        assert_eq!((visit.last().status, visit.page().heading().as_str()), (403, "The form came from another site"));
        assert_eq!(world.audit("alpha", AuditKind::ConsentGiven).await.len(), 0);
    }

    async fn the_form_sent_twice_is_a_page_that_explains(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        let (ask, page) = asked(&mut browser, &realm, &app, "openid profile").await;
        let visit = browser.submit(&page.form(), "accept").await;
        Answered::at(visit.left(), &ask).code();
        let visit = browser.submit(&page.form(), "accept").await;
        assert_eq!((visit.last().status, visit.page().heading().as_str()), (400, "This step is already done"));
    }
}
