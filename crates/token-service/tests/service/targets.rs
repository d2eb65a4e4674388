//! Which APIs a token is for.

use palatine_protocol::error::ErrorCode;
use palatine_protocol::scope::ScopeSet;
use palatine_token_service::targets::{self, Target};

use crate::world::World;

/// The audiences and the scope of a token of `app`; or why there is none.
async fn plan(world: &World, granted: &str, scope: &str, resources: &[&str]) -> Result<(String, String), ErrorCode> {
    let (realm, client) = (world.realm().await, world.client("app").await);
    let [granted, scope] = [granted, scope].map(|text| ScopeSet::parse(text).unwrap());
    let resources: Vec<String> = resources.iter().map(|&resource| resource.to_owned()).collect();
    let target = targets::plan(&realm, &client, &granted, &scope, &resources).map_err(|refusal| refusal.code)?;
    let Target { audience, scope, .. } = target;
    Ok((audience.iter().collect::<Vec<_>>().join(" "), scope.to_string()))
}

fn is(audience: &str, scope: &str) -> (String, String) {
    (audience.to_owned(), scope.to_owned())
}

#[tokio::test]
async fn the_audience_is_the_owners_of_the_scopes_or_the_client_itself() {
    let world = World::new().await;
    assert_eq!(plan(&world, "openid read", "openid read", &[]).await, Ok(is("orders", "openid read")));
    assert_eq!(plan(&world, "read write pay", "read write pay", &[]).await, Ok(is("billing orders", "read write pay")));
    assert_eq!(plan(&world, "openid profile", "openid profile", &[]).await, Ok(is("app", "openid profile")));
    world.change("app", |client| client.settings.own_id_as_audience = false).await;
    assert_eq!(plan(&world, "openid", "openid", &[]).await, Ok(is("https://id.example.com/realms/acme", "openid")));
}

#[tokio::test]
async fn a_named_api_gets_its_own_scopes_and_those_that_nobody_owns() {
    let world = World::new().await;
    let granted = "openid read pay";
    assert_eq!(plan(&world, granted, granted, &["orders"]).await, Ok(is("orders", "openid read")));
    assert_eq!(plan(&world, granted, granted, &["billing", "orders"]).await, Ok(is("billing orders", granted)));
}

#[tokio::test]
async fn an_api_that_is_not_the_clients_business_is_an_invalid_target() {
    let world = World::new().await;
    let refused = Err(ErrorCode::InvalidTarget);
    for resource in ["nowhere", "Orders", "orders/", "app", "billing", "empty"] {
        assert_eq!(plan(&world, "openid read", "openid read", &[resource]).await, refused, "{resource}");
    }
    // Granted once, but no longer allowed to the client.
    world.change("app", |client| client.scopes.retain(|allowed| allowed.scope.as_str() == "openid")).await;
    assert_eq!(plan(&world, "openid read", "openid read", &["orders"]).await, refused);
}

#[tokio::test]
async fn a_linked_api_may_be_named_without_any_of_its_scopes() {
    let world = World::new().await;
    let empty = world.realm().await.catalogue().api_by_identifier("empty").unwrap().id;
    world.change("app", |client| client.linked_apis = vec![empty]).await;
    assert_eq!(plan(&world, "openid read", "openid read", &["empty"]).await, Ok(is("empty", "openid")));
}

#[tokio::test]
async fn a_token_of_less_scope_is_still_for_the_api_that_the_grant_covers() {
    let world = World::new().await;
    assert_eq!(plan(&world, "openid read", "openid", &["orders"]).await, Ok(is("orders", "openid")));
}
