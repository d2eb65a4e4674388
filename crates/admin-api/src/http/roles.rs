//! Roles of the realm. Those of a client are in the client.

use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::call::Call;
use super::list::{ListQuery, Page, decode, limit};
use super::views::{NewRole, RoleView, json, named, nothing, versioned};
use super::{Problem, body, wrong_method};
use crate::ops::lists::{self, RoleSummary};
use crate::ops::object::{self, Object};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/roles")
                .route(web::get().to(roles_list))
                .route(web::post().to(roles_create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/roles/{name}")
                .route(web::get().to(roles_read))
                .route(web::patch().to(roles_change))
                .route(web::delete().to(roles_delete))
                .default_service(web::to(wrong_method)),
        );
}

/// List roles of the realm
#[utoipa::path(
    get, path = "/realms/{realm}/roles", tag = "Roles and groups",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ListQuery),
    responses((status = 200, description = "A page of roles of the realm, by name", body = Page<RoleSummary>)),
    extensions(("x-permission" = json!("roles:read")))
)]
pub(super) async fn roles_list(call: Call, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let limit = limit(query.limit)?;
    let after: Option<String> = decode(query.cursor.as_deref())?;
    let found = lists::roles(&call.caller, &query.text(), after.as_deref(), limit + 1).await?;
    Ok(json(StatusCode::OK, &Page::of(found, limit, |item| item.name.clone())))
}

/// Make a role of the realm
///
/// The body is its part of the realm document, with its `name`.
#[utoipa::path(
    post, path = "/realms/{realm}/roles", tag = "Roles and groups",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    request_body(content = NewRole, description = "The role, and its `name`"),
    responses((status = 201, description = "The role", body = RoleView)),
    extensions(("x-permission" = json!("roles:write")))
)]
pub(super) async fn roles_create(call: Call, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let mut body = body::json(&request, payload).await?;
    let name = named(&mut body, "name")?;
    let made = object::create(&call.caller, &Object::Role(name), body).await?;
    Ok(versioned(StatusCode::CREATED, &made))
}

/// Read a role of the realm
#[utoipa::path(
    get, path = "/realms/{realm}/roles/{name}", tag = "Roles and groups",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("name" = String, Path, description = "The role's name")),
    responses((status = 200, description = "The role", body = RoleView)),
    extensions(("x-permission" = json!("roles:read")))
)]
pub(super) async fn roles_read(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let found = object::read(&call.caller, &Object::Role(path.into_inner().1)).await?;
    Ok(versioned(StatusCode::OK, &found))
}

/// Change a role of the realm
#[utoipa::path(
    patch, path = "/realms/{realm}/roles/{name}", tag = "Roles and groups",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("name" = String, Path, description = "The role's name"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    request_body(content = serde_json::Value, content_type = "application/merge-patch+json", description = "Members of the role to change (RFC 7396)"),
    responses((status = 200, description = "The role now", body = RoleView)),
    extensions(("x-permission" = json!("roles:write")))
)]
pub(super) async fn roles_change(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let expected = body::expected(&request)?;
    let changes = body::patch(&request, payload).await?;
    let after = object::patch(&call.caller, &Object::Role(path.into_inner().1), &expected, &changes).await?;
    Ok(versioned(StatusCode::OK, &after))
}

/// Remove a role of the realm
#[utoipa::path(
    delete, path = "/realms/{realm}/roles/{name}", tag = "Roles and groups",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("name" = String, Path, description = "The role's name"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    responses((status = 204, description = "It is gone")),
    extensions(("x-permission" = json!("roles:write")))
)]
pub(super) async fn roles_delete(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    object::delete(&call.caller, &Object::Role(path.into_inner().1), &body::expected(&request)?).await?;
    Ok(nothing())
}
