//! People: their names, their search words, what finds them.

use std::time::Duration;

use palatine_domain::TokenHash;
use palatine_domain::grant::EndReason;
use palatine_domain::identifier::{IdentifierKinds, NormalisedIdentifier};
use palatine_domain::user::User;
use palatine_store::UserFilter;

use crate::filled::{family, nobody, token, user};
use crate::support::{TestStore, on_both_databases};
use crate::world::{World, conflict_about, shown};

fn name(typed: &str) -> NormalisedIdentifier {
    NormalisedIdentifier::parse(typed).unwrap()
}

fn usernames(users: &[User]) -> Vec<&str> {
    users.iter().map(|user| user.username.as_str()).collect()
}

on_both_databases! {
    async fn a_user_is_found_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.read().await;
        let jane = shown(&world.t1.user);
        assert_eq!(shown(&tx.users().by_id(world.t1.user.id).await.unwrap().unwrap()), jane);
        assert!(tx.users().by_id(world.t2.user.id).await.unwrap().is_none());
        assert_eq!(shown(&tx.users().by_subject("subject-of-jane").await.unwrap().unwrap()), jane);
        assert!(tx.users().by_subject("nobody").await.unwrap().is_none());
        for typed in ["Jane", "JANE@example.com"] {
            assert_eq!(shown(&tx.users().by_identifier(&name(typed)).await.unwrap().unwrap()), jane);
        }
        assert!(tx.users().by_identifier(&name("john")).await.unwrap().is_none());
    }

    async fn a_sign_in_name_gives_the_user_and_the_password_of_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        tx.users().insert(&user(world.ambient(), "without", None)).await.unwrap();
        let (found, password) = tx.users().for_sign_in(&name("jane")).await.unwrap().unwrap();
        assert_eq!(found.id, world.t1.user.id);
        assert_eq!(password.unwrap().user, world.t1.user.id);
        let (_, password) = tx.users().for_sign_in(&name("without")).await.unwrap().unwrap();
        assert!(password.is_none());
        assert!(tx.users().for_sign_in(&name("nobody")).await.unwrap().is_none());
    }

    async fn a_username_that_is_the_email_is_one_name(db) {
        let world = World::on(db).await;
        let john = user(world.ambient(), "John@Example.com", Some("john@example.com"));
        let tx = world.write().await;
        tx.users().insert(&john).await.unwrap();
        let both = IdentifierKinds { username: true, email: true };
        assert_eq!(tx.users().identifiers(john.id).await.unwrap(), [(name("john@example.com"), both)]);
        let of_jane = tx.users().identifiers(world.t1.user.id).await.unwrap();
        assert_eq!(of_jane.len(), 2);
        assert!(tx.users().identifiers(world.t2.user.id).await.unwrap().is_empty());
    }

    async fn names_are_unique_in_the_tenant_over_usernames_and_emails(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        let mut twin = user(world.ambient(), "jane", None);
        conflict_about(tx.users().insert(&twin).await, "subject");
        twin.subject = "other".into();
        twin.username = "JANE".into();
        conflict_about(tx.users().insert(&twin).await, "username");
        twin.username = "jane@example.com".into();
        conflict_about(tx.users().insert(&twin).await, "username");
        twin.username = "twin".into();
        twin.email = Some("JANE".to_owned());
        conflict_about(tx.users().insert(&twin).await, "email");
        assert!(tx.users().by_id(twin.id).await.unwrap().is_none(), "a refused user leaves nothing behind");
        twin.email = None;
        tx.users().insert(&twin).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.read().await.users().by_identifier(&name("twin")).await.unwrap().is_some());
    }

    async fn a_changed_user_keeps_names_and_words_in_step_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let mut jane = world.t1.user.clone();
        jane.username = "janet".into();
        jane.email = Some("jane".to_owned());
        jane.profile.name = Some("Janet Roe".to_owned());
        let tx = world.write().await;
        assert!(tx.users().update(&jane).await.unwrap());
        let names = tx.users().identifiers(jane.id).await.unwrap();
        let email = IdentifierKinds { username: false, email: true };
        let username = IdentifierKinds { username: true, email: false };
        assert_eq!(names, [(name("jane"), email), (name("janet"), username)]);
        assert!(tx.users().by_identifier(&name("jane@example.com")).await.unwrap().is_none());
        assert_eq!(usernames(&tx.users().search("roe", None, 9).await.unwrap()), ["janet"]);
        assert!(tx.users().search("doe", None, 9).await.unwrap().is_empty());
        assert_eq!(shown(&tx.users().by_id(jane.id).await.unwrap().unwrap()), shown(&jane));
        assert!(!tx.users().update(&world.t2.user).await.unwrap());
        tx.commit().await.unwrap();
        let other = world.read_other().await;
        assert!(other.users().by_identifier(&name("jane@example.com")).await.unwrap().is_some());
        assert_eq!(other.users().search("doe", None, 9).await.unwrap().len(), 1);
    }

    async fn a_profile_is_changed_by_who_saw_it_last_and_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let mut jane = world.t1.user.clone();
        let seen = jane.updated_at;
        jane.profile.name = Some("Janet Roe".to_owned());
        jane.custom.insert("team".to_owned(), "red".into());
        // Not part of a profile.
        jane.username = "another".into();
        let tx = world.write().await;
        assert!(!tx.users().update_profile(&world.t2.user, world.t2.user.updated_at).await.unwrap());
        assert!(tx.users().update_profile(&jane, seen).await.unwrap());
        assert!(!tx.users().update_profile(&world.t1.user, seen).await.unwrap(), "it was changed since");
        tx.commit().await.unwrap();
        let tx = world.read().await;
        let found = tx.users().by_id(jane.id).await.unwrap().unwrap();
        assert_eq!((found.profile, found.custom), (jane.profile, jane.custom));
        assert_eq!(found.username, world.t1.user.username);
        assert!(found.updated_at > seen);
        assert_eq!(tx.users().search("roe", None, 9).await.unwrap().len(), 1);
        assert!(tx.users().search("doe", None, 9).await.unwrap().is_empty());
        assert_eq!(world.read_other().await.users().search("doe", None, 9).await.unwrap().len(), 1);
    }

    async fn a_refused_change_changes_nothing(db) {
        let world = World::on(db).await;
        let mut john = user(world.ambient(), "john", Some("john@example.com"));
        let tx = world.write().await;
        tx.users().insert(&john).await.unwrap();
        let before = tx.users().identifiers(john.id).await.unwrap();
        john.username = "johnny".into();
        john.email = Some("jane@example.com".to_owned());
        conflict_about(tx.users().update(&john).await, "email");
        assert_eq!(tx.users().identifiers(john.id).await.unwrap(), before);
        assert_eq!(tx.users().by_id(john.id).await.unwrap().unwrap().username, "john");
    }

    async fn users_are_found_by_the_beginnings_of_their_words_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let mut john = user(world.ambient(), "john", Some("j.smith@example.org"));
        john.profile.name = Some("John Smith".to_owned());
        let tx = world.write().await;
        tx.users().insert(&john).await.unwrap();
        let search = async |text: &str| {
            let found = tx.users().search(text, None, 9).await.unwrap();
            let mut found: Vec<String> = found.into_iter().map(|user| user.username).collect();
            found.sort();
            found
        };
        assert_eq!(search("JO").await, ["john"]);
        assert_eq!(search("exam").await, ["jane", "john"]);
        assert_eq!(search("smi joh").await, ["john"]);
        assert_eq!(search("smith jane").await, [""; 0]);
        assert_eq!(search("%").await, ["jane", "john"], "no word is no condition");
        let page = tx.users().search("", None, 1).await.unwrap();
        let rest = tx.users().search("", Some(page[0].id), 9).await.unwrap();
        assert_eq!(rest.len(), 1);
        assert!(rest[0].id > page[0].id);
        tx.commit().await.unwrap();
        assert!(world.read_other().await.users().search("smith", None, 9).await.unwrap().is_empty());
    }

    async fn a_user_is_disabled_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        assert!(tx.users().set_enabled(world.t1.user.id, false).await.unwrap());
        assert!(!tx.users().set_enabled(world.t2.user.id, false).await.unwrap());
        assert!(!tx.users().set_enabled(nobody(world.ambient()), false).await.unwrap());
        tx.commit().await.unwrap();
        assert!(!world.read().await.users().by_id(world.t1.user.id).await.unwrap().unwrap().enabled);
        assert!(world.read_other().await.users().by_id(world.t2.user.id).await.unwrap().unwrap().enabled);
    }

    async fn who_is_disabled_is_signed_out_everywhere_and_offline_too(db) {
        let world = World::on(db).await;
        let offline = family(world.ambient(), &world.t1.grant, true);
        let tx = world.write().await;
        tx.refresh().start(&offline, &token(world.ambient(), &offline, "offline", None)).await.unwrap();
        tx.users().update(&world.t1.user).await.unwrap();
        assert_eq!(tx.sessions().of_user(world.t1.user.id).await.unwrap().len(), 1);
        tx.users().update(&User { enabled: false, ..world.t1.user.clone() }).await.unwrap();
        assert!(tx.sessions().of_user(world.t1.user.id).await.unwrap().is_empty());
        let context = tx.refresh().by_hash(&TokenHash::of("offline")).await.unwrap().unwrap();
        assert_eq!(context.family.ended_at, Some(tx.now()));
        assert_eq!(context.grant.ended, Some((tx.now(), EndReason::Admin)));
    }

    async fn a_user_is_removed_with_all_that_is_theirs_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        assert!(!tx.users().delete(world.t2.user.id).await.unwrap());
        assert!(tx.users().delete(world.t1.user.id).await.unwrap());
        assert!(tx.sessions().by_id(world.t1.session.id).await.unwrap().is_none());
        assert!(tx.grants().by_id(world.t1.grant.id).await.unwrap().is_none());
        tx.users().insert(&user(world.ambient(), "jane", Some("jane@example.com"))).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.read_other().await.users().by_id(world.t2.user.id).await.unwrap().is_some());
    }

    async fn users_are_found_by_all_that_is_asked_for_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        let mut made = Vec::new();
        for (username, enabled) in [("ann", true), ("anna", false), ("annabel", true)] {
            world.db.clock.advance(Duration::from_secs(1));
            let next = User { enabled, ..user(world.ambient(), username, None) };
            tx.users().insert(&next).await.unwrap();
            made.push(next);
        }
        for member in [&made[0], &made[1]] {
            assert!(tx.groups().add_member(world.t1.group.id, member.id).await.unwrap());
        }
        for holder in [&made[1], &made[2]] {
            assert!(tx.roles().assign_to_user(world.t1.role.id, holder.id).await.unwrap());
        }
        tx.commit().await.unwrap();

        let any = UserFilter::default;
        let (group, role) = (Some(world.t1.group.id), Some(world.t1.role.id));
        let (text, identifier) = ("doe ann".to_owned(), Some(name("ANNA")));
        let table: [(UserFilter, &[&str]); 13] = [
            (any(), &["jane", "ann", "anna", "annabel"]),
            (UserFilter { text: text.clone(), ..any() }, &["ann", "anna", "annabel"]),
            (UserFilter { text: "doe".to_owned(), enabled: Some(true), ..any() }, &["jane", "ann", "annabel"]),
            (UserFilter { text: text.clone(), group, ..any() }, &["ann", "anna"]),
            (UserFilter { text: text.clone(), group, role, ..any() }, &["anna"]),
            (UserFilter { text: text.clone(), enabled: Some(false), ..any() }, &["anna"]),
            (UserFilter { text: "nothing".to_owned(), group, ..any() }, &[]),
            (UserFilter { enabled: Some(true), ..any() }, &["jane", "ann", "annabel"]),
            (UserFilter { group, ..any() }, &["ann", "anna"]),
            (UserFilter { role, ..any() }, &["anna", "annabel"]),
            (UserFilter { group, role, enabled: Some(true), ..any() }, &[]),
            (UserFilter { identifier: identifier.clone(), group, text, ..any() }, &["anna"]),
            (UserFilter { identifier, enabled: Some(true), ..any() }, &[]),
        ];
        let (tx, other) = (world.read().await, world.read_other().await);
        for (filter, expected) in table {
            let found = tx.users().find(&filter, None, 9).await.unwrap();
            assert_eq!(usernames(&found), expected, "{filter:?}");
            if let [first, rest @ ..] = found.as_slice() {
                let page = tx.users().find(&filter, None, 1).await.unwrap();
                assert_eq!(page[0].id, first.id);
                let after = tx.users().find(&filter, Some(first.id), 9).await.unwrap();
                assert_eq!(usernames(&after), usernames(rest));
            }
            let foreign = other.users().find(&filter, None, 9).await.unwrap();
            assert!(foreign.iter().all(|user| user.id == world.t2.user.id), "{filter:?}");
        }
        assert!(other.users().find(&UserFilter { group, ..any() }, None, 9).await.unwrap().is_empty());
        assert!(other.users().find(&UserFilter { role, ..any() }, None, 9).await.unwrap().is_empty());
    }
}
