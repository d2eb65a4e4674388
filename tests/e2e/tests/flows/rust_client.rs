//! The `openidconnect` crate, unmodified: a client whose checks are not ours.

use std::convert::Infallible;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreRevocableToken, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IntrospectionUrl,
    IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl, RevocationUrl, Scope,
    TokenIntrospectionResponse as _, TokenResponse as _,
};
use palatine_e2e::{Backend, Endpoint, Wire, World, realms};
use url::Url;

/// Carries the client's requests to the node.
async fn carry(wire: Wire, request: HttpRequest) -> Result<HttpResponse, Infallible> {
    let (parts, body) = request.into_parts();
    let carried = wire.request(parts.method, &parts.uri.to_string()).headers(parts.headers).body(body);
    let response = carried.send().await.expect("the node answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.expect("a whole body").to_vec();
    let mut answer = HttpResponse::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

async fn world() -> World {
    // The client revokes over https alone.
    World::builder(Backend::Sqlite).public_url("https://id.example.com").realm(realms::alpha()).start().await
}

/// The parameters of the answer: code and state.
fn answered(location: &str) -> (String, String) {
    let url = Url::parse(location).expect("a URL");
    let find = |name| url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned());
    (find("code").expect("a code"), find("state").expect("the state"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_signs_in_refreshes_introspects_and_revokes() {
    let mut world = world().await;
    let realm = world.alpha();
    let wire = realm.wire().clone();
    let http = move |request| carry(wire.clone(), request);
    let issuer = IssuerUrl::new(realm.issuer()).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.unwrap();
    let secret = ClientSecret::new("alpha-web-secret".into());
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new("web-app".into()), Some(secret))
        .set_redirect_uri(RedirectUrl::new("https://shop.example.com/callback".into()).unwrap())
        .set_introspection_url(IntrospectionUrl::new(realm.url(Endpoint::Introspection)).unwrap())
        .set_revocation_url(RevocationUrl::new(realm.url(Endpoint::Revocation)).unwrap());

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let (url, state, nonce) = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("profile".into()))
        .add_scope(Scope::new("email".into()))
        .set_pkce_challenge(challenge)
        .url();
    let mut browser = realm.browser();
    let visit = browser.open(url.as_str()).await;
    let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
    let (code, returned) = answered(visit.left());
    assert_eq!(&returned, state.secret());

    let request = client.exchange_code(AuthorizationCode::new(code)).unwrap().set_pkce_verifier(verifier);
    let tokens = request.request_async(&http).await.unwrap();
    let id_verifier = client.id_token_verifier();
    let id_token = tokens.id_token().unwrap();
    let claims = id_token.claims(&id_verifier, &nonce).unwrap();
    let (algorithm, key) = (id_token.signing_alg().unwrap(), id_token.signing_key(&id_verifier).unwrap());
    let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).unwrap();
    assert_eq!(claims.access_token_hash(), Some(&hash));

    let request = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone())).unwrap();
    let info: CoreUserInfoClaims = request.request_async(&http).await.unwrap();
    assert_eq!(info.email().map(|email| email.as_str()), Some("ada@example.com"));

    let refresh_token = tokens.refresh_token().unwrap().clone();
    let renewed = client.exchange_refresh_token(&refresh_token).unwrap().request_async(&http).await.unwrap();
    assert_ne!(renewed.access_token().secret(), tokens.access_token().secret());
    let introspected = client.introspect(renewed.access_token()).request_async(&http).await.unwrap();
    assert!(introspected.active());
    let last = renewed.refresh_token().unwrap().clone();
    let revocable: CoreRevocableToken = last.clone().into();
    client.revoke_token(revocable).unwrap().request_async(&http).await.unwrap();
    let introspected = client.introspect(renewed.access_token()).request_async(&http).await.unwrap();
    assert!(!introspected.active());
    client.exchange_refresh_token(&last).unwrap().request_async(&http).await.unwrap_err();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_client_of_it_signs_in_with_pkce_alone() {
    let mut world = world().await;
    let realm = world.alpha();
    let wire = realm.wire().clone();
    let http = move |request| carry(wire.clone(), request);
    let metadata = CoreProviderMetadata::discover_async(IssuerUrl::new(realm.issuer()).unwrap(), &http).await.unwrap();
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new("native-app".into()), None)
        .set_redirect_uri(RedirectUrl::new("myapp://callback".into()).unwrap());
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let request = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random).set_pkce_challenge(challenge);
    let (url, _, nonce) = request.url();
    let mut browser = realm.browser();
    let visit = browser.open(url.as_str()).await;
    let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
    let (code, _) = answered(visit.left());
    let request = client.exchange_code(AuthorizationCode::new(code)).unwrap().set_pkce_verifier(verifier);
    let tokens = request.request_async(&http).await.unwrap();
    tokens.id_token().unwrap().claims(&client.id_token_verifier(), &nonce).unwrap();
    let refresh_token = tokens.refresh_token().unwrap().clone();
    client.exchange_refresh_token(&refresh_token).unwrap().request_async(&http).await.unwrap();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_of_it_gets_a_token_for_its_scopes() {
    let mut world = world().await;
    let realm = world.alpha();
    let wire = realm.wire().clone();
    let http = move |request| carry(wire.clone(), request);
    let metadata = CoreProviderMetadata::discover_async(IssuerUrl::new(realm.issuer()).unwrap(), &http).await.unwrap();
    let secret = ClientSecret::new("alpha-worker-secret".into());
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new("worker".into()), Some(secret));
    let request = client.exchange_client_credentials().unwrap().add_scope(Scope::new("orders:read".into()));
    let tokens = request.request_async(&http).await.unwrap();
    realm.api("orders-api").accept(tokens.access_token().secret(), "orders:read").await.unwrap();
    assert!(tokens.id_token().is_none() && tokens.refresh_token().is_none());
    world.stop().await;
}
