//! A realm's keys: when they are made, and that nodes agree.

use std::collections::HashSet;
use std::sync::Arc;

use palatine_domain::audit::Actor;
use palatine_domain::client::ClientId;
use palatine_protocol::jwk::{JwkSet, SigningAlgorithm};
use palatine_realm::{Expiry, Realm, TokenRefusal};
use serde_json::json;

use crate::nodes::{at_once, make_realm, name_on, node_over, other_node, realm_on_a_node, rename};
use crate::support::{TestStore, on_both_databases};

async fn kids(realm: &Realm) -> Vec<String> {
    let set: JwkSet = serde_json::from_slice(&realm.jwks().await.unwrap()).unwrap();
    set.keys.into_iter().map(|key| key.kid.unwrap()).collect()
}

async fn stored_keys(realm: &Realm) -> usize {
    realm.read().await.unwrap().keys().signing_keys().await.unwrap().len()
}

on_both_databases! {
    async fn keys_are_made_on_first_need_and_both_at_once(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        realm.discovery();
        realm.client(&ClientId::parse("nobody").unwrap()).await.unwrap();
        assert_eq!(stored_keys(&realm).await, 0);
        let ring = realm.keys().await.unwrap();
        assert_eq!(ring.algorithms(), [SigningAlgorithm::ES256, SigningAlgorithm::RS256]);
        assert_eq!(stored_keys(&realm).await, 2);
        let again = node.by_slug("acme").await.unwrap();
        assert_eq!(again.version(), realm.version(), "the first keys are no news to anybody");
        let touched = db.store.statements();
        assert!(Arc::ptr_eq(&ring, &realm.keys().await.unwrap()), "parsed once");
        assert_eq!(db.store.statements(), touched);
        let made = kids(&realm).await;
        rename(&db, "acme", "Acme Inc.").await;
        assert_eq!(name_on(&node, "acme").await, "Acme Inc.");
        assert_eq!(kids(&node.by_slug("acme").await.unwrap()).await, made);
    }

    async fn nodes_that_make_keys_at_once_end_up_with_the_same(db) {
        make_realm(&db, "acme").await;
        let mut nodes = vec![node_over(&db.store), node_over(&db.store)];
        nodes.extend([other_node(&db).await, other_node(&db).await]);
        let answers = at_once(&nodes, 16, |node| async move {
            let realm = node.by_slug("acme").await.unwrap();
            let claims = json!({"iss": realm.issuer()});
            let token = realm.keys().await.unwrap().sign(SigningAlgorithm::ES256, "JWT", &claims);
            (realm.jwks().await.unwrap(), token.unwrap())
        }).await;
        assert_eq!(answers.len(), 64);
        assert_eq!(answers.iter().map(|(jwks, _)| jwks.to_vec()).collect::<HashSet<_>>().len(), 1);
        let realm = other_node(&db).await.by_slug("acme").await.unwrap();
        assert_eq!(stored_keys(&realm).await, 2);
        assert_eq!(realm.read().await.unwrap().keys().data_keys().await.unwrap().len(), 1);
        let ring = realm.keys().await.unwrap();
        for (_, token) in answers {
            assert!(ring.verify(&token, Expiry::Ignored).is_ok());
        }
    }

    async fn an_algorithm_that_a_client_names_gets_its_key_then(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        let first = kids(&realm).await;
        for algorithm in [SigningAlgorithm::EdDSA, SigningAlgorithm::PS256] {
            let claims = json!({"iss": realm.issuer()});
            let token = realm.keys_for(algorithm).await.unwrap().sign(algorithm, "JWT", &claims);
            let ring = node.by_slug("acme").await.unwrap().keys().await.unwrap();
            assert_eq!(ring.verify(&token.unwrap(), Expiry::Ignored).unwrap().algorithm, algorithm);
        }
        let now: HashSet<_> = kids(&node.by_slug("acme").await.unwrap()).await.into_iter().collect();
        assert!(now.len() == 4 && first.iter().all(|kid| now.contains(kid)));
    }

    async fn a_token_of_another_realm_is_refused(db) {
        let (node, one) = realm_on_a_node(&db, "one").await;
        make_realm(&db, "two").await;
        let two = node.by_slug("two").await.unwrap();
        let ring = two.keys().await.unwrap();
        for issuer in [one.issuer(), two.issuer()] {
            let token = one.keys().await.unwrap().sign(SigningAlgorithm::ES256, "at+jwt", &json!({"iss": issuer}));
            assert_eq!(ring.verify(&token.unwrap(), Expiry::Ignored), Err(TokenRefusal::UnknownKey));
        }
    }

    async fn keys_that_were_removed_at_once_are_replaced(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        let token = realm.keys().await.unwrap().sign(SigningAlgorithm::ES256, "JWT", &json!({"iss": realm.issuer()}));
        let before = kids(&realm).await;
        for kid in &before {
            realm.withdraw_key(kid, &Actor::System).await.unwrap();
        }
        let realm = node.by_slug("acme").await.unwrap();
        let after = kids(&realm).await;
        assert!(after.len() == 2 && after.iter().all(|kid| !before.contains(kid)));
        let refused = realm.keys().await.unwrap().verify(&token.unwrap(), Expiry::Ignored);
        assert_eq!(refused, Err(TokenRefusal::UnknownKey));
    }

    async fn private_keys_are_stored_sealed(db) {
        let (_, realm) = realm_on_a_node(&db, "acme").await;
        realm.keys().await.unwrap();
        for key in realm.read().await.unwrap().keys().signing_keys().await.unwrap() {
            // Any PKCS#8 document has its algorithm's object identifier near its beginning.
            let identifiers: [&[u8]; 2] = [&[0x2a, 0x86, 0x48], &[0x06, 0x07, 0x2a]];
            let shown = |id: &&[u8]| key.sealed_private.windows(3).any(|window| window == *id);
            assert!(!identifiers.iter().all(shown) && key.sealed_private.first() == Some(&1), "{}", key.algorithm);
        }
    }
}
