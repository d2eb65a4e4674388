//! The realm's signing keys.

use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use palatine_protocol::jwk::SigningAlgorithm;
use serde::Deserialize;

use super::call::Call;
use super::list::Page;
use super::views::{json, nothing};
use super::{Problem, body, wrong_method};
use crate::ops::object::typed_body;
use crate::ops::realm_keys::{self, KeyView};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/keys")
                .route(web::get().to(keys_list))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/keys/rotate")
                .route(web::post().to(keys_rotate))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/keys/{kid}/retire")
                .route(web::post().to(keys_retire))
                .default_service(web::to(wrong_method)),
        );
}

/// Which keys are to be rotated.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WhichKeys {
    /// Only the key of this algorithm.
    algorithm: Option<SigningAlgorithm>,
}

/// List signing keys
#[utoipa::path(
    get, path = "/realms/{realm}/keys", tag = "Keys",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    responses((status = 200, description = "The keys, by algorithm and generation; never a private half", body = Page<KeyView>)),
    extensions(("x-permission" = json!("keys:read")))
)]
pub(super) async fn keys_list(call: Call) -> Result<HttpResponse, Problem> {
    let items = realm_keys::list(&call.caller).await?;
    Ok(json(StatusCode::OK, &Page { items, next_cursor: None }))
}

/// Rotate signing keys
///
/// Their successors are published at once and sign eleven minutes later.
#[utoipa::path(
    post, path = "/realms/{realm}/keys/rotate", tag = "Keys",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    request_body = WhichKeys,
    responses((status = 200, description = "The successors", body = Page<KeyView>)),
    extensions(("x-permission" = json!("keys:write")))
)]
pub(super) async fn keys_rotate(call: Call, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let which: WhichKeys = typed_body(body::json(&request, payload).await?)?;
    let items = realm_keys::rotate(&call.caller, which.algorithm).await?;
    Ok(json(StatusCode::OK, &Page { items, next_cursor: None }))
}

/// Retire a signing key
///
/// In an emergency: nothing that it signed is believed any more, and another key signs at once.
#[utoipa::path(
    post, path = "/realms/{realm}/keys/{kid}/retire", tag = "Keys",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("kid" = String, Path, description = "The key's `kid`")),
    responses((status = 204, description = "It is out of use")),
    extensions(("x-permission" = json!("keys:write")))
)]
pub(super) async fn keys_retire(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    realm_keys::retire(&call.caller, &path.1).await?;
    Ok(nothing())
}
