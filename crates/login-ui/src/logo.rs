//! Logos of clients: pictures of our own making, from our own origin, and where pages find them.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use palatine_domain::Instant;
use palatine_domain::client::Client;
use palatine_domain::ids::ClientKey;
use palatine_realm::Realm;
use palatine_realm::routes::{CLIENT_PARAMETER, Page};
use palatine_store::StoreError;

use crate::refusal::Refusal;
use crate::visit::Visit;

/// The picture, or 404 without a body: nobody reads a page where a picture should be.
pub(crate) async fn show(visit: Visit) -> HttpResponse {
    visit.answered(shown(&visit).await)
}

async fn shown(visit: &Visit) -> Result<HttpResponse, Refusal> {
    let named = visit.request.match_info().get(CLIENT_PARAMETER).and_then(|named| named.parse::<ClientKey>().ok());
    let Some(client) = named else { return Ok(HttpResponse::NotFound().finish()) };
    let tx = visit.realm.read().await?;
    let image = tx.client_logos().image(client).await?;
    tx.finish().await?;
    Ok(match image {
        Some(png) => HttpResponse::Ok()
            .content_type("image/png")
            .insert_header((CACHE_CONTROL, HeaderValue::from_static("private, max-age=300")))
            .insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")))
            .body(png),
        None => HttpResponse::NotFound().finish(),
    })
}

/// Where a client's logo is, if it has one that can be shown.
pub(crate) async fn path(realm: &Realm, client: &Client) -> Option<String> {
    paths(realm, &[client]).await.remove(&client.key)
}

/// Where the logos of these clients are, of those that have one that can be shown. The address changes with the picture.
/// A page without pictures is better than none: what cannot be looked up is left out.
pub(crate) async fn paths(realm: &Realm, clients: &[&Client]) -> HashMap<ClientKey, String> {
    let named = clients.iter().filter(|client| client.settings.about.logo_uri.is_some());
    let named: Vec<ClientKey> = named.map(|client| client.key).collect();
    if named.is_empty() {
        return HashMap::new();
    }
    let fetched = fetched_at(realm, &named).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "logos could not be looked up");
        HashMap::new()
    });
    let path = |client, version: i64| format!("{}?v={version}", realm.page_path(Page::ClientLogo(client)));
    fetched.into_iter().map(|(client, at)| (client, path(client, at.as_micros()))).collect()
}

async fn fetched_at(realm: &Realm, clients: &[ClientKey]) -> Result<HashMap<ClientKey, Instant>, StoreError> {
    let tx = realm.read().await?;
    let fetched = tx.client_logos().fetched_at(clients).await?;
    tx.finish().await?;
    Ok(fetched)
}
