//! Revocation (RFC 7009): an access token dies alone, a refresh token takes its grant along.

use palatine_domain::audit::AuditKind;
use palatine_e2e::{ClientAuth, Endpoint, Tokens, on_every_backend, on_sqlite, seconds};

on_every_backend! {
    async fn a_revoked_access_token_leaves_its_family_and_its_siblings_alive(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let second = Tokens::of(&app.refresh(first.refresh()).await);
        let answer = app.revoke(&first.access).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        realm.userinfo(&first.access).await.assert_refused(401, "invalid_token");
        assert!(!app.finds_active(&first.access).await);
        assert_eq!(realm.userinfo(&second.access).await.status, 200);
        assert!(app.finds_active(&second.access).await);
        let third = Tokens::of(&app.refresh(second.refresh()).await);
        assert!(app.finds_active(&third.access).await);
        assert_eq!(world.audit("alpha", AuditKind::TokenRevoked).await.len(), 1);
    }

    async fn a_revoked_refresh_token_takes_its_grant_along(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let first = app.sign_in(&mut browser, &realm.ada()).await;
        let other = app.sign_in(&mut browser, &realm.ada()).await;
        let second = Tokens::of(&app.refresh(first.refresh()).await);
        assert_eq!(app.revoke(second.refresh()).await.status, 200);
        for access in [&first.access, &second.access] {
            assert!(!app.finds_active(access).await);
            realm.userinfo(access).await.assert_refused(401, "invalid_token");
        }
        app.refresh(second.refresh()).await.assert_refused(400, "invalid_grant");
        app.refresh(first.refresh()).await.assert_refused(400, "invalid_grant");
        assert!(app.finds_active(&other.access).await, "another grant of the same session");
        Tokens::of(&app.refresh(other.refresh()).await);
    }

    async fn a_parent_that_was_used_revokes_as_well_as_its_successor(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let first = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let second = Tokens::of(&app.refresh(first.refresh()).await);
        world.pass(seconds(3_600));
        assert_eq!(app.revoke(first.refresh()).await.status, 200);
        app.refresh(second.refresh()).await.assert_refused(400, "invalid_grant");
    }
}

on_sqlite! {
    async fn an_unknown_token_is_as_good_as_revoked(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        for unknown in ["x", "a.b.c", tokens.id(), &format!("{}x", tokens.access), &format!("x{}", tokens.refresh())] {
            assert_eq!(app.revoke(unknown).await.status, 200, "{unknown}");
        }
        for url in realm.urls(Endpoint::Revocation) {
            assert_eq!(app.post_to(&url, &[("token", &tokens.access)]).await.status, 200);
            assert_eq!(app.post_to(&url, &[("token", &tokens.access)]).await.status, 200, "twice");
        }
        Tokens::of(&app.refresh(tokens.refresh()).await);
    }

    async fn another_clients_token_is_refused_and_lives_on(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        for thief in [realm.es_app(), realm.native_app(), realm.service("stranger").app] {
            for token in [tokens.access.as_str(), tokens.refresh()] {
                thief.revoke(token).await.assert_refused(400, "invalid_grant");
            }
        }
        assert!(app.finds_active(&tokens.access).await);
        Tokens::of(&app.refresh(tokens.refresh()).await);
    }

    async fn the_client_must_prove_itself(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        for auth in [ClientAuth::Nothing, ClientAuth::Public, ClientAuth::Post("wrong".into())] {
            app.authenticating(auth).revoke(tokens.refresh()).await.assert_refused(401, "invalid_client");
        }
        Tokens::of(&app.refresh(tokens.refresh()).await);
    }

    async fn the_token_is_required_and_a_hint_is_only_one(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        app.post(Endpoint::Revocation, &[]).await.assert_refused(400, "invalid_request");
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let form = [("token", tokens.refresh()), ("token_type_hint", "access_token")];
        assert_eq!(app.post(Endpoint::Revocation, &form).await.status, 200);
        app.refresh(tokens.refresh()).await.assert_refused(400, "invalid_grant");
    }

    async fn a_revocation_outlives_a_restart(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        app.revoke(&tokens.access).await;
        world.restart().await;
        realm.userinfo(&tokens.access).await.assert_refused(401, "invalid_token");
        assert!(!app.finds_active(&tokens.access).await);
        Tokens::of(&app.refresh(tokens.refresh()).await);
    }
}
