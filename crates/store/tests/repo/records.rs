//! Interactions, posted requests, revocations, audit events, the outbox.

use std::time::Duration;

use palatine_domain::TokenHash;
use palatine_domain::audit::{Actor, AuditKind, OutboxEntry};
use palatine_domain::interaction::AccountChoice;
use palatine_store::{AuditCursor, AuditFilter};

use crate::filled::{HANDLE, JTI, event, later};
use crate::support::{TestStore, on_both_databases};
use crate::world::{World, shown};

on_both_databases! {
    async fn an_interaction_is_seen_and_taken_once_in_its_own_tenant(db) {
        let world = World::on(db).await;
        let (own, foreign) = (world.t1.interaction.id, world.t2.interaction.id);
        let tx = world.write().await;
        let found = tx.interactions().get(own).await.unwrap().unwrap();
        assert_eq!(shown(&found), shown(&world.t1.interaction));
        assert_eq!(found.request, world.t1.interaction.request);
        assert!(tx.interactions().get(foreign).await.unwrap().is_none());
        assert!(tx.interactions().authenticated(own, world.t1.session.id).await.unwrap());
        assert!(!tx.interactions().authenticated(foreign, world.t1.session.id).await.unwrap());
        let found = tx.interactions().get(own).await.unwrap().unwrap();
        assert_eq!(found.authenticated_in, Some(world.t1.session.id));
        for choice in [AccountChoice::Present(world.t1.session.id), AccountChoice::Another] {
            assert!(tx.interactions().account_chosen(own, choice).await.unwrap());
            assert!(!tx.interactions().account_chosen(foreign, choice).await.unwrap());
            assert_eq!(tx.interactions().get(own).await.unwrap().unwrap().account_choice, Some(choice));
        }
        assert!(!tx.interactions().take(foreign).await.unwrap());
        assert!(tx.interactions().take(own).await.unwrap());
        assert!(!tx.interactions().take(own).await.unwrap());
        tx.commit().await.unwrap();
        assert!(world.read().await.interactions().get(own).await.unwrap().is_none());
        let other = world.read_other().await.interactions().get(foreign).await.unwrap().unwrap();
        assert_eq!((other.authenticated_in, other.account_choice), (None, None));
        let tx = world.write().await;
        tx.interactions().insert(&world.t1.interaction).await.unwrap();
    }

    async fn a_posted_request_is_found_in_its_time_and_its_own_tenant(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        let (mine, theirs) = (TokenHash::of("mine"), TokenHash::of(HANDLE));
        tx.posted_requests().insert(&mine, "state=x", tx.now(), later(tx.now())).await.unwrap();
        assert_eq!(tx.posted_requests().get(&mine, tx.now()).await.unwrap().as_deref(), Some("state=x"));
        assert_eq!(tx.posted_requests().get(&mine, later(tx.now())).await.unwrap(), None);
        assert!(tx.posted_requests().get(&theirs, tx.now()).await.unwrap().is_some());
        tx.commit().await.unwrap();
        let other = world.read_other().await;
        assert_eq!(other.posted_requests().get(&mine, other.now()).await.unwrap(), None);
    }

    async fn a_token_is_revoked_in_its_own_tenant_and_twice_is_once(db) {
        let world = World::on(db).await;
        let tx = world.write().await;
        tx.revoked_tokens().insert("mine", later(tx.now())).await.unwrap();
        tx.revoked_tokens().insert("mine", later(tx.now())).await.unwrap();
        assert!(tx.revoked_tokens().contains("mine").await.unwrap());
        assert!(tx.revoked_tokens().contains(JTI).await.unwrap());
        assert!(!tx.revoked_tokens().contains("nothing").await.unwrap());
        tx.commit().await.unwrap();
        assert!(!world.read_other().await.revoked_tokens().contains("mine").await.unwrap());
    }

    async fn audit_events_are_listed_newest_first_in_their_own_tenant(db) {
        let world = World::on(db).await;
        let actors = [
            Actor::Anonymous,
            Actor::User(world.t1.user.id),
            Actor::Client(world.t1.client.key),
            Actor::Operator("ticket 7".to_owned()),
            Actor::System,
        ];
        let mut written = vec![world.t1.event.clone()];
        let tx = world.write().await;
        for actor in actors {
            world.db.clock.advance(Duration::from_mins(1));
            let mut next = event(world.ambient(), AuditKind::GrantEnded, actor);
            next.user = Some(world.t1.user.id);
            next.client = Some(world.t1.client.key);
            next.session = Some(world.t1.session.id);
            tx.audit().append(&next).await.unwrap();
            written.insert(0, next);
        }
        tx.commit().await.unwrap();

        let tx = world.read().await;
        let all = tx.audit().list(&AuditFilter::default(), None, 100).await.unwrap();
        assert_eq!(shown(&all), shown(&written));
        let page = tx.audit().list(&AuditFilter::default(), None, 4).await.unwrap();
        let last = page.last().map(|event| AuditCursor { at: event.at, id: event.id });
        let rest = tx.audit().list(&AuditFilter::default(), last, 100).await.unwrap();
        assert_eq!(shown(&[page, rest].concat()), shown(&written));
        let count = async |filter: AuditFilter| tx.audit().list(&filter, None, 100).await.unwrap().len();
        assert_eq!(count(AuditFilter { kinds: vec![AuditKind::LoginSucceeded], ..AuditFilter::default() }).await, 1);
        assert_eq!(count(AuditFilter { user: Some(world.t1.user.id), ..AuditFilter::default() }).await, 5);
        assert_eq!(count(AuditFilter { user: Some(world.t2.user.id), ..AuditFilter::default() }).await, 0);
        assert_eq!(count(AuditFilter { client: Some(world.t1.client.key), ..AuditFilter::default() }).await, 5);
        let several = vec![AuditKind::LoginSucceeded, AuditKind::GrantEnded];
        assert_eq!(count(AuditFilter { kinds: several, ..AuditFilter::default() }).await, 6);
        for event in &written {
            let by = AuditFilter { actor: Some(event.actor.clone()), ..AuditFilter::default() };
            let found = tx.audit().list(&by, None, 100).await.unwrap();
            assert!(found.iter().all(|found| found.actor == event.actor), "{:?}", event.actor);
            assert_eq!(found.len(), written.iter().filter(|other| other.actor == event.actor).count());
        }
        let between = AuditFilter { from: Some(written[2].at), to: Some(written[0].at), ..AuditFilter::default() };
        assert_eq!(count(between).await, 2);
        let other = world.read_other().await.audit().list(&AuditFilter::default(), None, 100).await.unwrap();
        assert_eq!(shown(&other), shown(&[&world.t2.event]));
    }

    async fn every_kind_of_event_can_be_read_back(db) {
        let world = World::on(db).await;
        let kinds = [
            AuditKind::LoginSucceeded,
            AuditKind::LoginFailed,
            AuditKind::LoginLocked,
            AuditKind::SessionEnded,
            AuditKind::ConsentGiven,
            AuditKind::ConsentRefused,
            AuditKind::GrantEnded,
            AuditKind::CodeReused,
            AuditKind::RefreshReplayed,
            AuditKind::TokenRevoked,
            AuditKind::ClientRegistered,
            AuditKind::ClientRegistrationChanged,
            AuditKind::ClientUnregistered,
            AuditKind::InitialTokenCreated,
            AuditKind::SigningKeyCreated,
            AuditKind::SigningKeyRotated,
            AuditKind::SigningKeyRetired,
            AuditKind::ConfigurationApplied,
            AuditKind::OperatorEntered,
        ];
        let tx = world.write().await;
        for kind in kinds {
            tx.audit().append(&event(world.ambient(), kind, Actor::System)).await.unwrap();
        }
        for kind in kinds {
            let filter = AuditFilter { kinds: vec![kind], ..AuditFilter::default() };
            let found = tx.audit().list(&filter, None, 100).await.unwrap();
            assert!(!found.is_empty() && found.iter().all(|event| event.kind == kind), "{kind:?}");
        }
    }

    async fn an_effect_is_decided_in_its_own_tenant_and_only_if_the_transaction_commits(db) {
        let world = World::on(db).await;
        let entry = || OutboxEntry {
            id: world.ambient().id(),
            kind: "mail".to_owned(),
            payload: serde_json::json!({ "to": "jane@example.com" }),
            due_at: world.now(),
            attempts: 0,
            created_at: world.now(),
        };
        let tx = world.write().await;
        tx.outbox().enqueue(&entry()).await.unwrap();
        tx.commit().await.unwrap();
        let tx = world.write().await;
        tx.outbox().enqueue(&entry()).await.unwrap();
        drop(tx);
        assert_eq!(world.count("SELECT count(*) FROM outbox WHERE tenant_id = {tenant}").await, 1);
        assert_eq!(world.count("SELECT count(*) FROM outbox").await, 1);
    }
}
