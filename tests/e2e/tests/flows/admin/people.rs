//! People: made, found, changed, given passwords, signed out, let in again.

use palatine_domain::audit::AuditKind;
use palatine_e2e::{Admin, Person};
use serde_json::json;

use super::described::assert_problem;
use super::on_both;

const PASSWORD: &str = "hedge-violin-sunday-4";

on_both! {
    async fn a_person_is_made_signs_in_and_is_renamed(world) {
        let alpha = world.alpha();
        let usher = Admin::service(&alpha, "usher").await;
        let made = usher.post("/realms/alpha/users", json!({
            "username": "lin", "email": "lin@example.com", "email_verified": true, "password": PASSWORD,
            "profile": { "name": "Lin" }, "custom": { "department": "stock" }
        })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert!(!made.body.contains(PASSWORD));
        let path = format!("/realms/alpha/users/{}", made.json()["id"].as_str().unwrap());
        let tokens = alpha.web_app().sign_in(&mut alpha.browser(), &Person::new("lin", PASSWORD)).await;
        assert_eq!(tokens.id_claims()["sub"], made.json()["subject"]);
        let renamed = usher.patch(&path, json!({ "username": "lin.k", "profile": { "nickname": "L" } })).await;
        assert_eq!(renamed.success()["username"], "lin.k");
        assert_eq!(renamed.success()["profile"]["name"], "Lin", "a merge patch keeps what it does not name");
        alpha.web_app().sign_in(&mut alpha.browser(), &Person::new("lin.k", PASSWORD)).await;
        let found = usher.get("/realms/alpha/users?q=lin").await.success();
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
        let found = usher.get("/realms/alpha/users?identifier=LIN@example.com").await.success();
        assert_eq!(found["items"][0]["username"], "lin.k");
        assert_eq!(usher.delete(&path).await.status, 204);
        assert_eq!(usher.get(&path).await.status, 404);
        let events = world.audit("alpha", AuditKind::UserChanged).await;
        assert_eq!(events.len(), 3);
        assert!(events.iter().all(|event| !event.details.to_string().contains(PASSWORD)));
    }

    async fn a_password_that_is_set_ends_what_the_old_one_had_opened(world) {
        let alpha = world.alpha();
        let usher = Admin::service(&alpha, "usher").await;
        let tokens = alpha.web_app().sign_in(&mut alpha.browser(), &alpha.ada()).await;
        let ada = usher.get("/realms/alpha/users?identifier=ada@example.com").await.success();
        let path = format!("/realms/alpha/users/{}", ada["items"][0]["id"].as_str().unwrap());
        let weak = usher.put(&format!("{path}/password"), json!({ "password": "password" })).await;
        assert_problem(&weak, 422, "invalid", "a weak password");
        assert_eq!(alpha.web_app().refresh(tokens.refresh()).await.status, 200, "a refused change ends nothing");
        let tokens = alpha.web_app().sign_in(&mut alpha.browser(), &alpha.ada()).await;
        let set = usher.put(&format!("{path}/password"), json!({ "password": PASSWORD })).await;
        assert_eq!(set.status, 204, "{}", set.body);
        alpha.web_app().refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
        assert_eq!(alpha.userinfo(&tokens.access).await.status, 401);
        alpha.web_app().sign_in(&mut alpha.browser(), &Person::new("ada@example.com", PASSWORD)).await;
    }

    async fn sessions_are_listed_and_ended(world) {
        let alpha = world.alpha();
        let usher = Admin::service(&alpha, "usher").await;
        let mut browser = alpha.browser();
        let tokens = alpha.web_app().sign_in(&mut browser, &alpha.ada()).await;
        let listed = usher.get("/realms/alpha/sessions").await.success();
        let sid = listed["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(tokens.id_claims()["sid"], sid.as_str());
        assert_eq!(usher.delete(&format!("/realms/alpha/sessions/{sid}")).await.status, 204);
        assert_eq!(usher.delete(&format!("/realms/alpha/sessions/{sid}")).await.status, 404);
        alpha.web_app().refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
        assert!(usher.get("/realms/alpha/sessions").await.success()["items"].as_array().unwrap().is_empty());
    }

    async fn everything_of_a_person_is_ended_at_once(world) {
        let alpha = world.alpha();
        let usher = Admin::service(&alpha, "usher").await;
        let first = alpha.web_app().sign_in(&mut alpha.browser(), &alpha.ada()).await;
        let offline = alpha.web_app().sign_in_for(&mut alpha.browser(), &alpha.ada(), "openid offline_access").await;
        let ada = usher.get("/realms/alpha/users?identifier=ada@example.com").await.success();
        let path = format!("/realms/alpha/users/{}/sign-out", ada["items"][0]["id"].as_str().unwrap());
        assert_eq!(usher.post(&path, json!({})).await.status, 204);
        for tokens in [first, offline] {
            alpha.web_app().refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
        }
    }

    async fn who_is_locked_out_is_let_in_again(world) {
        let alpha = world.alpha();
        let usher = Admin::service(&alpha, "usher").await;
        let till = alpha.direct_app();
        for _ in 0..6 {
            till.password(&Person::new("ada@example.com", "wrong-wrong-wrong"), &[]).await.assert_refused(400, "invalid_grant");
        }
        till.password(&alpha.ada(), &[]).await.assert_refused(400, "invalid_grant");
        let ada = usher.get("/realms/alpha/users?identifier=ada@example.com").await.success();
        let path = format!("/realms/alpha/users/{}/unlock", ada["items"][0]["id"].as_str().unwrap());
        assert_eq!(usher.post(&path, json!({})).await.status, 204);
        assert_eq!(till.password(&alpha.ada(), &[]).await.status, 200);
    }

    async fn what_happened_is_read_and_filtered(world) {
        let alpha = world.alpha();
        let auditor = Admin::service(&alpha, "auditor").await;
        let boss = Admin::service(&alpha, "boss").await;
        alpha.web_app().sign_in(&mut alpha.browser(), &alpha.ada()).await;
        boss.patch("/realms/alpha/clients/web-app", json!({ "name": "Shop of shops" })).await.success();
        let changed = auditor.get("/realms/alpha/audit-events?kind=configuration_changed&client=web-app").await.success();
        let event = &changed["items"][0];
        assert_eq!(event["actor"]["kind"], "client");
        let difference = &event["details"]["changes"][0]["differences"][0];
        assert_eq!(*difference, json!({ "at": "/name", "before": "Web shop", "after": "Shop of shops" }));
        let all = auditor.get("/realms/alpha/audit-events?limit=1").await.success();
        let next = all["next_cursor"].as_str().unwrap();
        let second = auditor.get(&format!("/realms/alpha/audit-events?limit=1&cursor={next}")).await.success();
        assert_ne!(all["items"][0]["id"], second["items"][0]["id"]);
        let lines = auditor.get("/realms/alpha/audit-events.jsonl?kind=login_succeeded").await;
        assert_eq!(lines.header("content-type"), Some("application/jsonl"));
        assert_eq!(lines.body.lines().count(), 1);
        assert_eq!(auditor.get("/realms/alpha/audit-events?kind=none_such").await.status, 400);
    }

    async fn keys_are_listed_rotated_and_retired(world) {
        let alpha = world.alpha();
        let boss = Admin::service(&alpha, "boss").await;
        let listed = boss.get("/realms/alpha/keys").await.success();
        assert!(!listed.to_string().contains("private"));
        let rotated = boss.post("/realms/alpha/keys/rotate", json!({ "algorithm": "ES256" })).await.success();
        assert_eq!(rotated["items"][0]["state"], "pending");
        let kid = listed["items"].as_array().unwrap().iter().find(|key| key["algorithm"] == "RS256").unwrap()["kid"].clone();
        let path = format!("/realms/alpha/keys/{}/retire", kid.as_str().unwrap());
        assert_eq!(boss.post(&path, json!({})).await.status, 204);
        assert!(!alpha.jwks().await.to_string().contains(kid.as_str().unwrap()));
        assert_problem(&boss.post(&path, json!({})).await, 409, "conflict", "a second time");
    }
}
