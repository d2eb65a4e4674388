//! Discovery, keys and the realm's own description: rendered once, served as bytes.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use palatine_domain::key::KEY_SET_MAX_AGE;
use palatine_pages::views::ErrorKind;
use palatine_realm::{KeyError, ResolveError, Resolver};
use palatine_tenant_routing::CurrentRealm;
use palatine_tenant_routing::surface::{self, Surface};

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

/// OpenID Connect Discovery 1.0, section 4.
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

/// RFC 8414, section 3: the same document, at the origin.
pub(super) async fn oauth_metadata(request: HttpRequest, resolver: Data<Resolver>) -> HttpResponse {
    // The raw segment: a percent-encoded slug is another slug.
    let slug = request.uri().path().rsplit('/').next().unwrap_or_default();
    match resolver.by_slug(slug).await {
        Ok(realm) => {
            let mut response = json(realm.discovery());
            let any = HeaderValue::from_static("*");
            response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
            response
        }
        Err(ResolveError::Unknown) => surface::refuse(&request, Surface::Json, ErrorKind::UnknownRealm, None),
        Err(error) => {
            tracing::error!(%error, "a realm could not be resolved");
            surface::unavailable_json()
        }
    }
}
