//! The authorization pipeline, with people and their browsers.

use std::future::ready;

use palatine_domain::audit::AuditKind;
use palatine_domain::roles::Holdings;
use palatine_protocol::scope::ScopeSet;
use palatine_store::AuditFilter;
use palatine_token_service::authorize::{Arrived, Consented, Provenance, Unredirectable};
use palatine_token_service::outcome::Step;
use palatine_token_service::{AuthorizeError, Outcome, mint};

use crate::world::{World, answered, request};

fn somewhere() -> Provenance {
    Provenance { address: "203.0.113.7".to_owned(), request_id: "request".to_owned() }
}

fn consented(scope: &str) -> Consented {
    Consented { scope: ScopeSet::parse(scope).unwrap(), from: somewhere() }
}

/// What the audit log says that people decided: the scope, and where from; newest first.
async fn decisions(world: &World, kind: AuditKind) -> Vec<(serde_json::Value, Option<String>, Option<String>)> {
    let filter = AuditFilter { kinds: vec![kind], ..AuditFilter::default() };
    let events = world.rows().await.audit().list(&filter, None, 10).await.unwrap();
    events.into_iter().map(|event| (event.details["scope"].clone(), event.address, event.request_id)).collect()
}

#[tokio::test]
async fn somebody_signed_in_gets_a_code_without_a_question() {
    let world = World::new().await;
    let (ann, _) = world.sign_in("ann", None).await;
    let answer = answered(world.authorize(&[("state", "s")], Some(&ann)).await);
    assert_eq!(answer.keys().map(String::as_str).collect::<Vec<_>>(), ["code", "iss", "session_state", "state"]);
}

#[tokio::test]
async fn a_cookie_that_was_renewed_gives_no_code_although_a_cache_still_knows_it() {
    let world = World::new().await;
    let (before, old_cookie) = world.sign_in("ann", None).await;
    let (after, new_cookie) = world.sign_in("ann", Some(&before)).await;
    assert_eq!(before.session().id, after.session().id, "the sid stays");
    assert!(world.browser(&old_cookie).await.is_none());
    assert!(world.browser(&new_cookie).await.is_some());
    // As if the copy of the old one had outlived its tombstone.
    assert_eq!(answered(world.authorize(&[("prompt", "none")], Some(&before)).await)["error"], "login_required");
    assert!(answered(world.authorize(&[("prompt", "none")], Some(&after)).await).contains_key("code"));
}

#[tokio::test]
async fn a_session_that_was_ended_meanwhile_gives_no_code() {
    let world = World::new().await;
    let (ann, cookie) = world.sign_in("ann", None).await;
    let realm = world.realm().await;
    let reason = palatine_domain::grant::EndReason::SignOut;
    world.tokens.end_session(&realm, ann.session().id, reason).await.unwrap();
    assert!(world.browser(&cookie).await.is_none());
    assert_eq!(answered(world.authorize(&[("prompt", "none")], Some(&ann)).await)["error"], "login_required");
}

#[tokio::test]
async fn another_person_in_the_same_browser_ends_the_first_ones_session() {
    let world = World::new().await;
    let (ann, cookie) = world.sign_in("ann", None).await;
    let (bob, _) = world.sign_in("bob", Some(&ann)).await;
    assert_ne!(ann.session().id, bob.session().id);
    assert!(world.browser(&cookie).await.is_none());
}

