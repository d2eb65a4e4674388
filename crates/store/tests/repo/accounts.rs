//! Passwords, known browsers, consents.

use palatine_domain::credential::{Credential, CredentialKind};
use palatine_domain::grant::EndReason;
use palatine_domain::{TokenHash, ids::CredentialId};

use crate::filled::{PHC, device, later, nobody, scopes};
use crate::support::{TestStore, on_both_databases};
use crate::world::World;

fn phc(password: &Credential) -> &str {
    let CredentialKind::Password(phc) = &password.kind;
    phc
}

on_both_databases! {
    async fn a_password_is_set_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        let before = tx.credentials().password_of(world.t1.user.id).await.unwrap().unwrap();
        assert_eq!(phc(&before), PHC);
        assert!(tx.credentials().password_of(world.t2.user.id).await.unwrap().is_none());
        assert!(tx.credentials().set_password(world.t1.user.id, "new").await.unwrap());
        assert!(!tx.credentials().set_password(world.t2.user.id, "stolen").await.unwrap());
        tx.commit().await.unwrap();
        let after = world.read().await.credentials().password_of(world.t1.user.id).await.unwrap().unwrap();
        assert_eq!(phc(&after), "new");
        assert_ne!(after.id, before.id, "another password is another credential");
        let other = world.read_other().await.credentials().password_of(world.t2.user.id).await.unwrap().unwrap();
        assert_eq!(phc(&other), PHC);
    }

    async fn a_hash_is_upgraded_only_if_the_password_is_still_the_same(db) {
        let world = World::on(db).await;
        let other = world.read_other().await.credentials().password_of(world.t2.user.id).await.unwrap().unwrap();
        let tx = world.write().await;
        let own: CredentialId = tx.credentials().password_of(world.t1.user.id).await.unwrap().unwrap().id;
        assert!(!tx.credentials().upgrade_password(own, "another", "stronger").await.unwrap());
        assert!(!tx.credentials().upgrade_password(other.id, PHC, "stronger").await.unwrap());
        assert!(tx.credentials().upgrade_password(own, PHC, "stronger").await.unwrap());
        assert_eq!(phc(&tx.credentials().password_of(world.t1.user.id).await.unwrap().unwrap()), "stronger");
        tx.commit().await.unwrap();
        let other = world.read_other().await.credentials().password_of(world.t2.user.id).await.unwrap().unwrap();
        assert_eq!(phc(&other), PHC);
    }

    async fn a_browser_is_known_to_the_accounts_of_its_own_tenant(db) {
        let world = World::on(db).await;
        let cookie = TokenHash::of("device cookie");
        let tx = world.write().await;
        let known = tx.devices().find(world.t1.user.id, &cookie).await.unwrap().unwrap();
        assert_eq!(known.id, world.t1.device.id);
        assert!(known.secret.matches(&cookie));
        assert!(tx.devices().find(world.t2.user.id, &cookie).await.unwrap().is_none());
        assert!(tx.devices().find(world.t1.user.id, &TokenHash::of("another")).await.unwrap().is_none());
        tx.devices().remember(&device(world.ambient(), &world.t1.user, "device cookie")).await.unwrap();
        assert_eq!(tx.devices().find(world.t1.user.id, &cookie).await.unwrap().unwrap().id, known.id);
        let at = later(tx.now());
        assert!(tx.devices().touch(world.t1.device.id, at).await.unwrap());
        assert!(!tx.devices().touch(world.t1.device.id, tx.now()).await.unwrap());
        assert!(!tx.devices().touch(world.t2.device.id, at).await.unwrap());
        tx.commit().await.unwrap();
        let other = world.read_other().await.devices().find(world.t2.user.id, &cookie).await.unwrap().unwrap();
        assert_eq!(other.last_used_at, world.t2.device.last_used_at);
    }

    async fn consent_grows_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let (user, client) = (world.t1.user.id, world.t1.client.key);
        world.db.clock.advance(std::time::Duration::from_secs(1));
        let tx = world.write().await;
        assert_eq!(tx.consents().get(user, client).await.unwrap(), Some(scopes("openid")));
        assert_eq!(tx.consents().get(world.t2.user.id, world.t2.client.key).await.unwrap(), None);
        tx.consents().answer(user, client, &scopes("email openid"), &scopes("phone")).await.unwrap();
        assert_eq!(tx.consents().get(user, client).await.unwrap(), Some(scopes("openid email")));
        assert_eq!(tx.consents().answered(user, client).await.unwrap().unwrap().refused, scopes("phone"));
        assert!(tx.consents().answered(world.t2.user.id, world.t2.client.key).await.unwrap().is_none());
        let all = tx.consents().of_user(user).await.unwrap();
        assert_eq!((all.len(), all[0].client, &all[0].scope), (1, client, &scopes("openid email")));
        assert!(all[0].updated_at > all[0].created_at);
        assert!(tx.consents().of_user(world.t2.user.id).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        let other = world.read_other().await;
        assert_eq!(other.consents().get(world.t2.user.id, world.t2.client.key).await.unwrap(), Some(scopes("openid")));
    }

    async fn the_later_answer_about_a_scope_counts(db) {
        let world = World::on(db).await;
        let (user, client) = (world.t1.user.id, world.t1.client.key);
        let tx = world.write().await;
        for (given, refused, allowed, left_out) in [
            ("openid email", "phone", "openid email", "phone"),
            ("phone", "", "openid email phone", ""),
            ("openid", "email", "openid phone", "email"),
            ("email", "email", "openid phone email", ""),
        ] {
            tx.consents().answer(user, client, &scopes(given), &scopes(refused)).await.unwrap();
            let found = tx.consents().answered(user, client).await.unwrap().unwrap();
            assert_eq!((found.scope, found.refused), (scopes(allowed), scopes(left_out)), "{given} without {refused}");
        }
    }

    async fn withdrawn_consent_ends_the_clients_grants_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        assert!(!tx.consents().withdraw(world.t2.user.id, world.t2.client.key).await.unwrap());
        assert!(!tx.consents().withdraw(world.t1.user.id, nobody(world.ambient())).await.unwrap());
        assert!(tx.grants().by_id(world.t1.grant.id).await.unwrap().unwrap().ended.is_none());
        assert!(tx.consents().withdraw(world.t1.user.id, world.t1.client.key).await.unwrap());
        assert_eq!(tx.consents().get(world.t1.user.id, world.t1.client.key).await.unwrap(), None);
        let ended = tx.grants().by_id(world.t1.grant.id).await.unwrap().unwrap().ended;
        assert_eq!(ended, Some((tx.now(), EndReason::ConsentWithdrawn)));
        let context = tx.refresh().by_hash(&TokenHash::of("refresh token")).await.unwrap().unwrap();
        assert!(context.family.ended_at.is_some());
        tx.commit().await.unwrap();
        let other = world.read_other().await;
        assert!(other.grants().by_id(world.t2.grant.id).await.unwrap().unwrap().ended.is_none());
        assert!(other.consents().get(world.t2.user.id, world.t2.client.key).await.unwrap().is_some());
    }
}
