//! Every operation, and everybody who is not to be let in: nobody, a wrong credential, a wrong role, a token that may
//! only look, another realm's admin, another realm's thing.

use palatine_e2e::{Admin, Answer, World};
use reqwest::Method;
use serde_json::{Value, json};

use super::described::assert_problem;
use super::on_both;

/// An operation of the description.
struct Operation {
    method: Method,
    path: String,
    permission: String,
}

impl Operation {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (path, methods) in palatine_admin_api::http::document()["paths"].as_object().unwrap() {
            for (method, described) in methods.as_object().unwrap() {
                all.push(Self {
                    method: method.to_uppercase().parse().unwrap(),
                    path: path.clone(),
                    permission: described["x-permission"].as_str().unwrap().to_owned(),
                });
            }
        }
        assert!(all.len() > 50, "only {} operations were found", all.len());
        all
    }

    /// Whether operators alone do it.
    fn is_of_platform(&self) -> bool {
        self.permission.starts_with("realms:")
    }

    fn puts_a_picture(&self) -> bool {
        self.method == Method::PUT && self.path.ends_with("/pictures/{kind}")
    }

    fn at(&self, realm: &str, things: &Things) -> String {
        let mut path = self.path.replace("{realm}", realm);
        for (parameter, value) in &things.0 {
            path = path.replace(&format!("{{{parameter}}}"), value);
        }
        assert!(!path.contains('{'), "{path}: say in `Things` what the parameter is");
        path
    }

    /// A body that would be taken.
    fn body(&self) -> Option<Value> {
        let path = self.path.rsplit("/{realm}").next().unwrap();
        match (self.method.as_str(), path) {
            ("POST", "/clients") => Some(json!({ "client_id": "x", "kind": "service" })),
            ("POST", "/apis") => Some(json!({ "identifier": "x" })),
            ("POST", "/scopes" | "/roles" | "/groups") => Some(json!({ "name": "x" })),
            ("POST", "/users") => Some(json!({ "username": "x" })),
            ("POST", "/entries") => Some(json!({ "reason": "x" })),
            ("POST", "/realms") => Some(json!({ "realm": "x" })),
            ("POST", "/user-imports") => Some(json!({ "users": [{ "username": "x" }] })),
            ("PUT", "/users/{user}/password") => Some(json!({ "password": "hedge-violin-sunday-4" })),
            ("POST" | "PUT" | "PATCH", _) => Some(json!({})),
            _ => None,
        }
    }

    async fn by(&self, admin: &Admin, path: &str) -> Answer {
        if self.puts_a_picture() {
            let picture = Some(("image/png", png()));
            return admin.ask_with(self.method.clone(), path, picture, Some("*")).await;
        }
        admin.ask(self.method.clone(), path, self.body().as_ref()).await
    }
}

