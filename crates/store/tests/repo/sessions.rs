//! Login sessions.

use palatine_domain::TokenHash;
use palatine_domain::client::Client;
use palatine_domain::grant::EndReason;
use palatine_domain::session::Acr;

use crate::filled::{client, code, family, grant, later, session, token};
use crate::support::{TestStore, on_both_databases};
use crate::world::{World, conflict_about};

on_both_databases! {
    async fn a_session_is_found_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.read().await;
        let own = &world.t1.session;
        assert_eq!(tx.sessions().by_cookie(&own.cookie).await.unwrap().as_ref(), Some(own));
        assert_eq!(tx.sessions().by_id(own.id).await.unwrap().as_ref(), Some(own));
        assert_eq!(tx.sessions().of_user(world.t1.user.id).await.unwrap(), std::slice::from_ref(own));
        assert_eq!(tx.sessions().by_id(world.t2.session.id).await.unwrap(), None);
        assert!(tx.sessions().of_user(world.t2.user.id).await.unwrap().is_empty());
        assert_eq!(tx.sessions().by_cookie(&TokenHash::of("nothing")).await.unwrap(), None);
    }

    async fn a_cookie_names_one_session(db) {
        let world = World::on(db).await;
        let twin = session(world.ambient(), &world.t1.user, "session cookie");
        conflict_about(world.write().await.sessions().insert(&twin).await, "session");
        let foreign = session(world.ambient(), &world.t2.user, "fresh");
        conflict_about(world.write().await.sessions().insert(&foreign).await, "reference");
    }

    async fn the_use_of_a_session_is_noted_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        let at = later(tx.now());
        assert!(tx.sessions().touch(world.t1.session.id, at).await.unwrap());
        assert!(!tx.sessions().touch(world.t1.session.id, tx.now()).await.unwrap(), "never back in time");
        assert!(!tx.sessions().touch(world.t2.session.id, at).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.read().await.sessions().by_id(world.t1.session.id).await.unwrap().unwrap().last_seen_at, at);
        let other = world.read_other().await.sessions().by_id(world.t2.session.id).await.unwrap();
        assert_eq!(other.unwrap(), world.t2.session);
    }

    async fn a_new_cookie_makes_the_old_one_worthless_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let new = TokenHash::of("new cookie");
        let tx = world.write().await;
        let at = later(tx.now());
        let rotate = async |id| tx.sessions().rotate_cookie(id, &new, at, Acr::TwoFactors, "pwd otp", true).await.unwrap();
        assert!(!rotate(world.t2.session.id).await);
        assert!(rotate(world.t1.session.id).await);
        tx.commit().await.unwrap();
        let tx = world.read().await;
        assert_eq!(tx.sessions().by_cookie(&world.t1.session.cookie).await.unwrap(), None);
        let found = tx.sessions().by_cookie(&new).await.unwrap().unwrap();
        assert_eq!((found.id, found.acr, found.remembered), (world.t1.session.id, Acr::TwoFactors, true));
        assert_eq!((found.amr.as_str(), found.authenticated_at, found.last_seen_at), ("pwd otp", at, at));
        let other = world.read_other().await.sessions().by_cookie(&world.t2.session.cookie).await.unwrap();
        assert_eq!(other.unwrap(), world.t2.session);
    }

    async fn a_session_ends_once_and_in_its_own_tenant_with_what_it_carried(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        let now = tx.now();
        assert!(tx.sessions().end(world.t2.session.id, EndReason::SignOut, now).await.unwrap().is_none());
        let ended = tx.sessions().end(world.t1.session.id, EndReason::SignOut, now).await.unwrap().unwrap();
        assert!(ended.cookie.matches(&world.t1.session.cookie));
        assert!(tx.sessions().end(world.t1.session.id, EndReason::Admin, now).await.unwrap().is_none());
        assert!(!tx.sessions().touch(world.t1.session.id, later(now)).await.unwrap());
        let hash = TokenHash::of("revived");
        let revived = tx.sessions().rotate_cookie(world.t1.session.id, &hash, now, Acr::OneFactor, "pwd", false).await;
        assert!(!revived.unwrap(), "an ended session stays ended");
        tx.commit().await.unwrap();
        let tx = world.read().await;
        assert_eq!(tx.sessions().by_id(world.t1.session.id).await.unwrap().unwrap().ended_at, Some(now));
        assert!(tx.sessions().of_user(world.t1.user.id).await.unwrap().is_empty());
        let grant = tx.grants().by_id(world.t1.grant.id).await.unwrap().unwrap();
        assert_eq!(grant.ended, Some((now, EndReason::SignOut)));
        let context = tx.refresh().by_hash(&TokenHash::of("refresh token")).await.unwrap().unwrap();
        assert_eq!(context.family.ended_at, Some(now));
        let other = world.read_other().await;
        assert_eq!(other.sessions().by_id(world.t2.session.id).await.unwrap().unwrap(), world.t2.session);
        assert!(other.grants().by_id(world.t2.grant.id).await.unwrap().unwrap().ended.is_none());
    }

    async fn an_offline_family_and_its_grant_outlive_the_session(db) {
        let world = World::on(db).await;
        let ambient = world.ambient();
        let offline = grant(ambient, &world.t1.client, &world.t1.session);
        let line = family(ambient, &offline, true);
        let elsewhere = session(ambient, &world.t1.user, "another browser");
        let there = grant(ambient, &world.t1.client, &elsewhere);
        let tx = world.write().await;
        tx.grants().insert_with_code(&offline, &code(ambient, &offline, "offline code")).await.unwrap();
        tx.refresh().start(&line, &token(ambient, &line, "offline", None)).await.unwrap();
        tx.sessions().insert(&elsewhere).await.unwrap();
        tx.grants().insert_with_code(&there, &code(ambient, &there, "code there")).await.unwrap();
        assert!(tx.sessions().end(world.t1.session.id, EndReason::SignOut, tx.now()).await.unwrap().is_some());
        let ended = async |id| tx.grants().by_id(id).await.unwrap().unwrap().ended.is_some();
        assert!(ended(world.t1.grant.id).await);
        assert!(!ended(offline.id).await);
        assert!(!ended(there.id).await, "another session's grant is none of its business");
        let context = tx.refresh().by_hash(&TokenHash::of("offline")).await.unwrap().unwrap();
        assert_eq!((context.family.id, context.family.ended_at), (line.id, None));
    }

    async fn a_grant_whose_offline_family_is_over_ends_with_the_session(db) {
        let world = World::on(db).await;
        let ambient = world.ambient();
        let line = family(ambient, &world.t1.grant, true);
        let tx = world.write().await;
        tx.refresh().start(&line, &token(ambient, &line, "offline", None)).await.unwrap();
        assert!(tx.refresh().end_family(line.id, EndReason::TokenReplayed, tx.now()).await.unwrap());
        tx.sessions().end(world.t1.session.id, EndReason::SignOut, tx.now()).await.unwrap();
        assert!(tx.grants().by_id(world.t1.grant.id).await.unwrap().unwrap().ended.is_some());
    }

    async fn the_clients_of_a_session_are_found_and_those_told_that_want_it_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let ambient = world.ambient();
        let client = |name: &str, backchannel: Option<&str>| {
            let mut client = client(ambient, name, &[]);
            client.settings.logout.backchannel_uri = backchannel.map(str::to_owned);
            client
        };
        let told = client("told", Some("https://told.example/out"));
        let asleep = Client { enabled: false, ..client("asleep", Some("https://asleep.example/out")) };
        let absent = client("absent", Some("https://absent.example/out"));
        let tx = world.write().await;
        for client in [&told, &asleep, &absent] {
            tx.clients().insert(client).await.unwrap();
        }
        let again = [grant(ambient, &told, &world.t1.session), grant(ambient, &told, &world.t1.session)];
        for grant in again.iter().chain([&grant(ambient, &asleep, &world.t1.session)]) {
            tx.grants().insert(grant).await.unwrap();
        }
        tx.grants().end(again[0].id, EndReason::Revoked, tx.now()).await.unwrap();
        let ended = tx.sessions().end(world.t1.session.id, EndReason::SignOut, tx.now()).await.unwrap().unwrap();
        let names: Vec<_> = ended.parties.iter().map(|party| party.client_id.as_str()).collect();
        assert_eq!(names, ["app", "told"]);
        tx.commit().await.unwrap();
        assert_eq!(world.count("SELECT count(*) FROM outbox").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM outbox WHERE tenant_id = {tenant}").await, 1);
    }

    async fn all_sessions_of_a_user_end_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        tx.sessions().insert(&session(world.ambient(), &world.t1.user, "another browser")).await.unwrap();
        let end = async |user| tx.sessions().end_all_of_user(user, EndReason::Admin, tx.now()).await.unwrap().len();
        assert_eq!(end(world.t2.user.id).await, 0);
        assert_eq!(end(world.t1.user.id).await, 2);
        assert_eq!(end(world.t1.user.id).await, 0);
        tx.commit().await.unwrap();
        assert_eq!(world.read_other().await.sessions().of_user(world.t2.user.id).await.unwrap().len(), 1);
    }
}
