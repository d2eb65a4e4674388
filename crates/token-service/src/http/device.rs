//! The device authorization endpoint (RFC 8628, section 3.1).

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use palatine_protocol::device::DeviceAuthorizationRequest;
use palatine_tenant_routing::limits::{self, Bucket};
use palatine_tenant_routing::{ClientAddress, CurrentRealm, body, surface};

use super::{authenticated, token_error};
use crate::TokenService;

pub(super) async fn authorize(
    request: HttpRequest,
    realm: CurrentRealm,
    service: Data<TokenService>,
    payload: Payload,
) -> HttpResponse {
    let params = match body::read_form(&request, payload).await {
        Ok(params) => params,
        Err(error) => return surface::body_error_json(&error),
    };
    let client = match authenticated(&request, &service, &realm.0, &params).await {
        Ok(client) => client,
        Err(refusal) => return refusal.answer,
    };
    // A public client's id is known to everybody: what makes something is counted by address, as at the other
    // authorization endpoint.
    let prefix = ClientAddress::current(&request).prefix();
    if let Err(too_many) = limits::take(&realm.0, Bucket::Authorize, &prefix).await {
        return surface::too_many_json(too_many.retry_after_seconds);
    }
    let asked = match DeviceAuthorizationRequest::read(&params) {
        Ok(asked) => asked,
        Err(error) => return surface::oauth_error(&error),
    };
    match service.authorize_device(&realm.0, &client, asked).await {
        Ok(answer) => surface::no_store(&mut HttpResponse::Ok()).json(answer),
        Err(error) => token_error(&error),
    }
}
