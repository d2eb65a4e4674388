//! Codes and refresh tokens.

use palatine_domain::client::Client;
use palatine_domain::grant::EndReason;
use palatine_protocol::error::ErrorCode;
use palatine_protocol::introspection::{IntrospectionRequest, IntrospectionResponse};
use palatine_protocol::params::Params;
use palatine_protocol::scope::ScopeSet;
use palatine_protocol::secret::Secret;
use palatine_protocol::token::{GrantRequest, TokenRequest, TokenResponse};
use palatine_token_service::BrowserSession;
use palatine_token_service::grants::{Caller, TokenError};
use serde_json::json;

use crate::world::{CALLBACK, GENERATED, World, answered};

async fn token(world: &World, grant: GrantRequest, resources: &[&str]) -> Result<TokenResponse, ErrorCode> {
    let client = world.present("app", GENERATED).await.unwrap();
    let resources = resources.iter().map(|&resource| resource.to_owned()).collect();
    let caller = Caller {
        address: "192.0.2.1".to_owned(),
        address_prefix: "192.0.2.1".to_owned(),
        request_id: "req-1".to_owned(),
        user_agent: "test".to_owned(),
    };
    match world.tokens.token(&world.realm().await, &client, TokenRequest { grant, resources }, &caller).await {
        Ok(answer) => Ok(answer),
        Err(TokenError::Refused(refusal)) => Err(refusal.code),
        Err(error) => panic!("{error:?}"),
    }
}

async fn redeem(world: &World, code: &str) -> Result<TokenResponse, ErrorCode> {
    let code = Secret::new(code);
    let grant = GrantRequest::AuthorizationCode { code, redirect_uri: Some(CALLBACK.to_owned()), code_verifier: None };
    token(world, grant, &[]).await
}

async fn refresh(
    world: &World,
    refresh_token: &str,
    scope: &str,
    resources: &[&str],
) -> Result<TokenResponse, ErrorCode> {
    let scope = Some(ScopeSet::parse(scope).unwrap()).filter(|scope| !scope.is_empty());
    token(world, GrantRequest::RefreshToken { refresh_token: Secret::new(refresh_token), scope }, resources).await
}

async fn signed_in(world: &World, more: &[(&str, &str)]) -> (TokenResponse, BrowserSession) {
    let (ann, _) = world.sign_in("ann", None).await;
    let code = answered(world.authorize(more, Some(&ann)).await)["code"].clone();
    (redeem(world, &code).await.unwrap(), ann)
}

fn refresh_of(tokens: &TokenResponse) -> &str {
    tokens.refresh_token.as_deref().unwrap()
}

#[tokio::test]
async fn a_code_is_used_once_and_its_reuse_ends_what_it_gave() {
    let world = World::new().await;
    let (ann, _) = world.sign_in("ann", None).await;
    let code = answered(world.authorize(&[], Some(&ann)).await)["code"].clone();
    let tokens = redeem(&world, &code).await.unwrap();
    assert_eq!(redeem(&world, &code).await, Err(ErrorCode::InvalidGrant));
    assert_eq!(refresh(&world, refresh_of(&tokens), "", &[]).await, Err(ErrorCode::InvalidGrant));
}

#[tokio::test]
async fn a_scope_that_the_client_lost_is_gone_at_the_next_refresh() {
    let world = World::new().await;
    let (tokens, _) = signed_in(&world, &[("scope", "openid read write")]).await;
    let take = |client: &mut Client| client.scopes.retain(|allowed| allowed.scope.as_str() != "write");
    world.change("app", take).await;
    let after = refresh(&world, refresh_of(&tokens), "", &[]).await.unwrap();
    assert_eq!(after.scope, ScopeSet::parse("openid read").unwrap());
}

#[tokio::test]
async fn a_refresh_of_less_scope_keeps_the_resource_that_was_asked_for_in_the_beginning() {
    let world = World::new().await;
    let (tokens, _) = signed_in(&world, &[("scope", "openid read"), ("resource", "orders")]).await;
    let narrow = refresh(&world, refresh_of(&tokens), "openid", &[]).await.unwrap();
    assert_eq!(narrow.scope, ScopeSet::parse("openid").unwrap());
    let whole = refresh(&world, refresh_of(&narrow), "", &[]).await.unwrap();
    assert_eq!(whole.scope, ScopeSet::parse("openid read").unwrap(), "it narrows for one answer only");
    assert_eq!(refresh(&world, refresh_of(&whole), "", &["billing"]).await, Err(ErrorCode::InvalidTarget));
    refresh(&world, refresh_of(&whole), "", &[]).await.unwrap();
}

#[tokio::test]
async fn a_refused_refresh_consumes_nothing() {
    let world = World::new().await;
    let (tokens, _) = signed_in(&world, &[]).await;
    assert_eq!(refresh(&world, refresh_of(&tokens), "admin", &[]).await, Err(ErrorCode::InvalidScope));
    world.change("app", |client| client.settings.grant_types.retain(|grant| grant.as_str() != "refresh_token")).await;
    assert_eq!(refresh(&world, refresh_of(&tokens), "", &[]).await, Err(ErrorCode::UnauthorizedClient));
    world
        .change("app", |client| client.settings.grant_types.push(palatine_protocol::token::GrantType::RefreshToken))
        .await;
    refresh(&world, refresh_of(&tokens), "", &[]).await.unwrap();
}

