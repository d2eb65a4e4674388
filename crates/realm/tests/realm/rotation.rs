//! The whole life of a realm's keys: successors, emergency retirement, and that nodes agree about both.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use palatine_domain::audit::{Actor, AuditKind};
use palatine_domain::key::{KeyState, PUBLISHED_AHEAD, SigningKey};
use palatine_protocol::jwk::{JwkSet, SigningAlgorithm};
use palatine_realm::{Expiry, Realm, Resolver, Withdrawal};
use palatine_store::AuditFilter;
use serde_json::json;

use crate::nodes::{at_once, make_realm, node_over, other_node, realm_on_a_node};
use crate::support::{TestStore, on_both_databases};

const DAY: Duration = Duration::from_hours(24);

fn operator() -> Actor {
    Actor::Operator("a test".to_owned())
}

async fn acme(node: &Resolver) -> Realm {
    node.by_slug("acme").await.unwrap()
}

/// How many keys of each algorithm are in each state.
async fn states(realm: &Realm) -> BTreeMap<(SigningAlgorithm, KeyState), usize> {
    let now = realm.ambient().now();
    let mut counted = BTreeMap::new();
    for key in realm.signing_keys().await.unwrap() {
        *counted.entry((key.algorithm, key.state(now))).or_default() += 1;
    }
    counted
}

async fn key_in(realm: &Realm, algorithm: SigningAlgorithm, state: KeyState) -> SigningKey {
    let now = realm.ambient().now();
    let keys = realm.signing_keys().await.unwrap();
    keys.into_iter().find(|key| key.algorithm == algorithm && key.state(now) == state).unwrap()
}

/// A token that the realm signs now, and the `kid` that it names.
async fn token(realm: &Realm) -> (String, String) {
    let ring = realm.keys().await.unwrap();
    let token = ring.sign(SigningAlgorithm::ES256, "JWT", &json!({ "iss": realm.issuer() })).unwrap();
    let kid = ring.verify(&token, Expiry::Ignored).unwrap().kid;
    (token, kid)
}

async fn published(realm: &Realm) -> Vec<String> {
    let set: JwkSet = serde_json::from_slice(&realm.jwks().await.unwrap()).unwrap();
    set.keys.into_iter().map(|key| key.kid.unwrap()).collect()
}

async fn events(realm: &Realm, kind: AuditKind) -> usize {
    let filter = AuditFilter { kinds: vec![kind], ..AuditFilter::default() };
    realm.read().await.unwrap().audit().list(&filter, None, 100).await.unwrap().len()
}

