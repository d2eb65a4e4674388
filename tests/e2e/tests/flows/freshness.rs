//! A node that has not heard of changes for too long may not know what was disabled: it issues nothing.

use palatine_e2e::{Answered, App, Backend, Endpoint, Tokens, World, eventually, realms, seconds};
use palatine_realm::FreshnessState;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A node that hears of changes only when it is made to, and bears not to for a few seconds.
async fn hard_of_hearing() -> World {
    let world = World::builder(Backend::Sqlite).realm(realms::alpha()).configure(|config| {
        config.realms.poll_interval_millis = 86_400_000;
        config.realms.stale_after_seconds = 4;
        config.realms.stop_issuing_after_seconds = 4;
    });
    world.start().await
}

async fn hears(world: &World) {
    world.node().resolver().poll().await.unwrap();
}

async fn hears_nothing(world: &World) {
    let state = || world.node().resolver().freshness().state;
    eventually("the node stops issuing", seconds(20), async || state() == FreshnessState::StopIssuing).await;
}

async fn silently(app: &App, browser: &mut palatine_e2e::Browser, response_type: &str) -> Answered {
    let ask = app.ask().with("response_type", response_type).with("nonce", "n").with("prompt", "none");
    Answered::at(browser.open(&ask.url()).await.left(), &ask)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_hears_of_no_changes_issues_no_tokens_no_codes_and_nothing_to_devices() {
    let mut world = hard_of_hearing().await;
    let realm = world.alpha();
    let (app, hybrid, tv) = (realm.web_app(), realm.hybrid_app(), realm.tv_app());
    hears(&world).await;
    let mut browser = realm.browser();
    let tokens = app.sign_in(&mut browser, &realm.ada()).await;
    let device = tv.post(Endpoint::DeviceAuthorization, &[("scope", "openid")]).await.success();
    hears(&world).await;
    let code = device["user_code"].as_str().unwrap();
    let page = browser.open(&format!("{}/device", realm.issuer())).await;
    let question = browser.submit(&page.page().form().fill("user_code", code), "continue").await;

    hears_nothing(&world).await;
    app.refresh(tokens.refresh()).await.assert_refused(503, "temporarily_unavailable");
    assert_eq!(silently(&app, &mut browser, "code").await.error(), "temporarily_unavailable");
    for response_type in ["id_token token", "code id_token token"] {
        let answered = silently(&hybrid, &mut browser, response_type).await;
        assert_eq!(answered.error(), "temporarily_unavailable", "{response_type}");
    }
    let shown = browser.open(&app.ask().url()).await;
    shown.last().assert_page(503, "We cannot answer just now");
    let decided = browser.submit(&question.page().form(), "accept").await;
    decided.last().assert_page(503, "We cannot answer just now");

    hears(&world).await;
    assert!(!silently(&app, &mut browser, "code").await.code().is_empty());
    let decided = browser.submit(&question.page().form(), "accept").await;
    assert_eq!(decided.page().heading(), "Your device is connected");
    let device_code = device["device_code"].as_str().unwrap();
    Tokens::of(&tv.post(Endpoint::Token, &[("grant_type", DEVICE_GRANT), ("device_code", device_code)]).await);
    world.stop().await;
}
