//! What an attempt to be let in costs.

use futures_util::future::join_all;
use palatine_token_service::client_auth::ClientAuthError;
use serde_json::json;

use crate::world::{CHOSEN, GENERATED, World};

async fn with_failures(allowed: u32) -> World {
    World::with_policy(json!({ "rate_limits": { "token_failures_per_minute": allowed } })).await
}

fn is_too_many<T>(answer: &Result<T, ClientAuthError>) -> bool {
    matches!(answer, Err(ClientAuthError::TooMany(_)))
}

#[tokio::test]
async fn a_right_generated_secret_asks_neither_limit_nor_database_nor_hash() {
    let world = with_failures(0).await;
    world.present("app", GENERATED).await.unwrap();
    let (statements, hashes) = (world.db.store.statements(), world.hashing.counts());
    for _ in 0..50 {
        world.present("app", GENERATED).await.unwrap();
    }
    assert_eq!(world.db.store.statements(), statements);
    assert_eq!(world.hashing.counts().verified, hashes.verified);
    assert!(is_too_many(&world.present("app", "wrong").await));
}

#[tokio::test]
async fn failures_are_counted_for_each_client_and_those_of_unknown_names_together() {
    let world = with_failures(2).await;
    for client in ["app", "asking"] {
        let answers = [1, 2, 3].map(|_| world.present(client, "wrong"));
        let answers = join_all(answers).await;
        assert_eq!(answers.iter().filter(|answer| is_too_many(answer)).count(), 1, "{client}");
    }
    let answers = join_all(["nobody", "noone", "none"].map(|client| world.present(client, "wrong"))).await;
    assert_eq!(answers.iter().filter(|answer| is_too_many(answer)).count(), 1);
}

#[tokio::test]
async fn guesses_that_run_side_by_side_are_charged_before_they_are_hashed() {
    let world = with_failures(3).await;
    let guesses: Vec<String> = (0..20).map(|number| format!("guess-{number}")).collect();
    let answers = join_all(guesses.iter().map(|guess| world.present("chosen", guess))).await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(ClientAuthError::Failed))).count(), 3);
    assert_eq!(answers.iter().filter(|answer| is_too_many(answer)).count(), 17);
    assert_eq!(world.hashing.counts().verified, 3);
}

#[tokio::test]
async fn a_right_chosen_secret_costs_nothing_and_is_hashed_once() {
    let world = with_failures(2).await;
    world.present("chosen", CHOSEN).await.unwrap();
    let hashes = world.hashing.counts().verified;
    for _ in 0..10 {
        world.present("chosen", CHOSEN).await.unwrap();
    }
    // Not even the other reading of the header is hashed again.
    assert_eq!(world.hashing.counts().verified, hashes);
    // Nothing was charged: all of the bucket is there.
    let answers = join_all(["x", "y", "z"].map(|guess| world.present("chosen", guess))).await;
    assert_eq!(answers.iter().filter(|answer| is_too_many(answer)).count(), 1);
}

#[tokio::test]
async fn a_service_that_was_let_in_before_goes_on_while_others_guess_from_its_address() {
    let world = with_failures(2).await;
    world.present("chosen", CHOSEN).await.unwrap();
    for _ in 0..5 {
        assert!(world.present("chosen", "wrong").await.is_err());
    }
    assert!(is_too_many(&world.present("chosen", "wrong").await));
    world.present("chosen", CHOSEN).await.unwrap();
}

#[tokio::test]
async fn a_secret_that_was_right_before_and_was_deleted_is_wrong() {
    let world = World::new().await;
    world.present("chosen", CHOSEN).await.unwrap();
    let secret = world.client("chosen").await.secrets.first().unwrap().id;
    let tx = world.rows().await;
    assert!(tx.clients().remove_secret(secret).await.unwrap());
    tx.commit().await.unwrap();
    assert!(matches!(world.present("chosen", CHOSEN).await, Err(ClientAuthError::Failed)));
}

#[tokio::test]
async fn unknown_wrong_and_disabled_are_one_answer() {
    let world = World::new().await;
    world.change("asking", |client| client.enabled = false).await;
    for (client, secret) in [("nobody", GENERATED), ("app", "wrong"), ("app", ""), ("asking", GENERATED)] {
        let refusal = world.present(client, secret).await.unwrap_err();
        assert!(matches!(refusal, ClientAuthError::Failed), "{client}: {refusal}");
    }
}
