//! The endpoints over HTTP: parse, call the service, render. The router on one screen, grouped by who uses it.

mod authorize;
mod device;
mod documents;
pub mod end_session;
mod introspect;
mod registration;
pub mod render;
mod revoke;
mod session_frames;
mod token;
mod userinfo;

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, ORIGIN, USER_AGENT};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, guard};
use palatine_authn::HashError;
use palatine_domain::client::Client;
use palatine_protocol::bearer::www_authenticate;
use palatine_protocol::client_auth::{PresentedCredentials, basic_challenge, named_clients};
use palatine_protocol::endpoints::{Endpoint, oauth_metadata_path};
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::params::Params;
use palatine_protocol::scope::ScopeSet;
use palatine_realm::Realm;
use palatine_realm::routes::REALM_PATTERN;
use palatine_tenant_routing::{ClientAddress, RequestId, cors, scope, surface};

use crate::client_auth::{AuthenticatedClient, ClientAuthError};
use crate::grants::{Caller, TokenError};
use crate::{ServiceError, TokenService};

/// Registers the endpoints of a realm, relative to its path.
pub fn configure(config: &mut ServiceConfig) {
    // Applications' backends, and scripts of registered origins.
    config
        .service(resource(Endpoint::Token).route(web::post().to(token::token)))
        .service(resource(Endpoint::DeviceAuthorization).route(web::post().to(device::authorize)))
        .service(resource(Endpoint::Revocation).route(web::post().to(revoke::revoke)))
        .service(
            resource(Endpoint::Userinfo)
                .route(web::get().to(userinfo::userinfo))
                .route(web::post().to(userinfo::userinfo)),
        );
    // Clients that register themselves.
    config.service(resource(Endpoint::Registration).route(web::post().to(registration::register))).service(
        resource(Endpoint::ClientConfiguration)
            .route(web::get().to(registration::read))
            .route(web::put().to(registration::change))
            .route(web::delete().to(registration::remove)),
    );
    // APIs.
    config.service(resource(Endpoint::Introspection).route(web::post().to(introspect::introspect)));
    // Browsers.
    config
        .service(
            resource(Endpoint::Authorization)
                .route(web::get().to(authorize::by_get))
                .route(web::post().to(authorize::by_post)),
        )
        .service(
            resource(Endpoint::EndSession)
                .route(web::get().to(end_session::by_get))
                .route(web::post().to(end_session::by_post)),
        );
    // Hidden frames in applications' pages.
    config
        .service(resource(Endpoint::CheckSession).route(get_or_head().to(session_frames::check_session)))
        .service(resource(Endpoint::CheckSessionInit).route(get_or_head().to(session_frames::init)))
        .service(resource(Endpoint::CookieProbe).route(get_or_head().to(session_frames::probe)))
        .service(resource(Endpoint::CookieProbeResult).route(get_or_head().to(session_frames::probe_result)));
    // Whoever wants to know.
    config
        .service(resource(Endpoint::Discovery).route(get_or_head().to(documents::discovery)))
        .service(resource(Endpoint::Jwks).route(get_or_head().to(documents::jwks)))
        .service(
            web::resource(["", "/"])
                .route(get_or_head().to(documents::info))
                .default_service(web::to(surface::method_not_allowed)),
        );
}

/// Registers what lies at the origin, outside every realm's path, with the layers that a realm's own paths have: RFC 8414,
/// section 3.1. `path_prefix` is the public URL's.
pub fn configure_root(config: &mut ServiceConfig, path_prefix: &str) {
    let pattern = oauth_metadata_path(&format!("{path_prefix}{REALM_PATTERN}"));
    config.service(
        web::resource(pattern)
            .route(get_or_head().to(documents::discovery))
            .default_service(web::to(surface::method_not_allowed))
            // The last one is the first that a request meets.
            .wrap(from_fn(cors::share))
            .wrap(from_fn(scope::resolve_realm)),
    );
}

fn resource(endpoint: Endpoint) -> Resource {
    web::resource(endpoint.paths().to_vec()).default_service(web::to(surface::method_not_allowed))
}

fn get_or_head() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// The one value of a header. A header that comes twice is refused: which one would count?
fn single_header<'r>(request: &'r HttpRequest, name: &str) -> Result<Option<&'r str>, OAuthError> {
    let mut values = request.headers().get_all(name);
    let first = values.next();
    if values.next().is_some() {
        return Err(OAuthError::invalid_request(format!("the header {name} came more than once")));
    }
    let unreadable = |_| OAuthError::invalid_request(format!("the header {name} cannot be read"));
    first.map(|value| value.to_str().map_err(unreadable)).transpose()
}

/// Why a client was not let in: the answer, and the client that its credentials name, if there is one.
struct NotLetIn {
    answer: HttpResponse,
    named: Option<Arc<Client>>,
}

impl From<HttpResponse> for NotLetIn {
    fn from(answer: HttpResponse) -> Self {
        Self { answer, named: None }
    }
}