#[tokio::test]
async fn a_request_for_somebody_who_does_not_come_ends_in_an_answer_and_not_in_a_circle() {
    let world = World::new().await;
    let (ann, _) = world.sign_in("ann", None).await;
    let waiting = world.authorize(&[("claims", r#"{"id_token":{"sub":{"value":"nobody"}}}"#)], Some(&ann)).await;
    assert!(matches!(waiting, Ok(Outcome::Interact { step: Step::Login { again: true }, .. })), "{waiting:?}");
    let mut interaction = world.interaction(waiting).await;
    interaction.authenticated_in = Some(ann.session().id);
    let resumed = world.tokens.resume(&world.realm().await, &interaction, Some(&ann), None).await;
    assert_eq!(answered(resumed)["error"], "login_required");
}

#[tokio::test]
async fn of_two_that_finish_the_same_sign_in_one_does_and_the_other_is_a_page() {
    let world = World::new().await;
    let interaction = world.interaction(world.authorize(&[], None).await).await;
    let (ann, _) = world.sign_in("ann", None).await;
    let realm = world.realm().await;
    assert!(answered(world.tokens.resume(&realm, &interaction, Some(&ann), None).await).contains_key("code"));
    for again in [
        world.tokens.resume(&realm, &interaction, Some(&ann), None).await,
        world.tokens.refuse(&realm, &interaction, &ann, &somewhere()).await,
    ] {
        let Err(AuthorizeError::Unredirectable(Unredirectable::AlreadyAnswered)) = again else { panic!("{again:?}") };
    }
}

#[tokio::test]
async fn a_request_that_was_refused_is_over() {
    let world = World::new().await;
    let (ann, _) = world.sign_in("ann", None).await;
    let waiting = world.authorize(&[("client_id", "asking")], Some(&ann)).await;
    let interaction = world.interaction(waiting).await;
    let realm = world.realm().await;
    let refused = world.tokens.refuse(&realm, &interaction, &ann, &somewhere()).await;
    assert_eq!(answered(refused)["error"], "access_denied");
    let after = world.tokens.resume(&realm, &interaction, Some(&ann), Some(consented("openid read"))).await;
    assert!(matches!(after, Err(AuthorizeError::Unredirectable(Unredirectable::AlreadyAnswered))), "{after:?}");
    assert_eq!(decisions(&world, AuditKind::ConsentRefused).await.len(), 1);
    assert!(decisions(&world, AuditKind::ConsentGiven).await.is_empty(), "what came too late did not happen");
}

#[tokio::test]
async fn consent_never_gives_more_than_was_asked() {
    let world = World::new().await;
    let (ann, _) = world.sign_in("ann", None).await;
    let waiting = world.authorize(&[("client_id", "asking")], Some(&ann)).await;
    let interaction = world.interaction(waiting).await;
    let everything = Some(consented("openid read write pay offline_access"));
    let realm = world.realm().await;
    answered(world.tokens.resume(&realm, &interaction, Some(&ann), everything).await);
    let (user, client) = (world.user("ann").await, world.client("asking").await);
    let remembered = world.rows().await.consents().get(user.id, client.key).await.unwrap();
    assert_eq!(remembered, Some(ScopeSet::parse("openid read").unwrap()));
    let told = ("openid read".into(), Some("203.0.113.7".to_owned()), Some("request".to_owned()));
    assert_eq!(decisions(&world, AuditKind::ConsentGiven).await, [told]);
}

#[tokio::test]
async fn a_silent_request_is_answered_even_when_the_store_is_gone() {
    let world = World::new().await;
    let (ann, _) = world.sign_in("ann", None).await;
    let realm = world.realm().await;
    world.client("app").await;
    world.db.store.close().await;
    let silent = world
        .tokens
        .authorize(&realm, &Arrived::Now(request(&[("prompt", "none")])), ready(Ok(Some(ann.clone()))))
        .await;
    assert_eq!(answered(silent)["error"], "temporarily_unavailable");
    // Nor can a session be found that no cache knows.
    let browser = world.tokens.browser_session(&realm, Some("a cookie"));
    let silent = world.tokens.authorize(&realm, &Arrived::Now(request(&[("prompt", "none")])), browser).await;
    assert_eq!(answered(silent)["error"], "temporarily_unavailable");
    let shown = world.tokens.authorize(&realm, &Arrived::Now(request(&[])), ready(Ok(Some(ann)))).await;
    assert!(matches!(shown, Err(AuthorizeError::Failed(_))), "{shown:?}");
}

#[tokio::test]
async fn a_posted_request_is_kept_only_if_a_client_could_have_made_it() {
    let world = World::new().await;
    let realm = world.realm().await;
    let handle = world.tokens.store_posted_request(&realm, &request(&[("state", "s t")])).await.unwrap();
    let named = palatine_protocol::params::Params::from_pairs([("posted_request", handle)]).unwrap();
    assert_eq!(
        world.tokens.posted_request(&realm, named).await.unwrap(),
        Some(Arrived::Kept(request(&[("state", "s t")])))
    );
    for (name, value) in [("client_id", "nobody"), ("redirect_uri", "https://evil.example/")] {
        let refused = world.tokens.store_posted_request(&realm, &request(&[(name, value)])).await;
        assert!(matches!(refused, Err(AuthorizeError::Unredirectable(_))), "{name}");
    }
    let long = "x".repeat(60_000);
    let long = request(&[("junk", &long), ("more", &long)]);
    let refused = world.tokens.store_posted_request(&realm, &long).await.map(Outcome::Redirect);
    assert_eq!(answered(refused)["error"], "invalid_request");
}

#[tokio::test]
async fn a_hint_of_another_kind_of_token_is_no_hint() {
    let world = World::new().await;
    let (ann, _) = world.sign_in("ann", None).await;
    let realm = world.realm().await;
    let (client, keys) = (world.client("app").await, realm.keys().await.unwrap());
    let now = world.ambient().now();
    let minter = mint::Minter { realm: &realm, keys: &keys, client: &client, ambient: world.ambient(), now };
    let scope = ScopeSet::parse("read").unwrap();
    let target = palatine_token_service::targets::plan(&realm, &client, &scope, &scope, &[]).unwrap();
    let service = minter.service_token(&Holdings::default(), &target).unwrap().token;
    let hinted = world.authorize(&[("prompt", "none"), ("id_token_hint", &service)], Some(&ann)).await;
    assert_eq!(answered(hinted)["error"], "login_required");
}