/// What stands for each parameter of a path.
struct Things(Vec<(&'static str, String)>);

impl Things {
    /// Things of a realm that are there.
    async fn of(realm: &str, boss: &Admin) -> Self {
        let first = async |list: &str, member: &str| {
            let page = boss.get(&format!("/realms/{realm}/{list}")).await.success();
            page["items"][0][member].as_str().unwrap_or_else(|| panic!("{list}: {page}")).to_owned()
        };
        boss.post(&format!("/realms/{realm}/groups"), json!({ "name": format!("{realm}-only") })).await;
        boss.post(&format!("/realms/{realm}/apis"), json!({ "identifier": format!("{realm}-only") })).await;
        boss.post(&format!("/realms/{realm}/roles"), json!({ "name": format!("{realm}-only") })).await;
        boss.post(&format!("/realms/{realm}/scopes"), json!({ "name": format!("{realm}-only") })).await;
        let client = format!("{realm}-client");
        boss.post(&format!("/realms/{realm}/clients"), json!({ "client_id": client, "kind": "service" })).await;
        let secret = boss.post(&format!("/realms/{realm}/clients/{client}/secrets"), json!({})).await.json();
        let picture = if realm == "alpha" { "logo" } else { "favicon" };
        let path = format!("/realms/{realm}/branding/pictures/{picture}");
        boss.ask_with(Method::PUT, &path, Some(("image/png", png())), Some("*")).await.success();
        let token = boss.post(&format!("/realms/{realm}/initial-access-tokens"), json!({})).await.json();
        let people = json!({ "users": [{ "username": format!("{realm}-only") }] });
        let import = boss.post(&format!("/realms/{realm}/user-imports"), people).await.json();
        let ada = boss.get(&format!("/realms/{realm}/users?identifier=ada@example.com")).await.success();
        let ada = ada["items"][0]["id"].as_str().unwrap().to_owned();
        let entry = "6ba7b810-9dad-41d1-80b4-00c04fd430c8".to_owned();
        Self(vec![
            ("client_id", client),
            ("secret", secret["id"].as_str().unwrap().to_owned()),
            ("identifier", format!("{realm}-only")),
            ("name", format!("{realm}-only")),
            ("credential", first(&format!("users/{ada}/credentials"), "id").await),
            ("device", first(&format!("users/{ada}/devices"), "id").await),
            ("user", ada),
            ("grant", first("grants", "id").await),
            ("token", token["id"].as_str().unwrap().to_owned()),
            ("import", import["id"].as_str().unwrap().to_owned()),
            ("kind", picture.to_owned()),
            ("group", first("groups", "id").await),
            ("session", first("sessions", "id").await),
            ("kid", first("keys", "kid").await),
            ("entry", entry),
        ])
    }
}

/// A small picture.
fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(8, 8).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn things(world: &World) -> (Things, Things) {
    for realm in [world.alpha(), world.beta()] {
        realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
    }
    let alpha = Admin::service(&world.alpha(), "boss").await;
    let beta = Admin::service(&world.beta(), "boss").await;
    (Things::of("alpha", &alpha).await, Things::of("beta", &beta).await)
}

on_both! {
    async fn nobody_and_a_wrong_token_are_asked_for_a_right_one(world) {
        let (own, _) = things(world).await;
        let alpha = world.alpha();
        let id_token = alpha.web_app().sign_in(&mut alpha.browser(), &alpha.ada()).await;
        let for_another = alpha.service("worker").token().await;
        for operation in Operation::all() {
            let path = operation.at("alpha", &own);
            let what = format!("{} {path}", operation.method);
            let url = format!("{}{path}", palatine_e2e::API);
            let nobody = Answer::of(alpha.wire().request(operation.method.clone(), &url)).await;
            assert_problem(&nobody, 401, "unauthorized", &what);
            assert!(!nobody.header("www-authenticate").unwrap().contains("error"), "{what}");
            for wrong in ["nonsense", id_token.id(), id_token.access.as_str(), for_another.as_str(), id_token.refresh()] {
                let answer = operation.by(&Admin::with(alpha.wire(), wrong), &path).await;
                assert_problem(&answer, 401, "unauthorized", &what);
                assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"), "{what}");
            }
        }
    }

    async fn who_has_no_right_is_refused_everywhere(world) {
        let (own, _) = things(world).await;
        let nobody = Admin::service(&world.alpha(), "nobody").await;
        let looker = Admin::service(&world.alpha(), "looker").await;
        for operation in Operation::all() {
            let path = operation.at("alpha", &own);
            let what = format!("{} {path}", operation.method);
            assert_problem(&operation.by(&nobody, &path).await, 403, "forbidden", &what);
            if operation.is_of_platform() || operation.permission.ends_with(":write") {
                assert_problem(&operation.by(&looker, &path).await, 403, "forbidden", &what);
            }
        }
    }

    async fn each_role_does_what_its_permissions_say_and_nothing_else(world) {
        let (own, _) = things(world).await;
        for (name, allowed) in [
            ("clerk", &["clients:", "settings:read", "roles:read", "usage:read"][..]),
            ("usher", &["users:", "settings:read", "roles:read"]),
            ("auditor", &["settings:read", "clients:read", "users:read", "roles:read", "keys:read", "audit:read", "usage:read", "*:read"]),
        ] {
            let admin = Admin::service(&world.alpha(), name).await;
            for operation in Operation::all() {
                let may = allowed.iter().any(|permission| operation.permission.starts_with(permission));
                let path = operation.at("alpha", &own);
                let what = format!("{name}: {} {path}", operation.method);
                // What would be changed is left alone here: the next row needs it.
                if may && operation.method == Method::GET {
                    assert_eq!(operation.by(&admin, &path).await.status, 200, "{what}");
                } else if !may {
                    assert_problem(&operation.by(&admin, &path).await, 403, "forbidden", &what);
                }
            }
        }
    }

    async fn another_realms_admin_is_told_that_there_is_no_such_realm(world) {
        let (own, _) = things(world).await;
        let foreign = Admin::service(&world.beta(), "boss").await;
        for operation in Operation::all().into_iter().filter(|operation| !operation.is_of_platform()) {
            let path = operation.at("alpha", &own);
            let there = operation.by(&foreign, &path).await;
            let nowhere = operation.by(&foreign, &operation.at("nowhere", &own)).await;
            assert_problem(&there, 404, "not-found", &path);
            assert_eq!((there.status, &there.body), (nowhere.status, &nowhere.body), "{path}");
        }
    }

    async fn a_foreign_thing_is_one_that_never_was(world) {
        let (_, foreign) = things(world).await;
        let boss = Admin::service(&world.alpha(), "boss").await;
        // What a picture is for is a word that every realm knows: one is put where there was none.
        let of_things = |operation: &Operation| {
            operation.path.contains("}/") && operation.path.matches('{').count() > 1 && !operation.puts_a_picture()
        };
        for operation in Operation::all().into_iter().filter(|operation| !operation.is_of_platform()).filter(of_things) {
            let path = operation.at("alpha", &foreign);
            let answer = operation.by(&boss, &path).await;
            assert_problem(&answer, 404, "not-found", &format!("{} {path}", operation.method));
        }
        let beta = Admin::service(&world.beta(), "boss").await;
        let (_, again) = things(world).await;
        for operation in Operation::all().into_iter().filter(|operation| operation.method == Method::GET && !operation.is_of_platform()) {
            assert_eq!(operation.by(&beta, &operation.at("beta", &again)).await.status, 200, "{}", operation.path);
        }
    }

    async fn a_revoked_token_and_a_disabled_client_are_out_at_once(world) {
        let alpha = world.alpha();
        let app = alpha.app("clerk", "clerk-secret-1", "");
        let token = palatine_e2e::Tokens::of(&app.client_credentials(&[]).await).access;
        let clerk = Admin::with(alpha.wire(), &token);
        assert_eq!(clerk.get("/realms/alpha/clients").await.status, 200);
        app.revoke(&token).await;
        assert_problem(&clerk.get("/realms/alpha/clients").await, 401, "unauthorized", "revoked");
        let usher = Admin::service(&alpha, "usher").await;
        let boss = Admin::service(&alpha, "boss").await;
        boss.patch("/realms/alpha/clients/usher", json!({ "enabled": false })).await.success();
        assert_problem(&usher.get("/realms/alpha/users").await, 401, "unauthorized", "disabled");
    }
}
