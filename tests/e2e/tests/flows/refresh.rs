//! Refresh tokens rotate (PROTOCOL.md section 4; RFC 9700, section 4.14).

use palatine_domain::audit::AuditKind;
use palatine_e2e::{Tokens, on_every_backend, on_sqlite, realms, seconds};

on_every_backend! {
    async fn a_parent_replayed_in_the_window_gets_the_same_successor_and_a_fresh_access_token(world) {
        world.holds_its_time();
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let second = Tokens::of(&app.refresh(first.refresh()).await);
        world.pass(seconds(9));
        let again = Tokens::of(&app.refresh(first.refresh()).await);
        assert_eq!(again.refresh(), second.refresh());
        assert_ne!(again.access, second.access);
        assert!(app.finds_active(&again.access).await && app.finds_active(&second.access).await);
        assert_eq!(world.stored_refresh_tokens().await.len(), 2, "one successor");
        Tokens::of(&app.refresh(second.refresh()).await);
    }

    async fn the_window_is_closed_once_the_successor_was_used_and_nothing_is_revoked(world) {
        world.holds_its_time();
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let second = Tokens::of(&app.refresh(first.refresh()).await);
        let third = Tokens::of(&app.refresh(second.refresh()).await);
        app.refresh(first.refresh()).await.assert_refused(400, "invalid_grant");
        assert_eq!(world.audit("alpha", AuditKind::RefreshReplayed).await.len(), 0);
        Tokens::of(&app.refresh(third.refresh()).await);
    }

    async fn a_replay_after_the_window_ends_that_family_alone(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let stolen = app.sign_in(&mut browser, &realm.ada()).await;
        let other = app.sign_in(&mut browser, &realm.ada()).await;
        let second = Tokens::of(&app.refresh(stolen.refresh()).await);
        world.pass(seconds(11));
        app.refresh(stolen.refresh()).await.assert_refused(400, "invalid_grant");
        app.refresh(second.refresh()).await.assert_refused(400, "invalid_grant");
        let events = world.audit("alpha", AuditKind::RefreshReplayed).await;
        assert_eq!(events.len(), 1);
        assert!(events[0].user.is_some() && events[0].client.is_some());
        Tokens::of(&app.refresh(other.refresh()).await);
        app.refresh(stolen.refresh()).await.assert_refused(400, "invalid_grant");
        assert_eq!(world.audit("alpha", AuditKind::RefreshReplayed).await.len(), 1, "told once");
    }

    async fn a_replay_after_the_window_ends_the_family_also_when_its_successor_was_used(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let second = Tokens::of(&app.refresh(first.refresh()).await);
        let third = Tokens::of(&app.refresh(second.refresh()).await);
        world.pass(seconds(11));
        app.refresh(first.refresh()).await.assert_refused(400, "invalid_grant");
        app.refresh(third.refresh()).await.assert_refused(400, "invalid_grant");
        assert_eq!(world.audit("alpha", AuditKind::RefreshReplayed).await.len(), 1);
    }
}

