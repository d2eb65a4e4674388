//! The faces of an error: OAuth JSON for machines, a page for people. No inside text ever leaves.

use actix_web::dev::{Path, Url};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder};
use palatine_pages::views::{Detail, ErrorKind, ErrorPage};
use palatine_protocol::endpoints::{Endpoint, OAUTH_METADATA_PREFIX};
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_realm::Realm;
use palatine_realm::routes::PageRoute;

use crate::body::BodyError;
use crate::csp::PageKind;
use crate::page;

/// Who reads the answers of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// A machine: JSON with `error` (RFC 6749, section 5.2).
    Json,
    /// A machine, and the document is served even while the realm is suspended: discovery, JWKS, introspection.
    PublicJson,
    /// A person: a page.
    Page,
}

impl Surface {
    /// The surface of a request's path. Paths that are no protocol endpoint are pages.
    pub fn of(request: &HttpRequest, prefix: &str) -> Self {
        match route_of(request.match_info(), prefix) {
            Some(Route::Protocol(
                Endpoint::Authorization
                | Endpoint::EndSession
                | Endpoint::CheckSession
                | Endpoint::CookieProbe
                | Endpoint::CookieProbeResult,
            ))
            | None => Self::Page,
            Some(Route::Protocol(Endpoint::Discovery | Endpoint::Jwks | Endpoint::Introspection)) => Self::PublicJson,
            Some(
                Route::Protocol(
                    Endpoint::Token
                    | Endpoint::DeviceAuthorization
                    | Endpoint::Userinfo
                    | Endpoint::Revocation
                    | Endpoint::Registration
                    | Endpoint::ClientConfiguration
                    | Endpoint::CheckSessionInit,
                )
                | Route::Info,
            ) => Self::Json,
        }
    }

    /// Whether the path answers for a suspended realm too.
    pub(crate) fn serves_suspended(self) -> bool {
        self == Self::PublicJson
    }
}

/// What a machine asks of a realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// What the realm is: its own path, with and without a slash.
    Info,
    /// An endpoint of the protocol.
    Protocol(Endpoint),
}

/// The route of a path as the router sees it, which is decoded (`HttpRequest::path` is not); `None` for pages and for
/// what does not exist.
pub(crate) fn route_of(path: &Path<Url>, prefix: &str) -> Option<Route> {
    let path = path.as_str();
    if let Some(issuer_path) = path.strip_prefix(OAUTH_METADATA_PREFIX) {
        let slug = issuer_path.strip_prefix(prefix)?.strip_prefix("/realms/")?;
        return (!slug.contains('/')).then_some(Route::Protocol(Endpoint::Discovery));
    }
    let below = path.strip_prefix(prefix)?.strip_prefix("/realms/")?;
    match below.find('/').and_then(|at| below.get(at..)) {
        None | Some("/") => Some(Route::Info),
        Some(relative) => Endpoint::at(relative).map(Route::Protocol),
    }
}

/// An answer for something that went wrong, in the surface's own way.
pub fn refuse(request: &HttpRequest, surface: Surface, kind: ErrorKind, retry_after: Option<u64>) -> HttpResponse {
    match surface {
        Surface::Page => error_page(request, kind, retry_after, &[]),
        Surface::Json | Surface::PublicJson => {
            let mut response = json_error(kind.status(), &as_oauth(kind));
            add_retry_after(&mut response, retry_after);
            response
        }
    }
}

/// What a kind of failure is called in OAuth JSON.
fn as_oauth(kind: ErrorKind) -> OAuthError {
    let (code, words) = match kind {
        ErrorKind::UnknownRealm => (ErrorCode::InvalidRequest, "there is no such realm"),
        ErrorKind::SuspendedRealm => (ErrorCode::AccessDenied, "this realm is suspended"),
        ErrorKind::NotFound => (ErrorCode::InvalidRequest, "there is no such endpoint"),
        ErrorKind::MethodNotAllowed => (ErrorCode::InvalidRequest, "this endpoint does not take this method"),
        ErrorKind::PayloadTooLarge => (ErrorCode::InvalidRequest, "the body is too large"),
        ErrorKind::UnsupportedMediaType => {
            (ErrorCode::InvalidRequest, "send the parameters as application/x-www-form-urlencoded")
        }
        ErrorKind::MisdirectedRequest => (ErrorCode::InvalidRequest, "this server is not the one named by Host"),
        ErrorKind::TooManyRequests => (ErrorCode::TemporarilyUnavailable, "too many requests; see Retry-After"),
        ErrorKind::Unavailable => (ErrorCode::TemporarilyUnavailable, "try again; see Retry-After"),
        ErrorKind::ServerError => (ErrorCode::ServerError, "something went wrong on our side"),
        ErrorKind::AccessDenied | ErrorKind::ForeignForm => (ErrorCode::AccessDenied, "this is not allowed"),
        ErrorKind::InvalidRequest
        | ErrorKind::MissingClient
        | ErrorKind::UnknownClient
        | ErrorKind::InvalidRedirectUri
        | ErrorKind::InvalidPostLogoutRedirectUri
        | ErrorKind::ExpiredInteraction
        | ErrorKind::AlreadyDone
        | ErrorKind::StaleForm
        | ErrorKind::ExpiredDevice
        | ErrorKind::CookiesOff => (ErrorCode::InvalidRequest, "the request cannot be taken"),
    };
    OAuthError::new(code, words)
}

