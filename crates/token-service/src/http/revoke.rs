//! The revocation endpoint (RFC 7009, section 2).

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use palatine_protocol::revocation::RevocationRequest;
use palatine_tenant_routing::{CurrentRealm, body, surface};

use super::{authenticated, token_error};
use crate::TokenService;

pub(super) async fn revoke(
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
    let asked = match RevocationRequest::read(&params) {
        Ok(asked) => asked,
        Err(error) => return surface::oauth_error(&error),
    };
    match service.revoke(&realm.0, &client, &asked).await {
        Ok(()) => surface::no_store(&mut HttpResponse::Ok()).finish(),
        Err(error) => token_error(&error),
    }
}
