//! A realm's clients, kept between requests.

use crate::nodes::{at_once, client_id, insert_client, make_realm, node_over, realm_on_a_node, web_client};
use crate::support::{TestStore, on_both_databases};

on_both_databases! {
    async fn a_client_is_read_once_for_all_who_ask(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        insert_client(&realm, &web_client(realm.ambient(), "app", "https://app.example.com/cb")).await;
        let before = db.store.statements();
        node_over(&db.store).by_slug("acme").await.unwrap().client(&client_id("app")).await.unwrap().unwrap();
        let one_load = db.store.statements() - before;
        node.by_slug("acme").await.unwrap();
        let before = db.store.statements();
        let answers = at_once(std::slice::from_ref(&node), 64, |node| async move {
            let realm = node.by_slug("acme").await.unwrap();
            realm.client(&client_id("app")).await.unwrap().is_some()
        }).await;
        assert!(answers.into_iter().all(|found| found));
        assert!(db.store.statements() - before < one_load, "one client, no realm");
        let loaded = db.store.statements();
        assert!(node.by_slug("acme").await.unwrap().client(&client_id("app")).await.unwrap().is_some());
        assert_eq!(db.store.statements(), loaded);
    }

    async fn a_client_that_does_not_exist_is_remembered_until_something_changes(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        assert!(realm.client(&client_id("app")).await.unwrap().is_none());
        let asked = db.store.statements();
        assert!(realm.client(&client_id("app")).await.unwrap().is_none());
        assert_eq!(db.store.statements(), asked);
        insert_client(&realm, &web_client(realm.ambient(), "app", "https://app.example.com/cb")).await;
        assert!(node.by_slug("acme").await.unwrap().client(&client_id("app")).await.unwrap().is_some());
    }

    async fn a_disabled_client_is_seen_as_such_by_the_next_request(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        let mut client = web_client(realm.ambient(), "app", "https://app.example.com/cb");
        insert_client(&realm, &client).await;
        assert!(node.by_slug("acme").await.unwrap().client(&client.client_id).await.unwrap().unwrap().enabled);
        client.enabled = false;
        let tx = realm.write().await.unwrap();
        tx.clients().update(&client).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!node.by_slug("acme").await.unwrap().client(&client.client_id).await.unwrap().unwrap().enabled);
    }

    async fn realms_with_the_same_client_id_each_have_their_own(db) {
        let (node, one) = realm_on_a_node(&db, "one").await;
        for slug in ["two", "three"] {
            make_realm(&db, slug).await;
        }
        let two = node.by_slug("two").await.unwrap();
        for (realm, uri) in [(&one, "https://one.example.com/cb"), (&two, "https://two.example.com/cb")] {
            insert_client(realm, &web_client(realm.ambient(), "app", uri)).await;
        }
        for (slug, uri) in [("one", "https://one.example.com/cb"), ("two", "https://two.example.com/cb")] {
            let client = node.by_slug(slug).await.unwrap().client(&client_id("app")).await.unwrap().unwrap();
            assert_eq!(client.settings.redirect_uris, [uri]);
        }
        assert!(node.by_slug("three").await.unwrap().client(&client_id("app")).await.unwrap().is_none());
    }

    async fn preflights_are_answered_from_the_origins_of_enabled_clients(db) {
        let (node, realm) = realm_on_a_node(&db, "acme").await;
        assert!(!realm.all_web_origins().await.unwrap().allows("https://app.example.com"));
        insert_client(&realm, &web_client(realm.ambient(), "app", "https://app.example.com/cb")).await;
        let mut disabled = web_client(realm.ambient(), "old", "https://old.example.com/cb");
        disabled.enabled = false;
        insert_client(&realm, &disabled).await;
        let realm = node.by_slug("acme").await.unwrap();
        let origins = realm.all_web_origins().await.unwrap();
        assert_eq!(origins.iter().collect::<Vec<_>>(), ["https://app.example.com"]);
        assert!(origins.is_complete() && !origins.allows("https://old.example.com"));
        let read = db.store.statements();
        assert_eq!(realm.all_web_origins().await.unwrap(), origins);
        assert_eq!(db.store.statements(), read);
    }
}
