//! Nodes: resolvers over one database, as several processes would have it.

use std::sync::Arc;

use palatine_domain::client::{Client, ClientId};
use palatine_domain::tenant::RealmSettings;
use palatine_domain::{Ambient, RealmSlug};
use palatine_ephemeral::Ephemeral;
use palatine_realm::{MasterKeys, Realm, Resolver, ResolverSettings};
use palatine_store::Store;

use crate::support::TestStore;

pub(crate) const PUBLIC_URL: &str = "https://id.example.com/auth";

pub(crate) fn settings() -> ResolverSettings {
    ResolverSettings::new(PUBLIC_URL.parse().unwrap())
}

pub(crate) fn masters() -> MasterKeys {
    MasterKeys::new(&[[7; 32]]).unwrap()
}

/// A node with its own connections, so that it hears of others only as another process would.
pub(crate) async fn other_node(db: &TestStore) -> Resolver {
    let store = Store::connect(&db.database.settings, db.store.ambient().clone()).await.unwrap();
    node_over(&store)
}

/// A node over these connections.
pub(crate) fn node_over(store: &Store) -> Resolver {
    node_with(store, settings(), masters(), Ephemeral::memory(store.ambient().clone()))
}

pub(crate) fn node_with(
    store: &Store,
    settings: ResolverSettings,
    masters: MasterKeys,
    ephemeral: Ephemeral,
) -> Resolver {
    let ambient: Ambient = store.ambient().clone();
    Resolver::new(settings, store.clone(), ephemeral, masters, ambient).unwrap()
}

/// Makes a realm with settings.
pub(crate) async fn make_realm(db: &TestStore, slug: &str) {
    let scope = db.tenant(slug).await;
    let tx = db.store.write(&scope).await.unwrap();
    tx.settings().put(&named(slug)).await.unwrap();
    tx.commit().await.unwrap();
}

fn named(name: &str) -> RealmSettings {
    serde_json::from_value(serde_json::json!({"display_name": name})).unwrap()
}

/// Makes a realm and a node that serves it.
pub(crate) async fn realm_on_a_node(db: &TestStore, slug: &str) -> (Resolver, Realm) {
    make_realm(db, slug).await;
    let node = node_over(&db.store);
    let realm = node.by_slug(slug).await.unwrap();
    (node, realm)
}

/// Changes a realm's configuration.
pub(crate) async fn rename(db: &TestStore, slug: &str, name: &str) {
    let (scope, _) = db.store.tenant_by_slug(&RealmSlug::parse(slug).unwrap()).await.unwrap().unwrap();
    let tx = db.store.write(&scope).await.unwrap();
    tx.settings().put(&named(name)).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) async fn name_on(node: &Resolver, slug: &str) -> String {
    node.by_slug(slug).await.unwrap().settings().display_name.clone()
}

pub(crate) fn client_id(text: &str) -> ClientId {
    ClientId::parse(text).unwrap()
}

/// A web application that answers go to at `redirect_uri`.
pub(crate) fn web_client(ambient: &Ambient, id: &str, redirect_uri: &str) -> Client {
    let settings = serde_json::json!({
        "kind": "web",
        "auth_method": "client_secret_basic",
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code"],
    });
    Client {
        key: ambient.id(),
        client_id: client_id(id),
        name: id.to_owned(),
        enabled: true,
        settings: serde_json::from_value(settings).unwrap(),
        scopes: Vec::new(),
        linked_apis: Vec::new(),
        secrets: Vec::new(),
    }
}

pub(crate) async fn insert_client(realm: &Realm, client: &Client) {
    let tx = realm.write().await.unwrap();
    tx.clients().insert(client).await.unwrap();
    tx.commit().await.unwrap();
}

/// Runs `ask` on all nodes, `times` times each, at the same time.
pub(crate) async fn at_once<T, F>(nodes: &[Resolver], times: usize, ask: impl Fn(Resolver) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let gate = Arc::new(tokio::sync::Barrier::new(nodes.len() * times));
    let mut asking = Vec::new();
    for node in nodes.iter().cycle().take(nodes.len() * times) {
        let (gate, asked) = (Arc::clone(&gate), ask(node.clone()));
        asking.push(tokio::spawn(async move {
            gate.wait().await;
            asked.await
        }));
    }
    let mut answers = Vec::new();
    for answer in asking {
        answers.push(answer.await.unwrap());
    }
    answers
}
