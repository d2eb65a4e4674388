//! Roles, groups, mappers and registrations in a document.

use crate::support::{TestStore, on_both_databases};
use crate::world::World;

const BODY: &str = "
apis:
  orders: {client: orders, scopes: {read: Read}}
roles:
  clerk: {}
  manager: {composites: [clerk, orders/editor]}
groups:
  shop: {roles: [clerk], groups: {board: {roles: [manager]}}}
clients:
  orders: {kind: service, roles: [orders/editor], client_roles: {editor: {description: Edits}}}
users:
  ada: {groups: [shop/board]}
  bob: {roles: [orders/editor]}
";

on_both_databases! {
    async fn what_a_document_gives_is_held_through_groups_and_composites(db) {
        let world = World::new(db);
        world.applied(BODY).await;
        assert_eq!(world.roles_of("acme", "ada").await, ["clerk", "editor", "manager"]);
        assert_eq!(world.roles_of("acme", "bob").await, ["editor"]);
        let tx = world.read("acme").await;
        let api = tx.apis().by_identifier("orders").await.unwrap().unwrap();
        let client = world.client("acme", "orders").await.unwrap();
        assert_eq!(api.client, Some(client.key), "one registration under one name");
        assert_eq!(tx.roles().roles_of_client(client.key).await.unwrap()[0].name, "editor");
    }

    async fn what_is_added_later_is_told_and_written_alone(db) {
        let world = World::new(db);
        world.applied(BODY).await;
        let more = "
roles:
  clerk: {composites: [orders/reader]}
groups:
  shop: {groups: {board: {groups: {chair: {}}}}}
clients:
  orders: {kind: service, client_roles: {reader: {}}, mappers: {m: {type: audience, audience: orders}}}
";
        assert_eq!(
            world.changes(more).await,
            [
                "role orders/reader created",
                "role clerk updated",
                "claim mapper orders/m created",
                "group shop/board/chair created",
            ]
        );
        assert_eq!(world.changes(more).await, [""; 0]);
        assert_eq!(world.roles_of("acme", "ada").await, ["clerk", "editor", "manager", "reader"]);
        let changed = more.replace("audience: orders}", "audience: orders }").replace("type: audience, audience: orders", "type: hardcoded, claim: a, value: 1, in: [userinfo]");
        assert_eq!(world.changes(&changed).await, ["claim mapper orders/m updated"]);
    }

    async fn a_circle_through_the_realm_is_refused(db) {
        let world = World::new(db);
        world.applied(BODY).await;
        let refusal = world.refusal("clients:\n  orders: {kind: service, client_roles: {editor: {composites: [manager]}}}").await;
        assert!(refusal.contains("5:64: `manager` brings `editor` along already"), "{refusal}");
    }

    async fn a_document_may_name_clients_that_it_does_not_describe(db) {
        let world = World::new(db);
        world.applied(BODY).await;
        let more = "
apis:
  stock: {client: orders}
scopes:
  s: {mappers: {a: {type: audience, audience: orders}, r: {type: role_list, client: orders, claim: r, in: [userinfo]}}}
";
        world.applied(more).await;
        let api = world.read("acme").await.apis().by_identifier("stock").await.unwrap().unwrap();
        assert_eq!(api.client, world.client("acme", "orders").await.map(|client| client.key));
    }
}
