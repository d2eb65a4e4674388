//! The scope middleware: resolves the realm once and hangs it on the request.

use std::future::{Ready, ready};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse};
use palatine_domain::tenant::TenantState;
use palatine_pages::views::ErrorKind;
use palatine_protocol::endpoints::OAUTH_METADATA_PREFIX;
use palatine_realm::{Realm, ResolveError, Resolver};
use palatine_store::StoreError;

use crate::limits::{self, Bucket};
use crate::surface::{self, Surface};

/// The realm of the request. Reads what the scope middleware resolved; outside `/realms/{realm}` it does not exist.
#[derive(Clone)]
pub struct CurrentRealm(pub Realm);

impl FromRequest for CurrentRealm {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let realm = request.extensions().get::<Realm>().cloned();
        ready(realm.map(Self).ok_or_else(|| actix_web::error::ErrorNotFound("no realm")))
    }
}

/// The segment after `/realms/` as it came over the wire: a percent-encoded slug is another slug, and unknown. The
/// issuer's path stands behind a well-known one at the origin, too (RFC 8414, section 3.1).
fn raw_slug<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let path = path.strip_prefix(OAUTH_METADATA_PREFIX).unwrap_or(path);
    path.strip_prefix(prefix)?.strip_prefix("/realms/")?.split('/').next()
}

/// Resolves the realm of the path, or answers in the surface's own way: 404 unknown, 403 suspended (but for its
/// public documents), 429 above its ceiling, 503 when the store does not answer.
pub async fn resolve_realm(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(resolver) = request.app_data::<Data<Resolver>>().cloned() else {
        return Err(actix_web::error::ErrorInternalServerError("the server was wired without a resolver"));
    };
    let surface = Surface::of(request.request(), resolver.path_prefix());
    let found = match raw_slug(request.uri().path(), resolver.path_prefix()) {
        Some(slug) => resolver.by_slug(slug).await,
        None => Err(ResolveError::Unknown),
    };
    let realm = match found {
        Ok(realm) => realm,
        Err(ResolveError::Unknown) => {
            let response = surface::refuse(request.request(), surface, ErrorKind::UnknownRealm, None);
            return Ok(request.into_response(response));
        }
        Err(error @ ResolveError::Unavailable(_)) => {
            tracing::error!(%error, "a realm could not be resolved");
            let response = unresolved(request.request(), surface, &error);
            return Ok(request.into_response(response));
        }
    };
    tracing::Span::current().record("realm", realm.slug().as_str());
    request.extensions_mut().insert(realm.clone());
    if realm.state() == TenantState::Suspended && !surface.serves_suspended() {
        let response = surface::refuse(request.request(), surface, ErrorKind::SuspendedRealm, None);
        return Ok(request.into_response(response));
    }
    if let Err(too_many) = limits::take(&realm, Bucket::Realm, "all").await {
        let retry = Some(too_many.retry_after_seconds);
        let response = surface::refuse(request.request(), surface, ErrorKind::TooManyRequests, retry);
        return Ok(request.into_response(response));
    }
    if surface == Surface::Page {
        dress(&realm).await;
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}

/// Has the realm's pictures at hand for its pages; endpoints that show none never ask for them. A page without pictures
/// is better than none.
async fn dress(realm: &Realm) {
    if let Err(error) = realm.pictures().await {
        tracing::warn!(%error, "the pictures of a realm could not be looked up");
    }
}

/// 503 when trying again makes sense, 500 when the realm's rows make none.
fn unresolved(request: &HttpRequest, surface: Surface, error: &ResolveError) -> HttpResponse {
    let is_temporary =
        matches!(error, ResolveError::Unavailable(cause) if matches!(**cause, StoreError::Unavailable { .. }));
    if is_temporary {
        surface::refuse(request, surface, ErrorKind::Unavailable, Some(1))
    } else {
        surface::refuse(request, surface, ErrorKind::ServerError, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slug_is_taken_raw_from_the_path_below_the_prefix() {
        assert_eq!(raw_slug("/realms/acme/oauth/token", ""), Some("acme"));
        assert_eq!(raw_slug("/id/realms/acme", "/id"), Some("acme"));
        assert_eq!(raw_slug("/realms/%61cme/x", ""), Some("%61cme"));
        assert_eq!(raw_slug("/elsewhere", ""), None);
        assert_eq!(raw_slug("/.well-known/oauth-authorization-server/id/realms/acme", "/id"), Some("acme"));
    }
}
