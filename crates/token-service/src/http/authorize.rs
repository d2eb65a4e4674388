//! The authorization endpoint (RFC 6749, section 3.1).

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use palatine_pages::views::ErrorKind;
use palatine_protocol::endpoints::Endpoint;
use palatine_protocol::params::Params;
use palatine_realm::Realm;
use palatine_tenant_routing::limits::{self, Bucket, TooMany};
use palatine_tenant_routing::{ClientAddress, CurrentRealm, body, page, surface};

use super::render::{browser_session, failure_page, render_authorize_error, render_outcome};
use crate::TokenService;
use crate::authorize::{Arrived, POSTED_REQUEST};

pub(super) async fn by_get(request: HttpRequest, realm: CurrentRealm, service: Data<TokenService>) -> HttpResponse {
    let realm = realm.0;
    let too_many = counted(&request, &realm).await.err();
    let arrived = match asked_by_get(&request, &realm, &service).await {
        Ok(arrived) => arrived,
        Err(page) => return too_many.map_or(page, |too_many| too_many_page(&request, too_many)),
    };
    if let Some(too_many) = too_many {
        return came_too_soon(&request, &realm, &service, arrived.params(), too_many).await;
    }
    match Box::pin(service.authorize(&realm, &arrived, browser_session(&service, &request, &realm))).await {
        Ok(outcome) => render_outcome(&request, &realm, outcome),
        Err(error) => render_authorize_error(&request, &realm, error),
    }
}

/// The parameters of the query, or those of the kept request that it names.
async fn asked_by_get(
    request: &HttpRequest,
    realm: &Realm,
    service: &Data<TokenService>,
) -> Result<Arrived, HttpResponse> {
    let Ok(params) = Params::parse(request.query_string().as_bytes()) else {
        return Err(surface::error_page(request, ErrorKind::InvalidRequest, None, &[]));
    };
    match service.posted_request(realm, params).await {
        Ok(Some(arrived)) => Ok(arrived),
        Ok(None) => Err(surface::error_page(request, ErrorKind::ExpiredInteraction, None, &[])),
        Err(error) => Err(failure_page(request, &error)),
    }
}

/// "A `POST`ed authorization request is stored and answered 303 to its GET form, so that cookies do not matter to it."
pub(super) async fn by_post(
    request: HttpRequest,
    realm: CurrentRealm,
    service: Data<TokenService>,
    payload: Payload,
) -> HttpResponse {
    let realm = realm.0;
    let too_many = counted(&request, &realm).await.err();
    let params = match body::read_form(&request, payload).await {
        Ok(params) => params,
        Err(error) => {
            let page = surface::error_page(&request, surface::body_error_kind(&error), None, &[]);
            return too_many.map_or(page, |too_many| too_many_page(&request, too_many));
        }
    };
    if let Some(too_many) = too_many {
        return came_too_soon(&request, &realm, &service, &params, too_many).await;
    }
    match service.store_posted_request(&realm, &params).await {
        Ok(handle) => {
            let endpoint = Endpoint::Authorization.canonical();
            page::see_other(&format!("{}{endpoint}?{POSTED_REQUEST}={handle}", realm.path()))
        }
        Err(error) => render_authorize_error(&request, &realm, error),
    }
}

async fn counted(request: &HttpRequest, realm: &Realm) -> Result<(), TooMany> {
    limits::take(realm, Bucket::Authorize, &ClientAddress::current(request).prefix()).await
}

/// A page that says when to come back; or, for a request that forbids pages, an answer to its client. `Retry-After`
/// stands on the page alone: beside a redirect it would make the browser wait with that.
async fn came_too_soon(
    request: &HttpRequest,
    realm: &Realm,
    service: &Data<TokenService>,
    params: &Params,
    too_many: TooMany,
) -> HttpResponse {
    match service.authorize_too_soon(realm, params).await {
        Ok(Some(outcome)) => render_outcome(request, realm, outcome),
        Ok(None) | Err(_) => too_many_page(request, too_many),
    }
}

fn too_many_page(request: &HttpRequest, too_many: TooMany) -> HttpResponse {
    surface::error_page(request, ErrorKind::TooManyRequests, Some(too_many.retry_after_seconds), &[])
}
