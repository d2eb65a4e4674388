//! Races: one code, one refresh token, 64 uses at once; on both databases, on two nodes, with a restart in between.

use std::collections::HashSet;

use futures_util::future::join_all;
use palatine_domain::audit::AuditKind;
use palatine_e2e::{Answer, App, Ask, Backend, Tokens, World, on_every_backend};

const AT_ONCE: usize = 64;

/// As many uses of a code as there are, spread over the nodes that the applications talk to.
async fn redeem_at_once(apps: &[App], code: &str, ask: &Ask) -> Vec<Answer> {
    join_all(apps.iter().cycle().take(AT_ONCE).map(|app| app.redeem(code, ask))).await
}

async fn refresh_at_once(apps: &[App], token: &str) -> Vec<Answer> {
    join_all(apps.iter().cycle().take(AT_ONCE).map(|app| app.refresh(token))).await
}

/// Asserts that one of them succeeded and the others were refused; gives what it got.
#[track_caller]
fn one_success(answers: &[Answer]) -> Tokens {
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, AT_ONCE - 1));
    for answer in lost {
        answer.assert_refused(400, "invalid_grant");
    }
    Tokens::of(won[0])
}

/// Asserts that all of them got the same successor; gives it.
#[track_caller]
fn one_successor(answers: &[Answer]) -> String {
    let successors: HashSet<String> = answers.iter().map(|answer| Tokens::of(answer).refresh().to_owned()).collect();
    assert_eq!(successors.len(), 1, "a fork");
    successors.into_iter().next().unwrap_or_default()
}

async fn code_of(world: &World) -> (App, Ask, String) {
    let realm = world.alpha();
    let (app, ask) = (realm.web_app(), realm.web_app().ask());
    let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
    (app, ask, code)
}

on_every_backend! {
    async fn of_64_uses_of_a_code_one_succeeds_and_the_theft_ends_what_it_got(world) {
        let (app, ask, code) = code_of(world).await;
        let tokens = one_success(&redeem_at_once(std::slice::from_ref(&app), &code, &ask).await);
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
        assert!(!app.finds_active(&tokens.access).await);
        assert_eq!(world.audit("alpha", AuditKind::CodeReused).await.len(), AT_ONCE - 1);
    }

    async fn of_64_uses_of_a_refresh_token_all_get_the_same_successor(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let successor = one_successor(&refresh_at_once(std::slice::from_ref(&app), tokens.refresh()).await);
        assert_eq!(world.stored_refresh_tokens().await.len(), 2);
        let next = one_successor(&refresh_at_once(std::slice::from_ref(&app), &successor).await);
        assert_eq!(world.stored_refresh_tokens().await.len(), 3);
        Tokens::of(&app.refresh(&next).await);
        assert_eq!(world.audit("alpha", AuditKind::RefreshReplayed).await.len(), 0);
    }

    async fn a_code_is_used_once_across_a_restart(world) {
        let (app, ask, code) = code_of(world).await;
        world.restart().await;
        one_success(&redeem_at_once(std::slice::from_ref(&app), &code, &ask).await);
        world.restart().await;
        for answer in redeem_at_once(std::slice::from_ref(&app), &code, &ask).await {
            answer.assert_refused(400, "invalid_grant");
        }
    }

    async fn a_refresh_token_has_one_successor_across_a_restart(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let before = one_successor(&refresh_at_once(std::slice::from_ref(&app), tokens.refresh()).await);
        world.restart().await;
        let after = one_successor(&refresh_at_once(std::slice::from_ref(&app), tokens.refresh()).await);
        assert_eq!(after, before);
        assert_eq!(world.stored_refresh_tokens().await.len(), 2);
        Tokens::of(&app.refresh(&after).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_uses_of_a_code_on_two_nodes_one_succeeds() {
    let mut world = World::on(Backend::PostgresAndRedis).await;
    let second = world.second_node().await;
    let (app, ask, code) = code_of(&world).await;
    let apps = [app.clone(), app.at(&second)];
    let tokens = one_success(&redeem_at_once(&apps, &code, &ask).await);
    for app in apps {
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
    }
    second.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_uses_of_a_refresh_token_on_two_nodes_all_get_the_same_successor() {
    let mut world = World::on(Backend::PostgresAndRedis).await;
    let second = world.second_node().await;
    let realm = world.alpha();
    let app = realm.web_app();
    let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
    let apps = [app.clone(), app.at(&second)];
    let successor = one_successor(&refresh_at_once(&apps, tokens.refresh()).await);
    assert_eq!(world.stored_refresh_tokens().await.len(), 2);
    world.restart().await;
    let apps = [app.clone(), app.at(&second)];
    assert_eq!(one_successor(&refresh_at_once(&apps, tokens.refresh()).await), successor);
    Tokens::of(&app.at(&second).refresh(&successor).await);
    app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
    second.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flushed_redis_makes_no_code_and_no_refresh_token_usable_twice() {
    let mut world = World::on(Backend::PostgresAndRedis).await;
    let (app, ask, code) = code_of(&world).await;
    let tokens = Tokens::of(&app.redeem(&code, &ask).await);
    let successor = Tokens::of(&app.refresh(tokens.refresh()).await);
    world.redis().flush().await;
    assert_eq!(Tokens::of(&app.refresh(tokens.refresh()).await).refresh(), successor.refresh());
    app.redeem(&code, &ask).await.assert_refused(400, "invalid_grant");
    world.stop().await;
}
