//! Settings, clients, APIs, scopes, roles and groups: made, changed by merge patches, removed.

use palatine_domain::audit::AuditKind;
use palatine_e2e::{Admin, Tokens};
use reqwest::Method;
use serde_json::{Value, json};

use super::described::assert_problem;
use super::on_both;

on_both! {
    async fn a_client_is_made_given_a_secret_used_changed_and_removed(world) {
        let alpha = world.alpha();
        let boss = Admin::service(&alpha, "boss").await;
        let made = boss.post("/realms/alpha/clients", json!({
            "client_id": "night-shift", "kind": "service", "scopes": { "default": ["orders:read"] }
        })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.json()["grants"], json!(["client_credentials"]));
        let secret = boss.post("/realms/alpha/clients/night-shift/secrets", json!({ "label": "first" })).await;
        assert_eq!(secret.status, 201, "{}", secret.body);
        let text = secret.json()["secret"].as_str().unwrap().to_owned();
        let app = alpha.app("night-shift", &text, "");
        let tokens = Tokens::of(&app.client_credentials(&[]).await);
        assert_eq!(tokens.scopes(), ["orders:read"]);
        let listed = boss.get("/realms/alpha/clients/night-shift/secrets").await;
        assert!(!listed.body.contains(&text), "a secret is shown once");
        let id = listed.success()["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(boss.delete(&format!("/realms/alpha/clients/night-shift/secrets/{id}")).await.status, 204);
        app.client_credentials(&[]).await.assert_refused(401, "invalid_client");
        assert_eq!(boss.delete("/realms/alpha/clients/night-shift").await.status, 204);
        assert_eq!(boss.get("/realms/alpha/clients/night-shift").await.status, 404);
        let kinds = [AuditKind::ConfigurationChanged, AuditKind::ClientSecretCreated, AuditKind::ClientSecretRemoved];
        for kind in kinds {
            let events = world.audit("alpha", kind).await;
            assert!(!events.is_empty(), "{kind:?}");
            assert!(events.iter().all(|event| !event.details.to_string().contains(&text)), "{kind:?}");
        }
    }

    async fn what_is_wrong_with_a_body_is_told_by_pointers_and_changes_nothing(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let path = "/realms/alpha/clients/web-app";
        let before = boss.get(path).await.success();
        for (patch, pointer) in [
            (json!({ "redirect_uris": ["https://a.example/cb#x"] }), "/redirect_uris/0"),
            (json!({ "redirect_urls": [] }), "/redirect_urls"),
            (json!({ "scopes": { "default": ["none-such"] } }), "/scopes/default/0"),
            (json!({ "kind": "webb" }), "/kind"),
            (json!({ "roles": ["none-such"] }), "/roles/0"),
            (json!({ "secret": "hunter2" }), "/secret"),
            (json!({ "client_id": "other" }), "/client_id"),
            (json!({ "mappers": { "m": { "type": "hardcoded", "claim": "sub", "value": 1, "in": ["id_token"] } } }), "/mappers/m/claim"),
            (json!({ "name": 7 }), "/name"),
        ] {
            let answer = boss.patch(path, patch.clone()).await;
            assert_problem(&answer, 422, "invalid", &patch.to_string());
            let errors = answer.json()["errors"].clone();
            assert!(errors.as_array().unwrap().iter().any(|error| error["pointer"] == pointer), "{patch}: {errors}");
        }
        assert_eq!(boss.get(path).await.success(), before);
    }

    async fn who_changes_what_has_changed_meanwhile_is_told(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let path = "/realms/alpha/clients/web-app";
        let etag = boss.get(path).await.header("etag").unwrap().to_owned();
        let renamed = |name: &str| json!({ "name": name });
        let missing = boss.ask_if(Method::PATCH, path, Some(&renamed("A")), None).await;
        assert_problem(&missing, 428, "precondition-required", "no If-Match");
        let first = boss.ask_if(Method::PATCH, path, Some(&renamed("B")), Some(&etag)).await;
        assert_eq!(first.status, 200, "{}", first.body);
        let second = boss.ask_if(Method::PATCH, path, Some(&renamed("C")), Some(&etag)).await;
        assert_problem(&second, 412, "precondition-failed", "a stale ETag");
        assert_eq!(boss.get(path).await.success()["name"], "B");
    }

    async fn of_many_who_change_the_same_version_one_wins(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let path = "/realms/alpha/clients/web-app";
        let etag = boss.get(path).await.header("etag").unwrap().to_owned();
        let patches: Vec<Value> = (0..16).map(|number| json!({ "name": format!("Name {number}") })).collect();
        let asked = patches.iter().map(|patch| boss.ask_if(Method::PATCH, path, Some(patch), Some(&etag)));
        let answers = futures_util::future::join_all(asked).await;
        let won = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(won, 1);
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 412)));
    }

    async fn apis_scopes_and_roles_are_made_changed_and_removed(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let api = boss.post("/realms/alpha/apis", json!({
            "identifier": "https://stock.example/api", "name": "Stock", "scopes": { "stock:read": "See the stock" }
        })).await;
        assert_eq!(api.status, 201, "{}", api.body);
        let path = "/realms/alpha/apis/https:%2F%2Fstock.example%2Fapi";
        assert_eq!(boss.get(path).await.success()["name"], "Stock");
        let changed = boss.patch(path, json!({ "scopes": { "stock:read": null, "stock:write": "Change the stock" } })).await;
        assert_eq!(changed.success()["scopes"], json!({ "stock:write": { "description": "Change the stock", "mappers": {} } }));
        assert_eq!(boss.get("/realms/alpha/scopes/stock:read").await.status, 404);
        assert_eq!(boss.get("/realms/alpha/scopes/stock:write").await.success()["api"], "https://stock.example/api");
        assert_eq!(boss.delete(path).await.status, 204);
        assert_eq!(boss.get("/realms/alpha/scopes/stock:write").await.status, 404);
        for role in [json!({ "name": "reader" }), json!({ "name": "editor", "composites": ["reader"] })] {
            assert_eq!(boss.post("/realms/alpha/roles", role.clone()).await.status, 201, "{role}");
        }
        let circle = boss.patch("/realms/alpha/roles/reader", json!({ "composites": ["editor"] })).await;
        assert_problem(&circle, 422, "invalid", "a circle");
        assert_eq!(boss.delete("/realms/alpha/roles/reader").await.status, 204);
        assert_eq!(boss.get("/realms/alpha/roles/editor").await.success()["composites"], json!([]));
    }

    async fn what_every_realm_has_stays(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        for path in ["/realms/alpha/scopes/openid", "/realms/alpha/scopes/admin:read", "/realms/alpha/roles/realm-admin", "/realms/alpha/apis/palatine-admin"] {
            let answer = boss.delete(path).await;
            assert_problem(&answer, 409, "conflict", path);
            assert_eq!(boss.get(path).await.status, 200, "{path}");
        }
        let taken = boss.post("/realms/alpha/clients", json!({ "client_id": "web-app", "kind": "service" })).await;
        assert_problem(&taken, 409, "conflict", "a second client of the name");
    }

    async fn settings_are_changed_in_parts(world) {
        let alpha = world.alpha();
        let boss = Admin::service(&alpha, "boss").await;
        let changed = boss.patch("/realms/alpha/policy", json!({ "lifetimes": { "access_token_seconds": 120 } })).await;
        assert_eq!(changed.success()["lifetimes"]["access_token_seconds"], 120);
        let answer = alpha.service("worker").asking(&[]).await;
        assert_eq!(answer.access_claims()["exp"].as_i64().unwrap() - answer.access_claims()["iat"].as_i64().unwrap(), 120);
        let branding = boss.patch("/realms/alpha/branding", json!({ "accent": "#123456" })).await;
        assert_eq!(branding.success()["accent"], "#123456");
        let bad = boss.patch("/realms/alpha/branding", json!({ "accent": "blue" })).await;
        assert_eq!(bad.json()["errors"][0]["pointer"], "/accent");
        let fields = boss.patch("/realms/alpha/custom-fields", json!({ "desk": { "type": "string" }, "department": null })).await;
        let names: Vec<String> = fields.success().as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["customer_id", "desk"]);
    }

    async fn groups_are_made_moved_and_removed(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let make = async |name: &str, parent: &Value| {
            let made = boss.post("/realms/alpha/groups", json!({ "name": name, "parent": parent })).await;
            assert_eq!(made.status, 201, "{}", made.body);
            made.json()["id"].clone()
        };
        let staff = make("staff", &Value::Null).await;
        let team = make("team", &staff).await;
        let path = |id: &Value| format!("/realms/alpha/groups/{}", id.as_str().unwrap());
        assert_eq!(boss.get(&path(&team)).await.success()["path"], "staff/team");
        let inside = boss.patch(&path(&staff), json!({ "parent": team })).await;
        assert_eq!(inside.json()["errors"][0]["pointer"], "/parent");
        let moved = boss.patch(&path(&team), json!({ "parent": null, "name": "crew" })).await;
        assert_eq!(moved.success()["path"], "crew");
        assert_eq!(boss.delete(&path(&staff)).await.status, 204);
        let left = boss.get("/realms/alpha/groups").await.success();
        assert_eq!(left["items"].as_array().unwrap().len(), 1);
    }

    async fn lists_are_read_page_by_page(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let mut seen = Vec::new();
        let mut path = "/realms/alpha/clients?limit=4".to_owned();
        loop {
            let page = boss.get(&path).await.success();
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["client_id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            path = format!("/realms/alpha/clients?limit=4&cursor={next}");
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(seen, sorted);
        let found = boss.get("/realms/alpha/clients?q=SHOP").await.success();
        assert!(found["items"].as_array().unwrap().iter().any(|item| item["client_id"] == "web-app"));
        assert!(seen.len() > 15);
    }
}
