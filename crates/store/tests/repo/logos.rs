//! Logos of clients: noted with the client, claimed by the worker, kept for its own tenant.

use std::time::Duration;

use palatine_domain::client::Client;
use palatine_store::{DueLogo, OperatorProof, TenantScope};

use crate::support::{TestStore, on_both_databases};
use crate::world::World;

const ONE: &str = "https://app.example.com/one.png";
const TWO: &str = "https://app.example.com/two.png";
const LEASE: Duration = Duration::from_mins(5);

/// Has the first tenant's client name this logo.
async fn names(world: &World, logo_uri: Option<&str>) {
    let mut client: Client = world.t1.client.clone();
    client.settings.about.logo_uri = logo_uri.map(str::to_owned);
    let tx = world.write().await;
    assert!(tx.clients().update(&client).await.unwrap());
    tx.commit().await.unwrap();
}

async fn claimed(db: &TestStore) -> Vec<(TenantScope, DueLogo)> {
    let tx = db.store.as_operator(OperatorProof::job("test")).await.unwrap();
    let claimed = tx.claim_logos(10, LEASE).await.unwrap();
    tx.commit().await.unwrap();
    claimed
}

async fn keeps(world: &World, uri: &str, png: &[u8]) -> bool {
    let tx = world.write().await;
    let kept = tx.client_logos().keep(world.t1.client.key, uri, png.to_vec()).await.unwrap();
    tx.commit().await.unwrap();
    kept
}

async fn image(world: &World) -> Option<Vec<u8>> {
    world.read().await.client_logos().image(world.t1.client.key).await.unwrap()
}

on_both_databases! {
    async fn a_logo_is_due_when_a_client_names_it_and_not_again_when_it_was_kept(db) {
        let world = World::on(db).await;
        assert!(claimed(&world.db).await.is_empty(), "nobody named one");
        names(&world, Some(ONE)).await;
        let client = world.t1.client.key;
        let due = DueLogo { client, uri: ONE.to_owned(), attempt: 1 };
        assert_eq!(claimed(&world.db).await, [(world.t1.scope.clone(), due)]);
        assert!(claimed(&world.db).await.is_empty(), "somebody is at it");
        assert_eq!(image(&world).await, None);
        assert!(keeps(&world, ONE, b"png").await);
        assert_eq!(image(&world).await.unwrap(), b"png");
        let at = world.read().await.client_logos().fetched_at(&[client]).await.unwrap();
        assert_eq!(at.into_iter().collect::<Vec<_>>(), [(client, world.now())]);
        names(&world, Some(ONE)).await;
        world.db.clock.advance(LEASE);
        assert!(claimed(&world.db).await.is_empty());
        assert_eq!(image(&world).await.unwrap(), b"png");
    }

    async fn another_place_takes_the_picture_away_and_nothing_late_brings_it_back(db) {
        let world = World::on(db).await;
        names(&world, Some(ONE)).await;
        assert!(keeps(&world, ONE, b"one").await);
        names(&world, Some(TWO)).await;
        assert_eq!(image(&world).await, None);
        assert!(!keeps(&world, ONE, b"late").await);
        let due = claimed(&world.db).await.remove(0).1;
        assert_eq!((due.uri.as_str(), due.attempt), (TWO, 1));
        assert!(keeps(&world, TWO, b"two").await);
        names(&world, None).await;
        assert_eq!(image(&world).await, None);
        assert!(!keeps(&world, TWO, b"late").await);
    }

    async fn what_failed_is_due_when_it_was_put_off_to_and_never_when_it_was_given_up(db) {
        let world = World::on(db).await;
        names(&world, Some(ONE)).await;
        assert_eq!(claimed(&world.db).await.len(), 1);
        let client = world.t1.client.key;
        let tx = world.write().await;
        assert!(tx.client_logos().put_off(client, ONE, Some(tx.now().plus(LEASE))).await.unwrap());
        assert!(!tx.client_logos().put_off(client, TWO, None).await.unwrap());
        tx.commit().await.unwrap();
        assert!(claimed(&world.db).await.is_empty());
        world.db.clock.advance(LEASE);
        assert_eq!(claimed(&world.db).await.remove(0).1.attempt, 2);
        world.db.clock.advance(LEASE);
        assert_eq!(claimed(&world.db).await.remove(0).1.attempt, 3, "whoever had it is gone");
        let tx = world.write().await;
        assert!(tx.client_logos().put_off(client, ONE, None).await.unwrap());
        tx.commit().await.unwrap();
        world.db.clock.advance(LEASE * 1_000);
        assert!(claimed(&world.db).await.is_empty());
    }

    async fn a_logo_is_its_own_tenants_and_goes_with_its_client(db) {
        let world = World::on(db).await;
        names(&world, Some(ONE)).await;
        assert!(keeps(&world, ONE, b"one").await);
        let client = world.t1.client.key;
        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        assert_eq!(other.client_logos().image(client).await.unwrap(), None);
        assert!(other.client_logos().fetched_at(&[client]).await.unwrap().is_empty());
        assert!(!other.client_logos().keep(client, ONE, b"theirs".to_vec()).await.unwrap());
        assert!(!other.client_logos().put_off(client, ONE, None).await.unwrap());
        drop(other);
        assert_eq!(image(&world).await.unwrap(), b"one");
        let tx = world.write().await;
        assert!(tx.clients().delete(client).await.unwrap());
        assert_eq!(tx.client_logos().image(client).await.unwrap(), None);
    }
}
