//! Roles and groups.

use palatine_domain::admin::AdminRealm;
use palatine_domain::roles::{Group, Memberships, Role};
use palatine_store::TenantTx;

use crate::filled::{group, role};
use crate::support::{TestStore, on_both_databases};
use crate::world::{World, conflict_about};

fn names(roles: &[Role]) -> Vec<&str> {
    roles.iter().map(|role| role.name.as_str()).collect()
}

/// The roles that did not come with the realm.
async fn own_roles<A>(tx: &TenantTx<A>) -> Vec<Role> {
    let all = tx.roles().list().await.unwrap();
    let (built_in, own): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|role| role.built_in(AdminRealm::Customer).is_some());
    assert_eq!(names(&built_in), ["auditor", "client-manager", "realm-admin", "user-manager"]);
    own
}

on_both_databases! {
    async fn roles_are_each_tenants_own(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        assert_eq!(own_roles(&tx).await, std::slice::from_ref(&world.t1.role));
        assert_eq!(tx.roles().by_name(None, "editor").await.unwrap(), Some(world.t1.role.clone()));
        conflict_about(tx.roles().insert(&role(world.ambient(), "editor")).await, "role");
        let of_client = Role { client: Some(world.t1.client.key), ..role(world.ambient(), "editor") };
        tx.roles().insert(&of_client).await.unwrap();
        assert_eq!(tx.roles().by_name(of_client.client, "editor").await.unwrap(), Some(of_client));
        assert_eq!(tx.roles().by_name(Some(world.t2.client.key), "editor").await.unwrap(), None);
        let renamed = Role { name: "x".to_owned(), description: "May look".to_owned(), ..world.t1.role.clone() };
        assert!(tx.roles().update(&renamed).await.unwrap());
        let described = Role { description: "May look".to_owned(), ..world.t1.role.clone() };
        assert_eq!(tx.roles().by_name(None, "editor").await.unwrap(), Some(described), "its name stays");
        assert!(!tx.roles().update(&world.t2.role).await.unwrap());
        assert!(!tx.roles().delete(world.t2.role.id).await.unwrap());
        assert!(tx.roles().delete(world.t1.role.id).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(own_roles(&world.read().await).await.len(), 1);
        assert_eq!(own_roles(&world.read_other().await).await, std::slice::from_ref(&world.t2.role));
    }

    async fn a_role_of_another_tenants_client_cannot_be_stored(db) {
        let world = World::on(db).await;
        let foreign = Role { client: Some(world.t2.client.key), ..role(world.ambient(), "x") };
        conflict_about(world.write().await.roles().insert(&foreign).await, "reference");
    }

    async fn groups_are_each_tenants_own(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        assert_eq!(tx.groups().by_name(None, "staff").await.unwrap(), Some(world.t1.group.clone()));
        conflict_about(tx.groups().insert(&group(world.ambient(), "staff")).await, "group");
        let below = Group { parent: Some(world.t1.group.id), ..group(world.ambient(), "staff") };
        tx.groups().insert(&below).await.unwrap();
        assert_eq!(tx.groups().list().await.unwrap(), [world.t1.group.clone(), below.clone()]);
        assert_eq!(tx.groups().by_name(below.parent, "staff").await.unwrap(), Some(below));
        assert!(!tx.groups().delete(world.t2.group.id).await.unwrap());
        assert!(tx.groups().delete(world.t1.group.id).await.unwrap());
        assert!(tx.groups().list().await.unwrap().is_empty(), "what is under a group goes with it");
        tx.commit().await.unwrap();
        assert_eq!(world.read_other().await.groups().list().await.unwrap(), std::slice::from_ref(&world.t2.group));
    }

    async fn a_group_is_renamed_and_moved_within_its_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        let other = group(world.ambient(), "others");
        tx.groups().insert(&other).await.unwrap();
        let moved = Group { parent: Some(other.id), name: "crew".to_owned(), ..world.t1.group.clone() };
        assert!(tx.groups().update(&moved).await.unwrap());
        assert_eq!(tx.groups().by_name(Some(other.id), "crew").await.unwrap(), Some(moved));
        assert_eq!(tx.groups().by_name(None, "staff").await.unwrap(), None);
        let taken = Group { parent: None, name: "others".to_owned(), ..world.t1.group.clone() };
        conflict_about(tx.groups().update(&taken).await, "group");
        let foreign = Group { name: "stolen".to_owned(), ..world.t2.group.clone() };
        assert!(!tx.groups().update(&foreign).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.read_other().await.groups().list().await.unwrap(), std::slice::from_ref(&world.t2.group));
    }

    async fn users_join_groups_of_their_own_tenant(db) {
        let world = World::on(db).await;
        let (t1, t2) = (&world.t1, &world.t2);
        let tx = world.write().await;
        assert!(!tx.groups().add_member(t1.group.id, t2.user.id).await.unwrap());
        assert!(!tx.groups().add_member(t2.group.id, t1.user.id).await.unwrap());
        assert!(tx.groups().add_member(t1.group.id, t1.user.id).await.unwrap());
        assert!(tx.groups().add_member(t1.group.id, t1.user.id).await.unwrap(), "twice is once");
        assert_eq!(tx.groups().groups_of_user(t1.user.id).await.unwrap(), std::slice::from_ref(&t1.group));
        assert!(tx.groups().groups_of_user(t2.user.id).await.unwrap().is_empty());
        assert!(!tx.groups().remove_member(t2.group.id, t2.user.id).await.unwrap());
        assert!(tx.groups().remove_member(t1.group.id, t1.user.id).await.unwrap());
        assert!(!tx.groups().remove_member(t1.group.id, t1.user.id).await.unwrap());
    }

    async fn a_user_has_their_own_roles_those_of_groups_above_and_all_that_these_bring_along(db) {
        let world = World::on(db).await;
        let ambient = world.ambient();
        let [direct, inherited, brought, unrelated] = ["a", "b", "c", "d"].map(|name| role(ambient, name));
        let below = Group { parent: Some(world.t1.group.id), ..group(ambient, "team") };
        let user = world.t1.user.id;
        let tx = world.write().await;
        for role in [&direct, &inherited, &brought, &unrelated] {
            tx.roles().insert(role).await.unwrap();
        }
        tx.groups().insert(&below).await.unwrap();
        assert!(tx.groups().add_member(below.id, user).await.unwrap());
        assert!(tx.roles().assign_to_user(direct.id, user).await.unwrap());
        assert!(tx.roles().assign_to_group(inherited.id, world.t1.group.id).await.unwrap());
        assert!(tx.roles().add_composite(inherited.id, brought.id).await.unwrap());
        assert!(tx.roles().add_composite(brought.id, inherited.id).await.unwrap(), "a circle does no harm");
        assert_eq!(names(&tx.roles().roles_of_user(user).await.unwrap()), ["a", "b", "c"]);
        assert_eq!(names(&tx.roles().direct_roles_of_user(user).await.unwrap()), ["a"]);
        assert_eq!(names(&tx.roles().roles_of_group(world.t1.group.id).await.unwrap()), ["b"]);
        assert!(tx.roles().roles_of_group(below.id).await.unwrap().is_empty(), "what the group above has is its own");
        assert!(tx.roles().roles_of_user(world.t2.user.id).await.unwrap().is_empty());
        assert!(tx.roles().remove_composite(inherited.id, brought.id).await.unwrap());
        assert_eq!(names(&tx.roles().roles_of_user(user).await.unwrap()), ["a", "b"]);
        assert!(tx.roles().unassign_from_group(inherited.id, world.t1.group.id).await.unwrap());
        assert!(tx.roles().unassign_from_user(direct.id, user).await.unwrap());
        assert!(tx.roles().roles_of_user(user).await.unwrap().is_empty());
    }

    async fn the_graph_of_a_realm_holds_all_that_its_roles_and_groups_bring_along(db) {
        let world = World::on(db).await;
        let (t1, ambient) = (&world.t1, world.ambient());
        let of_client = Role { client: Some(t1.client.key), ..role(ambient, "own") };
        let below = Group { parent: Some(t1.group.id), ..group(ambient, "team") };
        let before = world.version().await;
        let tx = world.write().await;
        tx.roles().insert(&of_client).await.unwrap();
        tx.groups().insert(&below).await.unwrap();
        assert!(tx.roles().add_composite(t1.role.id, of_client.id).await.unwrap());
        assert!(tx.roles().assign_to_group(t1.role.id, t1.group.id).await.unwrap());
        assert!(tx.roles().assign_to_client(of_client.id, t1.client.key).await.unwrap());
        assert!(tx.roles().assign_to_user(of_client.id, t1.user.id).await.unwrap());
        assert!(tx.groups().add_member(below.id, t1.user.id).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.version().await, before + 1, "what nodes keep of roles is out of date");

        let tx = world.read().await;
        assert_eq!(tx.roles().composites().await.unwrap(), [(t1.role.id, of_client.id)]);
        assert_eq!(tx.roles().owners().await.unwrap(), [(t1.client.key, "app".to_owned())]);
        let memberships = tx.roles().memberships(t1.user.id).await.unwrap();
        assert_eq!(memberships, Memberships { roles: vec![of_client.id], groups: vec![below.id] });
        let graph = tx.roles().graph().await.unwrap();
        let holdings = graph.of_person(&memberships);
        assert!(holdings.realm_roles.iter().eq(["editor"]) && holdings.groups.iter().eq(["staff", "staff/team"]));
        assert!(holdings.client_roles[&t1.client.key].roles.iter().eq(["own"]));
        assert_eq!(graph.of_service(t1.client.key).client_roles, holdings.client_roles);

        assert_eq!(tx.roles().memberships(world.t2.user.id).await.unwrap(), Memberships::default());
        let other = world.read_other().await;
        assert!(other.roles().composites().await.unwrap().is_empty() && other.roles().owners().await.unwrap().is_empty());
        assert_eq!(other.roles().memberships(t1.user.id).await.unwrap(), Memberships::default());
        assert!(other.roles().graph().await.unwrap().of_person(&memberships).groups.is_empty());
    }

    async fn what_a_user_is_given_is_no_change_of_the_realm(db) {
        let world = World::on(db).await;
        let before = world.version().await;
        let tx = world.write().await;
        assert!(tx.roles().assign_to_user(world.t1.role.id, world.t1.user.id).await.unwrap());
        assert!(tx.groups().add_member(world.t1.group.id, world.t1.user.id).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.version().await, before);
    }

    async fn a_clients_service_account_has_roles(db) {
        let world = World::on(db).await;
        let (t1, t2) = (&world.t1, &world.t2);
        let tx = world.write().await;
        assert!(!tx.roles().assign_to_client(t1.role.id, t2.client.key).await.unwrap());
        assert!(!tx.roles().assign_to_client(t2.role.id, t1.client.key).await.unwrap());
        assert!(tx.roles().assign_to_client(t1.role.id, t1.client.key).await.unwrap());
        assert_eq!(tx.roles().roles_of_client(t1.client.key).await.unwrap(), std::slice::from_ref(&t1.role));
        assert!(tx.roles().roles_of_client(t2.client.key).await.unwrap().is_empty());
        assert!(!tx.roles().unassign_from_client(t2.role.id, t2.client.key).await.unwrap());
        assert!(tx.roles().unassign_from_client(t1.role.id, t1.client.key).await.unwrap());
    }

    async fn roles_are_given_and_taken_inside_a_tenant_alone(db) {
        let world = World::on(db).await;
        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        other.roles().assign_to_user(world.t2.role.id, world.t2.user.id).await.unwrap();
        other.roles().assign_to_group(world.t2.role.id, world.t2.group.id).await.unwrap();
        other.roles().add_composite(world.t2.role.id, world.t2.role.id).await.unwrap();
        other.commit().await.unwrap();

        let (t1, t2) = (&world.t1, &world.t2);
        let tx = world.write().await;
        assert!(!tx.roles().assign_to_user(t1.role.id, t2.user.id).await.unwrap());
        assert!(!tx.roles().assign_to_user(t2.role.id, t1.user.id).await.unwrap());
        assert!(!tx.roles().assign_to_group(t1.role.id, t2.group.id).await.unwrap());
        assert!(!tx.roles().assign_to_group(t2.role.id, t1.group.id).await.unwrap());
        assert!(!tx.roles().add_composite(t1.role.id, t2.role.id).await.unwrap());
        assert!(!tx.roles().add_composite(t2.role.id, t1.role.id).await.unwrap());
        assert!(tx.roles().direct_roles_of_user(t2.user.id).await.unwrap().is_empty());
        assert!(tx.roles().roles_of_group(t2.group.id).await.unwrap().is_empty());
        assert!(!tx.roles().unassign_from_user(t2.role.id, t2.user.id).await.unwrap());
        assert!(!tx.roles().unassign_from_group(t2.role.id, t2.group.id).await.unwrap());
        assert!(!tx.roles().remove_composite(t2.role.id, t2.role.id).await.unwrap());
        tx.commit().await.unwrap();
        let other = world.read_other().await;
        let theirs = std::slice::from_ref(&t2.role);
        assert_eq!(other.roles().roles_of_user(t2.user.id).await.unwrap(), theirs);
        assert_eq!(other.roles().direct_roles_of_user(t2.user.id).await.unwrap(), theirs);
        assert_eq!(other.roles().roles_of_group(t2.group.id).await.unwrap(), theirs);
    }
}
