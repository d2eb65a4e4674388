//! The password grant (RFC 6749, section 4.3): for clients that an admin let use it, by the pipeline of the login page.

use std::collections::HashSet;

use palatine_domain::audit::AuditKind;
use palatine_e2e::{
    Answer, Answered, App, Endpoint, Person, RealmUnderTest, Tokens, World, claims, on_every_backend, on_sqlite,
    realms, seconds,
};
use serde_json::json;

/// What somebody sees of a refusal, apart from what differs between any two answers.
fn seen(answer: &Answer) -> (u16, String, HashSet<String>) {
    let headers = answer.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    (answer.status, answer.body.clone(), headers)
}

/// The password grant, from this address.
async fn from_address(app: &App, person: &Person, address: &str) -> Answer {
    let form = [("grant_type", "password"), ("username", &person.username), ("password", &person.password)];
    let request = app.request(&Endpoint::Token.url(&app.issuer), &form);
    Answer::of(request.header("x-forwarded-for", address)).await
}

fn wrong(name: &str) -> Person {
    Person::new(name, "wrong-password")
}

async fn signs_in_on_the_page(realm: &RealmUnderTest, person: &Person, address: &str) -> bool {
    let mut browser = realm.browser().from_address(address);
    let visit = browser.open(&realm.web_app().ask().url()).await;
    browser.type_credentials(visit.page(), person).await.last().status == 303
}

/// Lets `partner-app`, which needs consent, use the grant.
async fn with_partner(world: &World) -> App {
    let grants = "  partner-app:\n    grants: [authorization_code, refresh_token, password]\n";
    world.apply(&realms::changed(&realms::alpha(), "  partner-app:\n", grants)).await;
    world.alpha().partner_app()
}

on_every_backend! {
    async fn a_name_and_a_password_get_the_tokens_of_a_session_without_a_cookie(world) {
        let realm = world.alpha();
        let app = realm.direct_app();
        let answer = app.password(&realm.ada(), &[("scope", "openid profile orders:read")]).await;
        assert_eq!(answer.header("set-cookie"), None);
        let tokens = Tokens::of(&answer);
        assert_eq!(tokens.scopes(), ["openid", "orders:read", "profile"]);
        let (access, id) = (tokens.access_claims(), tokens.id_claims());
        assert_eq!((&access["sub"], &access["sid"], &access["auth_time"]), (&id["sub"], &id["sid"], &id["auth_time"]));
        // One factor, whatever anybody asks for: a second one has no page here.
        assert_eq!((&access["acr"], &access["amr"]), (&json!("1"), &json!(["pwd"])));
        assert_eq!((&id["acr"], &id["aud"], id.get("nonce")), (&json!("1"), &json!("direct-app"), None));
        assert_eq!(realm.userinfo(&tokens.access).await.success()["name"], "Ada Byron");
        let event = world.audit("alpha", AuditKind::LoginSucceeded).await.remove(0);
        assert_eq!(event.session.map(|sid| sid.to_string()).as_deref(), access["sid"].as_str());
        assert!(event.client.is_some() && event.user.is_some());
        let renewed = Tokens::of(&app.refresh(tokens.refresh()).await);
        assert_eq!(renewed.access_claims()["sid"], access["sid"]);
    }

    async fn the_end_of_its_session_ends_what_was_issued(world) {
        let realm = world.alpha();
        let app = realm.direct_app();
        let tokens = Tokens::of(&app.password(&realm.ada(), &[]).await);
        let answer = app.post(Endpoint::EndSession, &[("refresh_token", tokens.refresh())]).await;
        assert_eq!(answer.status, 204);
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
        realm.userinfo(&tokens.access).await.assert_refused(401, "invalid_token");
    }

    async fn unknown_wrong_disabled_and_locked_are_one_answer_to_the_byte(world) {
        let off = realms::changed(&realms::alpha(), "  grace:\n", "  grace:\n    enabled: false\n");
        world.apply(&off).await;
        let realm = world.alpha();
        let app = realm.direct_app();
        let unknown = from_address(&app, &wrong("nobody"), "192.0.2.1").await;
        unknown.assert_refused(400, "invalid_grant");
        let disabled = from_address(&app, &realm.grace(), "192.0.2.2").await;
        assert_eq!(seen(&disabled), seen(&unknown));
        for _ in 0..5 {
            assert_eq!(seen(&from_address(&app, &wrong("ada"), "192.0.2.3").await), seen(&unknown));
        }
        assert_eq!(seen(&from_address(&app, &realm.ada(), "192.0.2.3").await), seen(&unknown));
        assert_eq!(world.audit("alpha", AuditKind::LoginLocked).await.len(), 1);
        let failed = world.audit("alpha", AuditKind::LoginFailed).await;
        assert_eq!(failed.len(), 7);
        assert!(failed.iter().all(|event| event.client.is_some()), "{failed:?}");
    }

    async fn the_page_and_the_grant_share_one_lockout(world) {
        let realm = world.alpha();
        let app = realm.direct_app();
        for _ in 0..3 {
            from_address(&app, &wrong("ada"), "192.0.2.1").await.assert_refused(400, "invalid_grant");
        }
        for _ in 0..2 {
            assert!(!signs_in_on_the_page(&realm, &wrong("ada"), "192.0.2.1").await);
        }
        from_address(&app, &realm.ada(), "192.0.2.1").await.assert_refused(400, "invalid_grant");
        assert!(!signs_in_on_the_page(&realm, &realm.ada(), "192.0.2.1").await);
        Tokens::of(&from_address(&app, &realm.ada(), "192.0.2.2").await);
        world.pass(seconds(61));
        Tokens::of(&from_address(&app, &realm.ada(), "192.0.2.1").await);
    }

    async fn a_client_that_needs_consent_gets_nothing_until_the_person_gave_it_in_a_browser(world) {
        let app = with_partner(world).await;
        let realm = world.alpha();
        // More often than a wrong password could be tried: the right one locks nobody out.
        for _ in 0..7 {
            let answer = app.password(&realm.ada(), &[("scope", "openid profile")]).await;
            answer.assert_refused(400, "invalid_grant");
            assert!(answer.body.contains("consent_required"), "{}", answer.body);
        }
        assert!(world.audit("alpha", AuditKind::LoginSucceeded).await.is_empty());
        let failed = world.audit("alpha", AuditKind::LoginFailed).await;
        assert!(failed.len() == 7 && failed.iter().all(|event| event.details["reason"] == "consent_missing"));
        app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid profile").await;
        Tokens::of(&app.password(&realm.ada(), &[("scope", "openid profile")]).await);
        // What was not allowed then is not had now.
        let wider = [("scope", "openid profile offline_access")];
        app.password(&realm.ada(), &wider).await.assert_refused(400, "invalid_grant");
    }
}

