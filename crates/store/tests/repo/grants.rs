//! Grants and codes.

use palatine_domain::TokenHash;
use palatine_domain::grant::EndReason;

use crate::filled::{JTI, code, family, grant, nobody, scopes, token};
use crate::support::{TestStore, on_both_databases};
use crate::world::{World, conflict_about, shown};

on_both_databases! {
    async fn a_grant_is_found_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.read().await;
        assert_eq!(tx.grants().by_id(world.t1.grant.id).await.unwrap().as_ref(), Some(&world.t1.grant));
        assert_eq!(tx.grants().by_id(world.t2.grant.id).await.unwrap(), None);
    }

    async fn a_users_grants_are_listed_until_they_end_and_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let second = grant(world.ambient(), &world.t1.client, &world.t1.session);
        let tx = world.write().await;
        tx.grants().insert_with_code(&second, &code(world.ambient(), &second, "second")).await.unwrap();
        let listed = async |user| {
            let grants = tx.grants().of_user(user).await.unwrap();
            grants.into_iter().map(|grant| grant.id).collect::<Vec<_>>()
        };
        let mut both = listed(world.t1.user.id).await;
        both.sort();
        let mut expected = [world.t1.grant.id, second.id];
        expected.sort();
        assert_eq!(both, expected);
        assert!(listed(world.t2.user.id).await.is_empty());
        assert!(tx.grants().end(second.id, EndReason::ConsentWithdrawn, tx.now()).await.unwrap());
        assert_eq!(listed(world.t1.user.id).await, [world.t1.grant.id]);
    }

    async fn a_code_brings_all_that_redeeming_it_needs_from_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.read().await;
        let context = tx.grants().code_by_hash(&TokenHash::of("code")).await.unwrap().unwrap();
        assert_eq!(shown(&context.code), shown(&world.t1.code));
        assert!(context.code.hash.matches(&TokenHash::of("code")));
        assert_eq!(context.grant, world.t1.grant);
        assert_eq!(shown(&context.user), shown(&world.t1.user));
        assert_eq!(context.session.as_ref(), Some(&world.t1.session));
        assert_eq!(context.client_enabled, Some(true));
        assert!(tx.grants().code_by_hash(&TokenHash::of("another")).await.unwrap().is_none());
    }

    async fn a_code_whose_session_was_swept_still_has_its_grant(db) {
        let world = World::on(db).await;
        world.vandal().await.run("DELETE FROM login_sessions WHERE tenant_id = {tenant}").await;
        let tx = world.read().await;
        let context = tx.grants().code_by_hash(&TokenHash::of("code")).await.unwrap().unwrap();
        assert_eq!(context.session, None);
        let alive = tx.grants().liveness(world.t1.grant.id, "jti").await.unwrap().unwrap();
        assert!(!alive.session_ended);
    }

    async fn a_code_is_consumed_once_and_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        assert!(!tx.grants().consume_code(world.t2.code.id, tx.now()).await.unwrap());
        assert!(tx.grants().consume_code(world.t1.code.id, tx.now()).await.unwrap());
        assert!(!tx.grants().consume_code(world.t1.code.id, tx.now()).await.unwrap());
        let consumed = tx.grants().code_by_hash(&TokenHash::of("code")).await.unwrap().unwrap();
        assert_eq!(consumed.code.consumed_at, Some(tx.now()));
        tx.commit().await.unwrap();
        let other = world.read_other().await.grants().code_by_hash(&TokenHash::of("code")).await.unwrap().unwrap();
        assert_eq!(other.code.consumed_at, None);
    }

    async fn a_grant_without_a_code_is_found_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let given = grant(world.ambient(), &world.t1.client, &world.t1.session);
        let tx = world.write().await;
        tx.grants().insert(&given).await.unwrap();
        assert_eq!(tx.grants().by_id(given.id).await.unwrap().as_ref(), Some(&given));
        tx.commit().await.unwrap();
        assert_eq!(world.read_other().await.grants().by_id(given.id).await.unwrap(), None);
        let mut stolen = grant(world.ambient(), &world.t1.client, &world.t1.session);
        stolen.user = world.t2.user.id;
        conflict_about(world.write().await.grants().insert(&stolen).await, "reference");
    }

    async fn a_grant_cannot_name_another_tenants_user(db) {
        let world = World::on(db).await;
        let mut stolen = grant(world.ambient(), &world.t1.client, &world.t1.session);
        stolen.user = world.t2.user.id;
        let carrier = code(world.ambient(), &stolen, "stolen");
        conflict_about(world.write().await.grants().insert_with_code(&stolen, &carrier).await, "reference");
    }

    async fn a_client_without_a_row_has_grants_and_another_tenants_row_counts_as_none(db) {
        let world = World::on(db).await;
        let given = grant(world.ambient(), &world.t2.client, &world.t1.session);
        let line = family(world.ambient(), &given, false);
        let tx = world.write().await;
        tx.grants().insert_with_code(&given, &code(world.ambient(), &given, "without")).await.unwrap();
        tx.refresh().start(&line, &token(world.ambient(), &line, "without", None)).await.unwrap();
        tx.consents().answer(world.t1.user.id, given.client, &given.scope, &scopes("")).await.unwrap();
        let hash = TokenHash::of("without");
        assert_eq!(tx.grants().code_by_hash(&hash).await.unwrap().unwrap().client_enabled, None);
        assert_eq!(tx.refresh().by_hash(&hash).await.unwrap().unwrap().client_enabled, None);
        assert_eq!(tx.grants().liveness(given.id, "jti").await.unwrap().unwrap().client_enabled, None);
    }

    async fn liveness_tells_what_ended_and_where(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        let liveness = async |jti: &str| tx.grants().liveness(world.t1.grant.id, jti).await.unwrap().unwrap();
        let alive = liveness("another.jti").await;
        assert_eq!(alive.grant, world.t1.grant);
        assert_eq!(shown(&alive.user), shown(&world.t1.user));
        assert_eq!((alive.client_enabled, alive.session_ended, alive.revoked), (Some(true), false, false));
        assert!(liveness(JTI).await.revoked);
        assert!(tx.grants().liveness(world.t2.grant.id, JTI).await.unwrap().is_none());
        assert!(tx.grants().liveness(nobody(world.ambient()), JTI).await.unwrap().is_none());
        let mut client = world.t1.client.clone();
        client.enabled = false;
        tx.clients().update(&client).await.unwrap();
        tx.sessions().end(world.t1.session.id, EndReason::SignOut, tx.now()).await.unwrap();
        let dead = liveness("another.jti").await;
        assert_eq!((dead.client_enabled, dead.session_ended), (Some(false), true));
        assert!(dead.grant.ended.is_some());
    }

    async fn a_grant_ends_once_and_in_its_own_tenant_with_its_offline_families(db) {
        let world = World::on(db).await;
        let offline = family(world.ambient(), &world.t1.grant, true);
        let tx = world.write().await;
        tx.refresh().start(&offline, &token(world.ambient(), &offline, "offline", None)).await.unwrap();
        assert!(!tx.grants().end(world.t2.grant.id, EndReason::CodeReused, tx.now()).await.unwrap());
        assert!(tx.grants().end(world.t1.grant.id, EndReason::CodeReused, tx.now()).await.unwrap());
        assert!(!tx.grants().end(world.t1.grant.id, EndReason::Admin, tx.now()).await.unwrap());
        for wire in ["refresh token", "offline"] {
            let context = tx.refresh().by_hash(&TokenHash::of(wire)).await.unwrap().unwrap();
            assert_eq!(context.family.ended_at, Some(tx.now()));
            assert_eq!(context.grant.ended, Some((tx.now(), EndReason::CodeReused)));
        }
        tx.commit().await.unwrap();
        let other = world.read_other().await.refresh().by_hash(&TokenHash::of("refresh token")).await.unwrap().unwrap();
        assert!(other.family.ended_at.is_none() && other.grant.ended.is_none());
    }

    async fn all_grants_of_a_user_end_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let second = grant(world.ambient(), &world.t1.client, &world.t1.session);
        let tx = world.write().await;
        tx.grants().insert_with_code(&second, &code(world.ambient(), &second, "second")).await.unwrap();
        assert_eq!(tx.grants().end_all_of_user(world.t2.user.id, EndReason::Admin, tx.now()).await.unwrap(), 0);
        assert_eq!(tx.grants().end_all_of_user(world.t1.user.id, EndReason::Admin, tx.now()).await.unwrap(), 2);
        let context = tx.refresh().by_hash(&TokenHash::of("refresh token")).await.unwrap().unwrap();
        assert_eq!(context.family.ended_at, Some(tx.now()));
        tx.commit().await.unwrap();
        let other = world.read_other().await.grants().by_id(world.t2.grant.id).await.unwrap().unwrap();
        assert!(other.ended.is_none());
    }
}
