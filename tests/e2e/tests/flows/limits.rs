//! Rate limits of a realm (PROTOCOL.md section 9): 429 with `Retry-After`, per address, per client, per realm.

use palatine_e2e::{Answer, Backend, Endpoint, Tokens, World, on_sqlite, realms, seconds};

/// The realm with limits on, of these sizes.
fn limited(sizes: &str) -> String {
    realms::changed(&realms::alpha(), "enabled: false", &format!("enabled: true\n    {sizes}"))
}

#[track_caller]
fn is_too_many(answer: &Answer) {
    answer.assert_refused(429, "temporarily_unavailable");
    let wait: u64 = answer.header("retry-after").and_then(|wait| wait.parse().ok()).unwrap_or_default();
    assert!((1..=60).contains(&wait), "whole seconds: {wait}");
}

on_sqlite! {
    async fn sign_ins_are_limited_by_address(world) {
        world.apply(&limited("login_per_minute: 3")).await;
        let realm = world.alpha();
        let mut browser = realm.browser().from_address("192.0.2.1");
        for _ in 0..3 {
            realm.web_app().sign_in_asking(&mut browser, &realm.ada(), realm.web_app().ask().with("prompt", "login")).await;
        }
        let visit = browser.open(&realm.web_app().ask().with("prompt", "login").url()).await;
        let refused = browser.type_credentials(visit.page(), &realm.ada()).await;
        assert_eq!(refused.last().status, 429);
        assert!(refused.last().header("retry-after").is_some());
        assert!(refused.page().alert().contains("too many sign-in attempts"), "{}", refused.page().alert());
        let mut elsewhere = realm.browser().from_address("192.0.2.2");
        realm.web_app().sign_in(&mut elsewhere, &realm.ada()).await;
        world.pass(seconds(61));
        realm.web_app().sign_in(&mut realm.browser().from_address("192.0.2.1"), &realm.ada()).await;
    }

    async fn failed_token_requests_are_limited_by_client_and_address(world) {
        world.apply(&limited("token_failures_per_minute: 3")).await;
        let realm = world.alpha();
        let (worker, impostor) = (realm.service("worker").app, realm.app("worker", "wrong", ""));
        for _ in 0..3 {
            impostor.client_credentials(&[]).await.assert_refused(401, "invalid_client");
        }
        is_too_many(&impostor.client_credentials(&[]).await);
        // From another address, and for another client, there is nothing to wait for.
        let form = [("grant_type", "client_credentials")];
        let elsewhere = worker.request(&realm.url(Endpoint::Token), &form).header("x-forwarded-for", "192.0.2.9");
        Tokens::of(&Answer::of(elsewhere).await);
        realm.service("stranger").asking(&[]).await;
        world.pass(seconds(61));
        Tokens::of(&worker.client_credentials(&[]).await);
    }

    async fn token_requests_are_limited_by_client(world) {
        world.apply(&limited("token_per_client_per_minute: 4")).await;
        let realm = world.alpha();
        for _ in 0..4 {
            realm.service("worker").asking(&[]).await;
        }
        is_too_many(&realm.service("worker").app.client_credentials(&[]).await);
        realm.service("stranger").asking(&[]).await;
    }

    async fn authorization_requests_are_limited_by_address(world) {
        world.apply(&limited("authorize_per_minute: 2")).await;
        let realm = world.alpha();
        let mut browser = realm.browser();
        for _ in 0..2 {
            assert_eq!(browser.open(&realm.web_app().ask().url()).await.page().heading(), "Sign in to Alpha");
        }
        let refused = browser.open(&realm.web_app().ask().url()).await;
        refused.last().assert_page(429, "Too many requests");
        assert!(refused.last().header("retry-after").is_some());
    }

    async fn a_realm_has_a_ceiling_and_another_realm_has_its_own(world) {
        world.apply(&limited("realm_per_minute: 5")).await;
        let realm = world.alpha();
        for _ in 0..5 {
            realm.discovery().await;
        }
        is_too_many(&realm.wire().get(&realm.url(Endpoint::Discovery)).await);
        is_too_many(&realm.wire().get("/.well-known/oauth-authorization-server/realms/alpha").await);
        world.beta().discovery().await;
        world.pass(seconds(61));
        realm.discovery().await;
    }

    async fn the_metadata_at_the_origin_counts_for_the_realms_ceiling(world) {
        world.apply(&limited("realm_per_minute: 3")).await;
        let realm = world.alpha();
        for _ in 0..3 {
            realm.wire().get("/.well-known/oauth-authorization-server/realms/alpha").await.success();
        }
        is_too_many(&realm.wire().get(&realm.url(Endpoint::Discovery)).await);
    }

    async fn limits_that_are_off_limit_nothing(world) {
        let realm = world.alpha();
        let impostor = realm.app("worker", "wrong", "");
        for _ in 0..110 {
            impostor.client_credentials(&[]).await.assert_refused(401, "invalid_client");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_share_their_limits() {
    let world = World::builder(Backend::PostgresAndRedis).realm(limited("token_failures_per_minute: 4"));
    let mut world = world.start().await;
    let second = world.second_node().await;
    let impostor = world.alpha().app("worker", "wrong", "");
    for app in [impostor.clone(), impostor.at(&second), impostor.clone(), impostor.at(&second)] {
        app.client_credentials(&[]).await.assert_refused(401, "invalid_client");
    }
    for app in [impostor.clone(), impostor.at(&second)] {
        is_too_many(&app.client_credentials(&[]).await);
    }
    second.stop().await;
    world.stop().await;
}
