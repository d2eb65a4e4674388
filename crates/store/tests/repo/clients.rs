//! Clients and their secrets.

use palatine_domain::client::{ClientId, ClientScope, MAX_IMPORTED_SECRETS, MAX_SECRETS, SecretVerifier};
use palatine_protocol::scope::Scope;

use crate::filled::{client, later, nobody, scope_of, secret, user};
use crate::support::{TestStore, on_both_databases};
use crate::world::{World, conflict_about, shown};

on_both_databases! {
    async fn a_client_comes_back_with_all_that_it_holds_and_another_tenants_does_not(db) {
        let world = World::on(db).await;
        let tx = world.read().await;
        let app = ClientId::parse("app").unwrap();
        let found = tx.clients().by_client_id(&app).await.unwrap().unwrap();
        assert_eq!(shown(&found), shown(&world.t1.client));
        let SecretVerifier::Sha256(hash) = &found.secrets[0].verifier else { panic!("it was generated") };
        assert!(hash.matches(&palatine_domain::TokenHash::of("client secret")));
        assert_eq!(shown(&tx.clients().by_key(world.t1.client.key).await.unwrap().unwrap()), shown(&world.t1.client));
        assert!(tx.clients().by_key(world.t2.client.key).await.unwrap().is_none());
        assert!(tx.clients().by_client_id(&ClientId::parse("nobody").unwrap()).await.unwrap().is_none());
        let named = tx.clients().names_of(&[world.t1.client.key, world.t2.client.key]).await.unwrap();
        assert_eq!(named, [(world.t1.client.key, app)].into());
        assert!(tx.clients().names_of(&[]).await.unwrap().is_empty());
    }

    async fn clients_are_listed_page_by_page_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        for name in ["b", "c", "d"] {
            tx.clients().insert(&client(world.ambient(), name, &[])).await.unwrap();
        }
        let names = |page: Vec<palatine_domain::client::Client>| -> Vec<String> {
            page.into_iter().map(|client| client.client_id.to_string()).collect()
        };
        assert_eq!(names(tx.clients().list(None, 2).await.unwrap()), ["app", "b"]);
        let b = ClientId::parse("b").unwrap();
        assert_eq!(names(tx.clients().list(Some(&b), 9).await.unwrap()), ["c", "d"]);
        tx.commit().await.unwrap();
        assert_eq!(names(world.read_other().await.clients().list(None, 9).await.unwrap()), ["app"]);
    }

    async fn the_longest_own_lifetime_of_a_tenants_clients_is_found_without_the_others(db) {
        let world = World::on(db).await;
        assert_eq!(world.read().await.clients().longest_access_token_seconds(&[]).await.unwrap(), None);
        let with = |name: &str, seconds| {
            let mut client = client(world.ambient(), name, &[]);
            client.settings.access_token_seconds = seconds;
            client
        };
        let tx = world.write().await;
        let mut patient = with("patient", Some(7_200));
        for client in [&with("usual", None), &with("quick", Some(60)), &patient] {
            tx.clients().insert(client).await.unwrap();
        }
        tx.commit().await.unwrap();
        let tx = world.write().await;
        assert_eq!(tx.clients().longest_access_token_seconds(&[]).await.unwrap(), Some(7_200));
        assert_eq!(tx.clients().longest_access_token_seconds(&[&patient.client_id]).await.unwrap(), Some(60));
        patient.settings.access_token_seconds = Some(30);
        assert!(tx.clients().update(&patient).await.unwrap());
        assert_eq!(tx.clients().longest_access_token_seconds(&[]).await.unwrap(), Some(60));
        tx.commit().await.unwrap();
        assert_eq!(world.read_other().await.clients().longest_access_token_seconds(&[]).await.unwrap(), None);
    }

    async fn a_client_id_is_taken_once_and_by_no_user(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        conflict_about(tx.clients().insert(&client(world.ambient(), "app", &[])).await, "client_id");
        let service = client(world.ambient(), &world.t1.user.subject, &[]);
        conflict_about(tx.clients().insert(&service).await, "client_id");
        assert!(tx.clients().by_key(service.key).await.unwrap().is_none(), "a refused client leaves nothing behind");
        let mut person = user(world.ambient(), "somebody", None);
        person.subject = "app".into();
        conflict_about(tx.users().insert(&person).await, "subject");
        // The refused client's name is still free as a resource name.
        tx.apis().insert(&crate::filled::api(world.ambient(), &world.t1.user.subject)).await.unwrap();
    }

    async fn a_client_with_an_unknown_scope_is_refused(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        let strange = scope_of(world.ambient(), "strange", None);
        conflict_about(tx.clients().insert(&client(world.ambient(), "new", &[&strange])).await, "scope");
        let scope = ClientScope { scope: Scope::parse("strange").unwrap(), default: false };
        conflict_about(tx.clients().set_scopes(world.t1.client.key, &[scope]).await, "scope");
        assert_eq!(tx.clients().list(None, 9).await.unwrap().len(), 1);
    }

    async fn a_client_is_changed_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let before = world.version().await;
        let mut own = world.t1.client.clone();
        own.name = "Renamed".into();
        own.enabled = false;
        own.settings.consent_required = true;
        own.scopes[0].default = false;
        own.linked_apis.clear();
        let mut foreign = world.t2.client.clone();
        foreign.enabled = false;
        let tx = world.write().await;
        assert!(tx.clients().update(&own).await.unwrap());
        assert!(!tx.clients().update(&foreign).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(shown(&world.read().await.clients().by_key(own.key).await.unwrap().unwrap()), shown(&own));
        let other = world.read_other().await.clients().by_key(foreign.key).await.unwrap().unwrap();
        assert_eq!(shown(&other), shown(&world.t2.client));
        assert_eq!(world.version().await, before + 1);
    }

    async fn a_clients_scopes_are_set_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        assert!(tx.clients().set_scopes(world.t1.client.key, &[]).await.unwrap());
        assert!(!tx.clients().set_scopes(world.t2.client.key, &[]).await.unwrap());
        tx.commit().await.unwrap();
        let own = world.read().await.clients().by_key(world.t1.client.key).await.unwrap().unwrap();
        assert!(own.scopes.is_empty());
        let other = world.read_other().await.clients().by_key(world.t2.client.key).await.unwrap().unwrap();
        assert_eq!(other.scopes, world.t2.client.scopes);
    }

    async fn a_client_is_removed_with_its_names_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        assert!(!tx.clients().delete(world.t2.client.key).await.unwrap());
        assert!(tx.clients().delete(world.t1.client.key).await.unwrap());
        assert!(tx.clients().by_key(world.t1.client.key).await.unwrap().is_none());
        assert!(tx.grants().by_id(world.t1.grant.id).await.unwrap().is_none(), "its grants go with it");
        let hash = palatine_domain::TokenHash::of("refresh token");
        assert!(tx.refresh().by_hash(&hash).await.unwrap().is_none());
        assert!(tx.consents().of_user(world.t1.user.id).await.unwrap().is_empty(), "and its consents");
        tx.clients().insert(&client(world.ambient(), "app", &[])).await.unwrap();
        tx.commit().await.unwrap();
        let other = world.read_other().await;
        assert!(other.clients().by_key(world.t2.client.key).await.unwrap().is_some());
        assert!(other.grants().by_id(world.t2.grant.id).await.unwrap().is_some());
        assert_eq!(other.consents().of_user(world.t2.user.id).await.unwrap().len(), 1);
    }

    async fn a_secret_is_added_and_removed_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let mut imported = secret(world.ambient());
        imported.verifier = SecretVerifier::Argon2id("$argon2id$…".to_owned());
        let tx = world.write().await;
        assert!(tx.clients().add_secret(world.t1.client.key, &imported).await.unwrap());
        assert!(!tx.clients().add_secret(world.t2.client.key, &secret(world.ambient())).await.unwrap());
        assert!(!tx.clients().add_secret(nobody(world.ambient()), &secret(world.ambient())).await.unwrap());
        assert!(tx.clients().remove_secret(world.t1.client.secrets[0].id).await.unwrap());
        assert!(!tx.clients().remove_secret(world.t2.client.secrets[0].id).await.unwrap());
        tx.commit().await.unwrap();
        let own = world.read().await.clients().by_key(world.t1.client.key).await.unwrap().unwrap();
        assert_eq!(own.secrets.len(), 1);
        assert!(matches!(&own.secrets[0].verifier, SecretVerifier::Argon2id(phc) if phc == "$argon2id$…"));
        let other = world.read_other().await.clients().by_key(world.t2.client.key).await.unwrap().unwrap();
        assert_eq!(other.secrets.len(), 1);
    }

    async fn the_eleventh_live_secret_is_refused_and_an_expired_one_makes_room(db) {
        let world = World::on(db).await;
        let key = world.t1.client.key;
        let tx = world.write().await;
        let mut expiring = secret(world.ambient());
        expiring.expires_at = Some(later(world.now()));
        tx.clients().add_secret(key, &expiring).await.unwrap();
        for _ in 2..MAX_SECRETS {
            tx.clients().add_secret(key, &secret(world.ambient())).await.unwrap();
        }
        conflict_about(tx.clients().add_secret(key, &secret(world.ambient())).await, "secrets");
        tx.commit().await.unwrap();
        world.db.clock.advance(std::time::Duration::from_secs(1));
        assert!(world.write().await.clients().add_secret(key, &secret(world.ambient())).await.unwrap());
    }

    async fn the_third_imported_secret_is_refused(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        let imported = || {
            let mut imported = secret(world.ambient());
            imported.verifier = SecretVerifier::Argon2id("$argon2id$…".to_owned());
            imported
        };
        for _ in 0..MAX_IMPORTED_SECRETS {
            tx.clients().add_secret(world.t1.client.key, &imported()).await.unwrap();
        }
        conflict_about(tx.clients().add_secret(world.t1.client.key, &imported()).await, "imported secrets");
    }

    async fn the_use_of_a_secret_is_noted_in_its_own_tenant_without_touching_the_configuration(db) {
        let world = World::on(db).await;
        let before = world.version().await;
        let tx = world.write().await;
        let at = later(tx.now());
        assert!(tx.clients().touch_secret(world.t1.client.secrets[0].id, at).await.unwrap());
        assert!(!tx.clients().touch_secret(world.t1.client.secrets[0].id, tx.now()).await.unwrap());
        assert!(!tx.clients().touch_secret(world.t2.client.secrets[0].id, at).await.unwrap());
        tx.commit().await.unwrap();
        let own = world.read().await.clients().by_key(world.t1.client.key).await.unwrap().unwrap();
        assert_eq!(own.secrets[0].last_used_at, Some(at));
        assert_eq!(world.version().await, before);
    }
}
