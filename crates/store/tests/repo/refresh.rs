//! Refresh families and tokens.

use palatine_domain::TokenHash;
use palatine_domain::grant::EndReason;
use palatine_domain::refresh::RefreshToken;
use palatine_store::{RefreshContext, RefreshRotation, TenantWrite};

use crate::filled::{Filled, family, scopes, token};
use crate::support::{TestStore, on_both_databases};
use crate::world::{World, conflict_about, shown};

/// The tenant's token is used, and `second` takes its place.
async fn rotate(tx: &TenantWrite, used: &RefreshToken, successor: &RefreshToken, sealed: &[u8]) -> bool {
    let scope = scopes("openid");
    let rotation = RefreshRotation {
        used: used.id,
        used_parent: used.parent,
        at: tx.now(),
        successor,
        sealed,
        window_ends_at: tx.now(),
        scope: &scope,
    };
    tx.refresh().rotate(rotation).await.unwrap()
}

async fn by_wire(tx: &TenantWrite, wire: &str) -> RefreshContext {
    tx.refresh().by_hash(&TokenHash::of(wire)).await.unwrap().unwrap()
}

fn next(world: &World, of: &Filled, wire: &str, parent: &RefreshToken) -> RefreshToken {
    token(world.ambient(), &of.family, wire, Some(parent))
}

on_both_databases! {
    async fn a_token_brings_all_that_using_it_needs_from_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.read().await;
        let context = tx.refresh().by_hash(&TokenHash::of("refresh token")).await.unwrap().unwrap();
        assert_eq!(shown(&context.token), shown(&world.t1.token));
        assert_eq!(shown(&context.family), shown(&world.t1.family));
        assert_eq!(context.grant, world.t1.grant);
        assert_eq!(shown(&context.user), shown(&world.t1.user));
        assert_eq!(context.session.as_ref(), Some(&world.t1.session));
        assert_eq!(context.client_enabled, Some(true));
        assert!(tx.refresh().by_hash(&TokenHash::of("another")).await.unwrap().is_none());
    }

    async fn offline_access_is_listed_while_it_can_be_renewed_and_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let (line, foreign) =
            (family(world.ambient(), &world.t1.grant, true), family(world.ambient(), &world.t2.grant, true));
        let (first, theirs) =
            (token(world.ambient(), &line, "offline", None), token(world.ambient(), &foreign, "theirs", None));
        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        other.refresh().start(&foreign, &theirs).await.unwrap();
        other.commit().await.unwrap();
        let tx = world.write().await;
        let (jane, now) = (world.t1.user.id, tx.now());
        assert!(tx.refresh().offline_grants_of(jane, now).await.unwrap().is_empty(), "a family of a session is none");
        tx.refresh().start(&line, &first).await.unwrap();
        assert_eq!(tx.refresh().offline_grants_of(jane, now).await.unwrap(), [world.t1.grant.id]);
        assert!(tx.refresh().offline_grants_of(world.t2.user.id, now).await.unwrap().is_empty());
        assert!(tx.refresh().offline_grants_of(jane, first.expires_at).await.unwrap().is_empty(), "it has expired");
        assert!(tx.refresh().end_family(line.id, EndReason::TokenReplayed, now).await.unwrap());
        assert!(tx.refresh().offline_grants_of(jane, now).await.unwrap().is_empty());
    }

    async fn a_family_cannot_renew_another_tenants_grant(db) {
        let world = World::on(db).await;
        let stolen = family(world.ambient(), &world.t2.grant, false);
        let first = token(world.ambient(), &stolen, "stolen", None);
        conflict_about(world.write().await.refresh().start(&stolen, &first).await, "reference");
    }

    async fn the_first_use_keeps_the_sealed_successor_and_the_next_use_takes_it_away(db) {
        let world = World::on(db).await;
        let second = next(&world, &world.t1, "second", &world.t1.token);
        let third = next(&world, &world.t1, "third", &second);
        let tx = world.write().await;
        assert!(rotate(&tx, &world.t1.token, &second, b"sealed second").await);
        let used = by_wire(&tx, "refresh token").await.token.used.unwrap();
        assert_eq!((used.at, used.successor, used.scope), (tx.now(), second.id, scopes("openid")));
        assert_eq!(used.sealed_successor.as_deref(), Some(&b"sealed second"[..]));
        assert_eq!(shown(&by_wire(&tx, "second").await.token), shown(&second));

        assert!(rotate(&tx, &second, &third, b"sealed third").await);
        let first = by_wire(&tx, "refresh token").await.token.used.unwrap();
        assert_eq!((first.successor, first.sealed_successor), (second.id, None));
        assert_eq!(first.scope, scopes("openid"), "nothing else of the parent changed");
        let used = by_wire(&tx, "second").await.token.used.unwrap();
        assert_eq!(used.sealed_successor.as_deref(), Some(&b"sealed third"[..]));
        assert!(by_wire(&tx, "third").await.token.used.is_none());
    }

    async fn a_used_token_is_not_rotated_again(db) {
        let world = World::on(db).await;
        let second = next(&world, &world.t1, "second", &world.t1.token);
        let other = next(&world, &world.t1, "other", &world.t1.token);
        let tx = world.write().await;
        assert!(rotate(&tx, &world.t1.token, &second, b"sealed").await);
        assert!(!rotate(&tx, &world.t1.token, &other, b"other").await);
        assert!(tx.refresh().by_hash(&TokenHash::of("other")).await.unwrap().is_none(), "the loser stores nothing");
        assert_eq!(by_wire(&tx, "refresh token").await.token.used.unwrap().successor, second.id);
    }

    async fn another_tenants_token_is_not_rotated_and_its_parent_keeps_its_sealed_successor(db) {
        let world = World::on(db).await;
        let theirs = next(&world, &world.t2, "second", &world.t2.token);
        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        assert!(rotate(&other, &world.t2.token, &theirs, b"sealed").await);
        other.commit().await.unwrap();
        let tx = world.write().await;
        let stolen = next(&world, &world.t1, "stolen", &theirs);
        assert!(!rotate(&tx, &theirs, &stolen, b"stolen").await);
        // Not even beside a rotation of its own.
        let mine = RefreshToken { parent: Some(world.t2.token.id), ..world.t1.token.clone() };
        let second = next(&world, &world.t1, "mine", &mine);
        assert!(rotate(&tx, &mine, &second, b"mine").await);
        tx.commit().await.unwrap();
        let other = world.read_other().await;
        let parent = other.refresh().by_hash(&TokenHash::of("refresh token")).await.unwrap().unwrap();
        assert_eq!(parent.token.used.unwrap().sealed_successor.as_deref(), Some(&b"sealed"[..]));
        let context = other.refresh().by_hash(&TokenHash::of("second")).await.unwrap().unwrap();
        assert!(context.token.used.is_none());
    }

    async fn a_family_ends_once_and_in_its_own_tenant_and_leaves_its_grant_alive(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        let end = async |id| tx.refresh().end_family(id, EndReason::TokenReplayed, tx.now()).await.unwrap();
        assert!(!end(world.t2.family.id).await);
        assert!(end(world.t1.family.id).await);
        assert!(!end(world.t1.family.id).await);
        let context = by_wire(&tx, "refresh token").await;
        assert_eq!((context.family.ended_at, context.grant.ended), (Some(tx.now()), None));
        tx.commit().await.unwrap();
        let other = world.read_other().await.refresh().by_hash(&TokenHash::of("refresh token")).await.unwrap().unwrap();
        assert_eq!(other.family.ended_at, None);
    }
}
