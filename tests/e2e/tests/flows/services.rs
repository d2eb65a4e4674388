//! Service to service: `client_credentials`, audiences, and an API that checks what it is presented.

use palatine_e2e::{ApiRefusal, Backend, Tokens, World, header, on_every_backend, on_sqlite, realms, seconds};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_services_get_what_they_are_for() {
    let mut world = World::builder(Backend::Sqlite).realm(realms::demo("dev")).start().await;
    let realm = world.realm("dev");
    let services = [
        ("notification-service", "notification-secret", "api-gateway", "read:users write:notifications"),
        ("service-api-client", "s3cr3tK3y123!", "demo-api", "read write"),
        ("internal-service", "Int3rnalK3y!", "demo-api", "read write admin"),
    ];
    for (client_id, secret, audience, scope) in services {
        let tokens = Tokens::of(&realm.app(client_id, secret, "").client_credentials(&[]).await);
        let mut expected: Vec<&str> = scope.split(' ').collect();
        let claims = realm.api(audience).accept(&tokens.access, expected[0]).await.unwrap();
        expected.sort_unstable();
        assert_eq!(tokens.scopes(), expected);
        assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(client_id), &json!(client_id)));
        assert_eq!((&claims["aud"], &claims["token_use"]), (&json!(audience), &json!("service")));
        let account = &claims["service_account"];
        assert_eq!((&account["client_id"], &account["clientId"]), (&json!(client_id), &json!(client_id)));
        assert_eq!(account["audiences"], json!([audience]));
        assert_eq!(account["scopes"].as_array().map(Vec::len), Some(expected.len()));
        assert!(tokens.id.is_none() && tokens.refresh.is_none());
    }
    world.stop().await;
}

on_every_backend! {
    async fn a_service_uses_its_token_until_a_minute_before_its_end(world) {
        world.holds_its_time();
        let realm = world.alpha();
        let mut worker = realm.service("worker");
        let first = worker.token().await;
        world.pass(seconds(230));
        assert_eq!(worker.token().await, first);
        assert_eq!(worker.requests, 1);
        realm.api("orders-api").accept(&first, "orders:read").await.unwrap();
        world.pass(seconds(11));
        let second = worker.token().await;
        assert_eq!(worker.requests, 2);
        world.pass(seconds(60));
        assert_eq!(realm.api("orders-api").verify(&first).await, Err(ApiRefusal::Expired));
        realm.api("orders-api").accept(&second, "orders:read").await.unwrap();
    }
}