on_sqlite! {
    async fn a_client_may_not_unless_an_admin_said_so(world) {
        let realm = world.alpha();
        for app in [realm.web_app(), realm.spa_app()] {
            app.password(&realm.ada(), &[]).await.assert_refused(400, "unauthorized_client");
            app.password(&wrong("ada"), &[]).await.assert_refused(400, "unauthorized_client");
        }
        assert!(world.audit("alpha", AuditKind::LoginFailed).await.is_empty(), "nobody looked at the password");
        realm.app("direct-app", "wrong", "").password(&realm.ada(), &[]).await.assert_refused(401, "invalid_client");
    }

    async fn scopes_and_resources_follow_the_rules_of_the_other_grants(world) {
        let realm = world.alpha();
        let app = realm.direct_app();
        assert_eq!(Tokens::of(&app.password(&realm.ada(), &[]).await).scopes(), ["openid", "profile"]);
        let orders = Tokens::of(&app.password(&realm.ada(), &[("scope", "orders:read")]).await);
        assert!(orders.id.is_none(), "no ID token without openid");
        assert_eq!(claims(&orders.access)["aud"], "orders-api");
        for (more, code) in [
            (("scope", "openid nonsense"), "invalid_scope"),
            (("scope", "billing:read"), "invalid_scope"),
            (("resource", "billing-api"), "invalid_target"),
        ] {
            app.password(&realm.ada(), &[more]).await.assert_refused(400, code);
        }
        let offline = Tokens::of(&app.password(&realm.ada(), &[("scope", "openid offline_access")]).await);
        assert_eq!(app.post(Endpoint::EndSession, &[("refresh_token", offline.refresh())]).await.status, 204);
    }

    async fn a_person_of_another_realm_is_nobody_here(world) {
        let (alpha, beta) = (world.alpha(), world.beta());
        beta.direct_app().password(&alpha.ada(), &[]).await.assert_refused(400, "invalid_grant");
        Tokens::of(&beta.direct_app().password(&beta.ada(), &[]).await);
    }

    async fn attempts_count_against_the_limit_of_the_login_page(world) {
        let limits = "enabled: true\n    login_per_minute: 3";
        world.apply(&realms::changed(&realms::alpha(), "enabled: false", limits)).await;
        let realm = world.alpha();
        let app = realm.direct_app();
        for _ in 0..2 {
            Tokens::of(&from_address(&app, &realm.ada(), "192.0.2.1").await);
        }
        assert!(signs_in_on_the_page(&realm, &realm.ada(), "192.0.2.1").await);
        let refused = from_address(&app, &realm.ada(), "192.0.2.1").await;
        refused.assert_refused(429, "temporarily_unavailable");
        assert!(refused.header("retry-after").is_some());
        Tokens::of(&from_address(&app, &realm.ada(), "192.0.2.2").await);
    }

    async fn a_script_of_the_clients_origin_reads_the_answer_and_no_other_does(world) {
        let grants = "  spa-app:\n    grants: [authorization_code, refresh_token, password]\n";
        world.apply(&realms::changed(&realms::alpha(), "  spa-app:\n", grants)).await;
        let realm = world.alpha();
        let app = realm.spa_app();
        let person = realm.ada();
        let form = [("grant_type", "password"), ("username", &person.username), ("password", "wrong-password")];
        for (origin, readable) in [("https://spa.example.com", true), ("https://evil.example.com", false)] {
            let request = app.request(&realm.url(Endpoint::Token), &form).header("origin", origin);
            let answer = Answer::of(request).await;
            assert_eq!(answer.header("access-control-allow-origin").is_some(), readable, "{origin}");
        }
        let ask = app.ask().with("prompt", "none");
        let visit = realm.browser().open(&ask.url()).await;
        assert_eq!(Answered::at(visit.left(), &ask).error(), "login_required", "a password grant signs no browser in");
    }
}