#[tokio::test]
async fn a_retry_inside_the_window_gets_the_same_successor_and_at_most_the_same_scope() {
    let world = World::new().await;
    let (tokens, _) = signed_in(&world, &[("scope", "openid read write")]).await;
    let first = refresh(&world, refresh_of(&tokens), "openid read", &[]).await.unwrap();
    let retry = refresh(&world, refresh_of(&tokens), "", &[]).await.unwrap();
    assert_eq!(first.refresh_token, retry.refresh_token);
    assert_eq!(retry.scope, first.scope);
    refresh(&world, refresh_of(&first), "", &[]).await.unwrap();
    assert_eq!(
        refresh(&world, refresh_of(&tokens), "", &[]).await,
        Err(ErrorCode::InvalidGrant),
        "the window is closed"
    );
    refresh(&world, refresh_of(&refresh(&world, refresh_of(&first), "", &[]).await.unwrap()), "", &[]).await.unwrap();
}

#[tokio::test]
async fn a_client_that_signs_a_person_out_by_its_refresh_token_ends_session_and_family() {
    let world = World::new().await;
    let (tokens, ann) = signed_in(&world, &[]).await;
    let (realm, app) = (world.realm().await, world.present("app", GENERATED).await.unwrap());
    let token = Secret::new(refresh_of(&tokens));
    let foreign = world.present("asking", GENERATED).await.unwrap();
    assert!(world.tokens.end_session_by_refresh_token(&realm, &foreign, &token).await.is_err());
    world.tokens.end_session_by_refresh_token(&realm, &app, &token).await.unwrap();
    let session = world.rows().await.sessions().by_id(ann.session().id).await.unwrap().unwrap();
    assert!(session.ended_at.is_some());
    assert_eq!(refresh(&world, refresh_of(&tokens), "", &[]).await, Err(ErrorCode::InvalidGrant));
    assert!(world.tokens.end_session_by_refresh_token(&realm, &app, &token).await.is_err(), "it is over");
}

#[tokio::test]
async fn a_refresh_token_is_introspected_as_what_it_could_still_do() {
    let world = World::with_policy(json!({ "refresh": { "follows_session": "strict" } })).await;
    let (tokens, _) = signed_in(&world, &[]).await;
    let app = world.present("app", GENERATED).await.unwrap();
    let ask = Params::from_pairs([("token", refresh_of(&tokens))]).unwrap();
    let ask = IntrospectionRequest::read(&ask).unwrap();
    let introspect = async || world.tokens.introspect(&world.realm().await, &app, &ask).await.unwrap();
    assert!(matches!(introspect().await, IntrospectionResponse::Active(_)));
    world.db.clock.advance(std::time::Duration::from_mins(31));
    assert_eq!(introspect().await, IntrospectionResponse::Inactive, "the session has expired, and the realm is strict");
    assert_eq!(refresh(&world, refresh_of(&tokens), "", &[]).await, Err(ErrorCode::InvalidGrant));
}

#[tokio::test]
async fn the_end_of_a_session_spares_offline_families_and_no_others() {
    let world = World::new().await;
    let (online, _) = signed_in(&world, &[]).await;
    let (offline, ann) = signed_in(&world, &[("scope", "openid offline_access")]).await;
    let realm = world.realm().await;
    world.tokens.end_session(&realm, ann.session().id, EndReason::SignOut).await.unwrap();
    refresh(&world, refresh_of(&offline), "", &[]).await.unwrap();
    refresh(&world, refresh_of(&online), "", &[]).await.unwrap();
}

#[tokio::test]
async fn nothing_of_a_scope_that_does_not_exist_is_granted_by_narrowing() {
    let world = World::with_policy(json!({ "foreign_scopes": "narrow" })).await;
    let ask = async |scope: &str| {
        let scope = Some(ScopeSet::parse(scope).unwrap());
        token(&world, GrantRequest::ClientCredentials { scope }, &[]).await
    };
    assert_eq!(ask("read nonsense").await.unwrap().scope, ScopeSet::parse("read").unwrap());
    assert_eq!(ask("nonsense admin").await, Err(ErrorCode::InvalidScope));
}

#[tokio::test]
async fn a_service_gets_no_scope_that_needs_a_person_and_no_token_beside_its_own() {
    let world = World::new().await;
    let scope = Some(ScopeSet::parse("openid offline_access read").unwrap());
    let answer = token(&world, GrantRequest::ClientCredentials { scope }, &[]).await.unwrap();
    assert_eq!(answer.scope, ScopeSet::parse("read").unwrap());
    assert!(answer.refresh_token.is_none() && answer.id_token.is_none());
}

#[tokio::test]
async fn a_service_known_to_the_node_asks_no_database() {
    let world = World::new().await;
    let ask = async || token(&world, GrantRequest::ClientCredentials { scope: None }, &[]).await.unwrap();
    // The first makes the realm's keys, which is a change of its configuration; the second reads that.
    ask().await;
    ask().await;
    let statements = world.db.store.statements();
    for _ in 0..20 {
        ask().await;
    }
    assert_eq!(world.db.store.statements(), statements);
}
