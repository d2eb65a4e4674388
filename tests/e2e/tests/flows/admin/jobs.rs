//! What the server removes by itself, when its time has come.

use palatine_domain::audit::AuditKind;
use palatine_e2e::{Admin, Backend, World, eventually, minutes, realms, seconds};
use serde_json::json;

const DAY: u64 = 24 * 60;

/// A server whose sweepers come every second.
async fn world(backend: Backend, alpha: String) -> World {
    let builder = World::builder(backend).realm(realms::system()).realm(alpha);
    let often = |config: &mut palatine_server::Config| {
        config.jobs.deleted_realms_seconds = 1;
        config.jobs.audit_retention_seconds = 1;
    };
    builder.configure(often).start().await
}

async fn a_deleted_realm_is_gone_after_its_grace_and_its_name_is_free(backend: Backend) {
    let mut world = world(backend, realms::administered("alpha", "Alpha")).await;
    let operator = Admin::operator(&world).await;
    assert_eq!(operator.delete("/realms/alpha").await.success()["state"], "deleting");
    let taken = operator.post("/realms", json!({ "realm": "alpha" })).await;
    assert_eq!(taken.status, 409, "it can still be brought back: {}", taken.body);
    world.pass(minutes(31 * DAY));
    // The operator's token has expired meanwhile.
    let operator = Admin::operator(&world).await;
    let gone = async || operator.get("/realms/alpha").await.status == 404;
    eventually("the realm is gone", seconds(30), gone).await;
    assert_eq!(operator.post("/realms", json!({ "realm": "alpha" })).await.status, 201);
    // Another realm of the same name: nobody of the old one is in it. That it was gone is remembered for a while.
    world.pass(minutes(1));
    let old = world.realm("alpha").app("boss", "boss-secret-1", "").client_credentials(&[]).await;
    old.assert_refused(401, "invalid_client");
    world.stop().await;
}

async fn events_are_kept_as_long_as_the_realm_says(backend: Backend) {
    let alpha = realms::administered("alpha", "Alpha");
    let alpha = realms::changed(&alpha, "policy:\n", "policy:\n  audit: {retention_days: 1}\n");
    let mut world = world(backend, alpha).await;
    let realm = world.alpha();
    realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
    assert_eq!(world.audit("alpha", AuditKind::LoginSucceeded).await.len(), 1);
    world.pass(minutes(DAY + 60));
    realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
    let swept = async || world.audit("alpha", AuditKind::LoginSucceeded).await.len() == 1;
    eventually("the older event is gone", seconds(30), swept).await;
    assert_eq!(world.audit("alpha", AuditKind::RealmCreated).await.len(), 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_realm_is_gone_after_its_grace_and_its_name_is_free_on_sqlite() {
    a_deleted_realm_is_gone_after_its_grace_and_its_name_is_free(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_realm_is_gone_after_its_grace_and_its_name_is_free_on_postgres() {
    a_deleted_realm_is_gone_after_its_grace_and_its_name_is_free(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_kept_as_long_as_the_realm_says_on_sqlite() {
    events_are_kept_as_long_as_the_realm_says(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_kept_as_long_as_the_realm_says_on_postgres() {
    events_are_kept_as_long_as_the_realm_says(Backend::Postgres).await;
}