on_sqlite! {
    async fn an_api_refuses_tokens_for_another_and_scopes_that_are_not_there(world) {
        let realm = world.alpha();
        let token = realm.service("worker").token().await;
        assert_eq!(realm.api("orders-api").accept(&token, "orders:write").await, Err(ApiRefusal::Scope));
        let elsewhere = realm.api("billing-api").verify(&token).await;
        assert!(matches!(elsewhere, Err(ApiRefusal::Invalid(_))), "{elsewhere:?}");
        let other_realm = world.beta().api("orders-api").verify(&token).await;
        assert_eq!(other_realm, Err(ApiRefusal::UnknownKey));
    }

    async fn an_api_refuses_a_token_that_was_tampered_with(world) {
        let realm = world.alpha();
        let token = realm.service("worker").token().await;
        let other = Tokens::of(&realm.service("worker").app.client_credentials(&[("scope", "orders:write")]).await);
        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let (mine, its) = (parts(&token), parts(&other.access));
        let spliced = [&mine[0], &its[1], &mine[2]].map(String::as_str).join(".");
        assert!(matches!(realm.api("orders-api").verify(&spliced).await, Err(ApiRefusal::Invalid(_))));
    }

    async fn the_audience_follows_the_scopes(world) {
        let realm = world.alpha();
        let worker = realm.service("worker");
        let one = worker.asking(&[("scope", "billing:read")]).await.access_claims();
        assert_eq!((&one["aud"], &one["scope"]), (&json!("billing-api"), &json!("billing:read")));
        let two = worker.asking(&[("scope", "billing:read orders:read")]).await.access_claims();
        let mut audiences: Vec<&str> = two["aud"].as_array().unwrap().iter().filter_map(|aud| aud.as_str()).collect();
        audiences.sort_unstable();
        assert_eq!(audiences, ["billing-api", "orders-api"]);
        assert!(two["scope"].is_string());
    }

    async fn a_resource_narrows_the_token_to_its_api(world) {
        let realm = world.alpha();
        let worker = realm.service("worker");
        for name in ["resource", "audience"] {
            let scope = ("scope", "billing:read orders:read");
            let tokens = worker.asking(&[scope, (name, "billing-api")]).await;
            assert_eq!(tokens.scope, "billing:read");
            assert_eq!(tokens.access_claims()["aud"], "billing-api");
        }
        let both = [("scope", "billing:read orders:read"), ("resource", "billing-api"), ("resource", "orders-api")];
        assert_eq!(worker.asking(&both).await.access_claims()["aud"].as_array().map(Vec::len), Some(2));
    }

    async fn a_resource_that_is_not_the_clients_is_refused(world) {
        let app = world.alpha().service("worker").app;
        for resource in ["nobody", "ORDERS-API", "orders-api/", "billing-api", "worker", "http://x/#y"] {
            let answer = app.client_credentials(&[("resource", resource)]).await;
            answer.assert_refused(400, "invalid_target");
        }
    }

    async fn a_linked_client_may_name_the_api_without_any_of_its_scopes(world) {
        let backend = world.alpha().service("orders-backend");
        let claims = backend.asking(&[("resource", "orders-api")]).await.access_claims();
        assert_eq!((&claims["aud"], &claims["scope"]), (&json!("orders-api"), &json!("")));
    }

    async fn an_api_of_the_profile_jwt_gets_that_type_and_its_own_algorithm(world) {
        let realm = world.alpha();
        let tokens = realm.service("worker").asking(&[("scope", "legacy:read")]).await;
        assert_eq!((&header(&tokens.access)["typ"], &header(&tokens.access)["alg"]), (&json!("JWT"), &json!("RS256")));
        realm.api("legacy-api").with_typ("JWT").accept(&tokens.access, "legacy:read").await.unwrap();
    }

    async fn apis_that_want_different_tokens_cannot_share_one(world) {
        let app = world.alpha().service("worker").app;
        let answer = app.client_credentials(&[("scope", "legacy:read orders:read")]).await;
        answer.assert_refused(400, "invalid_target");
        assert!(answer.json()["error_description"].as_str().unwrap().contains("resource"));
        let scope = ("scope", "legacy:read orders:read");
        Tokens::of(&app.client_credentials(&[scope, ("resource", "legacy-api")]).await);
    }

    async fn scopes_that_do_not_exist_or_are_not_allowed_are_refused(world) {
        let app = world.alpha().service("worker").app;
        for scope in ["nonsense", "orders:read nonsense", "profile", "orders:delete", "admin:read"] {
            app.client_credentials(&[("scope", scope)]).await.assert_refused(400, "invalid_scope");
        }
        for scope in ["orders:read\"", "orders\\read", "a\u{7}b"] {
            app.client_credentials(&[("scope", scope)]).await.assert_refused(400, "invalid_scope");
        }
    }

    async fn a_realm_may_narrow_foreign_scopes_instead(world) {
        let document = realms::changed(&realms::alpha(), "policy:\n", "policy:\n  foreign_scopes: narrow\n");
        world.apply(&document).await;
        let tokens = world.alpha().service("worker").asking(&[("scope", "orders:read nonsense")]).await;
        assert_eq!(tokens.scope, "orders:read");
    }

    async fn a_token_for_no_api_is_for_the_client_itself(world) {
        let claims = world.alpha().service("stranger").asking(&[]).await.access_claims();
        assert_eq!((&claims["aud"], &claims["sub"]), (&json!("stranger"), &json!("stranger")));
    }

    async fn a_client_that_is_no_audience_has_tokens_for_the_issuer_in_place_of_itself(world) {
        let document = realms::with_members(&realms::alpha(), "stranger", "own_id_as_audience: false");
        world.apply(&realms::with_members(&document, "web-app", "own_id_as_audience: false")).await;
        let realm = world.alpha();
        let claims = realm.service("stranger").asking(&[]).await.access_claims();
        assert_eq!((&claims["aud"], &claims["sub"]), (&json!(realm.issuer()), &json!("stranger")));
        let tokens = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        assert_eq!(tokens.access_claims()["aud"], json!(realm.issuer()));
        // It is still the owner of its token, which is good for userinfo, and an API is still the audience of its scopes.
        assert!(realm.web_app().finds_active(&tokens.access).await);
        assert_eq!(realm.userinfo(&tokens.access).await.status, 200);
        assert!(!realm.service("orders-backend").app.finds_active(&tokens.access).await);
        let orders = realm.web_app().sign_in_for(&mut realm.browser(), &realm.ada(), "openid orders:read").await;
        assert_eq!(orders.access_claims()["aud"], "orders-api");
    }

    async fn a_service_has_no_userinfo_and_no_refresh(world) {
        let realm = world.alpha();
        let token = realm.service("worker").token().await;
        realm.userinfo(&token).await.assert_refused(401, "invalid_token");
        let claims = palatine_e2e::claims(&token);
        assert!(claims["jti"].as_str().unwrap().starts_with("s."));
        assert!(claims.get("sid").is_none() && claims.get("auth_time").is_none(), "{claims}");
    }
}
