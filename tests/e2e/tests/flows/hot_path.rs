//! What a request costs: statements sent to the database, as exact small numbers. A change of one of them is a decision.

use palatine_e2e::{Backend, Tokens, World, realms};

/// A world whose background work keeps quiet, so that only requests are counted.
async fn quiet(backend: Backend) -> World {
    let world = World::builder(backend).realm(realms::alpha()).configure(|config| {
        config.realms.poll_interval_millis = 3_600_000;
        config.jobs.sealed_successors_seconds = 3_600;
        config.jobs.expired_rows_seconds = 3_600;
        config.courier.poll_millis = 3_600_000;
    });
    world.start().await
}

/// The statements that an act costs when everything is warm: the least of three, since what runs once at the start may
/// fall into one of them.
async fn cost(world: &World, mut act: impl AsyncFnMut()) -> u64 {
    act().await;
    let mut least = u64::MAX;
    for _ in 0..3 {
        let before = world.node().store().statements();
        act().await;
        least = least.min(world.node().store().statements() - before);
    }
    least
}

async fn client_credentials_of_a_warm_client_touch_no_store(backend: Backend) {
    let mut world = quiet(backend).await;
    let worker = world.alpha().service("worker");
    let statements = cost(&world, async || {
        for _ in 0..20 {
            worker.asking(&[]).await;
        }
    })
    .await;
    assert_eq!(statements, 0);
    world.stop().await;
}

async fn the_flow_costs_what_it_costs(backend: Backend) {
    let mut world = quiet(backend).await;
    let realm = world.alpha();
    let (app, mut browser) = (realm.web_app(), realm.browser());
    let mut tokens = app.sign_in(&mut browser, &realm.ada()).await;

    let documents = cost(&world, async || {
        realm.discovery().await;
        realm.jwks().await;
    });
    assert_eq!(documents.await, 0, "discovery and keys");

    let mut asked = Vec::new();
    let authorization = cost(&world, async || {
        let ask = app.ask();
        let code = app.authorize(&mut browser, &realm.ada(), &ask).await.code();
        asked.push((code, ask));
    });
    assert_eq!(authorization.await, 5, "a code for somebody who is signed in");

    let redemption = cost(&world, async || {
        let (code, ask) = asked.pop().expect("a code");
        Tokens::of(&app.redeem(&code, &ask).await);
    });
    assert_eq!(redemption.await, 5, "a code");

    let refresh = cost(&world, async || tokens = Tokens::of(&app.refresh(tokens.refresh()).await));
    assert_eq!(refresh.await, 4, "a refresh");

    let userinfo = cost(&world, async || assert_eq!(realm.userinfo(&tokens.access).await.status, 200));
    assert_eq!(userinfo.await, 2, "userinfo");

    let introspection = cost(&world, async || assert!(app.finds_active(&tokens.access).await));
    assert_eq!(introspection.await, 2, "introspection");
    world.stop().await;
}

/// With the scope `roles` each answer about a person reads once what they hold; what roles and groups bring along is in
/// memory, so that a service's own roles cost nothing.
async fn roles_cost_one_statement(backend: Backend) {
    let roles = "policy:\n  rate_limits:\n    enabled: false\nroles: {clerk: {}}";
    let document = realms::changed(&realms::alpha(), "policy:\n  rate_limits:\n    enabled: false", roles);
    let document = realms::changed(
        &document,
        "scopes: {default: [\"orders:read\"]",
        "roles: [clerk]\n    scopes: {default: [\"orders:read\", roles]",
    );
    let document = realms::changed(
        &document,
        "optional: [offline_access, phone,",
        "optional: [roles, groups, offline_access, phone,",
    );
    let mut world = quiet(backend).await;
    world.apply(&realms::changed(&document, "  ada:\n", "  ada:\n    roles: [clerk]\n")).await;
    let realm = world.alpha();
    let (app, mut browser) = (realm.web_app(), realm.browser());
    let scope = "openid roles groups";
    let mut tokens = app.sign_in_for(&mut browser, &realm.ada(), scope).await;
    assert_eq!(tokens.access_claims()["roles"], serde_json::json!(["clerk"]));

    let mut asked = Vec::new();
    for _ in 0..4 {
        let ask = app.ask().scope(scope);
        asked.push((app.authorize(&mut browser, &realm.ada(), &ask).await.code(), ask));
    }
    let redemption = cost(&world, async || {
        let (code, ask) = asked.pop().expect("a code");
        Tokens::of(&app.redeem(&code, &ask).await);
    });
    assert_eq!(redemption.await, 6, "a code");
    let refresh = cost(&world, async || tokens = Tokens::of(&app.refresh(tokens.refresh()).await));
    assert_eq!(refresh.await, 5, "a refresh");
    let userinfo = cost(&world, async || assert_eq!(realm.userinfo(&tokens.access).await.status, 200));
    assert_eq!(userinfo.await, 3, "userinfo");
    let worker = realm.service("worker");
    let service = cost(&world, async || {
        let claims = worker.asking(&[]).await.access_claims();
        assert_eq!(claims["roles"], serde_json::json!(["clerk"]));
    });
    assert_eq!(service.await, 0, "client_credentials");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_cost_one_statement_on_sqlite() {
    Box::pin(roles_cost_one_statement(Backend::Sqlite)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_cost_one_statement_on_postgres() {
    Box::pin(roles_cost_one_statement(Backend::Postgres)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_credentials_of_a_warm_client_touch_no_sqlite() {
    Box::pin(client_credentials_of_a_warm_client_touch_no_store(Backend::Sqlite)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_credentials_of_a_warm_client_touch_no_postgres() {
    Box::pin(client_credentials_of_a_warm_client_touch_no_store(Backend::Postgres)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_statements_of_each_request_are_few_on_sqlite() {
    Box::pin(the_flow_costs_what_it_costs(Backend::Sqlite)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_statements_of_each_request_are_few_on_postgres() {
    Box::pin(the_flow_costs_what_it_costs(Backend::Postgres)).await;
}
