//! How many statements the hot reads cost.

use palatine_domain::TokenHash;
use palatine_domain::client::ClientId;
use palatine_domain::identifier::NormalisedIdentifier;

use crate::filled::JTI;
use crate::support::{TestStore, on_both_databases};
use crate::world::World;

/// How many statements a read costs, beside the one that begins its transaction.
async fn cost(world: &World, read: impl AsyncFnOnce()) -> u64 {
    let before = world.db.store.statements();
    read().await;
    world.db.store.statements() - before
}

on_both_databases! {
    async fn each_hot_read_is_one_statement(db) {
        let world = World::on(db).await;
        let tx = world.read().await;
        let by_hash = cost(&world, async || {
            tx.refresh().by_hash(&TokenHash::of("refresh token")).await.unwrap().unwrap();
        });
        assert_eq!(by_hash.await, 1);
        let code = cost(&world, async || {
            tx.grants().code_by_hash(&TokenHash::of("code")).await.unwrap().unwrap();
        });
        assert_eq!(code.await, 1);
        let liveness = cost(&world, async || {
            tx.grants().liveness(world.t1.grant.id, JTI).await.unwrap().unwrap();
        });
        assert_eq!(liveness.await, 1);
        let name = NormalisedIdentifier::parse("jane").unwrap();
        let sign_in = cost(&world, async || {
            tx.users().for_sign_in(&name).await.unwrap().unwrap();
        });
        assert_eq!(sign_in.await, 1);
    }

    async fn a_client_is_four_statements_however_many_there_are(db) {
        let world = World::on(db).await;
        let tx = world.read().await;
        let one = cost(&world, async || {
            tx.clients().by_client_id(&ClientId::parse("app").unwrap()).await.unwrap().unwrap();
        });
        assert_eq!(one.await, 4);
        let page = cost(&world, async || {
            tx.clients().list(None, 100).await.unwrap();
        });
        assert_eq!(page.await, 4);
    }

    async fn rotation_is_two_statements(db) {
        let world = World::on(db).await;
        let successor = crate::filled::token(world.ambient(), &world.t1.family, "second", Some(&world.t1.token));
        let scope = crate::filled::scopes("openid");
        let tx = world.write().await;
        let rotation = palatine_store::RefreshRotation {
            used: world.t1.token.id,
            used_parent: None,
            at: tx.now(),
            successor: &successor,
            sealed: b"sealed",
            window_ends_at: tx.now(),
            scope: &scope,
        };
        let rotate = cost(&world, async || {
            assert!(tx.refresh().rotate(rotation).await.unwrap());
        });
        assert_eq!(rotate.await, 2);
    }
}
