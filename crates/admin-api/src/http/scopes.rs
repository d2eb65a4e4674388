//! Scopes, with their claim mappers.

use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::call::Call;
use super::list::{ListQuery, Page, decode, limit};
use super::views::{NewScope, ScopeView, json, named, nothing, versioned};
use super::{Problem, body, wrong_method};
use crate::ops::lists::{self, ScopeSummary};
use crate::ops::object::{self, Object};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/scopes")
                .route(web::get().to(scopes_list))
                .route(web::post().to(scopes_create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/scopes/{name}")
                .route(web::get().to(scopes_read))
                .route(web::patch().to(scopes_change))
                .route(web::delete().to(scopes_delete))
                .default_service(web::to(wrong_method)),
        );
}

/// List scopes
#[utoipa::path(
    get, path = "/realms/{realm}/scopes", tag = "APIs and scopes",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ListQuery),
    responses((status = 200, description = "A page of scopes, by name", body = Page<ScopeSummary>)),
    extensions(("x-permission" = json!("clients:read")))
)]
pub(super) async fn scopes_list(call: Call, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let limit = limit(query.limit)?;
    let after: Option<String> = decode(query.cursor.as_deref())?;
    let found = lists::scopes(&call.caller, &query.text(), after.as_deref(), limit + 1).await?;
    Ok(json(StatusCode::OK, &Page::of(found, limit, |item| item.name.clone())))
}

/// Make a scope
///
/// The body is its part of the realm document, with its `name`.
#[utoipa::path(
    post, path = "/realms/{realm}/scopes", tag = "APIs and scopes",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    request_body(content = NewScope, description = "The scope, and its `name`"),
    responses((status = 201, description = "The scope", body = ScopeView)),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn scopes_create(call: Call, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let mut body = body::json(&request, payload).await?;
    let name = named(&mut body, "name")?;
    let made = object::create(&call.caller, &Object::Scope(name), body).await?;
    Ok(versioned(StatusCode::CREATED, &made))
}

/// Read a scope
#[utoipa::path(
    get, path = "/realms/{realm}/scopes/{name}", tag = "APIs and scopes",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("name" = String, Path, description = "The scope")),
    responses((status = 200, description = "The scope", body = ScopeView)),
    extensions(("x-permission" = json!("clients:read")))
)]
pub(super) async fn scopes_read(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let found = object::read(&call.caller, &Object::Scope(path.into_inner().1)).await?;
    Ok(versioned(StatusCode::OK, &found))
}

/// Change a scope
#[utoipa::path(
    patch, path = "/realms/{realm}/scopes/{name}", tag = "APIs and scopes",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("name" = String, Path, description = "The scope"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    request_body(content = serde_json::Value, content_type = "application/merge-patch+json", description = "Members of the scope to change (RFC 7396)"),
    responses((status = 200, description = "The scope now", body = ScopeView)),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn scopes_change(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let expected = body::expected(&request)?;
    let changes = body::patch(&request, payload).await?;
    let after = object::patch(&call.caller, &Object::Scope(path.into_inner().1), &expected, &changes).await?;
    Ok(versioned(StatusCode::OK, &after))
}

/// Remove a scope
#[utoipa::path(
    delete, path = "/realms/{realm}/scopes/{name}", tag = "APIs and scopes",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("name" = String, Path, description = "The scope"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    responses((status = 204, description = "It is gone")),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn scopes_delete(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    object::delete(&call.caller, &Object::Scope(path.into_inner().1), &body::expected(&request)?).await?;
    Ok(nothing())
}