/// OAuth JSON with the status that the error code has.
pub fn oauth_error(error: &OAuthError) -> HttpResponse {
    json_error(error.code.http_status(), error)
}

/// OAuth JSON with a status of its own, never cached.
pub fn json_error(status: u16, error: &OAuthError) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    no_store(&mut HttpResponse::build(status)).json(error)
}

/// OAuth JSON for a limit: 429 with `Retry-After`.
pub fn too_many_json(retry_after_seconds: u64) -> HttpResponse {
    let mut response = json_error(429, &as_oauth(ErrorKind::TooManyRequests));
    add_retry_after(&mut response, Some(retry_after_seconds));
    response
}

/// OAuth JSON for a store that does not answer: 503 with `Retry-After`.
pub fn unavailable_json() -> HttpResponse {
    too_busy_json(1)
}

/// OAuth JSON for a queue that is full: 503 with `Retry-After`.
pub fn too_busy_json(retry_after_seconds: u64) -> HttpResponse {
    let mut response = json_error(503, &as_oauth(ErrorKind::Unavailable));
    add_retry_after(&mut response, Some(retry_after_seconds));
    response
}

/// OAuth JSON for a body that is no form.
pub fn body_error_json(error: &BodyError) -> HttpResponse {
    let status = body_error_kind(error).status();
    json_error(status, &OAuthError::invalid_request(error.to_string()))
}

/// The kind of page for a body that is no form.
pub fn body_error_kind(error: &BodyError) -> ErrorKind {
    match error {
        BodyError::TooLarge => ErrorKind::PayloadTooLarge,
        BodyError::NotAForm | BodyError::NotJson => ErrorKind::UnsupportedMediaType,
        BodyError::Broken | BodyError::Params(_) => ErrorKind::InvalidRequest,
    }
}

/// A page that says what happened and what now, with the request id.
pub fn error_page(
    request: &HttpRequest,
    kind: ErrorKind,
    retry_after: Option<u64>,
    details: &[(&str, &str)],
) -> HttpResponse {
    let realm = request.extensions().get::<Realm>().cloned();
    let context = page::context(request, realm.as_ref(), None);
    let view = ErrorPage {
        retry_after,
        details: details.iter().map(|&(name, value)| Detail { name, value }).collect(),
        ..ErrorPage::new(&context, kind)
    };
    let mut response = page::html(kind.status(), PageKind::Plain, &context.csp_nonce, view.render());
    add_retry_after(&mut response, retry_after);
    response
}

/// Marks an answer as one that nobody may keep (RFC 6749, section 5.1).
pub fn no_store(builder: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    builder
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .insert_header((header::PRAGMA, HeaderValue::from_static("no-cache")))
}

fn add_retry_after(response: &mut HttpResponse, seconds: Option<u64>) {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}

/// The answer of a resource to a method that it does not take.
#[expect(clippy::unused_async, reason = "a handler is async")]
pub async fn method_not_allowed(request: HttpRequest) -> HttpResponse {
    let mut response = refuse(&request, current(&request), ErrorKind::MethodNotAllowed, None);
    let prefix = page::path_prefix(&request);
    let allowed =
        HeaderValue::from_static(methods(route_of(request.match_info(), &prefix), request.match_pattern().as_deref()));
    response.headers_mut().insert(header::ALLOW, allowed);
    response
}

