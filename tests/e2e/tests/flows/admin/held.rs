//! What people and clients hold: credentials, browsers, consents, grants, initial access tokens.

use palatine_domain::audit::AuditKind;
use palatine_e2e::{Admin, Endpoint, Person, realms};
use reqwest::Method;
use serde_json::{Value, json};

use super::described::assert_problem;
use super::on_both;

async fn ada(admin: &Admin) -> String {
    let found = admin.get("/realms/alpha/users?identifier=ada@example.com").await.success();
    found["items"][0]["id"].as_str().unwrap().to_owned()
}

fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().unwrap()
}

on_both! {
    async fn credentials_and_browsers_are_listed_without_secrets_and_taken_away(world) {
        let alpha = world.alpha();
        let usher = Admin::service(&alpha, "usher").await;
        let tokens = alpha.web_app().sign_in(&mut alpha.browser(), &alpha.ada()).await;
        let path = format!("/realms/alpha/users/{}", ada(&usher).await);
        let listed = usher.get(&format!("{path}/credentials")).await;
        let credential = listed.success()["items"][0].clone();
        assert_eq!((credential["type"].as_str(), credential["algorithm"].as_str()), (Some("password"), Some("argon2id")));
        assert!(!listed.body.contains("$argon2id"), "{}", listed.body);
        let device = usher.get(&format!("{path}/devices")).await.success()["items"][0]["id"].as_str().unwrap().to_owned();
        for gone in [format!("{path}/devices/{device}"), format!("{path}/credentials/{}", credential["id"].as_str().unwrap())] {
            assert_eq!(usher.delete(&gone).await.status, 204, "{gone}");
            assert_problem(&usher.delete(&gone).await, 404, "not-found", &gone);
        }
        assert!(items(&usher.get(&format!("{path}/credentials")).await.success()).is_empty());
        assert!(items(&usher.get(&format!("{path}/devices")).await.success()).is_empty());
        assert_eq!(alpha.web_app().refresh(tokens.refresh()).await.status, 200, "what is open stays open");
        let till = alpha.direct_app();
        till.password(&alpha.ada(), &[]).await.assert_refused(400, "invalid_grant");
        assert_eq!(world.audit("alpha", AuditKind::CredentialRemoved).await.len(), 2);
    }

    async fn what_is_of_somebody_stronger_is_not_taken_away(world) {
        let alpha = world.alpha();
        let boss = Admin::service(&alpha, "boss").await;
        let usher = Admin::service(&alpha, "usher").await;
        let path = format!("/realms/alpha/users/{}", ada(&usher).await);
        alpha.web_app().sign_in(&mut alpha.browser(), &alpha.ada()).await;
        boss.patch(&path, json!({ "roles": ["realm-admin"] })).await.success();
        let grants = usher.get("/realms/alpha/grants").await.success();
        let grant = grants["items"][0]["id"].as_str().unwrap();
        for list in ["credentials", "devices"] {
            let first = usher.get(&format!("{path}/{list}")).await.success()["items"][0]["id"].as_str().unwrap().to_owned();
            assert_problem(&usher.delete(&format!("{path}/{list}/{first}")).await, 403, "forbidden", list);
        }
        assert_problem(&usher.delete(&format!("/realms/alpha/grants/{grant}")).await, 403, "forbidden", "a grant");
        let consent = usher.delete(&format!("{path}/consents/web-app")).await;
        assert_problem(&consent, 403, "forbidden", "a consent");
    }

    async fn a_grant_that_is_ended_takes_its_tokens_along(world) {
        let alpha = world.alpha();
        let usher = Admin::service(&alpha, "usher").await;
        let app = alpha.web_app();
        let kept = app.sign_in(&mut alpha.browser(), &alpha.ada()).await;
        let ended = app.sign_in_for(&mut alpha.browser(), &alpha.ada(), "openid email offline_access").await;
        let listed = usher.get(&format!("/realms/alpha/grants?live=true&client_id=web-app&user={}", ada(&usher).await)).await.success();
        assert_eq!(items(&listed).len(), 2, "{listed}");
        let newest = &items(&listed)[0];
        assert_eq!(newest["client_id"], "web-app");
        assert_eq!(newest["scopes"], json!(["openid", "email", "offline_access"]));
        let path = format!("/realms/alpha/grants/{}", newest["id"].as_str().unwrap());
        assert_eq!(usher.delete(&path).await.status, 204);
        assert_problem(&usher.delete(&path).await, 409, "conflict", "it was ended");
        app.refresh(ended.refresh()).await.assert_refused(400, "invalid_grant");
        assert!(!app.finds_active(&ended.access).await);
        assert_eq!(app.refresh(kept.refresh()).await.status, 200);
        assert_eq!(items(&usher.get("/realms/alpha/grants?live=true").await.success()).len(), 1);
        assert!(items(&usher.get("/realms/alpha/grants?client_id=nobody").await.success()).is_empty());
        let all = usher.get("/realms/alpha/grants").await.success();
        assert_eq!(items(&all)[0]["end_reason"], "admin");
    }

    async fn a_consent_that_is_taken_back_is_asked_for_again(world) {
        let asking = realms::changed(&realms::administered("alpha", "Alpha"), "  web-app:\n", "  web-app:\n    consent_required: true\n");
        world.apply(&asking).await;
        let alpha = world.alpha();
        let usher = Admin::service(&alpha, "usher").await;
        let app = alpha.web_app();
        let mut browser = alpha.browser();
        let tokens = app.sign_in(&mut browser, &alpha.ada()).await;
        let listed = usher.get("/realms/alpha/consents?client_id=web-app").await.success();
        assert_eq!(items(&listed).len(), 1, "{listed}");
        assert_eq!((items(&listed)[0]["client_id"].as_str(), items(&listed)[0]["user"].as_str()), (Some("web-app"), Some(ada(&usher).await.as_str())));
        let path = format!("/realms/alpha/users/{}/consents/web-app", ada(&usher).await);
        assert_eq!(usher.delete(&path).await.status, 204);
        assert_problem(&usher.delete(&path).await, 404, "not-found", "it is gone");
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
        let visit = browser.open(&app.ask().url()).await;
        assert!(visit.page().html.contains(r#"name="accept""#), "{}", visit.page().html);
        assert!(items(&usher.get("/realms/alpha/consents").await.success()).is_empty());
    }

    async fn an_initial_access_token_registers_so_many_clients_until_it_is_taken_back(world) {
        world.apply(&realms::changed(&realms::administered("alpha", "Alpha"), "policy:\n", "policy:\n  registration: token\n")).await;
        let alpha = world.alpha();
        let clerk = Admin::service(&alpha, "clerk").await;
        let tokens = "/realms/alpha/initial-access-tokens";
        let made = clerk.post(tokens, json!({ "count": 3, "expires_in_seconds": 600 })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let (token, id) = (made.json()["token"].as_str().unwrap().to_owned(), made.json()["id"].as_str().unwrap().to_owned());
        let register = async || {
            let body = json!({ "redirect_uris": ["https://new.example/cb"] });
            let request = alpha.wire().request(Method::POST, &alpha.url(Endpoint::Registration)).bearer_auth(&token).json(&body);
            palatine_e2e::Answer::of(request).await.status
        };
        assert_eq!(register().await, 201);
        let listed = clerk.get(tokens).await;
        assert_eq!(items(&listed.success())[0]["uses_left"], 2);
        assert!(!listed.body.contains(&token), "it is shown once");
        assert_eq!(clerk.delete(&format!("{tokens}/{id}")).await.status, 204);
        assert_eq!(register().await, 401);
        for (body, pointer) in [(json!({ "count": 0 }), "/count"), (json!({ "expires_in_seconds": 1 }), "/expires_in_seconds"), (json!({ "uses": 1 }), "/uses")] {
            let refused = clerk.post(tokens, body).await;
            assert_problem(&refused, 422, "invalid", pointer);
            assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
        }
        assert_eq!(world.audit("alpha", AuditKind::InitialTokenRemoved).await.len(), 1);
    }

    async fn a_person_is_made_with_the_hash_that_another_system_made(world) {
        let alpha = world.alpha();
        let usher = Admin::service(&alpha, "usher").await;
        let hash = "$2b$04$OwR1DY/1kp2aS2/4Rqv6Iue24UdExd.vYspyrkEJDhmCKcNhp7Fde";
        let made = usher.post("/realms/alpha/users", json!({ "username": "lin", "password_hash": hash })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert!(!made.body.contains("$2b$"));
        let path = format!("/realms/alpha/users/{}/credentials", made.json()["id"].as_str().unwrap());
        let algorithm = async || usher.get(&path).await.success()["items"][0]["algorithm"].as_str().unwrap().to_owned();
        assert_eq!(algorithm().await, "bcrypt");
        alpha.web_app().sign_in(&mut alpha.browser(), &Person::new("lin", "hedge-violin-sunday-4")).await;
        assert_eq!(algorithm().await, "argon2id", "the first sign-in replaces it by a hash of ours");
        let both = json!({ "username": "kim", "password_hash": hash, "password": "hedge-violin-sunday-4" });
        assert_problem(&usher.post("/realms/alpha/users", both).await, 422, "invalid", "both");
        let none = json!({ "username": "kim", "password_hash": "hedge" });
        assert_eq!(usher.post("/realms/alpha/users", none).await.json()["errors"][0]["pointer"], "/password_hash");
    }
}