on_sqlite! {
    async fn the_window_is_the_realms_choice(world) {
        let document = realms::changed(&realms::alpha(), "policy:\n", "policy:\n  refresh: {grace_seconds: 0}\n");
        world.apply(&document).await;
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let second = Tokens::of(&app.refresh(first.refresh()).await);
        app.refresh(first.refresh()).await.assert_refused(400, "invalid_grant");
        app.refresh(second.refresh()).await.assert_refused(400, "invalid_grant");
    }

    async fn the_scope_may_narrow_for_one_answer_and_never_widen(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid profile orders:read").await;
        let narrow = Tokens::of(&app.refresh_with(first.refresh(), &[("scope", "openid")]).await);
        assert_eq!((narrow.scope.as_str(), narrow.access_claims()["aud"].as_str()), ("openid", Some("web-app")));
        for wide in ["openid email", "openid offline_access", "openid profile orders:read orders:write"] {
            app.refresh_with(narrow.refresh(), &[("scope", wide)]).await.assert_refused(400, "invalid_scope");
        }
        let full = Tokens::of(&app.refresh(narrow.refresh()).await);
        assert_eq!(full.scopes(), ["openid", "orders:read", "profile"], "the grant kept its scope");
    }

    async fn a_replay_gets_at_most_the_scope_of_the_first_answer(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid profile email").await;
        Tokens::of(&app.refresh_with(first.refresh(), &[("scope", "openid profile")]).await);
        assert_eq!(Tokens::of(&app.refresh(first.refresh()).await).scopes(), ["openid", "profile"]);
        let wider = Tokens::of(&app.refresh_with(first.refresh(), &[("scope", "openid email")]).await);
        assert_eq!(wider.scope, "openid");
        let narrower = Tokens::of(&app.refresh_with(first.refresh(), &[("scope", "profile")]).await);
        assert_eq!(narrower.scope, "profile");
    }

    async fn a_replay_passes_every_check_of_a_first_use(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let second = Tokens::of(&app.refresh(first.refresh()).await);
        realm.es_app().refresh(first.refresh()).await.assert_refused(400, "invalid_grant");
        app.refresh_with(first.refresh(), &[("scope", "openid orders:write")]).await.assert_refused(400, "invalid_scope");
        app.refresh_with(first.refresh(), &[("resource", "orders-api")]).await.assert_refused(400, "invalid_target");
        app.revoke(second.refresh()).await.header("x-request-id").unwrap();
        app.refresh(first.refresh()).await.assert_refused(400, "invalid_grant");
    }

    async fn a_refused_refresh_consumes_nothing(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let token = tokens.refresh();
        app.refresh_with(token, &[("scope", "openid nonsense")]).await.assert_refused(400, "invalid_scope");
        app.refresh_with(token, &[("resource", "nobody")]).await.assert_refused(400, "invalid_target");
        realm.es_app().refresh(token).await.assert_refused(400, "invalid_grant");
        realm.native_app().refresh(token).await.assert_refused(400, "invalid_grant");
        let impostor = app.authenticating(palatine_e2e::ClientAuth::Basic("wrong".into()));
        impostor.refresh(token).await.assert_refused(401, "invalid_client");
        world.pass(seconds(60));
        Tokens::of(&app.refresh(token).await);
        assert_eq!(world.audit("alpha", AuditKind::RefreshReplayed).await.len(), 0);
    }

    async fn what_a_person_had_before_they_were_disabled_does_not_come_back_with_them(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let disabled = realms::changed(&realms::alpha(), "  ada:\n", "  ada:\n    enabled: false\n");
        world.apply(&disabled).await;
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
        world.apply(&disabled.replace("enabled: false", "enabled: true")).await;
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
        Tokens::of(&app.refresh(app.sign_in(&mut realm.browser(), &realm.ada()).await.refresh()).await);
    }

    async fn what_is_no_refresh_token_is_refused(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let (head, tail) = tokens.refresh().rsplit_once('.').unwrap();
        let forged = [
            "x".to_owned(),
            "a.b.c".to_owned(),
            format!("{head}."),
            tail.to_owned(),
            format!("{head}.{}", tail.to_lowercase()),
            format!("{} ", tokens.refresh()),
        ];
        for token in forged {
            app.refresh(&token).await.assert_refused(400, "invalid_grant");
        }
        Tokens::of(&app.refresh(tokens.refresh()).await);
    }

    async fn a_withdrawn_consent_ends_the_use_of_what_it_gave(world) {
        let realm = world.alpha();
        let app = realm.partner_app();
        let tokens = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid profile").await;
        let renewed = Tokens::of(&app.refresh(tokens.refresh()).await);
        let rows = world.rows("alpha").await;
        let subject = tokens.id_claims()["sub"].as_str().unwrap().to_owned();
        let user = rows.users().by_subject(&subject).await.unwrap().unwrap();
        let client_id = palatine_domain::client::ClientId::parse("partner-app").unwrap();
        let client = rows.clients().by_client_id(&client_id).await.unwrap().unwrap();
        assert!(rows.consents().withdraw(user.id, client.key).await.unwrap());
        rows.commit().await.unwrap();
        app.refresh(renewed.refresh()).await.assert_refused(400, "invalid_grant");
    }

    async fn a_grant_that_the_client_lost_is_refused(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let secret = "secret: \"alpha-web-secret\"\n";
        let without = format!("{secret}    grants: [authorization_code]\n");
        world.apply(&realms::changed(&realms::alpha(), secret, &without)).await;
        app.refresh(tokens.refresh()).await.assert_refused(400, "unauthorized_client");
    }
}
