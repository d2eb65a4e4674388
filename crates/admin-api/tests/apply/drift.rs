//! What a realm holds and its document does not: shown without being changed, left, or removed.

use palatine_admin_api::ops::apply::{ApplyOptions, Prune, RealmOutcome, Reason};

use crate::support::{TestStore, on_both_databases};
use crate::world::{World, acme};

const BEFORE: &str = "\
roles:
  editor: {}
  reader: {}
apis:
  orders:
    scopes: {\"orders:read\": Read orders}
clients:
  app:
    kind: web
    redirect_uris: [https://app.example/]
  other:
    kind: web
    redirect_uris: [https://other.example/]
users:
  ada: {roles: [editor]}
  bob: {}
";

const AFTER: &str = "\
roles:
  editor: {}
clients:
  app:
    kind: web
    redirect_uris: [https://app.example/, https://app.example/more]
users:
  ada: {roles: [editor]}
";

async fn with(world: &World, body: &str, prune: Prune, dry_run: bool) -> Vec<String> {
    let apply = world.apply.clone().with_options(ApplyOptions { prune, dry_run });
    let outcome: RealmOutcome = apply.run(&[acme(body)], &Reason::parse("a test").unwrap()).await.pop().unwrap();
    outcome.unwrap_or_else(|failure| panic!("{failure}")).changes.iter().map(ToString::to_string).collect()
}

on_both_databases! {
    async fn a_dry_run_tells_what_apply_then_does_and_keeps_nothing(db) {
        let world = World::new(db);
        let told = with(&world, BEFORE, Prune::Nothing, true).await;
        assert!(!world.exists("acme").await, "a realm is not made for a look");
        assert_eq!(world.changes(BEFORE).await, told);

        let version = world.version("acme").await;
        let told = with(&world, AFTER, Prune::Configuration, true).await;
        assert_eq!(world.version("acme").await, version);
        assert!(world.client("acme", "other").await.is_some());
        assert_eq!(with(&world, AFTER, Prune::Configuration, false).await, told);
        assert!(with(&world, AFTER, Prune::Configuration, true).await.is_empty(), "nothing has drifted any more");
    }

    async fn what_is_not_described_stays_unless_it_is_to_go(db) {
        let world = World::new(db);
        world.applied(BEFORE).await;
        assert_eq!(with(&world, AFTER, Prune::Nothing, false).await, ["client app updated"]);
        assert!(world.client("acme", "other").await.is_some());

        let mut pruned = with(&world, AFTER, Prune::Configuration, false).await;
        pruned.sort_unstable();
        assert_eq!(pruned, ["API orders removed", "client other removed", "role reader removed"]);
        assert!(world.user("acme", "bob").await.is_some(), "people are not configuration");

        assert_eq!(with(&world, AFTER, Prune::UsersToo, false).await, ["user bob removed"]);
        assert!(world.user("acme", "ada").await.is_some());
    }
}
