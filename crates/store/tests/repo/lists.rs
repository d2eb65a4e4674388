//! Lists of the admin plane: filtered, in pages, each of its own tenant.

use std::time::Duration;

use palatine_domain::TokenHash;
use palatine_domain::client::{Client, ClientId};
use palatine_domain::grant::EndReason;
use palatine_domain::lockout::LockoutScope;
use palatine_domain::policy::{Lifetimes, LockoutPolicy};
use palatine_domain::registration::InitialAccessToken;
use palatine_domain::session::{Session, SessionState};
use palatine_store::{ConsentFilter, GrantFilter, SessionFilter, TenantTx};

use crate::filled::{client, device, grant, nobody, scopes, session, user};
use crate::support::{TestStore, on_both_databases};
use crate::world::{World, shown};

const SECOND: Duration = Duration::from_secs(1);

fn names(clients: &[Client]) -> Vec<&str> {
    clients.iter().map(|client| client.client_id.as_str()).collect()
}

async fn sessions<A>(tx: &TenantTx<A>, filter: SessionFilter) -> Vec<Session> {
    tx.sessions().list(&filter, None, 9).await.unwrap()
}

on_both_databases! {
    async fn clients_are_found_by_a_part_of_their_names(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        for (client_id, name) in [("a_b", "Shop 100%"), ("axb", "back\\slash"), ("z-APP", "Other")] {
            let next = Client { name: name.to_owned(), ..client(world.ambient(), client_id, &[]) };
            tx.clients().insert(&next).await.unwrap();
        }
        let found = async |text: &str| {
            let found = tx.clients().search(text, None, 9).await.unwrap();
            names(&found).join(" ")
        };
        assert_eq!(found("").await, "a_b app axb z-APP");
        assert_eq!(found("App").await, "app z-APP", "`The application` is the name of one");
        for (text, expected) in [("a_b", "a_b"), ("0%", "a_b"), ("%", "a_b"), ("k\\s", "axb"), ("\\", "axb"), ("q", "")] {
            assert_eq!(found(text).await, expected, "{text}");
        }
        let page = tx.clients().search("a", None, 2).await.unwrap();
        let after = ClientId::parse("app").unwrap();
        let rest = tx.clients().search("a", Some(&after), 9).await.unwrap();
        assert_eq!((names(&page), names(&rest)), (vec!["a_b", "app"], vec!["axb", "z-APP"]));
        tx.commit().await.unwrap();
        assert_eq!(names(&world.read_other().await.clients().search("a", None, 9).await.unwrap()), ["app"]);
    }

    async fn clients_are_listed_by_a_role_of_their_service_accounts(db) {
        let world = World::on(db).await;
        let (t1, t2) = (&world.t1, &world.t2);
        let tx = world.write().await;
        let second = client(world.ambient(), "second", &[]);
        tx.clients().insert(&second).await.unwrap();
        for key in [t1.client.key, second.key] {
            assert!(tx.roles().assign_to_client(t1.role.id, key).await.unwrap());
        }
        tx.commit().await.unwrap();
        let tx = world.read().await;
        let role = t1.role.id;
        assert_eq!(names(&tx.clients().with_role(role, None, 9).await.unwrap()), ["app", "second"]);
        assert_eq!(names(&tx.clients().with_role(role, None, 1).await.unwrap()), ["app"]);
        let after = t1.client.client_id.clone();
        assert_eq!(names(&tx.clients().with_role(role, Some(&after), 9).await.unwrap()), ["second"]);
        assert!(tx.clients().with_role(t2.role.id, None, 9).await.unwrap().is_empty());
        assert!(world.read_other().await.clients().with_role(role, None, 9).await.unwrap().is_empty());
    }

    async fn sessions_are_listed_by_user_by_client_and_by_whether_they_carry(db) {
        let world = World::on(db).await;
        let (t1, lifetimes) = (&world.t1, Lifetimes::default());
        let ann = user(world.ambient(), "ann", None);
        let tx = world.write().await;
        tx.users().insert(&ann).await.unwrap();
        world.db.clock.advance(SECOND);
        let remembered = Session { remembered: true, ..session(world.ambient(), &ann, "remembered") };
        world.db.clock.advance(SECOND);
        let ended = session(world.ambient(), &t1.user, "ended");
        for next in [&remembered, &ended] {
            tx.sessions().insert(next).await.unwrap();
        }
        tx.sessions().end(ended.id, EndReason::SignOut, tx.now()).await.unwrap().unwrap();
        tx.commit().await.unwrap();

        let ids = |found: &[Session]| found.iter().map(|session| session.id).collect::<Vec<_>>();
        let tx = world.read().await;
        assert_eq!(ids(&sessions(&tx, SessionFilter::default()).await), [ended.id, remembered.id, t1.session.id]);
        let of_user = SessionFilter { user: Some(t1.user.id), ..SessionFilter::default() };
        assert_eq!(ids(&sessions(&tx, of_user).await), [ended.id, t1.session.id]);
        let of_client = SessionFilter { client: Some(t1.client.key), ..SessionFilter::default() };
        assert_eq!(ids(&sessions(&tx, of_client).await), [t1.session.id]);
        let page = tx.sessions().list(&SessionFilter::default(), Some(ended.id), 1).await.unwrap();
        assert_eq!(ids(&page), [remembered.id]);
        drop(tx);

        // The database and the domain agree, to the microsecond.
        let live = || SessionFilter { live: Some(lifetimes.clone()), ..SessionFilter::default() };
        let micro = Duration::from_micros(1);
        for session in [&t1.session, &remembered] {
            for (at, state) in [
                (session.expires_at(&lifetimes).minus(micro), SessionState::Live),
                (session.expires_at(&lifetimes), SessionState::Expired),
            ] {
                world.db.clock.set(at);
                let tx = world.read().await;
                assert_eq!(session.state(tx.now(), &lifetimes), state);
                let found = ids(&sessions(&tx, live()).await);
                assert_eq!(found.contains(&session.id), state == SessionState::Live);
                assert!(!found.contains(&ended.id));
            }
        }
        let other = world.read_other().await;
        assert_eq!(ids(&sessions(&other, SessionFilter::default()).await), [world.t2.session.id]);
        let foreign = SessionFilter { user: Some(t1.user.id), ..SessionFilter::default() };
        assert!(sessions(&other, foreign).await.is_empty());
    }

    async fn consents_are_listed_by_user_and_by_client(db) {
        let world = World::on(db).await;
        let (t1, t2) = (&world.t1, &world.t2);
        world.db.clock.advance(SECOND);
        let second = client(world.ambient(), "second", &[]);
        let tx = world.write().await;
        tx.clients().insert(&second).await.unwrap();
        tx.consents().answer(t1.user.id, second.key, &scopes("openid"), &scopes("")).await.unwrap();
        tx.commit().await.unwrap();
        let tx = world.read().await;
        let all = tx.consents().list(&ConsentFilter::default(), None, 9).await.unwrap();
        assert_eq!(all.iter().map(|consent| consent.client).collect::<Vec<_>>(), [second.key, t1.client.key]);
        let rest = tx.consents().list(&ConsentFilter::default(), Some(all[0].id), 1).await.unwrap();
        assert_eq!(rest.iter().map(|consent| consent.id).collect::<Vec<_>>(), [all[1].id]);
        let count = async |filter: ConsentFilter| tx.consents().list(&filter, None, 9).await.unwrap().len();
        assert_eq!(count(ConsentFilter { user: Some(t1.user.id), client: None }).await, 2);
        assert_eq!(count(ConsentFilter { user: Some(t1.user.id), client: Some(second.key) }).await, 1);
        assert_eq!(count(ConsentFilter { user: Some(t2.user.id), client: None }).await, 0);
        let other = world.read_other().await;
        assert_eq!(other.consents().list(&ConsentFilter::default(), None, 9).await.unwrap().len(), 1);
    }

    async fn grants_are_listed_by_user_by_client_and_by_whether_they_were_ended(db) {
        let world = World::on(db).await;
        let (t1, t2) = (&world.t1, &world.t2);
        world.db.clock.advance(SECOND);
        let ended = grant(world.ambient(), &t1.client, &t1.session);
        let tx = world.write().await;
        tx.grants().insert(&ended).await.unwrap();
        assert!(tx.grants().end(ended.id, EndReason::Revoked, tx.now()).await.unwrap());
        tx.commit().await.unwrap();
        let tx = world.read().await;
        let found = async |filter: GrantFilter| {
            let found = tx.grants().list(&filter, None, 9).await.unwrap();
            found.iter().map(|grant| grant.id).collect::<Vec<_>>()
        };
        assert_eq!(found(GrantFilter::default()).await, [ended.id, t1.grant.id]);
        assert_eq!(found(GrantFilter { live: true, ..GrantFilter::default() }).await, [t1.grant.id]);
        assert_eq!(found(GrantFilter { user: Some(t1.user.id), ..GrantFilter::default() }).await.len(), 2);
        assert_eq!(found(GrantFilter { client: Some(t1.client.key), ..GrantFilter::default() }).await.len(), 2);
        assert!(found(GrantFilter { client: Some(t2.client.key), ..GrantFilter::default() }).await.is_empty());
        let rest = tx.grants().list(&GrantFilter::default(), Some(ended.id), 1).await.unwrap();
        assert_eq!(shown(&rest), shown(&[&t1.grant]));
        let other = world.read_other().await.grants().list(&GrantFilter::default(), None, 9).await.unwrap();
        assert_eq!(shown(&other), shown(&[&t2.grant]));
    }

    async fn initial_access_tokens_are_listed_and_taken_back_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let token = |wire: &str| InitialAccessToken {
            id: world.ambient().id(),
            hash: TokenHash::of(wire),
            uses_left: 3,
            created_at: world.now(),
            expires_at: world.now().plus(SECOND),
        };
        let first = token("first");
        world.db.clock.advance(SECOND);
        let second = token("second");
        let tx = world.write().await;
        for token in [&first, &second] {
            tx.initial_tokens().insert(token).await.unwrap();
        }
        assert_eq!(shown(&tx.initial_tokens().list(None, 9).await.unwrap()), shown(&[&second, &first]));
        assert_eq!(tx.initial_tokens().list(None, 1).await.unwrap().len(), 1);
        assert_eq!(shown(&tx.initial_tokens().list(Some(second.id), 9).await.unwrap()), shown(&[&first]));
        tx.commit().await.unwrap();
        let other = world.db.store.write(&world.t2.scope).await.unwrap();
        assert!(other.initial_tokens().list(None, 9).await.unwrap().is_empty());
        assert!(!other.initial_tokens().delete(second.id).await.unwrap());
        drop(other);
        let tx = world.write().await;
        assert!(tx.initial_tokens().delete(second.id).await.unwrap());
        assert!(!tx.initial_tokens().delete(second.id).await.unwrap());
        assert!(!tx.initial_tokens().use_once(&second.hash).await.unwrap());
    }

    async fn what_a_user_proves_themselves_with_is_listed_and_taken_away(db) {
        let world = World::on(db).await;
        let (t1, t2) = (&world.t1, &world.t2);
        let tx = world.write().await;
        let password = tx.credentials().password_of(t1.user.id).await.unwrap().unwrap();
        assert_eq!(shown(&tx.credentials().list_of(t1.user.id).await.unwrap()), shown(&[&password]));
        assert!(tx.credentials().list_of(t2.user.id).await.unwrap().is_empty());
        assert!(!tx.credentials().delete(nobody(world.ambient()), password.id).await.unwrap(), "another's");
        assert!(tx.credentials().delete(t1.user.id, password.id).await.unwrap());
        assert!(tx.credentials().password_of(t1.user.id).await.unwrap().is_none());
        tx.commit().await.unwrap();
        let other = world.db.store.write(&t2.scope).await.unwrap();
        let theirs = other.credentials().list_of(t2.user.id).await.unwrap();
        assert_eq!(theirs.len(), 1);
        drop(other);
        let tx = world.write().await;
        assert!(!tx.credentials().delete(t2.user.id, theirs[0].id).await.unwrap());
    }

    async fn browsers_that_an_account_knows_are_listed_and_forgotten(db) {
        let world = World::on(db).await;
        let (t1, t2) = (&world.t1, &world.t2);
        world.db.clock.advance(SECOND);
        let second = device(world.ambient(), &t1.user, "second");
        let tx = world.write().await;
        tx.devices().remember(&second).await.unwrap();
        assert_eq!(shown(&tx.devices().list_of(t1.user.id).await.unwrap()), shown(&[&second, &t1.device]));
        assert!(tx.devices().list_of(t2.user.id).await.unwrap().is_empty());
        assert!(!tx.devices().delete(t2.user.id, t2.device.id).await.unwrap());
        assert!(!tx.devices().delete(nobody(world.ambient()), second.id).await.unwrap());
        assert!(tx.devices().delete(t1.user.id, second.id).await.unwrap());
        assert!(!tx.devices().delete(t1.user.id, second.id).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(world.read_other().await.devices().list_of(t2.user.id).await.unwrap().len(), 1);
    }

    async fn an_account_is_unlocked_whoever_has_guessed_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let (jane, john) = (TokenHash::of("jane"), TokenHash::of("john"));
        let policy = LockoutPolicy::default();
        let counters = [(LockoutScope::Address, "203.0.113.7".to_owned()), (LockoutScope::Account, String::new())];
        for scope in [&world.t1.scope, &world.t2.scope] {
            let tx = world.db.store.write(scope).await.unwrap();
            for account in [&jane, &john] {
                for _ in 0..5 {
                    assert!(tx.lockouts().reserve(account, &counters, &policy, tx.now()).await.unwrap().is_ok());
                }
            }
            tx.commit().await.unwrap();
        }
        let tx = world.write().await;
        let counted = tx.lockouts().of_account(&jane).await.unwrap();
        let failures: Vec<_> = counted.iter().map(|(scope, _, counter)| (scope.as_str(), counter.failures)).collect();
        assert_eq!(failures, [("account", 5), ("address", 5)]);
        assert_eq!(counted[1].1, "203.0.113.7");
        assert!(counted[1].2.locked_until > tx.now());
        assert_eq!(tx.lockouts().unlock(std::slice::from_ref(&jane)).await.unwrap(), 2);
        assert_eq!(tx.lockouts().unlock(std::slice::from_ref(&jane)).await.unwrap(), 0);
        assert_eq!(tx.lockouts().unlock(&[]).await.unwrap(), 0);
        assert!(tx.lockouts().of_account(&jane).await.unwrap().is_empty());
        assert!(tx.lockouts().reserve(&jane, &counters, &policy, tx.now()).await.unwrap().is_ok());
        assert_eq!(tx.lockouts().of_account(&john).await.unwrap().len(), 2, "another account");
        tx.commit().await.unwrap();
        assert_eq!(world.read_other().await.lockouts().of_account(&jane).await.unwrap().len(), 2);
    }
}
