//! The userinfo endpoint (OpenID Connect Core, section 5.3): the token in the header, or in the body of a POST.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use palatine_protocol::bearer::BearerPresentation;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_tenant_routing::{CurrentRealm, body, cors, surface};

use super::{bearer_refusal, failure, single_header};
use crate::TokenService;
use crate::userinfo::{Userinfo, UserinfoError};

pub(super) async fn userinfo(
    request: HttpRequest,
    realm: CurrentRealm,
    service: Data<TokenService>,
    payload: Payload,
) -> HttpResponse {
    let realm = realm.0;
    let form = match body::read_optional_form(&request, payload).await {
        Ok(form) => form,
        Err(error) => return surface::body_error_json(&error),
    };
    let presented = single_header(&request, "authorization")
        .and_then(|header| BearerPresentation::read(header, form.as_ref()).map_err(OAuthError::from));
    let presented = match presented {
        Ok(Some(presented)) => presented,
        Ok(None) => return bearer_refusal(&realm, None),
        Err(error) => return bearer_refusal(&realm, Some(&error)),
    };
    let token = match service.read_access_token(&realm, presented.token()).await {
        Ok(Some(token)) => token,
        Ok(None) => {
            if let Ok(Some(client)) = service.client_of_expired(&realm, presented.token()).await {
                cors::readable_by(&request, &client);
            }
            let error = OAuthError::new(ErrorCode::InvalidToken, "the access token is not valid here");
            return bearer_refusal(&realm, Some(&error));
        }
        Err(error) => return failure(&error),
    };
    if let Ok(Some(client)) = service.find_client(&realm, &token.client_id).await {
        cors::readable_by(&request, &client);
    }
    match service.userinfo(&realm, &token).await {
        Ok(Userinfo::Plain(claims)) => surface::no_store(&mut HttpResponse::Ok()).json(claims),
        Ok(Userinfo::Signed(jwt)) => {
            surface::no_store(&mut HttpResponse::Ok()).content_type("application/jwt").body(jwt)
        }
        Err(UserinfoError::Refused(error)) => bearer_refusal(&realm, Some(&error)),
        Err(UserinfoError::Failed(error)) => failure(&error),
    }
}