/// The methods of a resource: whoever refuses one says which there are (RFC 9110, section 15.5.6).
fn methods(route: Option<Route>, pattern: Option<&str>) -> &'static str {
    match route {
        Some(Route::Protocol(
            Endpoint::Token
            | Endpoint::DeviceAuthorization
            | Endpoint::Introspection
            | Endpoint::Revocation
            | Endpoint::Registration,
        )) => "POST",
        Some(Route::Protocol(Endpoint::ClientConfiguration)) => "GET, PUT, DELETE",
        Some(Route::Protocol(Endpoint::Userinfo | Endpoint::Authorization | Endpoint::EndSession)) => "GET, POST",
        Some(
            Route::Protocol(
                Endpoint::Discovery
                | Endpoint::Jwks
                | Endpoint::CheckSession
                | Endpoint::CheckSessionInit
                | Endpoint::CookieProbe
                | Endpoint::CookieProbeResult,
            )
            | Route::Info,
        ) => "GET, HEAD",
        None => {
            let is = |page: &PageRoute| pattern.is_some_and(|pattern| pattern.ends_with(page.pattern()));
            match PageRoute::ALL.iter().find(|page| is(page)) {
                Some(
                    PageRoute::Login
                    | PageRoute::SelectAccount
                    | PageRoute::Consent
                    | PageRoute::Device
                    | PageRoute::DeviceConfirm
                    | PageRoute::Account
                    | PageRoute::AccountPassword
                    | PageRoute::AccountSessions
                    | PageRoute::AccountApplications,
                ) => "GET, POST",
                Some(PageRoute::LogoutConfirm) => "POST",
                Some(PageRoute::DeviceQr | PageRoute::SignedOut | PageRoute::ClientLogo | PageRoute::Picture) => "GET",
                // What lies outside of every realm is only read.
                None => "GET, HEAD",
            }
        }
    }
}

/// The answer to a path that does not exist.
#[expect(clippy::unused_async, reason = "a handler is async")]
pub async fn not_found(request: HttpRequest) -> HttpResponse {
    refuse(&request, current(&request), ErrorKind::NotFound, None)
}

fn current(request: &HttpRequest) -> Surface {
    let prefix = page::path_prefix(request);
    Surface::of(request, &prefix)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn surface(path: &str) -> Surface {
        Surface::of(&TestRequest::with_uri(path).to_http_request(), "/id")
    }

    #[test]
    fn machines_are_answered_in_json_and_people_by_pages_under_both_spellings() {
        for path in ["/oauth/token", "/protocol/openid-connect/token", "/oauth/userinfo", "/oauth/revoke", "", "/"] {
            assert_eq!(surface(&format!("/id/realms/acme{path}")), Surface::Json, "{path}");
        }
        for path in ["/oauth/authorize", "/protocol/openid-connect/logout", "/login/x", "/oauth/token/", "/nowhere"] {
            assert_eq!(surface(&format!("/id/realms/acme{path}")), Surface::Page, "{path}");
        }
        for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json", "/oauth/introspect"] {
            assert!(surface(&format!("/id/realms/acme{path}")).serves_suspended(), "{path}");
        }
    }

    #[test]
    fn the_metadata_at_the_origin_is_discovery_in_its_other_spelling() {
        let route = |path: &str| route_of(TestRequest::with_uri(path).to_http_request().match_info(), "/id");
        let discovery = Some(Route::Protocol(Endpoint::Discovery));
        assert_eq!(route("/.well-known/oauth-authorization-server/id/realms/acme"), discovery);
        for path in ["/id/realms/acme/x", "/realms/acme", "/id/realms", "", "/id/other/acme"] {
            assert_eq!(route(&format!("/.well-known/oauth-authorization-server{path}")), None, "{path}");
        }
    }

    #[test]
    fn a_path_is_classified_as_the_router_decodes_it() {
        assert_eq!(surface("/id/realms/acme/oauth/%74oken"), Surface::Json);
        // An encoded slash separates nothing.
        assert_eq!(surface("/id/realms/acme%2Foauth/token"), Surface::Page);
        assert_eq!(surface("/realms/acme/oauth/token"), Surface::Page, "outside of the prefix");
        assert_eq!(surface("/idrealms/acme/oauth/token"), Surface::Page);
    }

    #[test]
    fn a_refused_method_comes_with_those_that_there_are() {
        let of = |endpoint| methods(Some(Route::Protocol(endpoint)), None);
        assert_eq!((of(Endpoint::Token), of(Endpoint::Userinfo)), ("POST", "GET, POST"));
        assert_eq!((of(Endpoint::Jwks), methods(Some(Route::Info), None)), ("GET, HEAD", "GET, HEAD"));
        assert_eq!(methods(None, Some("/id/realms/{realm}/logout/confirm")), "POST");
        assert_eq!(methods(None, Some("/id/realms/{realm}/login/{interaction}")), "GET, POST");
        assert_eq!(methods(None, Some("/id/health")), "GET, HEAD");
    }

    #[test]
    fn a_limit_says_when_it_takes_the_next() {
        let response = too_many_json(7);
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), "7");
        assert_eq!(response.headers().get(header::CACHE_CONTROL).unwrap(), "no-store");
    }
}
