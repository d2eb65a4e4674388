//! Operators: realms made, suspended, deleted; entered with a reason and for a time.

use palatine_domain::audit::{Actor, AuditKind};
use palatine_e2e::{Admin, Person, World, minutes};
use serde_json::json;

use super::described::assert_problem;
use super::on_both;

async fn of_system(world: &World, name: &str) -> Admin {
    let person = Person::new(name, &format!("{name}-copper-meadow-9"));
    Admin::person(&world.realm("system"), &person).await
}

on_both! {
    async fn a_realm_is_made_suspended_resumed_deleted_and_brought_back(world) {
        let operator = of_system(world, "operator").await;
        let made = operator.post("/realms", json!({ "realm": "gamma", "display_name": "Gamma" })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let gamma = world.realm("gamma");
        assert_eq!(gamma.discovery().await["issuer"], gamma.issuer());
        for (realm, status) in [("gamma", 409), ("Gamma", 422), ("admin", 422), ("a--b", 201)] {
            let answer = operator.post("/realms", json!({ "realm": realm })).await;
            assert_eq!(answer.status, status, "{realm}: {}", answer.body);
        }
        let state = async |path: &str, verb: &str| {
            let path = format!("/realms/gamma{path}");
            let answer = if verb == "DELETE" { operator.delete(&path).await } else { operator.post(&path, json!({})).await };
            answer.success()["state"].as_str().unwrap().to_owned()
        };
        assert_eq!(state("/suspend", "POST").await, "suspended");
        let refused = gamma.wire().get("/realms/gamma/account").await;
        assert_eq!(refused.status, 403);
        assert_eq!(state("/resume", "POST").await, "active");
        assert_eq!(state("", "DELETE").await, "deleting");
        assert_eq!(gamma.wire().get("/realms/gamma/.well-known/openid-configuration").await.status, 404);
        assert_eq!(state("/resume", "POST").await, "active");
        // That there is none such is remembered for a while.
        world.pass(minutes(1));
        assert_eq!(gamma.discovery().await["issuer"], gamma.issuer());
        for kind in [AuditKind::RealmCreated, AuditKind::RealmSuspended, AuditKind::RealmResumed, AuditKind::RealmDeleted] {
            let events = world.audit("gamma", kind).await;
            assert_eq!(events[0].actor, Actor::Operator("operator".to_owned()), "{kind:?}");
        }
        assert_problem(&operator.delete("/realms/system").await, 409, "conflict", "the operators' own realm");
    }

    async fn an_operator_enters_with_a_reason_for_a_time_and_leaves(world) {
        let operator = of_system(world, "operator").await;
        let path = "/realms/alpha/clients";
        assert_problem(&operator.get(path).await, 403, "entry-required", "not entered");
        let silent = operator.post("/realms/alpha/entries", json!({ "reason": " " })).await;
        assert_problem(&silent, 422, "invalid", "no reason");
        let long = operator.post("/realms/alpha/entries", json!({ "reason": "Ticket 7", "ttl_seconds": 3_601 })).await;
        assert_problem(&long, 422, "invalid", "longer than an hour");
        let entered = operator.post("/realms/alpha/entries", json!({ "reason": "Ticket 7", "ttl_seconds": 120 })).await;
        assert_eq!(entered.status, 201, "{}", entered.body);
        assert_eq!(operator.get(path).await.status, 200);
        assert_eq!(operator.patch("/realms/alpha/branding", json!({ "accent": "#112233" })).await.status, 200);
        assert_problem(&operator.get("/realms/beta/clients").await, 403, "entry-required", "one realm alone");
        let auditor = Admin::service(&world.alpha(), "auditor").await;
        let seen = auditor.get("/realms/alpha/entries").await.success();
        assert_eq!(seen["items"][0]["reason"], "Ticket 7");
        let events = world.audit("alpha", AuditKind::ConfigurationChanged).await;
        assert_eq!(events[0].actor, Actor::Operator("operator: Ticket 7".to_owned()));
        world.pass(minutes(2));
        assert_problem(&operator.get(path).await, 403, "entry-required", "the time is over");
        let again = operator.post("/realms/alpha/entries", json!({ "reason": "Ticket 8" })).await.json();
        let entry = format!("/realms/alpha/entries/{}", again["id"].as_str().unwrap());
        assert_eq!(operator.delete(&entry).await.status, 204);
        assert_problem(&operator.get(path).await, 403, "entry-required", "left");
    }

    async fn support_looks_and_changes_nothing_and_billing_never_enters(world) {
        let helper = of_system(world, "helper").await;
        let write = helper.post("/realms/alpha/entries", json!({ "reason": "Ticket 9", "writes": true })).await;
        assert_problem(&write, 403, "forbidden", "support writes nowhere");
        assert_eq!(helper.post("/realms/alpha/entries", json!({ "reason": "Ticket 9" })).await.status, 201);
        assert_eq!(helper.get("/realms/alpha/clients").await.status, 200);
        let change = helper.patch("/realms/alpha/branding", json!({ "accent": "#112233" })).await;
        assert_problem(&change, 403, "forbidden", "support only looks");
        assert_problem(&helper.post("/realms", json!({ "realm": "delta" })).await, 403, "forbidden", "support");
        let biller = of_system(world, "biller").await;
        assert_eq!(biller.get("/realms").await.status, 200);
        let enters = biller.post("/realms/alpha/entries", json!({ "reason": "Ticket 9" })).await;
        assert_problem(&enters, 403, "forbidden", "billing never enters");
    }

    async fn who_is_no_operator_any_more_is_out_at_once(world) {
        let operator = of_system(world, "operator").await;
        assert_eq!(operator.post("/realms/alpha/entries", json!({ "reason": "Ticket 1" })).await.status, 201);
        world.apply(&palatine_e2e::realms::system().replace(
            "    roles: [operator-admin, realm-admin]", "    enabled: false\n    roles: [operator-admin, realm-admin]",
        )).await;
        assert_problem(&operator.get("/realms/alpha/clients").await, 401, "unauthorized", "disabled");
        assert_problem(&operator.get("/realms").await, 401, "unauthorized", "disabled");
    }
}
