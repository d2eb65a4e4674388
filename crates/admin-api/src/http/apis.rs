//! APIs, with the scopes that they own.

use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::call::Call;
use super::list::{ListQuery, Page, decode, limit};
use super::views::{ApiView, NewApi, json, named, nothing, versioned};
use super::{Problem, body, wrong_method};
use crate::ops::lists::{self, ApiSummary};
use crate::ops::object::{self, Object};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/apis")
                .route(web::get().to(apis_list))
                .route(web::post().to(apis_create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/apis/{identifier}")
                .route(web::get().to(apis_read))
                .route(web::patch().to(apis_change))
                .route(web::delete().to(apis_delete))
                .default_service(web::to(wrong_method)),
        );
}

/// List APIs
#[utoipa::path(
    get, path = "/realms/{realm}/apis", tag = "APIs and scopes",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ListQuery),
    responses((status = 200, description = "A page of APIs, by identifier", body = Page<ApiSummary>)),
    extensions(("x-permission" = json!("clients:read")))
)]
pub(super) async fn apis_list(call: Call, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let limit = limit(query.limit)?;
    let after: Option<String> = decode(query.cursor.as_deref())?;
    let found = lists::apis(&call.caller, &query.text(), after.as_deref(), limit + 1).await?;
    Ok(json(StatusCode::OK, &Page::of(found, limit, |item| item.identifier.clone())))
}

/// Make an API
///
/// The body is its part of the realm document, with its `identifier`.
#[utoipa::path(
    post, path = "/realms/{realm}/apis", tag = "APIs and scopes",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    request_body(content = NewApi, description = "The API, and its `identifier`"),
    responses((status = 201, description = "The API", body = ApiView)),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn apis_create(call: Call, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let mut body = body::json(&request, payload).await?;
    let name = named(&mut body, "identifier")?;
    let made = object::create(&call.caller, &Object::Api(name), body).await?;
    Ok(versioned(StatusCode::CREATED, &made))
}

/// Read an API
#[utoipa::path(
    get, path = "/realms/{realm}/apis/{identifier}", tag = "APIs and scopes",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("identifier" = String, Path, description = "The `aud` value")),
    responses((status = 200, description = "The API", body = ApiView)),
    extensions(("x-permission" = json!("clients:read")))
)]
pub(super) async fn apis_read(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let found = object::read(&call.caller, &Object::Api(path.into_inner().1)).await?;
    Ok(versioned(StatusCode::OK, &found))
}

/// Change an API
#[utoipa::path(
    patch, path = "/realms/{realm}/apis/{identifier}", tag = "APIs and scopes",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("identifier" = String, Path, description = "The `aud` value"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    request_body(content = serde_json::Value, content_type = "application/merge-patch+json", description = "Members of the API to change (RFC 7396)"),
    responses((status = 200, description = "The API now", body = ApiView)),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn apis_change(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let expected = body::expected(&request)?;
    let changes = body::patch(&request, payload).await?;
    let after = object::patch(&call.caller, &Object::Api(path.into_inner().1), &expected, &changes).await?;
    Ok(versioned(StatusCode::OK, &after))
}

/// Remove an API
#[utoipa::path(
    delete, path = "/realms/{realm}/apis/{identifier}", tag = "APIs and scopes",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("identifier" = String, Path, description = "The `aud` value"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    responses((status = 204, description = "It is gone")),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn apis_delete(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    object::delete(&call.caller, &Object::Api(path.into_inner().1), &body::expected(&request)?).await?;
    Ok(nothing())
}