on_both_databases! {
    async fn a_successor_is_published_ahead_then_signs_and_its_predecessor_goes_step_by_step(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        let (old_token, old) = token(&realm).await;
        assert_eq!(realm.rotate_due_keys().await.unwrap().len(), 0, "none is due");
        let new = realm.rotate_keys(Some(SigningAlgorithm::ES256), &operator()).await.unwrap().remove(0);
        assert_eq!((new.algorithm, new.generation), (SigningAlgorithm::ES256, 2));
        let again = realm.rotate_keys(Some(SigningAlgorithm::ES256), &operator()).await.unwrap();
        assert!(again.is_empty(), "a key has one successor");

        assert_eq!(token(&acme(&node).await).await.1, old);
        assert!(published(&acme(&node).await).await.contains(&new.kid), "ahead of its time");
        db.clock.advance(PUBLISHED_AHEAD);
        assert_eq!(token(&acme(&node).await).await.1, new.kid);
        assert!(published(&acme(&node).await).await.contains(&old));
        db.clock.advance(7 * DAY);
        let ring = acme(&node).await.keys().await.unwrap();
        assert!(!published(&acme(&node).await).await.contains(&old));
        assert!(ring.verify(&old_token, Expiry::Ignored).is_err());
        assert_eq!(ring.verify_hint(&old_token).unwrap().kid, old, "a remembered session may name it");
        db.clock.advance(23 * DAY);
        assert!(acme(&node).await.keys().await.unwrap().verify_hint(&old_token).is_err());
        assert_eq!(events(&realm, AuditKind::SigningKeyCreated).await, 2);
        assert_eq!(events(&realm, AuditKind::SigningKeyRotated).await, 1);
    }

    async fn keys_of_all_algorithms_become_due_after_their_interval(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        for algorithm in SigningAlgorithm::ALL {
            acme(&node).await.keys_for(*algorithm).await.unwrap();
        }
        let due = (90 * DAY).checked_sub(PUBLISHED_AHEAD).unwrap();
        db.clock.advance(due.checked_sub(Duration::from_secs(1)).unwrap());
        assert_eq!(realm.rotate_due_keys().await.unwrap().len(), 0);
        db.clock.advance(Duration::from_secs(1));
        let rotated = realm.rotate_due_keys().await.unwrap();
        let algorithms: HashSet<_> = rotated.iter().map(|key| key.algorithm).collect();
        assert_eq!(algorithms.len(), SigningAlgorithm::ALL.len());
        for key in rotated {
            assert_eq!(key.active_from, realm.ambient().now().plus(PUBLISHED_AHEAD));
        }
        assert_eq!(realm.rotate_due_keys().await.unwrap().len(), 0);
    }

    async fn of_many_nodes_that_rotate_at_once_one_wins(db) {
        make_realm(&db, "acme").await;
        let mut nodes = vec![node_over(&db.store), other_node(&db).await];
        for node in &nodes {
            acme(node).await.keys().await.unwrap();
        }
        db.clock.advance(91 * DAY);
        let rotated = at_once(&nodes, 32, |node| async move { acme(&node).await.rotate_due_keys().await }).await;
        let won: usize = rotated.into_iter().map(|outcome| outcome.unwrap().len()).sum();
        assert_eq!(won, 2, "one successor for each algorithm");
        let realm = acme(&nodes.remove(0)).await;
        let counted = states(&realm).await;
        for algorithm in [SigningAlgorithm::ES256, SigningAlgorithm::RS256] {
            assert_eq!(counted.get(&(algorithm, KeyState::Active)), Some(&1));
            assert_eq!(counted.get(&(algorithm, KeyState::Pending)), Some(&1));
        }
        assert_eq!(events(&realm, AuditKind::SigningKeyRotated).await, 2);
    }

    async fn a_withdrawn_key_is_believed_by_nobody_and_another_signs_at_once(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        let other = other_node(&db).await;
        let (stolen_token, stolen) = token(&realm).await;
        token(&acme(&other).await).await;
        let Withdrawal::Done { key, signs_now } = realm.withdraw_key(&stolen, &operator()).await.unwrap() else {
            panic!("it was in use")
        };
        assert_eq!(key.kid, stolen);
        other.poll().await.unwrap();
        for node in [&node, &other] {
            let realm = acme(node).await;
            let ring = realm.keys().await.unwrap();
            assert!(ring.verify(&stolen_token, Expiry::Ignored).is_err() && ring.verify_hint(&stolen_token).is_err());
            assert_eq!(Some(token(&realm).await.1), signs_now);
            assert!(!published(&realm).await.contains(&stolen));
        }
        assert!(matches!(realm.withdraw_key(&stolen, &operator()).await.unwrap(), Withdrawal::AlreadyRemoved));
        assert!(matches!(realm.withdraw_key("none", &operator()).await.unwrap(), Withdrawal::Unknown));
        assert_eq!(events(&realm, AuditKind::SigningKeyRetired).await, 1);
        let gone = key_in(&realm, SigningAlgorithm::ES256, KeyState::Removed).await;
        assert!(gone.sealed_private.is_empty());
    }

    async fn the_loss_of_the_signing_key_lets_its_successor_sign_before_its_time(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        let (_, old) = token(&realm).await;
        let new = realm.rotate_keys(Some(SigningAlgorithm::ES256), &operator()).await.unwrap().remove(0);
        acme(&node).await.withdraw_key(&old, &operator()).await.unwrap();
        assert_eq!(token(&acme(&node).await).await.1, new.kid);
        assert_eq!(states(&realm).await.get(&(SigningAlgorithm::ES256, KeyState::Active)), Some(&1));
    }

    async fn the_loss_of_a_successor_leaves_its_predecessor_in_use_and_due_for_another(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        let (_, old) = token(&realm).await;
        let lost = realm.rotate_keys(Some(SigningAlgorithm::ES256), &operator()).await.unwrap().remove(0);
        acme(&node).await.withdraw_key(&lost.kid, &operator()).await.unwrap();
        db.clock.advance(PUBLISHED_AHEAD * 2);
        assert_eq!(token(&acme(&node).await).await.1, old);
        let next = acme(&node).await.rotate_due_keys().await.unwrap().remove(0);
        assert_eq!(next.generation, 3);
        db.clock.advance(PUBLISHED_AHEAD);
        assert_eq!(token(&acme(&node).await).await.1, next.kid);
    }

    async fn a_node_that_heard_nothing_of_a_withdrawal_yet_cannot_open_the_key_again(db) {
        let (_, realm) = realm_on_a_node(&db, "acme").await;
        let (stolen_token, stolen) = token(&realm).await;
        realm.withdraw_key(&stolen, &operator()).await.unwrap();
        // Its clock is behind that of the node that took the key out of use.
        db.clock.set(realm.ambient().now().minus(Duration::from_secs(30)));
        let late = other_node(&db).await;
        let ring = acme(&late).await.keys().await.unwrap();
        assert!(ring.verify(&stolen_token, Expiry::Ignored).is_err());
        assert!(ring.can_sign(SigningAlgorithm::ES256));
    }
}
