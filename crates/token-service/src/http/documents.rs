//! Discovery, keys and the realm's own description: rendered once, served as bytes.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use palatine_domain::key::KEY_SET_MAX_AGE;
use palatine_realm::KeyError;
use palatine_tenant_routing::CurrentRealm;

use super::failure;

/// How long a document may be kept: a new key is published more than twice that ahead.
fn max_age() -> HeaderValue {
    let header = format!("public, max-age={}", KEY_SET_MAX_AGE.as_secs());
    HeaderValue::from_str(&header).unwrap_or_else(|_| HeaderValue::from_static("no-cache"))
}

fn json(document: Arc<[u8]>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, max_age()))
        .body(Bytes::from_owner(document))
}

fn or_failure(document: Result<Arc<[u8]>, KeyError>) -> HttpResponse {
    match document {
        Ok(document) => json(document),
        Err(error) => failure(&error.into()),
    }
}

/// OpenID Connect Discovery 1.0, section 4; the same document by the rule of RFC 8414, section 3.
pub(super) async fn discovery(realm: CurrentRealm) -> HttpResponse {
    json(realm.0.discovery())
}

/// RFC 7517, section 5.
pub(super) async fn jwks(realm: CurrentRealm) -> HttpResponse {
    or_failure(realm.0.jwks().await)
}

/// What keycloak clients ask at the realm's own path.
pub(super) async fn info(realm: CurrentRealm) -> HttpResponse {
    or_failure(realm.0.info().await)
}
