//! Redis is paused, gone, back, emptied: the table of docs/ARCHITECTURE.md, "What is kept where".
use palatine_e2e::{
    Answered, Backend, Browser, Endpoint, Person, RealmUnderTest, Tokens, World, eventually, minutes, realms, seconds,
};

/// An installation on PostgreSQL with a Redis of its own.
async fn world_with(alpha: String) -> World {
    World::builder(Backend::PostgresAndRedis).realm(alpha).realm(realms::beta()).private_redis().start().await
}

async fn world() -> World {
    world_with(realms::alpha()).await
}

async fn is_signed_in(browser: &mut Browser, realm: &RealmUnderTest) -> bool {
    let ask = realm.web_app().ask().with("prompt", "none");
    browser.open(&ask.url()).await.left().contains("code=")
}

/// What readiness says of Redis.
async fn ephemeral(world: &World) -> (u16, String) {
    let answer = world.node().management("/health/ready").await;
    (answer.status, answer.json()["checks"]["ephemeral"].as_str().unwrap().to_owned())
}

/// Waits until the node has noticed; it stays ready meanwhile.
async fn until_noticed(world: &World, state: &str) {
    eventually(&format!("Redis is {state}"), seconds(15), async || {
        let (status, said) = ephemeral(world).await;
        assert_eq!(status, 200, "the node is ready without Redis too");
        said == state
    })
    .await;
}

