//! Initial access tokens, with which clients register themselves.

use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use palatine_domain::ids::InitialTokenId;

use super::call::Call;
use super::list::{Page, PageQuery, decode, id, limit};
use super::views::{json, nothing};
use super::{Problem, body, wrong_method};
use crate::ops::initial_tokens::{self, InitialTokenView, MadeInitialToken, NewInitialToken};
use crate::ops::object::typed_body;

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/initial-access-tokens")
                .route(web::get().to(initial_tokens_list))
                .route(web::post().to(initial_tokens_create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/initial-access-tokens/{token}")
                .route(web::delete().to(initial_tokens_remove))
                .default_service(web::to(wrong_method)),
        );
}

/// List initial access tokens
#[utoipa::path(
    get, path = "/realms/{realm}/initial-access-tokens", tag = "Clients",
    params(("realm" = String, Path, description = "The realm's name in URLs"), PageQuery),
    responses((status = 200, description = "A page of tokens, newest first; used up and expired ones too, until they are swept", body = Page<InitialTokenView>)),
    extensions(("x-permission" = json!("clients:read")))
)]
pub(super) async fn initial_tokens_list(call: Call, query: Query<PageQuery>) -> Result<HttpResponse, Problem> {
    let limit = limit(query.limit)?;
    let after: Option<InitialTokenId> = decode(query.cursor.as_deref())?;
    let found = initial_tokens::list(&call.caller, after, limit + 1).await?;
    Ok(json(StatusCode::OK, &Page::of(found, limit, |token| token.id.clone())))
}

/// Make an initial access token
///
/// The answer has the token, which is not shown again. The realm's policy must be `registration: token`, or registration
/// asks for none.
#[utoipa::path(
    post, path = "/realms/{realm}/initial-access-tokens", tag = "Clients",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    request_body = NewInitialToken,
    responses((status = 201, description = "The token", body = MadeInitialToken)),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn initial_tokens_create(
    call: Call,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let new: NewInitialToken = typed_body(body::json(&request, payload).await?)?;
    let made = initial_tokens::create(&call.caller, &new).await?;
    Ok(json(StatusCode::CREATED, &made))
}

/// Take an initial access token back
///
/// Clients that registered with it stay.
#[utoipa::path(
    delete, path = "/realms/{realm}/initial-access-tokens/{token}", tag = "Clients",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("token" = String, Path, description = "Its row")),
    responses((status = 204, description = "It works no more")),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn initial_tokens_remove(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    initial_tokens::remove(&call.caller, id(&path.1)?).await?;
    Ok(nothing())
}
