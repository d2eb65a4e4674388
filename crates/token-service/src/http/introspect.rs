//! The introspection endpoint (RFC 7662, section 2).

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::introspection::IntrospectionRequest;
use palatine_tenant_routing::{CurrentRealm, body, surface};

use super::{authenticated, client_refusal, failure};
use crate::TokenService;

pub(super) async fn introspect(
    request: HttpRequest,
    realm: CurrentRealm,
    service: Data<TokenService>,
    payload: Payload,
) -> HttpResponse {
    let params = match body::read_form(&request, payload).await {
        Ok(params) => params,
        Err(error) => return surface::body_error_json(&error),
    };
    let caller = match authenticated(&request, &service, &realm.0, &params).await {
        Ok(client) => client,
        Err(refusal) => return refusal.answer,
    };
    // "the authorization server MUST require authentication of protected resources" (section 4): an id alone is none.
    if caller.client().is_public() {
        let words = "introspection needs a client that authenticates itself";
        let error = OAuthError::new(ErrorCode::InvalidClient, words);
        return client_refusal(&request, &realm.0, &error);
    }
    let asked = match IntrospectionRequest::read(&params) {
        Ok(asked) => asked,
        Err(error) => return surface::oauth_error(&error),
    };
    match service.introspect(&realm.0, &caller, &asked).await {
        Ok(answer) => surface::no_store(&mut HttpResponse::Ok()).json(answer),
        Err(error) => failure(&error),
    }
}