/// Whatever a person and an application do, from the first page to the last token.
async fn assert_everything_works(world: &World) {
    let realm = world.alpha();
    let app = realm.web_app();
    let mut browser = realm.browser();
    let tokens = app.sign_in(&mut browser, &realm.ada()).await;
    assert!(is_signed_in(&mut browser, &realm).await);
    let renewed = Tokens::of(&app.refresh(tokens.refresh()).await);
    assert_eq!(realm.userinfo(&renewed.access).await.success()["email"], "ada@example.com");
    assert!(app.finds_active(&renewed.access).await);
    let partner = realm.partner_app();
    let ask = partner.ask().scope("openid profile");
    Tokens::of(&partner.redeem(&partner.authorize(&mut browser, &realm.ada(), &ask).await.code(), &ask).await);
    Tokens::of(&realm.service("worker").app.client_credentials(&[]).await);
    app.revoke(renewed.refresh()).await;
    assert!(!app.finds_active(&renewed.access).await);
    let out = format!("{}?id_token_hint={}", realm.url(Endpoint::EndSession), tokens.id());
    assert_eq!(browser.open(&out).await.page().heading(), "You are signed out");
    assert!(!is_signed_in(&mut browser, &realm).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_everything_works_and_nobody_is_signed_out() {
    let mut world = world().await;
    let realm = world.alpha();
    let (app, mut browser) = (realm.web_app(), realm.browser());
    let before = app.sign_in(&mut browser, &realm.ada()).await;
    let ask = app.ask();
    let code = app.authorize(&mut browser, &realm.ada(), &ask).await.code();
    until_noticed(&world, "ok").await;

    world.redis_mut().kill();
    assert!(is_signed_in(&mut browser, &realm).await, "at once, before anybody has noticed");
    until_noticed(&world, "degraded").await;
    assert_eq!(realm.wire().get("/health").await.status, 200);
    Tokens::of(&app.redeem(&code, &ask).await);
    let during = Tokens::of(&app.refresh(before.refresh()).await);
    assert_everything_works(&world).await;

    world.redis_mut().start_again().await;
    until_noticed(&world, "ok").await;
    assert!(is_signed_in(&mut browser, &realm).await);
    Tokens::of(&app.refresh(during.refresh()).await);
    assert_everything_works(&world).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_redis_takes_nothing_along() {
    let mut world = world().await;
    let realm = world.alpha();
    let (app, mut browser) = (realm.web_app(), realm.browser());
    let tokens = app.sign_in(&mut browser, &realm.ada()).await;
    assert!(is_signed_in(&mut browser, &realm).await);
    let ask = app.ask();
    let code = app.authorize(&mut browser, &realm.ada(), &ask).await.code();
    let mut half_way = realm.browser();
    let begun = app.ask();
    let form = half_way.open(&begun.url()).await.page().form();
    assert!(!world.redis().keys().await.is_empty(), "something was there");
    world.redis().flush().await;

    assert!(is_signed_in(&mut browser, &realm).await);
    Tokens::of(&app.redeem(&code, &ask).await);
    app.redeem(&code, &ask).await.assert_refused(400, "invalid_grant");
    Tokens::of(&app.refresh(tokens.refresh()).await);
    let form = form.fill("username", "grace").fill("password", &realm.grace().password);
    Answered::at(half_way.submit(&form, "login").await.left(), &begun).code();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_session_does_not_come_back_with_redis() {
    let mut world = world().await;
    let second = world.second_node().await;
    let (here, there) = (world.alpha(), world.alpha().at(&second));
    let (app, mut browser) = (here.web_app(), here.browser());
    let tokens = app.sign_in(&mut browser, &here.ada()).await;
    // Both nodes and Redis know the session.
    assert!(is_signed_in(&mut browser, &here).await);
    browser.go_to(second.wire());
    assert!(is_signed_in(&mut browser, &there).await);
    let cookies = browser.cookies();

    world.redis().pause();
    let out = format!("{}?id_token_hint={}", here.url(Endpoint::EndSession), tokens.id());
    browser.go_to(here.wire());
    assert_eq!(browser.open(&out).await.page().heading(), "You are signed out");
    world.redis().resume();
    until_noticed(&world, "ok").await;

    for realm in [&here, &there] {
        let mut thief = realm.browser();
        for cookie in &cookies {
            thief.plant(cookie.clone());
        }
        assert!(!is_signed_in(&mut thief, realm).await);
        let visit = thief.open(&realm.web_app().ask().url()).await;
        assert_eq!(visit.page().heading(), "Sign in to Alpha");
        app.at(if realm.wire().origin() == here.wire().origin() { world.node() } else { &second })
            .refresh(tokens.refresh())
            .await
            .assert_refused(400, "invalid_grant");
    }
    second.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_each_node_enforces_the_limits_itself() {
    let limits = "enabled: true\n    login_per_minute: 3\n    token_failures_per_minute: 3";
    let mut world = world_with(realms::changed(&realms::alpha(), "enabled: false", limits)).await;
    world.redis_mut().kill();
    until_noticed(&world, "degraded").await;
    let realm = world.alpha();
    let mut browser = realm.browser().from_address("203.0.113.5");
    let page = browser.open(&realm.web_app().ask().url()).await.page().clone();
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let visit = browser.type_credentials(&page, &Person::new("nobody", "wrong-password")).await;
        statuses.push(visit.last().status);
        if visit.last().status == 429 {
            let wait: u64 = visit.last().header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
        }
    }
    assert_eq!(statuses, [422, 422, 422, 429, 429]);
    let stranger = realm.app("web-app", "wrong", "https://shop.example.com/callback");
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(stranger.refresh("x").await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    // They end as they do with Redis.
    world.pass(minutes(2));
    assert_eq!(browser.open(&realm.web_app().ask().url()).await.last().status, 200);
    assert_eq!(stranger.refresh("x").await.status, 401);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_hear_of_changes_without_redis() {
    let mut world = world().await;
    let second = world.second_node().await;
    let there = world.alpha().at(&second);
    assert_eq!(there.browser().open(&there.web_app().ask().url()).await.last().status, 200);
    world.redis_mut().kill();
    let closed = realms::changed(&realms::alpha(), "  web-app:\n", "  web-app:\n    enabled: false\n");
    world.apply(&closed).await;
    eventually("the second node hears that the client is disabled", seconds(10), async || {
        there.browser().open(&there.web_app().ask().url()).await.last().status == 400
    })
    .await;
    there.web_app().refresh("x").await.assert_refused(401, "invalid_client");
    second.stop().await;
    world.stop().await;
}
