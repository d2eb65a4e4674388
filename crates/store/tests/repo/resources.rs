//! APIs and scopes.

use palatine_domain::api::{Api, MAX_SCOPES_PER_API};

use crate::filled::{api, client, scope_of};
use crate::support::{TestStore, on_both_databases};
use crate::world::{World, conflict_about};

on_both_databases! {
    async fn apis_are_found_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.read().await;
        assert_eq!(tx.apis().list().await.unwrap(), std::slice::from_ref(&world.t1.api));
        assert_eq!(tx.apis().by_identifier("orders-api").await.unwrap(), Some(world.t1.api.clone()));
        assert_eq!(tx.apis().by_identifier("nothing").await.unwrap(), None);
        let other = world.read_other().await;
        assert_eq!(other.apis().by_identifier("orders-api").await.unwrap(), Some(world.t2.api.clone()));
    }

    async fn an_api_is_added_changed_and_removed_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let mut added = api(world.ambient(), "second-api");
        let tx = world.write().await;
        tx.apis().insert(&added).await.unwrap();
        added.name = "Renamed".into();
        assert!(tx.apis().update(&added).await.unwrap());
        let foreign = Api { name: "Stolen".to_owned(), ..world.t2.api.clone() };
        assert!(!tx.apis().update(&foreign).await.unwrap());
        assert!(!tx.apis().delete(world.t2.api.id).await.unwrap());
        assert!(tx.apis().delete(world.t1.api.id).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.read().await.apis().list().await.unwrap(), [added]);
        assert!(world.read().await.scopes().list().await.unwrap().is_empty(), "scopes go with their API");
        assert_eq!(world.read_other().await.apis().list().await.unwrap(), std::slice::from_ref(&world.t2.api));
        // The name is free again.
        let tx = world.write().await;
        tx.clients().insert(&client(world.ambient(), "orders-api", &[])).await.unwrap();
    }

    async fn an_identifier_equals_no_client_id_but_that_of_its_own_registration(db) {
        let world = World::on(db).await;
        let own = client(world.ambient(), "both", &[]);
        let tx = world.write().await;
        tx.clients().insert(&own).await.unwrap();
        let both = api(world.ambient(), "both");
        conflict_about(tx.apis().insert(&both).await, "identifier");
        let of_another = Api { client: Some(world.t1.client.key), ..both.clone() };
        conflict_about(tx.apis().insert(&of_another).await, "identifier");
        conflict_about(tx.apis().insert(&api(world.ambient(), "orders-api")).await, "identifier");
        conflict_about(tx.clients().insert(&client(world.ambient(), "orders-api", &[])).await, "client_id");
        assert_eq!(tx.apis().list().await.unwrap().len(), 1, "a refused API leaves nothing behind");
        let both = Api { client: Some(own.key), ..both };
        tx.apis().insert(&both).await.unwrap();
        assert_eq!(tx.apis().by_identifier("both").await.unwrap(), Some(both.clone()));
        let again = Api { client: Some(own.key), ..api(world.ambient(), "both") };
        conflict_about(tx.apis().insert(&again).await, "identifier");
        // Each keeps the name when the other goes.
        assert!(tx.clients().delete(own.key).await.unwrap());
        assert_eq!(tx.apis().by_identifier("both").await.unwrap().map(|api| api.client), Some(None));
        conflict_about(tx.clients().insert(&client(world.ambient(), "both", &[])).await, "client_id");
        assert!(tx.apis().delete(both.id).await.unwrap());
        tx.clients().insert(&client(world.ambient(), "both", &[])).await.unwrap();
    }

    async fn a_client_joins_the_api_that_waits_for_it_and_no_other(db) {
        let world = World::on(db).await;
        let (own, other) = (client(world.ambient(), "both", &[]), client(world.ambient(), "both", &[]));
        let tx = world.write().await;
        tx.apis().insert(&Api { client: Some(own.key), ..api(world.ambient(), "both") }).await.unwrap();
        conflict_about(tx.clients().insert(&other).await, "client_id");
        tx.clients().insert(&own).await.unwrap();
        assert!(tx.clients().delete(own.key).await.unwrap());
        conflict_about(tx.clients().insert(&other).await, "client_id");
    }

    async fn scopes_are_each_tenants_own(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        conflict_about(tx.scopes().insert(&scope_of(world.ambient(), "read:orders", None)).await, "scope");
        let mut plain = scope_of(world.ambient(), "plain", None);
        tx.scopes().insert(&plain).await.unwrap();
        plain.description = "Changed".into();
        plain.api = Some(world.t1.api.id);
        assert!(tx.scopes().update(&plain).await.unwrap());
        tx.commit().await.unwrap();
        let mine = world.read().await.scopes().list().await.unwrap();
        assert_eq!(mine, [plain, world.t1.orders.clone()]);
        assert_eq!(world.read_other().await.scopes().list().await.unwrap(), std::slice::from_ref(&world.t2.orders));
    }

    async fn a_scope_is_changed_and_removed_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let mut own = world.t1.orders.clone();
        own.description = "Changed".into();
        let foreign = palatine_domain::api::ScopeDefinition { api: None, ..world.t2.orders.clone() };
        let tx = world.write().await;
        assert!(tx.scopes().update(&own).await.unwrap());
        assert!(!tx.scopes().update(&foreign).await.unwrap());
        assert_eq!(tx.scopes().list().await.unwrap(), std::slice::from_ref(&own));
        assert!(!tx.scopes().delete(world.t2.orders.id).await.unwrap());
        assert!(tx.scopes().delete(own.id).await.unwrap());
        tx.commit().await.unwrap();
        assert!(world.read().await.scopes().list().await.unwrap().is_empty());
        let client = world.read().await.clients().by_key(world.t1.client.key).await.unwrap().unwrap();
        assert!(client.scopes.is_empty(), "a scope that is gone is gone from every client");
        assert_eq!(world.read_other().await.scopes().list().await.unwrap(), std::slice::from_ref(&world.t2.orders));
    }

    async fn a_scope_cannot_belong_to_another_tenants_api(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        conflict_about(tx.scopes().insert(&scope_of(world.ambient(), "x", Some(&world.t2.api))).await, "reference");
    }

    async fn an_api_owns_a_hundred_scopes_at_most(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        for n in 1..MAX_SCOPES_PER_API {
            tx.scopes().insert(&scope_of(world.ambient(), &format!("s{n}"), Some(&world.t1.api))).await.unwrap();
        }
        let mut extra = scope_of(world.ambient(), "extra", Some(&world.t1.api));
        conflict_about(tx.scopes().insert(&extra).await, "scopes of the API");
        extra.api = None;
        tx.scopes().insert(&extra).await.unwrap();
        extra.api = Some(world.t1.api.id);
        conflict_about(tx.scopes().update(&extra).await, "scopes of the API");
        assert!(tx.scopes().update(&world.t1.orders).await.unwrap(), "one that it owns already may change");
    }

    async fn apis_and_scopes_touch_the_configuration(db) {
        let world = World::on(db).await;
        let before = world.version().await;
        let tx = world.write().await;
        tx.apis().update(&world.t1.api).await.unwrap();
        tx.commit().await.unwrap();
        let tx = world.write().await;
        tx.scopes().update(&world.t1.orders).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.version().await, before + 2);
    }
}
