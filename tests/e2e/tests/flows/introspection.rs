//! Introspection (RFC 7662): for the owner, the audience and the linked; for everybody else a token is not there.

use palatine_domain::api::{Api, ScopeDefinition};
use palatine_domain::client::{ClientId, ClientScope};
use palatine_domain::tenant::TenantState;
use palatine_e2e::{ClientAuth, Endpoint, Tokens, World, on_every_backend, on_sqlite, seconds};
use palatine_protocol::scope::Scope;
use serde_json::json;

/// Makes the client `stranger` an API as well, one registration, and lets `worker` have its scope.
async fn make_stranger_an_api(world: &World) {
    let rows = world.rows("alpha").await;
    let client = |name| ClientId::parse(name).expect("a client_id");
    let found = |name| {
        let (rows, client) = (&rows, client(name));
        async move { rows.clients().by_client_id(&client).await.ok().flatten().expect("the client") }
    };
    let (stranger, worker) = (found("stranger").await, found("worker").await);
    let api = Api {
        id: world.ambient().id(),
        identifier: "stranger".to_owned(),
        name: "Stranger".to_owned(),
        profile: None,
        algorithm: None,
        client: Some(stranger.key),
    };
    let scope = Scope::parse("stranger:read").expect("a scope");
    let definition = ScopeDefinition {
        id: world.ambient().id(),
        scope: scope.clone(),
        description: String::new(),
        api: Some(api.id),
    };
    rows.apis().insert(&api).await.expect("an API");
    rows.scopes().insert(&definition).await.expect("a scope");
    let scopes = [&worker.scopes[..], &[ClientScope { scope, default: false }]].concat();
    assert!(rows.clients().set_scopes(worker.key, &scopes).await.expect("scopes"));
    rows.commit().await.expect("a commit");
}

on_every_backend! {
    async fn the_owner_and_a_linked_client_learn_about_a_token_and_a_stranger_does_not(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid orders:read").await;
        for url in realm.urls(Endpoint::Introspection) {
            let answer = app.post_to(&url, &[("token", &tokens.access)]).await.success();
            let claims = tokens.access_claims();
            for same in ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "sid", "token_use"] {
                assert_eq!(answer[same], claims[same], "{same}");
            }
            assert_eq!((&answer["active"], &answer["token_type"]), (&json!(true), &json!("Bearer")));
            assert_eq!(answer["username"], "ada");
        }
        assert!(realm.service("orders-backend").app.finds_active(&tokens.access).await);
        assert!(!realm.service("stranger").app.finds_active(&tokens.access).await);
        assert!(!realm.es_app().finds_active(&tokens.access).await);
        let other = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid billing:read").await;
        assert!(!realm.service("orders-backend").app.finds_active(&other.access).await, "another API's token");
    }

    async fn a_client_that_is_the_audience_learns_about_the_token(world) {
        make_stranger_an_api(world).await;
        let realm = world.alpha();
        let tokens = realm.service("worker").asking(&[("scope", "stranger:read")]).await;
        assert_eq!(tokens.access_claims()["aud"], "stranger");
        assert!(realm.service("stranger").app.finds_active(&tokens.access).await);
        assert!(!realm.service("orders-backend").app.finds_active(&tokens.access).await);
    }

    async fn a_refresh_token_is_its_clients_business_alone(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid orders:read").await;
        let answer = app.introspect(tokens.refresh()).await.success();
        assert_eq!((&answer["active"], &answer["client_id"]), (&json!(true), &json!("web-app")));
        assert_eq!((&answer["sub"], &answer["scope"]), (&tokens.id_claims()["sub"], &json!("openid orders:read")));
        for other in [realm.es_app(), realm.service("orders-backend").app] {
            assert!(!other.finds_active(tokens.refresh()).await);
        }
        let renewed = Tokens::of(&app.refresh(tokens.refresh()).await);
        assert!(!app.finds_active(tokens.refresh()).await, "it was used");
        assert!(app.finds_active(renewed.refresh()).await);
    }
}

on_sqlite! {
    async fn only_clients_that_prove_themselves_may_ask(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        for auth in [ClientAuth::Nothing, ClientAuth::Public, ClientAuth::Basic("wrong".into())] {
            app.authenticating(auth).introspect(&tokens.access).await.assert_refused(401, "invalid_client");
        }
        let native = realm.native_app();
        let by_id = native.introspect(&tokens.access).await;
        by_id.assert_refused(401, "invalid_client");
        assert_eq!(by_id.header("www-authenticate"), None);
        let by_header = native.authenticating(ClientAuth::Basic(String::new())).introspect(&tokens.access).await;
        by_header.assert_refused(401, "invalid_client");
        assert_eq!(by_header.header("www-authenticate"), Some("Basic realm=\"alpha\", charset=\"UTF-8\""));
        let url = realm.url(Endpoint::Introspection);
        let bearer = realm.wire().post_request(&url, &[("token", &tokens.access)]).bearer_auth(&tokens.access);
        palatine_e2e::Answer::of(bearer).await.assert_refused(401, "invalid_client");
    }

    async fn what_is_no_token_or_no_longer_one_is_inactive(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let ask = app.ask();
        let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        for dead in ["x", "a.b.c", "", &code, tokens.id(), &format!("{}x", tokens.access)] {
            if !dead.is_empty() {
                assert!(!app.finds_active(dead).await, "{dead}");
            }
        }
        world.pass(seconds(301));
        assert!(!app.finds_active(&tokens.access).await, "expired");
    }

    async fn the_token_is_required_and_a_hint_is_only_one(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        app.post(Endpoint::Introspection, &[]).await.assert_refused(400, "invalid_request");
        app.post(Endpoint::Introspection, &[("token", "")]).await.assert_refused(400, "invalid_request");
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        for hint in ["refresh_token", "access_token", "nonsense"] {
            let form = [("token", tokens.access.as_str()), ("token_type_hint", hint)];
            assert_eq!(app.post(Endpoint::Introspection, &form).await.success()["active"], true, "{hint}");
        }
    }

    async fn a_service_token_is_active_until_its_client_is_disabled_or_it_is_revoked(world) {
        let realm = world.alpha();
        let (worker, backend) = (realm.service("worker"), realm.service("orders-backend").app);
        let (one, two) = (worker.asking(&[]).await, worker.asking(&[]).await);
        let answer = backend.introspect(&one.access).await.success();
        assert_eq!((&answer["active"], &answer["sub"]), (&json!(true), &json!("worker")));
        assert_eq!((&answer["token_use"], answer.get("username")), (&json!("service"), None));
        worker.app.revoke(&one.access).await;
        assert!(!backend.finds_active(&one.access).await);
        assert!(backend.finds_active(&two.access).await);
    }

    async fn in_a_suspended_realm_nothing_is_active(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        world.set_state("alpha", TenantState::Suspended).await;
        assert!(!app.finds_active(&tokens.access).await);
        assert!(!app.finds_active(tokens.refresh()).await);
        world.set_state("alpha", TenantState::Active).await;
        assert!(app.finds_active(&tokens.access).await);
    }
}
