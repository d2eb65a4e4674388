//! Settings and keys.

use palatine_domain::key::{KeyState, RealmSecretKind, Retirement, SigningKey};

use crate::filled::{data_key, later, realm_secret, settings, signing_key};
use crate::support::{TestStore, on_both_databases};
use crate::world::{World, shown};

on_both_databases! {
    async fn settings_are_each_tenants_own(db) {
        let world = World::on(db).await;
        let before = world.version().await;
        let tx = world.write().await;
        tx.settings().put(&settings("Changed")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.read().await.settings().get().await.unwrap(), settings("Changed"));
        assert_eq!(world.read_other().await.settings().get().await.unwrap(), settings("Acme"));
        assert_eq!(world.version().await, before + 1);
    }

    async fn data_keys_are_each_tenants_own_and_one_node_wins_a_generation(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        assert!(!tx.keys().insert_data_key(&data_key(world.ambient()), 1).await.unwrap());
        let second = data_key(world.ambient());
        assert!(tx.keys().insert_data_key(&second, 2).await.unwrap());
        tx.commit().await.unwrap();
        let mine = world.read().await.keys().data_keys().await.unwrap();
        assert_eq!(shown(&mine), shown(&[&world.t1.data_key, &second]));
        let other = world.read_other().await.keys().data_keys().await.unwrap();
        assert_eq!(shown(&other), shown(&[&world.t2.data_key]));
    }

    async fn signing_keys_are_each_tenants_own_and_one_node_wins_a_generation(db) {
        let world = World::on(db).await;
        let before = world.version().await;
        let tx = world.write().await;
        assert!(!tx.keys().insert_signing_key(&signing_key(world.ambient(), 1)).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.version().await, before, "a lost race changes nothing");
        let second = signing_key(world.ambient(), 2);
        let tx = world.write().await;
        assert!(tx.keys().insert_signing_key(&second).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.version().await, before + 1);
        let mine = world.read().await.keys().signing_keys().await.unwrap();
        assert_eq!(shown(&mine), shown(&[&world.t1.signing_key, &second]));
        let other = world.read_other().await.keys().signing_keys().await.unwrap();
        assert_eq!(shown(&other), shown(&[&world.t2.signing_key]));
    }

    async fn secrets_are_each_realms_own_and_one_of_each_kind_is_made(db) {
        let world = World::on(db).await;
        let kind = RealmSecretKind::PairwiseSalt;
        let tx = world.write().await;
        assert!(!tx.realm_secrets().insert(&realm_secret(world.ambient())).await.unwrap());
        tx.commit().await.unwrap();
        let mine = world.read().await.realm_secrets().of_kind(kind).await.unwrap();
        assert_eq!(shown(&mine), shown(&Some(&world.t1.secret)));
        let other = world.read_other().await.realm_secrets().of_kind(kind).await.unwrap();
        assert_eq!(shown(&other), shown(&Some(&world.t2.secret)));
    }

    async fn the_first_key_of_a_realm_is_no_news_and_further_ones_are(db) {
        let world = World::on(db).await;
        let before = world.version().await;
        let tx = world.write().await;
        assert!(!tx.keys().insert_first_signing_key(&signing_key(world.ambient(), 1)).await.unwrap());
        assert!(tx.keys().insert_first_signing_key(&signing_key(world.ambient(), 2)).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.version().await, before);
        assert_eq!(world.read_other().await.keys().all_signing_keys().await.unwrap().len(), 1);
    }

    async fn a_key_is_superseded_once_and_ends_as_it_was_decided(db) {
        let world = World::on(db).await;
        let key = world.t1.signing_key.clone();
        let now = world.ambient().now();
        let (signs_until, published_until) = (now, later(now));
        let end = Retirement { signs_until, published_until, hints_until: later(later(now)) };
        let tx = world.write().await;
        assert!(!tx.keys().supersede_signing_key(world.t2.signing_key.id, &end).await.unwrap());
        assert!(tx.keys().supersede_signing_key(key.id, &end).await.unwrap());
        assert!(!tx.keys().supersede_signing_key(key.id, &Retirement::at_once(now)).await.unwrap(), "once");
        tx.commit().await.unwrap();
        let expected = SigningKey { rotates_at: None, retirement: Some(end), ..key };
        assert_eq!(shown(&world.read().await.keys().signing_keys().await.unwrap()), shown(&[&expected]));
        world.db.clock.advance(std::time::Duration::from_secs(2));
        assert!(world.read().await.keys().signing_keys().await.unwrap().is_empty(), "good for nothing");
        assert_eq!(shown(&world.read().await.keys().all_signing_keys().await.unwrap()), shown(&[&expected]));
        assert_eq!(world.read_other().await.keys().signing_keys().await.unwrap().len(), 1);
    }

    async fn a_withdrawn_key_is_over_at_once_without_its_private_half(db) {
        let world = World::on(db).await;
        let before = world.version().await;
        let tx = world.write().await;
        assert!(!tx.keys().withdraw_signing_key(world.t2.signing_key.id).await.unwrap());
        assert!(tx.keys().withdraw_signing_key(world.t1.signing_key.id).await.unwrap());
        assert!(!tx.keys().withdraw_signing_key(world.t1.signing_key.id).await.unwrap(), "once");
        tx.commit().await.unwrap();
        assert_eq!(world.version().await, before + 1);
        assert!(world.read().await.keys().signing_keys().await.unwrap().is_empty());
        let [over] = &world.read().await.keys().all_signing_keys().await.unwrap()[..] else { panic!("one key") };
        assert_eq!(over.state(world.ambient().now()), KeyState::Removed);
        assert!(over.sealed_private.is_empty() && over.rotates_at.is_none());
        assert!(!world.read_other().await.keys().signing_keys().await.unwrap()[0].sealed_private.is_empty());
    }

    async fn a_pending_key_is_promoted_or_its_predecessor_reinstated(db) {
        let world = World::on(db).await;
        let (first, now) = (world.t1.signing_key.id, world.ambient().now());
        let ahead = later(later(now));
        let pending = SigningKey { active_from: ahead, ..signing_key(world.ambient(), 2) };
        let tx = world.write().await;
        assert!(tx.keys().insert_signing_key(&pending).await.unwrap());
        let end = Retirement { signs_until: ahead, published_until: ahead, hints_until: ahead };
        assert!(tx.keys().supersede_signing_key(first, &end).await.unwrap());
        assert!(!tx.keys().reinstate_signing_key(world.t2.signing_key.id, now).await.unwrap());
        assert!(tx.keys().reinstate_signing_key(first, now).await.unwrap());
        assert!(!tx.keys().reinstate_signing_key(first, now).await.unwrap(), "it has no end any more");
        let keys = tx.keys().signing_keys().await.unwrap();
        assert_eq!((keys[0].rotates_at, keys[0].retirement), (Some(now), None));
        assert!(!tx.keys().promote_signing_key(world.t2.signing_key.id).await.unwrap());
        assert!(tx.keys().promote_signing_key(pending.id).await.unwrap());
        assert!(!tx.keys().promote_signing_key(pending.id).await.unwrap(), "it signs already");
        assert_eq!(tx.keys().signing_keys().await.unwrap()[1].active_from, now);
        let over = Retirement::at_once(now);
        assert!(tx.keys().supersede_signing_key(first, &over).await.unwrap());
        assert!(!tx.keys().reinstate_signing_key(first, now).await.unwrap(), "its end has begun");
        tx.commit().await.unwrap();
    }

    async fn another_rotation_interval_counts_for_the_keys_that_sign_now(db) {
        let world = World::on(db).await;
        let mut other = settings("Acme");
        other.policy.keys.rotation_seconds = 7_200;
        let tx = world.write().await;
        tx.settings().put(&other).await.unwrap();
        tx.commit().await.unwrap();
        let key = world.read().await.keys().signing_keys().await.unwrap().remove(0);
        assert_eq!(key.rotates_at, Some(other.policy.key_rotates_at(key.active_from)));
        let theirs = world.read_other().await.keys().signing_keys().await.unwrap().remove(0);
        assert_eq!(theirs.rotates_at, world.t2.signing_key.rotates_at);
    }
}
