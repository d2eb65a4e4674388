//! What is disabled gets nothing: user, client and realm × every way to a token (PROTOCOL.md section 13, trap 10).

use palatine_domain::tenant::TenantState;
use palatine_e2e::{
    Answered, App, Ask, Backend, Browser, Endpoint, Landing, Tokens, World, eventually, on_every_backend, realms,
    seconds,
};

/// Everything that somebody may hold when they are disabled.
struct Held {
    app: App,
    browser: Browser,
    tokens: Tokens,
    code: String,
    ask: Ask,
}

async fn held(world: &World) -> Held {
    let realm = world.alpha();
    let (app, mut browser) = (realm.web_app(), realm.browser());
    let tokens = app.sign_in_for(&mut browser, &realm.ada(), "openid offline_access orders:read").await;
    let ask = app.ask();
    let code = app.authorize(&mut browser, &realm.ada(), &ask).await.code();
    Held { app, browser, tokens, code, ask }
}

fn disabled(what: &str) -> String {
    realms::changed(&realms::alpha(), &format!("  {what}:\n"), &format!("  {what}:\n    enabled: false\n"))
}

on_every_backend! {
    async fn a_disabled_user_gets_nothing_by_any_grant_and_every_token_is_dead(world) {
        let mut held = held(world).await;
        let realm = world.alpha();
        world.apply(&disabled("ada")).await;
        held.app.redeem(&held.code, &held.ask).await.assert_refused(400, "invalid_grant");
        held.app.refresh(held.tokens.refresh()).await.assert_refused(400, "invalid_grant");
        realm.userinfo(&held.tokens.access).await.assert_refused(401, "invalid_token");
        let backend = realm.service("orders-backend").app;
        assert!(!held.app.finds_active(&held.tokens.access).await && !backend.finds_active(&held.tokens.access).await);
        assert!(!held.app.finds_active(held.tokens.refresh()).await);
        realm.direct_app().password(&realm.ada(), &[]).await.assert_refused(400, "invalid_grant");
        // Neither the session nor the password opens anything.
        let ask = held.app.ask();
        let silent = ask.clone().with("prompt", "none");
        let visit = held.browser.open(&silent.url()).await;
        assert_eq!(Answered::at(visit.left(), &silent).error(), "login_required");
        let visit = held.browser.open(&ask.url()).await;
        assert_eq!(visit.page().heading(), "Sign in to Alpha");
        let visit = held.browser.type_credentials(visit.page(), &realm.ada()).await;
        assert_eq!(visit.last().status, 422);
    }

    async fn a_disabled_client_gets_nothing_by_any_grant_and_every_token_is_dead(world) {
        let mut held = held(world).await;
        let realm = world.alpha();
        world.apply(&disabled("web-app")).await;
        held.app.redeem(&held.code, &held.ask).await.assert_refused(401, "invalid_client");
        held.app.refresh(held.tokens.refresh()).await.assert_refused(401, "invalid_client");
        held.app.client_credentials(&[]).await.assert_refused(401, "invalid_client");
        held.app.introspect(&held.tokens.access).await.assert_refused(401, "invalid_client");
        held.app.revoke(&held.tokens.access).await.assert_refused(401, "invalid_client");
        realm.userinfo(&held.tokens.access).await.assert_refused(401, "invalid_token");
        assert!(!realm.service("orders-backend").app.finds_active(&held.tokens.access).await);
        let visit = held.browser.open(&held.app.ask().url()).await;
        visit.last().assert_page(400, "Unknown application");
    }

    async fn a_disabled_client_gets_nothing_for_a_password(world) {
        let realm = world.alpha();
        let tokens = Tokens::of(&realm.direct_app().password(&realm.ada(), &[]).await);
        world.apply(&disabled("direct-app")).await;
        realm.direct_app().password(&realm.ada(), &[]).await.assert_refused(401, "invalid_client");
        realm.direct_app().refresh(tokens.refresh()).await.assert_refused(401, "invalid_client");
        realm.userinfo(&tokens.access).await.assert_refused(401, "invalid_token");
    }

    async fn a_disabled_service_gets_nothing_and_its_tokens_are_inactive(world) {
        let realm = world.alpha();
        let mut worker = realm.service("worker");
        let token = worker.token().await;
        world.apply(&disabled("worker")).await;
        worker.app.client_credentials(&[]).await.assert_refused(401, "invalid_client");
        assert!(!realm.service("orders-backend").app.finds_active(&token).await);
    }

    async fn a_client_that_is_disabled_while_somebody_signs_in_is_not_answered(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let visit = browser.open(&realm.web_app().ask().url()).await;
        world.apply(&disabled("web-app")).await;
        let visit = browser.type_credentials(visit.page(), &realm.ada()).await;
        visit.last().assert_page(400, "Unknown application");
    }

    async fn a_suspended_realm_serves_nobody_and_says_so(world) {
        let mut held = held(world).await;
        let realm = world.alpha();
        let device = realm.tv_app().post(Endpoint::DeviceAuthorization, &[]).await.success();
        let code = device["device_code"].as_str().unwrap();
        let poll = [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", code)];
        world.set_state("alpha", TenantState::Suspended).await;
        let (app, tokens) = (&held.app, &held.tokens);
        let tv = realm.tv_app();
        tv.post(Endpoint::DeviceAuthorization, &[]).await.assert_refused(403, "access_denied");
        tv.post(Endpoint::Token, &poll).await.assert_refused(403, "access_denied");
        app.redeem(&held.code, &held.ask).await.assert_refused(403, "access_denied");
        app.refresh(tokens.refresh()).await.assert_refused(403, "access_denied");
        realm.service("worker").app.client_credentials(&[]).await.assert_refused(403, "access_denied");
        realm.direct_app().password(&realm.ada(), &[]).await.assert_refused(403, "access_denied");
        realm.userinfo(&tokens.access).await.assert_refused(403, "access_denied");
        app.revoke(&tokens.access).await.assert_refused(403, "access_denied");
        assert!(!app.finds_active(&tokens.access).await);
        for url in realm.urls(Endpoint::Authorization).into_iter().chain(realm.urls(Endpoint::EndSession)) {
            held.browser.open(&url).await.last().assert_page(403, "Sign-in is suspended");
        }
        for page in [format!("{}/device", realm.issuer()), realm.account("")] {
            held.browser.open(&page).await.last().assert_page(403, "Sign-in is suspended");
        }
        world.set_state("alpha", TenantState::Active).await;
        Tokens::of(&app.refresh(tokens.refresh()).await);
        assert_eq!(realm.userinfo(&tokens.access).await.status, 200);
        tv.post(Endpoint::Token, &poll).await.assert_refused(400, "authorization_pending");
        let visit = held.browser.open(&app.ask().url()).await;
        assert!(matches!(visit.landing, Landing::Left(_)), "the session is still there");
    }
}

/// How soon another node must have heard: a second by the poll, and as much for a busy machine.
const SOON: std::time::Duration = seconds(2);

async fn a_second_node_hears_of_it(backend: Backend) {
    let mut world = World::on(backend).await;
    let node = world.second_node().await;
    let held = held(&world).await;
    let realm = world.alpha().at(&node);
    let (app, mut worker) = (held.app.at(&node), realm.service("worker"));
    // The other node has all of it in its cache.
    worker.token().await;
    let renewed = Tokens::of(&app.refresh(held.tokens.refresh()).await);
    assert_eq!(realm.userinfo(&renewed.access).await.status, 200);

    world.apply(&disabled("worker")).await;
    eventually("the disabled client", SOON, async || worker.app.client_credentials(&[]).await.status == 401).await;
    world.apply(&disabled("ada")).await;
    app.refresh(renewed.refresh()).await.assert_refused(400, "invalid_grant");
    realm.userinfo(&renewed.access).await.assert_refused(401, "invalid_token");
    world.set_state("alpha", TenantState::Suspended).await;
    eventually("the suspended realm", SOON, async || app.refresh("x").await.status == 403).await;
    node.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_hears_of_it_within_a_second_by_the_poll_alone() {
    // Without Redis there is no bus between them.
    Box::pin(a_second_node_hears_of_it(Backend::Postgres)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_hears_of_it_by_the_bus() {
    Box::pin(a_second_node_hears_of_it(Backend::PostgresAndRedis)).await;
}
