//! The registration endpoint (RFC 7591, section 3) and the client configuration endpoint (RFC 7592, section 2).

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use palatine_protocol::bearer::BearerPresentation;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_realm::Realm;
use palatine_tenant_routing::limits::{self, Bucket};
use palatine_tenant_routing::{ClientAddress, CurrentRealm, body, cors, surface};
use serde::Deserialize;

use super::{bearer_refusal, failure, single_header};
use crate::TokenService;
use crate::registration::{ManagedClient, RegistrationError};

/// The name of the client in the path of the configuration endpoint.
#[derive(Deserialize)]
pub(super) struct InPath {
    client_id: String,
}

pub(super) async fn register(
    request: HttpRequest,
    realm: CurrentRealm,
    service: Data<TokenService>,
    payload: Payload,
) -> HttpResponse {
    let realm = realm.0;
    let (address, prefix) = place(&request);
    if let Err(too_many) = limits::take(&realm, Bucket::Registration, &prefix).await {
        return surface::too_many_json(too_many.retry_after_seconds);
    }
    let token = match token(&request) {
        Ok(token) => token,
        Err(error) => return bearer_refusal(&realm, Some(&error)),
    };
    let may = match service.may_register(&realm, token.as_deref()).await {
        Ok(may) => may,
        Err(error) => return refusal(&realm, &error),
    };
    let body = match body::read_json(&request, payload).await {
        Ok(body) => body,
        Err(error) => return surface::body_error_json(&error),
    };
    match service.register(&realm, may, &body, &address).await {
        Ok(registered) => {
            cors::readable_by(&request, &registered.client);
            surface::no_store(&mut HttpResponse::Created()).json(registered.information)
        }
        Err(error) => refusal(&realm, &error),
    }
}

pub(super) async fn read(
    request: HttpRequest,
    realm: CurrentRealm,
    service: Data<TokenService>,
    path: Path<InPath>,
) -> HttpResponse {
    match managed(&request, &service, &realm.0, &path.client_id).await {
        Ok(managed) => surface::no_store(&mut HttpResponse::Ok()).json(service.registered(&realm.0, &managed)),
        Err(refused) => refused,
    }
}

pub(super) async fn change(
    request: HttpRequest,
    realm: CurrentRealm,
    service: Data<TokenService>,
    path: Path<InPath>,
    payload: Payload,
) -> HttpResponse {
    let realm = realm.0;
    let (address, prefix) = place(&request);
    if let Err(too_many) = limits::take(&realm, Bucket::Registration, &prefix).await {
        return surface::too_many_json(too_many.retry_after_seconds);
    }
    let managed = match managed(&request, &service, &realm, &path.client_id).await {
        Ok(managed) => managed,
        Err(refused) => return refused,
    };
    let body = match body::read_json(&request, payload).await {
        Ok(body) => body,
        Err(error) => return surface::body_error_json(&error),
    };
    match service.change_registration(&realm, &managed, &body, &address).await {
        Ok(registered) => surface::no_store(&mut HttpResponse::Ok()).json(registered.information),
        Err(error) => refusal(&realm, &error),
    }
}

pub(super) async fn remove(
    request: HttpRequest,
    realm: CurrentRealm,
    service: Data<TokenService>,
    path: Path<InPath>,
) -> HttpResponse {
    let managed = match managed(&request, &service, &realm.0, &path.client_id).await {
        Ok(managed) => managed,
        Err(refused) => return refused,
    };
    let (address, _) = place(&request);
    match service.unregister(&realm.0, &managed, &address).await {
        Ok(()) => surface::no_store(&mut HttpResponse::NoContent()).finish(),
        Err(error) => refusal(&realm.0, &error),
    }
}

/// The client that the token belongs to; scripts of its origins may read the answer.
async fn managed(
    request: &HttpRequest,
    service: &TokenService,
    realm: &Realm,
    client_id: &str,
) -> Result<ManagedClient, HttpResponse> {
    let token = token(request).map_err(|error| bearer_refusal(realm, Some(&error)))?;
    let managed = service.managed_client(realm, client_id, token.as_deref()).await;
    let managed = managed.map_err(|error| refusal(realm, &error))?;
    cors::readable_by(request, managed.client());
    Ok(managed)
}

fn place(request: &HttpRequest) -> (String, String) {
    let address = ClientAddress::current(request);
    (address.to_string(), address.prefix())
}

/// The token of the `Authorization` header, the one place where it may be.
fn token(request: &HttpRequest) -> Result<Option<String>, OAuthError> {
    let presented = BearerPresentation::read(single_header(request, "authorization")?, None)?;
    Ok(presented.map(|presented| presented.token().to_owned()))
}

fn refusal(realm: &Realm, error: &RegistrationError) -> HttpResponse {
    match error {
        RegistrationError::Closed => {
            let words = "clients do not register themselves in this realm";
            surface::json_error(403, &OAuthError::new(ErrorCode::AccessDenied, words))
        }
        RegistrationError::NoToken => bearer_refusal(realm, None),
        RegistrationError::BadToken => {
            let error = OAuthError::new(ErrorCode::InvalidToken, "the token is not valid here");
            bearer_refusal(realm, Some(&error))
        }
        RegistrationError::Refused(error) => surface::oauth_error(error),
        RegistrationError::Failed(error) => failure(error),
    }
}
