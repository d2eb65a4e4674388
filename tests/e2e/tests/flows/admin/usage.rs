//! How much was used, by hour: counted by every node, written down together, read by those who may.

use palatine_e2e::{Admin, Backend, Endpoint, RealmUnderTest, World, eventually, minutes, realms, seconds};
use serde_json::{Value, json};

use super::described::assert_problem;
use super::on_both;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn auditor(realm: &RealmUnderTest) -> Admin {
    Admin::service(realm, "auditor").await
}

/// What is written down of a realm, all pages of it, without what administrators themselves used.
async fn usage(admin: &Admin, realm: &str, query: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("/realms/{realm}/usage?limit=2{query}{cursor}")).await.success();
        items.extend(page["items"].as_array().unwrap().iter().filter(|item| item["client_id"] != "auditor").cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn count(hour: &str, client_id: Option<&str>, grant_type: Option<&str>, outcome: &str, count: u64) -> Value {
    json!({ "hour": hour, "client_id": client_id, "grant_type": grant_type, "outcome": outcome, "count": count })
}

/// How often the service `worker` got tokens.
async fn issued_to_worker(admin: &Admin) -> Vec<u64> {
    let items = usage(admin, "alpha", "&client_id=worker").await;
    items.iter().map(|item| item["count"].as_u64().unwrap()).collect()
}

on_both! {
    async fn what_was_issued_and_refused_is_listed_by_hour_client_and_grant(world) {
        world.holds_its_time();
        let first = world.now().start_of_hour().to_rfc3339();
        let alpha = world.alpha();
        let (worker, unknown) = (alpha.service("worker"), alpha.app("made-up-name", "x", ""));
        for _ in 0..2 {
            worker.asking(&[]).await;
        }
        alpha.app("worker", "wrong", "").client_credentials(&[]).await.assert_refused(401, "invalid_client");
        unknown.client_credentials(&[]).await.assert_refused(401, "invalid_client");
        unknown.post(Endpoint::Token, &[("grant_type", "made-up-grant")]).await.assert_refused(401, "invalid_client");
        let odd = worker.app.post(Endpoint::Token, &[("grant_type", "made-up-grant")]).await;
        odd.assert_refused(400, "unsupported_grant_type");
        alpha.web_app().refresh("x").await.assert_refused(400, "invalid_grant");
        // Who is told to ask again is not refused.
        let tv = alpha.tv_app();
        let device = tv.post(Endpoint::DeviceAuthorization, &[("scope", "openid")]).await.success();
        let device_code = device["device_code"].as_str().unwrap();
        let early = tv.post(Endpoint::Token, &[("grant_type", DEVICE_GRANT), ("device_code", device_code)]).await;
        early.assert_refused(400, "authorization_pending");

        let admin = auditor(&alpha).await;
        assert_eq!(usage(&admin, "alpha", "").await, [] as [Value; 0], "nothing is written down yet");
        assert_eq!(world.node().write_usage().await.unwrap(), 7);
        let credentials = Some("client_credentials");
        let in_first = [
            count(&first, Some("worker"), credentials, "refused", 1),
            count(&first, Some("worker"), credentials, "issued", 2),
            count(&first, Some("worker"), None, "refused", 1),
            count(&first, Some("web-app"), Some("refresh_token"), "refused", 1),
            count(&first, None, credentials, "refused", 1),
            count(&first, None, None, "refused", 1),
        ];
        assert_eq!(usage(&admin, "alpha", "").await, in_first);

        world.pass(minutes(60));
        let second = world.now().start_of_hour().to_rfc3339();
        worker.asking(&[]).await;
        let admin = auditor(&alpha).await;
        world.node().write_usage().await.unwrap();
        worker.asking(&[]).await;
        world.node().write_usage().await.unwrap();
        let in_second = [count(&second, Some("worker"), credentials, "issued", 2)];
        let both: Vec<Value> = in_second.iter().chain(&in_first).cloned().collect();
        assert_eq!(usage(&admin, "alpha", "").await, both);
        assert_eq!(usage(&admin, "alpha", &format!("&from={second}")).await, in_second);
        assert_eq!(usage(&admin, "alpha", &format!("&to={second}")).await, in_first);
        assert_eq!(usage(&admin, "alpha", "&client_id=web-app").await, in_first[3..4]);
        assert_eq!(usage(&admin, "alpha", "&client_id=made-up-name").await, [] as [Value; 0]);
        assert_eq!(usage(&auditor(&world.beta()).await, "beta", "").await, [] as [Value; 0], "another realm");
    }

    async fn what_a_client_used_is_known_when_it_is_gone(world) {
        let alpha = world.alpha();
        alpha.service("worker").asking(&[]).await;
        world.node().write_usage().await.unwrap();
        let boss = Admin::service(&alpha, "boss").await;
        assert_eq!(boss.delete("/realms/alpha/clients/worker").await.status, 204);
        assert_eq!(issued_to_worker(&boss).await, [1]);
    }

    async fn a_question_that_makes_no_sense_is_refused(world) {
        let admin = auditor(&world.alpha()).await;
        for query in ["from=yesterday", "to=", "client_id=two%20words", "cursor=x", "cursor=WzEsMl0", "limit=0", "limit=201"] {
            let answer = admin.get(&format!("/realms/alpha/usage?{query}")).await;
            assert_problem(&answer, 400, "malformed", query);
        }
    }

    async fn counts_that_the_database_does_not_take_are_kept_and_tried_again(world) {
        world.holds_its_time();
        let worker = world.alpha().service("worker");
        worker.asking(&[]).await;
        world.administer("ALTER TABLE usage_hours RENAME TO elsewhere").await;
        assert!(world.node().write_usage().await.is_err());
        worker.asking(&[]).await;
        assert!(world.node().write_usage().await.is_err());
        assert_eq!(world.node().usage().waiting(), 1);
        world.administer("ALTER TABLE elsewhere RENAME TO usage_hours").await;
        assert_eq!(world.node().write_usage().await.unwrap(), 1);
        assert_eq!(world.node().usage().waiting(), 0);
        assert_eq!(issued_to_worker(&auditor(&world.alpha()).await).await, [2]);
    }

    async fn a_node_that_is_stopped_loses_nothing(world) {
        world.holds_its_time();
        for round in 1..=2 {
            for _ in 0..3 {
                world.alpha().service("worker").asking(&[]).await;
            }
            world.restart().await;
            assert_eq!(issued_to_worker(&auditor(&world.alpha()).await).await, [round * 3]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_nodes_counted_adds_up() {
    let mut world = super::administered(Backend::Postgres).await;
    world.holds_its_time();
    let second = world.second_node().await;
    let (here, there) = (world.alpha().service("worker"), world.alpha().at(&second).service("worker"));
    for _ in 0..2 {
        here.asking(&[]).await;
        there.asking(&[]).await;
        there.asking(&[]).await;
        let written = tokio::join!(world.node().write_usage(), second.write_usage());
        assert!(written.0.is_ok() && written.1.is_ok());
    }
    there.asking(&[]).await;
    second.stop().await;
    assert_eq!(issued_to_worker(&auditor(&world.alpha()).await).await, [7]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_writes_usage_down_and_removes_old_hours_by_itself() {
    let builder = World::builder(Backend::Sqlite).realm(realms::administered("alpha", "Alpha")).configure(|config| {
        config.usage.flush_seconds = 1;
        config.usage.keep_days = 1;
        config.jobs.usage_retention_seconds = 1;
    });
    let mut world = builder.start().await;
    world.alpha().service("worker").asking(&[]).await;
    let admin = auditor(&world.alpha()).await;
    eventually("usage is written down", seconds(10), async || issued_to_worker(&admin).await == [1]).await;
    world.pass(minutes(60 * 24 + 61));
    let admin = auditor(&world.alpha()).await;
    eventually("it is removed", seconds(10), async || issued_to_worker(&admin).await.is_empty()).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_room_is_counted_as_lost_and_the_rest_counts_on() {
    let builder = World::builder(Backend::Sqlite).realm(realms::administered("alpha", "Alpha"));
    let mut world = builder.configure(|config| config.usage.max_waiting = 1).start().await;
    world.holds_its_time();
    for _ in 0..2 {
        world.alpha().service("worker").asking(&[]).await;
    }
    let admin = auditor(&world.alpha()).await;
    assert_eq!(world.node().usage().lost(), 1, "the auditor's own token");
    assert_eq!(world.node().write_usage().await.unwrap(), 1);
    assert_eq!(issued_to_worker(&admin).await, [2]);
    world.stop().await;
}
