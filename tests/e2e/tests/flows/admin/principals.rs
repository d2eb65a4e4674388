//! "An act on a principal needs every right that principal has or could thereby get": by its shortest ways round.

use palatine_e2e::{Admin, Person};
use reqwest::Method;
use serde_json::{Value, json};

use super::described::assert_problem;
use super::on_both;

on_both! {
    async fn whoever_administers_people_does_not_become_or_control_a_stronger_one(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let usher = Admin::service(&world.alpha(), "usher").await;
        let strong = boss.post("/realms/alpha/users", json!({ "username": "head", "roles": ["realm-admin"] })).await.json();
        let strong = format!("/realms/alpha/users/{}", strong["id"].as_str().unwrap());
        boss.post("/realms/alpha/roles", json!({ "name": "lead", "composites": ["client-manager"] })).await;
        let group = boss.post("/realms/alpha/groups", json!({ "name": "leads", "roles": ["lead"] })).await.json();
        let group = group["id"].as_str().unwrap().to_owned();
        let weak = usher.post("/realms/alpha/users", json!({ "username": "new" })).await.json();
        let id = weak["id"].as_str().unwrap().to_owned();
        let weak = format!("/realms/alpha/users/{id}");
        let tries: [(Method, String, Value); 9] = [
            (Method::POST, "/realms/alpha/users".into(), json!({ "username": "imp", "roles": ["realm-admin"] })),
            (Method::PATCH, weak.clone(), json!({ "roles": ["realm-admin"] })),
            (Method::PATCH, weak.clone(), json!({ "roles": ["lead"] })),
            (Method::PATCH, weak.clone(), json!({ "groups": ["leads"] })),
            (Method::PUT, format!("/realms/alpha/groups/{group}/members/{id}"), json!({})),
            (Method::PUT, format!("{strong}/password"), json!({ "password": "hedge-violin-sunday-4" })),
            (Method::PATCH, strong.clone(), json!({ "email": "mine@example.com" })),
            (Method::POST, format!("{strong}/sign-out"), json!({})),
            (Method::DELETE, strong.clone(), json!({})),
        ];
        for (method, path, body) in tries {
            let answer = usher.ask(method.clone(), &path, Some(&body)).await;
            assert_problem(&answer, 403, "forbidden", &format!("{method} {path} {body}"));
        }
        assert_eq!(usher.patch(&weak, json!({ "roles": ["user-manager"] })).await.status, 200, "what one has oneself");
    }

    async fn whoever_administers_clients_does_not_become_or_control_a_stronger_one(world) {
        let clerk = Admin::service(&world.alpha(), "clerk").await;
        let made = clerk.post("/realms/alpha/clients", json!({ "client_id": "own", "kind": "service" })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let mapper = json!({ "mappers": { "m": { "type": "hardcoded", "claim": "x", "value": 1, "in": ["id_token"] } } });
        let tries: [(Method, &str, Value); 8] = [
            (Method::PATCH, "/realms/alpha/clients/own", json!({ "roles": ["realm-admin"] })),
            (Method::PATCH, "/realms/alpha/clients/own", json!({ "scopes": { "default": ["admin:write"] } })),
            (Method::POST, "/realms/alpha/clients", json!({ "client_id": "imp", "kind": "service", "roles": ["auditor"] })),
            (Method::POST, "/realms/alpha/clients/boss/secrets", json!({})),
            (Method::PATCH, "/realms/alpha/clients/boss", json!({ "auth_method": "client_secret_post" })),
            (Method::PATCH, "/realms/alpha/clients/boss", mapper),
            (Method::PATCH, "/realms/alpha/clients/usher", json!({ "enabled": false })),
            (Method::DELETE, "/realms/alpha/clients/boss", json!({})),
        ];
        for (method, path, body) in tries {
            let answer = clerk.ask(method.clone(), path, Some(&body)).await;
            assert_problem(&answer, 403, "forbidden", &format!("{method} {path} {body}"));
        }
        let role = clerk.patch("/realms/alpha/clients/own", json!({ "client_roles": { "r": { "composites": ["realm-admin"] } } })).await;
        assert_problem(&role, 403, "forbidden", "a client's role that brings another's right along");
        assert_eq!(clerk.patch("/realms/alpha/clients/own", json!({ "roles": ["client-manager"] })).await.status, 200);
    }

    async fn an_admin_application_that_an_admin_made_always_asks_its_people(world) {
        let alpha = world.alpha();
        let boss = Admin::service(&alpha, "boss").await;
        let made = boss.post("/realms/alpha/clients", json!({
            "client_id": "cockpit", "kind": "spa", "redirect_uris": ["https://cockpit.example/cb"],
            "scopes": { "default": ["openid"], "optional": ["admin:read"] }
        })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let app = alpha.app("cockpit", "", "https://cockpit.example/cb").authenticating(palatine_e2e::ClientAuth::Public);
        let mut browser = alpha.browser();
        app.sign_in_for(&mut browser, &alpha.ada(), "openid").await;
        let ask = app.ask().scope("openid admin:read").with("prompt", "none");
        let answered = app.authorize(&mut browser, &Person::new("ada@example.com", "alpha-ada-kettle-orchid"), &ask).await;
        assert_eq!(answered.error(), "consent_required");
    }
}
