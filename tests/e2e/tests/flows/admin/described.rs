//! The description of the API is the API: same paths, and its documentation is served from here.

use std::collections::BTreeSet;

use palatine_e2e::Admin;
use reqwest::Method;
use serde_json::Value;

use super::on_both;

/// The paths that the handlers' files register.
fn registered() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/admin-api/src/http");
    let mut paths = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for registering in ["web::resource(\"", "part!(\""] {
            paths.extend(text.split(registering).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }
    paths
}

#[test]
fn every_registered_path_is_described_and_the_reverse() {
    let described: BTreeSet<String> = palatine_admin_api::http::document()["paths"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .chain(["/openapi.json".to_owned()])
        .collect();
    assert_eq!(registered(), described);
}

/// The table of the documentation: what there is, and which permission it needs.
fn table() -> String {
    let mut rows = vec![String::from("| operation | path | permission |\n|---|---|---|\n")];
    for (path, methods) in palatine_admin_api::http::document()["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let (summary, permission) = (&operation["summary"], &operation["x-permission"]);
            let (summary, permission) = (summary.as_str().unwrap(), permission.as_str().unwrap());
            rows.push(format!("| {summary} | `{} {path}` | `{permission}` |\n", method.to_uppercase()));
        }
    }
    rows.concat()
}

#[test]
fn the_documentation_has_every_operation_with_its_permission() {
    let documented = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ADMIN-API.md")).unwrap();
    assert!(documented.contains(&table()), "put this table into docs/ADMIN-API.md:\n{}", table());
}

#[test]
fn the_documentation_has_every_kind_of_problem() {
    let documented = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ADMIN-API.md")).unwrap();
    for kind in palatine_admin_api::http::ProblemKind::ALL {
        let row = format!("| `{}` | {} | {} |", kind.word(), kind.status(), kind.title());
        assert!(documented.contains(&row), "{row}");
    }
}

on_both! {
    async fn the_document_and_its_pages_are_served_without_a_token(world) {
        let wire = world.alpha().wire().clone();
        let document: Value = wire.get("/admin/api/v1/openapi.json?realm=alpha").await.success();
        assert_eq!(document["openapi"], "3.1.0");
        let flow = &document["components"]["securitySchemes"]["realm"]["flows"]["authorizationCode"];
        assert_eq!(flow["tokenUrl"], world.alpha().url(palatine_e2e::Endpoint::Token));
        let page = wire.get("/admin/api/docs/alpha/").await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("swagger-ui"), "{}", page.body);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(wire.get("/admin/api/docs/alpha/swagger-ui-bundle.js").await.status == 200);
        assert_eq!(wire.get("/admin/api/docs/alpha/nothing.js").await.status, 404);
    }

    async fn what_is_not_there_is_a_problem(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        for (method, path, status, word) in [
            (Method::GET, "/nothing", 404, "not-found"),
            (Method::GET, "/realms/alpha/nothing", 404, "not-found"),
            (Method::PUT, "/realms/alpha/clients", 405, "method-not-allowed"),
            (Method::GET, "/realms/alpha/clients/none-such", 404, "not-found"),
            (Method::GET, "/realms/alpha/users/none-such", 404, "not-found"),
            (Method::GET, "/realms/alpha/clients?limit=0", 400, "malformed"),
            (Method::GET, "/realms/alpha/clients?cursor=x", 400, "malformed"),
        ] {
            let answer = boss.ask(method.clone(), path, None).await;
            assert_problem(&answer, status, word, &format!("{method} {path}"));
        }
    }

    async fn a_person_signs_in_by_the_documentation_and_administers(world) {
        let operator = Admin::operator(world).await;
        let page = operator.get("/realms?q=alp").await.success();
        assert_eq!(page["items"][0]["realm"], "alpha");
    }
}

pub(super) fn assert_problem(answer: &palatine_e2e::Answer, status: u16, word: &str, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
    let problem = answer.json();
    assert_eq!(problem["type"], format!("urn:palatine:problem:{word}"), "{what}: {problem}");
    assert_eq!(problem["status"], status, "{what}");
    assert!(answer.header("x-request-id").is_some(), "{what}");
}
