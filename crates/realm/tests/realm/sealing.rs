//! Sealing over a real store.

use palatine_ephemeral::Ephemeral;
use palatine_realm::{MasterKeys, SealContext, SealError};
use uuid::Uuid;

use crate::nodes::{at_once, make_realm, masters, node_over, node_with, other_node, realm_on_a_node, settings};
use crate::support::{TestStore, on_both_databases};

fn place() -> SealContext {
    SealContext { table: "outbox", row: Uuid::from_u128(7), column: "payload" }
}

on_both_databases! {
    async fn what_one_node_seals_another_opens(db) {
        let (_, realm) = realm_on_a_node(&db, "acme").await;
        let sealed = realm.seal(place(), b"secret").await.unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        let elsewhere = other_node(&db).await.by_slug("acme").await.unwrap();
        assert_eq!(elsewhere.open(place(), &sealed).await.unwrap().as_slice(), b"secret");
    }

    async fn a_sealed_value_opens_nowhere_else_and_not_when_changed(db) {
        let (node, one) = realm_on_a_node(&db, "one").await;
        make_realm(&db, "two").await;
        let two = node.by_slug("two").await.unwrap();
        let sealed = one.seal(place(), b"secret").await.unwrap();
        two.seal(place(), b"of two").await.unwrap();
        assert!(matches!(two.open(place(), &sealed).await, Err(SealError::UnknownDataKey(_))));
        let moved = SealContext { column: "other", ..place() };
        assert!(matches!(one.open(moved, &sealed).await, Err(SealError::Refused)));
        let mut tampered = sealed.clone();
        *tampered.last_mut().unwrap() ^= 1;
        assert!(matches!(one.open(place(), &tampered).await, Err(SealError::Refused)));
        assert!(matches!(one.open(place(), b"").await, Err(SealError::Malformed)));
    }

    async fn a_data_key_is_made_once_on_first_need(db) {
        let (_, realm) = realm_on_a_node(&db, "acme").await;
        let data_keys = async || realm.read().await.unwrap().keys().data_keys().await.unwrap().len();
        assert_eq!(data_keys().await, 0);
        let nodes = [node_over(&db.store), node_over(&db.store), other_node(&db).await, other_node(&db).await];
        let sealed = at_once(&nodes, 16, |node| async move {
            node.by_slug("acme").await.unwrap().seal(place(), b"secret").await.unwrap()
        }).await;
        assert_eq!(data_keys().await, 1);
        for sealed in sealed {
            assert_eq!(realm.open(place(), &sealed).await.unwrap().as_slice(), b"secret");
        }
    }

    async fn the_master_key_may_change_and_must_not_be_lost(db) {
        let (_, realm) = realm_on_a_node(&db, "acme").await;
        let sealed = realm.seal(place(), b"secret").await.unwrap();
        let under = |masters: MasterKeys| {
            node_with(&db.store, settings(), masters, Ephemeral::memory(db.store.ambient().clone()))
        };
        let rotated = under(MasterKeys::new(&[[8; 32], [7; 32]]).unwrap()).by_slug("acme").await.unwrap();
        assert_eq!(rotated.open(place(), &sealed).await.unwrap().as_slice(), b"secret");
        let lost = under(MasterKeys::new(&[[8; 32]]).unwrap()).by_slug("acme").await.unwrap();
        let refusal = lost.open(place(), &sealed).await.unwrap_err();
        assert!(matches!(refusal, SealError::UnknownMasterKey(id) if id == masters().current()));
        assert!(lost.keys().await.is_err());
    }
}
