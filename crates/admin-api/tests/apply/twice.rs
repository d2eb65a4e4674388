//! The same document again.

use crate::support::{TestStore, on_both_databases};
use crate::world::{World, acme};

const BODY: &str = "
display_name: Acme
custom_fields:
  team: {type: string}
apis:
  orders: {scopes: {read: Read, write: Write}}
  shop: {client: shop, scopes: {sell: {description: Sell, mappers: {also: {type: audience, audience: orders}}}}}
scopes:
  plain: A scope of no API
  profile:
    mappers:
      team: {type: user_attribute, field: team, claim: org.team, in: [access_token, userinfo]}
roles:
  clerk: {description: Sells}
  manager: {composites: [clerk, shop/keeper]}
groups:
  shop: {roles: [clerk], groups: {board: {roles: [manager, shop/keeper]}}}
clients:
  shop:
    kind: service
    roles: [shop/keeper, web/reader]
    client_roles: {keeper: {description: Keeps the shop, composites: [web/reader]}}
  web-roles: {kind: service, realm_roles_in_tokens: [clerk]}
  web:
    kind: web
    secret: web-secret
    redirect_uris: [https://a.example/cb]
    scopes: {default: [openid, read]}
    client_roles: {reader: {}}
    mappers: {plan: {type: hardcoded, claim: plan, value: gold, in: [id_token]}}
  job: {kind: service, secrets: {old: one-secret, new: two-secret}, apis: [orders], roles: [clerk]}
users:
  ada: {email: Ada@Example.com, custom: {team: red}, groups: [shop, shop/board], roles: [realm-admin, shop/keeper]}
";

on_both_databases! {
    async fn a_second_application_changes_nothing(db) {
        let world = World::new(db);
        assert!(world.applied(BODY).await.created);
        let version = world.version("acme").await;
        let hashed = world.pool.counts().hashed;
        let again = world.applied(BODY).await;
        assert!(!again.created);
        assert_eq!(again.changes, []);
        assert_eq!(world.version("acme").await, version);
        assert_eq!(world.pool.counts().hashed, hashed, "what is known is compared, not hashed anew");
    }

    async fn a_second_application_only_reads(db) {
        let world = World::new(db);
        world.applied(BODY).await;
        let scope = world.scope("acme").await;
        // SQLite has one writer: whoever wanted to write now would wait in vain.
        let writing = world.db.store.write(&scope).await.unwrap();
        let before = world.db.store.statements();
        assert_eq!(world.applied(BODY).await.changes, []);
        let second = world.db.store.statements() - before;
        world.applied(BODY).await;
        assert_eq!(world.db.store.statements() - before, 2 * second);
        drop(writing);
    }

    async fn the_order_of_a_document_means_nothing(db) {
        let world = World::new(db);
        world.applied("clients:\n  b: {kind: service, scopes: {optional: [email, openid]}}\n  a: {kind: service}\n").await;
        let again = "clients:\n  a: {kind: service}\n  b: {kind: service, scopes: {optional: [openid, email]}}\n";
        assert_eq!(world.applied(again).await.changes, []);
    }
}

#[tokio::test]
async fn one_realm_is_described_once() {
    let world = World::new(TestStore::sqlite().await);
    let outcomes = world.run(&[acme(""), acme("display_name: Other\n")]).await;
    assert!(outcomes[0].is_ok());
    insta::assert_snapshot!(outcomes[1].as_ref().unwrap_err(), @"realms/acme.yaml:3:1: the realm `acme` is described at realms/acme.yaml:3:1 already");
}
