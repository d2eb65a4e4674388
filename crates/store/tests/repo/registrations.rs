//! Clients that register themselves, and the tokens that allow it.

use std::time::Duration;

use palatine_domain::TokenHash;
use palatine_domain::registration::{ClientRegistration, InitialAccessToken, REPLACED_TOKEN_LIVES};

use crate::support::{TestStore, on_both_databases};
use crate::world::{World, shown};

fn initial(world: &World, wire: &str, uses_left: u32) -> InitialAccessToken {
    let now = world.now();
    InitialAccessToken {
        id: world.ambient().id(),
        hash: TokenHash::of(wire),
        uses_left,
        created_at: now,
        expires_at: now.plus(Duration::from_mins(10)),
    }
}

on_both_databases! {
    async fn an_initial_token_allows_so_many_uses_in_its_time_and_its_own_tenant(db) {
        let world = World::on(db).await;
        let (twice, unused) = (TokenHash::of("twice"), TokenHash::of("unused"));
        let tx = world.write().await;
        tx.initial_tokens().insert(&initial(&world, "twice", 2)).await.unwrap();
        tx.initial_tokens().insert(&initial(&world, "unused", 1)).await.unwrap();
        for _ in 0..2 {
            assert!(tx.initial_tokens().is_usable(&twice).await.unwrap());
            assert!(tx.initial_tokens().use_once(&twice).await.unwrap());
        }
        assert!(!tx.initial_tokens().is_usable(&twice).await.unwrap());
        assert!(!tx.initial_tokens().use_once(&twice).await.unwrap());
        assert!(!tx.initial_tokens().use_once(&TokenHash::of("nothing")).await.unwrap());
        tx.commit().await.unwrap();
        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        assert!(!other.initial_tokens().is_usable(&unused).await.unwrap());
        assert!(!other.initial_tokens().use_once(&unused).await.unwrap());
        drop(other);
        world.db.clock.advance(Duration::from_mins(10));
        let tx = world.write().await;
        assert!(!tx.initial_tokens().use_once(&unused).await.unwrap());
    }

    async fn a_registration_belongs_to_its_client_and_goes_with_it(db) {
        let world = World::on(db).await;
        let client = world.t1.client.key;
        let made = ClientRegistration {
            client,
            registered_at: world.now(),
            token: TokenHash::of("one"),
            replaced: None,
        };
        let tx = world.write().await;
        assert!(tx.registrations().of_client(client).await.unwrap().is_none());
        tx.registrations().insert(&made).await.unwrap();
        assert_eq!(shown(&tx.registrations().of_client(client).await.unwrap()), shown(&Some(&made)));
        tx.commit().await.unwrap();
        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        assert!(other.registrations().of_client(client).await.unwrap().is_none());
        assert!(!other.registrations().rotate(client, &TokenHash::of("one"), &TokenHash::of("x")).await.unwrap());
        assert!(other.registrations().insert(&made).await.is_err());
        drop(other);
        let tx = world.write().await;
        assert!(tx.clients().delete(client).await.unwrap());
        assert!(tx.registrations().of_client(client).await.unwrap().is_none());
    }

    async fn a_rotated_token_replaces_the_last_which_works_for_a_minute_more(db) {
        let world = World::on(db).await;
        let client = world.t1.client.key;
        let [one, two, three, four] = ["one", "two", "three", "four"].map(TokenHash::of);
        let made = ClientRegistration { client, registered_at: world.now(), token: one, replaced: None };
        let tx = world.write().await;
        tx.registrations().insert(&made).await.unwrap();
        assert!(!tx.registrations().rotate(client, &two, &three).await.unwrap());
        assert!(tx.registrations().rotate(client, &one, &two).await.unwrap());
        let now = tx.now();
        let found = tx.registrations().of_client(client).await.unwrap().unwrap();
        assert!(found.admits(&one, now) && found.admits(&two, now));
        assert!(!found.admits(&one, now.plus(REPLACED_TOKEN_LIVES)));
        assert!(tx.registrations().rotate(client, &one, &three).await.unwrap(), "the answer to the first was lost");
        tx.commit().await.unwrap();
        world.db.clock.advance(REPLACED_TOKEN_LIVES);
        let tx = world.write().await;
        assert!(!tx.registrations().rotate(client, &two, &four).await.unwrap());
        assert!(tx.registrations().rotate(client, &three, &four).await.unwrap());
    }
}
