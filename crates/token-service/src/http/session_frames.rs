//! The hidden frames of OpenID Connect Session Management 1.0, and the probe for third-party cookies that keycloak-js
//! asks first.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use palatine_pages::frames;
use palatine_protocol::endpoints::Endpoint;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::params::Params;
use palatine_protocol::session_management::CheckSessionInit;
use palatine_tenant_routing::{CurrentRealm, cookies, page, surface};

use super::failure;
use super::render::add_cookie;
use crate::TokenService;

/// How long a browser may keep it that an origin is the client's.
const INIT_CACHING: HeaderValue = HeaderValue::from_static("private, max-age=60");

/// Section 3.2: the frame that applications ask whether the session changed.
pub(super) async fn check_session(_: CurrentRealm) -> HttpResponse {
    page::frame(frames::check_session())
}

/// "It MUST reject postMessage requests from any other source origin": the frame asks here whether an origin is one of
/// the client's. It learns about one client and one origin, which a redirect URI tells anybody, too; never about all.
pub(super) async fn init(request: HttpRequest, realm: CurrentRealm, service: Data<TokenService>) -> HttpResponse {
    let asked = Params::parse(request.query_string().as_bytes()).ok();
    let Some(asked) = asked.as_ref().and_then(CheckSessionInit::read) else {
        return surface::oauth_error(&OAuthError::invalid_request("client_id and origin are needed, once each"));
    };
    let client = match service.find_client(&realm.0, &asked.client_id).await {
        Ok(client) => client.filter(|client| client.enabled),
        Err(error) => return failure(&error.into()),
    };
    match client {
        Some(client) if client.web_origins().contains(&asked.origin) => {
            HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, INIT_CACHING)).finish()
        }
        _ => surface::json_error(403, &OAuthError::new(ErrorCode::AccessDenied, "the origin is not the client's")),
    }
}

/// Sets a cookie and goes on to where it is looked for.
pub(super) async fn probe(realm: CurrentRealm) -> HttpResponse {
    let realm = realm.0;
    let mut response = page::see_other(&format!("{}{}", realm.path(), Endpoint::CookieProbeResult.canonical()));
    add_cookie(&mut response, &cookies::probe(&realm));
    response
}

/// Tells the application whether the cookie is there.
pub(super) async fn probe_result(_: CurrentRealm) -> HttpResponse {
    page::frame(frames::third_party_cookies())
}
