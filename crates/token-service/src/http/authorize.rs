//! The authorization endpoint (RFC 6749, section 3.1).

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use palatine_pages::views::ErrorKind;
use palatine_protocol::endpoints::Endpoint;
use palatine_protocol::params::Params;
use palatine_realm::Realm;
use palatine_tenant_routing::limits::{self, Bucket};
use palatine_tenant_routing::{ClientAddress, CurrentRealm, body, page, surface};

use super::render::{browser_session, failure_page, render_authorize_error, render_outcome};
use crate::TokenService;
use crate::authorize::POSTED_REQUEST;

pub(super) async fn by_get(request: HttpRequest, realm: CurrentRealm, service: Data<TokenService>) -> HttpResponse {
    let realm = realm.0;
    if let Err(refusal) = limited(&request, &realm).await {
        return refusal;
    }
    let Ok(params) = Params::parse(request.query_string().as_bytes()) else {
        return surface::error_page(&request, ErrorKind::InvalidRequest, None, &[]);
    };
    let arrived = match service.posted_request(&realm, params).await {
        Ok(Some(arrived)) => arrived,
        Ok(None) => return surface::error_page(&request, ErrorKind::ExpiredInteraction, None, &[]),
        Err(error) => return failure_page(&request, &error),
    };
    let browser = match browser_session(&service, &request, &realm).await {
        Ok(browser) => browser,
        Err(error) => return failure_page(&request, &error.into()),
    };
    match service.authorize(&realm, &arrived, browser.as_ref()).await {
        Ok(outcome) => render_outcome(&request, &realm, outcome),
        Err(error) => render_authorize_error(&request, &realm, error),
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
    if let Err(refusal) = limited(&request, &realm).await {
        return refusal;
    }
    let params = match body::read_form(&request, payload).await {
        Ok(params) => params,
        Err(error) => return surface::error_page(&request, surface::body_error_kind(&error), None, &[]),
    };
    match service.store_posted_request(&realm, &params).await {
        Ok(handle) => {
            let endpoint = Endpoint::Authorization.canonical();
            page::see_other(&format!("{}{endpoint}?{POSTED_REQUEST}={handle}", realm.path()))
        }
        Err(error) => render_authorize_error(&request, &realm, error),
    }
}

async fn limited(request: &HttpRequest, realm: &Realm) -> Result<(), HttpResponse> {
    let prefix = ClientAddress::current(request).prefix();
    limits::take(realm, Bucket::Authorize, &prefix).await.map_err(|too_many| {
        surface::error_page(request, ErrorKind::TooManyRequests, Some(too_many.retry_after_seconds), &[])
    })
}
