//! A changed document: what it says is created or updated, and nothing is deleted.

use palatine_domain::client::ClientAuthMethod;
use palatine_domain::ids::TenantScoped as _;

use crate::support::{TestStore, on_both_databases};
use crate::world::World;

on_both_databases! {
    async fn each_part_is_updated_alone_and_named(db) {
        let world = World::new(db);
        let first = "apis:\n  orders: {scopes: {read: Read}}\nclients:\n  web: {kind: service}\nusers:\n  ada: {}\n";
        world.applied(first).await;
        let version = world.version("acme").await;
        assert_eq!(world.changes(&first.replace("read: Read", "read: Look")).await, ["scope read updated"]);
        assert_eq!(world.changes(&format!("display_name: A\n{first}")).await, ["settings acme updated", "scope read updated"]);
        let first = format!("display_name: A\n{first}");
        let named = first.replace("kind: service", "kind: service, name: The Web, auth_method: client_secret_post");
        assert_eq!(world.changes(&named).await, ["client web updated"]);
        assert_eq!(world.client("acme", "web").await.unwrap().settings.auth_method, ClientAuthMethod::ClientSecretPost);
        let api = named.replace("orders: {", "orders: {name: Orders, ");
        assert_eq!(world.changes(&api).await, ["API orders updated"]);
        assert_eq!(world.changes(&api.replace("ada: {}", "ada: {enabled: false}")).await, ["user ada updated"]);
        assert_eq!(world.version("acme").await.0, version.0 + 4, "the configuration's version counts all but the user");
    }

    async fn what_a_document_no_longer_names_stays(db) {
        let world = World::new(db);
        let first = "custom_fields:\n  team: {type: string}\napis:\n  orders: {scopes: {read: Read}}\n\
                     clients:\n  web: {kind: service}\nusers:\n  ada: {custom: {team: red}, roles: [realm-admin]}\n";
        world.applied(first).await;
        assert_eq!(world.changes("").await, [] as [&str; 0]);
        assert!(world.client("acme", "web").await.is_some());
        assert_eq!(world.user("acme", "ada").await.unwrap().custom["team"], "red");
        let read = world.read("acme").await;
        assert_eq!(read.settings().get().await.unwrap().custom_fields.len(), 1);
        assert!(read.apis().by_identifier("orders").await.unwrap().is_some());
        drop(read);
        // And what stayed can be referred to.
        assert_eq!(world.changes("users:\n  ada: {custom: {team: blue}}\n").await, ["user ada updated"]);
        let body = "clients:\n  job: {kind: service, scopes: {default: [read]}, apis: [orders]}\n";
        assert_eq!(world.changes(body).await, ["client job created"]);
    }

    async fn what_a_document_does_not_say_about_a_user_stays(db) {
        let world = World::new(db);
        let first = "users:\n  ada:\n    email: ada@example.com\n    email_verified: true\n    enabled: false\n    \
                     profile: {name: Ada, phone_number: '+44', phone_number_verified: true}\n";
        world.applied(first).await;
        world.applied("users:\n  ada: {profile: {nickname: ad}}\n").await;
        let ada = world.user("acme", "ada").await.unwrap();
        assert!(!ada.enabled && ada.email_verified);
        assert_eq!((ada.profile.name.as_deref(), ada.profile.nickname.as_deref()), (Some("Ada"), Some("ad")));
        assert_eq!(ada.profile.phone_number_verified, Some(true));
    }

    async fn a_proof_belongs_to_the_address_that_was_proved(db) {
        let world = World::new(db);
        let first = "users:\n  ada:\n    email: ada@example.com\n    email_verified: true\n    \
                     profile: {phone_number: '+44', phone_number_verified: true}\n";
        world.applied(first).await;
        world.applied("users:\n  ada: {email: new@example.com, profile: {phone_number: '+49'}}\n").await;
        let ada = world.user("acme", "ada").await.unwrap();
        assert_eq!((ada.email.as_deref(), ada.email_verified), (Some("new@example.com"), false));
        assert_eq!((ada.profile.phone_number.as_deref(), ada.profile.phone_number_verified), (Some("+49"), None));
    }

    async fn a_user_is_found_by_their_name_in_any_spelling_and_keeps_the_subject(db) {
        let world = World::new(db);
        world.applied("users:\n  Ada@Example.com: {subject: from-elsewhere}\n").await;
        assert_eq!(world.changes("users:\n  ada@example.com: {}\n").await, ["user ada@example.com updated"]);
        let ada = world.user("acme", "ada@example.com").await.unwrap();
        assert_eq!((ada.username.as_str(), ada.subject.as_str()), ("ada@example.com", "from-elsewhere"));
        let refusal = world.refusal("users:\n  ada@example.com: {subject: other}\n").await;
        assert!(refusal.contains("5:21: a user keeps the subject; this one's is `from-elsewhere`"), "{refusal}");
    }

    async fn a_group_that_gets_a_role_gives_it_to_its_members(db) {
        let world = World::new(db);
        let first = "roles:\n  clerk: {}\n  cook: {}\ngroups:\n  shop: {roles: [clerk]}\nusers:\n  ada: {groups: [shop]}\n";
        world.applied(first).await;
        assert_eq!(world.roles_of("acme", "ada").await, ["clerk"]);
        let second = first.replace("[clerk]", "[clerk, cook]");
        assert_eq!(world.changes(&second).await, ["group shop updated"]);
        assert_eq!(world.roles_of("acme", "ada").await, ["clerk", "cook"]);
        assert_eq!(world.changes(&second).await, [] as [&str; 0]);
        assert_eq!(world.changes(first).await, [] as [&str; 0]);
        assert_eq!(world.roles_of("acme", "ada").await, ["clerk", "cook"]);
    }

    async fn a_role_gets_another_description_and_keeps_its_holders(db) {
        let world = World::new(db);
        let first = "roles:\n  clerk: {description: Sells}\nusers:\n  ada: {roles: [clerk]}\n";
        world.applied(first).await;
        let second = first.replace("Sells", "Cooks");
        assert_eq!(world.changes(&second).await, ["role clerk updated"]);
        let clerk = world.read("acme").await.roles().by_name(None, "clerk").await.unwrap().unwrap();
        assert_eq!(clerk.description, "Cooks");
        assert_eq!(world.roles_of("acme", "ada").await, ["clerk"]);
        assert_eq!(world.changes(&second).await, [] as [&str; 0]);
    }

    async fn a_role_that_came_through_a_group_can_be_given_to_a_user_too(db) {
        let world = World::new(db);
        let first = "roles:\n  clerk: {}\ngroups:\n  shop: {roles: [clerk]}\nusers:\n  ada: {groups: [shop]}\n";
        world.applied(first).await;
        let second = first.replace("ada: {", "ada: {roles: [clerk], ");
        assert_eq!(world.changes(&second).await, ["user ada updated"]);
        let ada = world.user("acme", "ada").await.unwrap();
        assert_eq!(world.read("acme").await.roles().direct_roles_of_user(ada.id).await.unwrap().len(), 1);
        assert_eq!(world.changes(&second).await, [] as [&str; 0]);
    }

    async fn a_scope_can_move_to_an_api(db) {
        let world = World::new(db);
        world.applied("scopes: {read: Read}\n").await;
        assert_eq!(
            world.changes("apis:\n  orders: {scopes: {read: Read}}\n").await,
            ["API orders created", "scope read updated"]
        );
        let read = world.read("acme").await;
        let owner = read.apis().by_identifier("orders").await.unwrap().unwrap().id;
        let scopes = read.scopes().list().await.unwrap();
        assert!(scopes.iter().any(|scope| scope.scope.as_str() == "read" && scope.api == Some(owner)));
    }

    async fn a_realm_with_the_same_names_is_not_touched(db) {
        let world = World::new(db);
        let body = "clients:\n  web: {kind: service, secret: one-secret}\nusers:\n  ada: {}\n";
        world.run(&[crate::world::named("other", body)]).await.remove(0).unwrap();
        let before = (world.version("other").await, world.client("other", "web").await.unwrap().key);
        world.applied(&body.replace("one-secret", "two-secret").replace("{}", "{enabled: false}")).await;
        assert_eq!((world.version("other").await, world.client("other", "web").await.unwrap().key), before);
        assert!(world.has_secret("other", "web", "one-secret").await);
        assert!(!world.has_secret("other", "web", "two-secret").await);
        assert!(world.user("other", "ada").await.unwrap().enabled);
        assert_ne!(world.scope("acme").await.tenant_id(), world.scope("other").await.tenant_id());
    }
}