/// Authenticates the client of a request, and lets scripts of its origins read the answer, whatever it will be.
async fn authenticated(
    request: &HttpRequest,
    service: &Data<TokenService>,
    realm: &Realm,
    params: &Params,
) -> Result<AuthenticatedClient, NotLetIn> {
    let header = single_header(request, "authorization");
    let presented = match header.and_then(|header| PresentedCredentials::read(header, params)) {
        Ok(presented) => presented,
        Err(error) => {
            share_with_named(request, service, realm, params).await;
            return Err(client_refusal(request, realm, &error).into());
        }
    };
    let claimed = service.claimed_client(realm, presented).await.map_err(|error| failure(&error.into()))?;
    if let Some(client) = claimed.client() {
        cors::readable_by(request, client);
    }
    let named = claimed.client().cloned();
    let prefix = ClientAddress::current(request).prefix();
    let authenticated = service.authenticate(realm, claimed, &prefix).await;
    authenticated.map_err(|refusal| NotLetIn { answer: not_let_in(request, realm, refusal), named })
}

fn not_let_in(request: &HttpRequest, realm: &Realm, refusal: ClientAuthError) -> HttpResponse {
    match refusal {
        ClientAuthError::TooMany(too_many) => surface::too_many_json(too_many.retry_after_seconds),
        ClientAuthError::Hash(error) => failure(&error.into()),
        ClientAuthError::Store(error) => failure(&error.into()),
        ClientAuthError::Unmarkable { retry_after_seconds } => surface::too_busy_json(retry_after_seconds),
        refusal => match refusal.to_oauth() {
            Some(error) => client_refusal(request, realm, &error),
            None => surface::unavailable_json(),
        },
    }
}

/// Lets scripts read why credentials could not be taken for any: those of the origins of each client that is named in
/// them. Who asks from no other origin has nothing looked up.
async fn share_with_named(request: &HttpRequest, service: &Data<TokenService>, realm: &Realm, params: &Params) {
    if !request.headers().contains_key(ORIGIN) {
        return;
    }
    let headers = request.headers().get_all(AUTHORIZATION).filter_map(|value| value.to_str().ok());
    for client_id in named_clients(headers, params) {
        match service.find_client(realm, &client_id).await {
            Ok(Some(client)) => cors::readable_by(request, &client),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the client of a refused request could not be looked up"),
        }
    }
}

/// RFC 6749, section 5.2: "If the client attempted to authenticate via the `Authorization` request header field, the
/// authorization server MUST respond with an HTTP 401 status code and include the `WWW-Authenticate` response header".
fn client_refusal(request: &HttpRequest, realm: &Realm, error: &OAuthError) -> HttpResponse {
    let mut response = surface::oauth_error(error);
    if request.headers().contains_key(AUTHORIZATION) && error.code == ErrorCode::InvalidClient {
        let challenge = basic_challenge(realm.slug().as_str());
        if let Ok(value) = challenge.parse() {
            response.headers_mut().insert(actix_web::http::header::WWW_AUTHENTICATE, value);
        }
    }
    response
}

/// What is known of whoever sent a request.
pub fn caller(request: &HttpRequest) -> Caller {
    let address = ClientAddress::current(request);
    let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    Caller {
        address: address.to_string(),
        address_prefix: address.prefix(),
        request_id: RequestId::current(request).to_string(),
        user_agent: user_agent.unwrap_or_default().to_owned(),
    }
}

/// Why no token was issued, in OAuth JSON.
fn token_error(error: &TokenError) -> HttpResponse {
    match error {
        TokenError::Refused(error) => surface::oauth_error(error),
        TokenError::TooMany(too_many) => surface::too_many_json(too_many.retry_after_seconds),
        TokenError::Failed(error) => failure(error),
    }
}

/// Something inside did not work: logged here, 503 or 500 outside.
fn failure(error: &ServiceError) -> HttpResponse {
    if error.is_temporary() {
        tracing::warn!(%error, "temporarily unable to answer");
        return match error {
            ServiceError::Hash(HashError::Busy { retry_after }) => surface::too_busy_json(retry_after.as_secs() + 1),
            _ => surface::unavailable_json(),
        };
    }
    tracing::error!(%error, "failed to answer");
    surface::oauth_error(&OAuthError::new(ErrorCode::ServerError, "something went wrong on our side"))
}

/// RFC 6750, section 3: the challenge, without an error when no credentials came.
fn bearer_refusal(realm: &Realm, error: Option<&OAuthError>) -> HttpResponse {
    let needed = error.filter(|error| error.code == ErrorCode::InsufficientScope);
    let scope = needed.and_then(|_| ScopeSet::parse("openid").ok());
    let challenge = www_authenticate(realm.slug().as_str(), error, scope.as_ref());
    let mut response = match error {
        Some(error) => surface::oauth_error(error),
        None => surface::no_store(&mut HttpResponse::Unauthorized()).finish(),
    };
    if let Ok(value) = challenge.parse() {
        response.headers_mut().insert(actix_web::http::header::WWW_AUTHENTICATE, value);
    }
    response
}
