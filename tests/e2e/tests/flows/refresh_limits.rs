//! How long refresh tokens live: idle and absolute limits, sessions that end or expire, `offline_access`.

use palatine_domain::audit::AuditKind;
use palatine_e2e::{
    App, Browser, Endpoint, RealmUnderTest, Tokens, form_body, minutes, on_every_backend, on_sqlite, realms, seconds,
};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// Signs out in the browser in which the ID token was issued.
async fn sign_out(browser: &mut Browser, realm: &RealmUnderTest, tokens: &Tokens) {
    let query = form_body(&[("id_token_hint", tokens.id())]);
    let visit = browser.open(&format!("{}?{query}", realm.url(Endpoint::EndSession))).await;
    assert_eq!(visit.page().heading(), "You are signed out");
}

async fn still_works(app: &App, tokens: &Tokens) -> Tokens {
    Tokens::of(&app.refresh(tokens.refresh()).await)
}

on_every_backend! {
    async fn a_family_ends_a_week_after_its_last_use(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        world.pass(seconds(7 * DAY - 60));
        let tokens = still_works(&app, &tokens).await;
        world.pass(seconds(7 * DAY));
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
    }

    async fn a_family_ends_after_thirty_days_however_often_it_is_used(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let mut tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        for _ in 0..4 {
            world.pass(seconds(6 * DAY));
            tokens = still_works(&app, &tokens).await;
        }
        let body = palatine_e2e::claims(tokens.refresh());
        let end = world.now().plus(seconds(6 * DAY)).as_seconds();
        let said = body["exp"].as_i64().unwrap();
        assert!((end - said).abs() < 60, "the token says when its family ends: {said}, {end}");
        world.pass(seconds(6 * DAY));
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
    }

    async fn an_offline_family_has_no_absolute_limit_but_a_month_of_idleness(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let mut tokens = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid offline_access").await;
        for _ in 0..3 {
            world.pass(seconds(29 * DAY));
            tokens = still_works(&app, &tokens).await;
        }
        world.pass(seconds(30 * DAY));
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
    }

    async fn a_stolen_token_that_is_replayed_after_its_own_expiry_ends_the_family_that_lives_on(world) {
        let lifetimes = "policy:\n  lifetimes: {refresh_idle_seconds: 120}\n";
        world.apply(&realms::changed(&realms::alpha(), "policy:\n", lifetimes)).await;
        let realm = world.alpha();
        let app = realm.web_app();
        let stolen = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let second = still_works(&app, &stolen).await;
        world.pass(seconds(100));
        let third = still_works(&app, &second).await;
        world.pass(seconds(30));
        app.refresh(stolen.refresh()).await.assert_refused(400, "invalid_grant");
        assert_eq!(world.audit("alpha", AuditKind::RefreshReplayed).await.len(), 1);
        app.refresh(third.refresh()).await.assert_refused(400, "invalid_grant");
    }

    async fn sign_out_ends_a_family_unless_it_is_offline(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let online = app.sign_in(&mut browser, &realm.ada()).await;
        let offline = app.sign_in_for(&mut browser, &realm.ada(), "openid offline_access").await;
        assert_eq!(online.id_claims()["sid"], offline.id_claims()["sid"]);
        sign_out(&mut browser, &realm, &online).await;
        app.refresh(online.refresh()).await.assert_refused(400, "invalid_grant");
        let renewed = still_works(&app, &offline).await;
        assert_eq!(realm.userinfo(&renewed.access).await.status, 200);
    }
}

on_sqlite! {
    async fn the_expiry_of_a_session_is_not_its_end(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let tokens = app.sign_in(&mut browser, &realm.ada()).await;
        world.pass(seconds(11 * HOUR));
        let visit = browser.open(&app.ask().url()).await;
        assert_eq!(visit.page().heading(), "Sign in to Alpha", "the session has expired");
        let renewed = still_works(&app, &tokens).await;
        assert_eq!(renewed.id_claims()["sid"], tokens.id_claims()["sid"]);
    }

    async fn a_realm_may_let_families_follow_the_expiry_too(world) {
        let document = realms::changed(&realms::alpha(), "policy:\n", "policy:\n  refresh: {follows_session: strict}\n");
        world.apply(&document).await;
        let realm = world.alpha();
        let app = realm.web_app();
        let online = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let offline = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid offline_access").await;
        world.pass(minutes(29));
        let online = still_works(&app, &online).await;
        world.pass(seconds(11 * HOUR));
        app.refresh(online.refresh()).await.assert_refused(400, "invalid_grant");
        still_works(&app, &offline).await;
    }

    async fn sign_out_everywhere_else_does_not_touch_another_browsers_family(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let (mut one, mut two) = (realm.browser(), realm.browser());
        let first = app.sign_in(&mut one, &realm.ada()).await;
        let second = app.sign_in(&mut two, &realm.ada()).await;
        sign_out(&mut one, &realm, &first).await;
        app.refresh(first.refresh()).await.assert_refused(400, "invalid_grant");
        still_works(&app, &second).await;
    }

    async fn sign_out_also_ends_a_code_that_was_not_redeemed_yet(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let tokens = app.sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask();
        let code = app.authorize(&mut browser, &realm.ada(), &ask).await.code();
        sign_out(&mut browser, &realm, &tokens).await;
        app.redeem(&code, &ask).await.assert_refused(400, "invalid_grant");
    }

    async fn lifetimes_are_the_realms_choice(world) {
        let lifetimes = "policy:\n  lifetimes: {access_token_seconds: 60, refresh_idle_seconds: 120}\n";
        world.apply(&realms::changed(&realms::alpha(), "policy:\n", lifetimes)).await;
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        assert_eq!(tokens.expires_in, 60);
        world.pass(seconds(61));
        realm.userinfo(&tokens.access).await.assert_refused(401, "invalid_token");
        let tokens = still_works(&app, &tokens).await;
        world.pass(seconds(120));
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
    }
}
