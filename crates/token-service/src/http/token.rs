//! The token endpoint (RFC 6749, section 3.2).

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use palatine_protocol::token::TokenRequest;
use palatine_tenant_routing::limits::{self, Bucket};
use palatine_tenant_routing::{CurrentRealm, body, surface};

use super::{authenticated, caller, token_error};
use crate::TokenService;
use crate::error::may_issue;

pub(super) async fn token(
    request: HttpRequest,
    realm: CurrentRealm,
    service: Data<TokenService>,
    payload: Payload,
) -> HttpResponse {
    if may_issue(&realm.0).is_err() {
        return surface::unavailable_json();
    }
    let params = match body::read_form(&request, payload).await {
        Ok(params) => params,
        Err(error) => return surface::body_error_json(&error),
    };
    let client = match authenticated(&request, &service, &realm.0, &params).await {
        Ok(client) => client,
        Err(refusal) => return refusal,
    };
    let client_id = client.client().client_id.as_str();
    if let Err(too_many) = limits::take(&realm.0, Bucket::TokenPerClient, client_id).await {
        return surface::too_many_json(too_many.retry_after_seconds);
    }
    let asked = match TokenRequest::read(&params) {
        Ok(asked) => asked,
        Err(error) => return surface::oauth_error(&error),
    };
    match service.token(&realm.0, &client, asked, &caller(&request)).await {
        Ok(answer) => surface::no_store(&mut HttpResponse::Ok()).json(answer),
        Err(error) => token_error(&error),
    }
}
