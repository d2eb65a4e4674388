//! Groups and their members.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::call::Call;
use super::list::{Page, id};
use super::views::{json, nothing};
use super::{Problem, body, wrong_method};
use crate::ops::error::OpError;
use crate::ops::groups::{self, GroupView, GroupWish};
use crate::ops::object::{merge, typed_body};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/groups")
                .route(web::get().to(groups_list))
                .route(web::post().to(groups_create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/groups/{group}")
                .route(web::get().to(groups_read))
                .route(web::patch().to(groups_change))
                .route(web::delete().to(groups_delete))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/groups/{group}/members/{user}")
                .route(web::put().to(group_members_add))
                .route(web::delete().to(group_members_remove))
                .default_service(web::to(wrong_method)),
        );
}

fn shown(status: StatusCode, group: &GroupView) -> HttpResponse {
    let mut response = json(status, group);
    if let Ok(etag) = HeaderValue::from_str(group.etag().as_str()) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// List groups
#[utoipa::path(
    get, path = "/realms/{realm}/groups", tag = "Roles and groups",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    responses((status = 200, description = "All groups, by path", body = Page<GroupView>)),
    extensions(("x-permission" = json!("roles:read")))
)]
pub(super) async fn groups_list(call: Call) -> Result<HttpResponse, Problem> {
    let items = groups::list(&call.caller).await?;
    Ok(json(StatusCode::OK, &Page { items, next_cursor: None }))
}

/// Make a group
#[utoipa::path(
    post, path = "/realms/{realm}/groups", tag = "Roles and groups",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    request_body = GroupWish,
    responses((status = 201, description = "The group", body = GroupView)),
    extensions(("x-permission" = json!("roles:write")))
)]
pub(super) async fn groups_create(call: Call, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let wish: GroupWish = typed_body(body::json(&request, payload).await?)?;
    Ok(shown(StatusCode::CREATED, &groups::create(&call.caller, wish).await?))
}

/// Read a group
#[utoipa::path(
    get, path = "/realms/{realm}/groups/{group}", tag = "Roles and groups",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("group" = String, Path, description = "The group's row")),
    responses((status = 200, description = "The group", body = GroupView)),
    extensions(("x-permission" = json!("roles:read")))
)]
pub(super) async fn groups_read(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    Ok(shown(StatusCode::OK, &groups::read(&call.caller, id(&path.1)?).await?))
}

/// Change a group
///
/// Its name, its parent, its roles. What is below it goes along.
#[utoipa::path(
    patch, path = "/realms/{realm}/groups/{group}", tag = "Roles and groups",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("group" = String, Path, description = "The group's row"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    request_body(content = serde_json::Value, content_type = "application/merge-patch+json", description = "Members of the group to change (RFC 7396)"),
    responses((status = 200, description = "The group now", body = GroupView)),
    extensions(("x-permission" = json!("roles:write")))
)]
pub(super) async fn groups_change(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let expected = body::expected(&request)?;
    let changes = body::patch(&request, payload).await?;
    let merged = |was: GroupWish| {
        let mut wish = serde_json::to_value(was).map_err(|error| OpError::invalid("", error.to_string()))?;
        merge(&mut wish, &changes);
        typed_body(wish)
    };
    Ok(shown(StatusCode::OK, &groups::change(&call.caller, id(&path.1)?, &expected, merged).await?))
}

/// Remove a group
///
/// With the groups below it. Its members stay.
#[utoipa::path(
    delete, path = "/realms/{realm}/groups/{group}", tag = "Roles and groups",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("group" = String, Path, description = "The group's row"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    responses((status = 204, description = "It is gone")),
    extensions(("x-permission" = json!("roles:write")))
)]
pub(super) async fn groups_delete(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    groups::delete(&call.caller, id(&path.1)?, &body::expected(&request)?).await?;
    Ok(nothing())
}

/// Put a person into a group
#[utoipa::path(
    put, path = "/realms/{realm}/groups/{group}/members/{user}", tag = "Roles and groups",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("group" = String, Path, description = "The group's row"), ("user" = String, Path, description = "The person's row")),
    responses((status = 204, description = "They are in it")),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn group_members_add(
    call: Call,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    groups::set_member(&call.caller, id(&path.1)?, id(&path.2)?, true).await?;
    Ok(nothing())
}

/// Take a person out of a group
#[utoipa::path(
    delete, path = "/realms/{realm}/groups/{group}/members/{user}", tag = "Roles and groups",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("group" = String, Path, description = "The group's row"), ("user" = String, Path, description = "The person's row")),
    responses((status = 204, description = "They are not in it")),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn group_members_remove(
    call: Call,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    groups::set_member(&call.caller, id(&path.1)?, id(&path.2)?, false).await?;
    Ok(nothing())
}
