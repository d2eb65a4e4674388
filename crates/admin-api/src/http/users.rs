//! People: their documents, passwords, lockouts, and what they have open.

use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use palatine_domain::SecretText;
use palatine_domain::ids::UserId;
use serde::Deserialize;

use super::call::Call;
use super::list::{Page, decode, id, limit};
use super::views::{NewUser, UserView, json, nothing, versioned};
use super::{Problem, body, wrong_method};
use crate::ops::object::{self, Object, typed_body};
use crate::ops::users::{self, UserQuery, UserSummary};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/users")
                .route(web::get().to(users_list))
                .route(web::post().to(users_create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/users/{user}")
                .route(web::get().to(users_read))
                .route(web::patch().to(users_change))
                .route(web::delete().to(users_delete))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/users/{user}/password")
                .route(web::put().to(users_set_password))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/users/{user}/unlock")
                .route(web::post().to(users_unlock))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/users/{user}/sign-out")
                .route(web::post().to(users_sign_out))
                .default_service(web::to(wrong_method)),
        );
}

/// Who is looked for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UsersQuery {
    /// Words of which each begins a word of the name, the username or the e-mail address.
    q: Option<String>,
    /// Whether they may sign in.
    enabled: Option<bool>,
    /// The name they sign in with, whole: a username or an e-mail address.
    identifier: Option<String>,
    /// The id of a group that they are in themselves.
    group: Option<String>,
    /// A role of the realm that they were given themselves.
    role: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items a page has: 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// A password that is to be set.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// What the realm's policy takes.
    password: SecretField,
}

/// A secret in a body; prints nothing of itself.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
struct SecretField(String);

fn user(text: &str) -> Result<Object, Problem> {
    Ok(Object::User(id(text)?))
}

/// List people
#[utoipa::path(
    get, path = "/realms/{realm}/users", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), UsersQuery),
    responses((status = 200, description = "A page of people, oldest account first", body = Page<UserSummary>)),
    extensions(("x-permission" = json!("users:read")))
)]
pub(super) async fn users_list(call: Call, query: Query<UsersQuery>) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let limit = limit(query.limit)?;
    let after: Option<UserId> = decode(query.cursor.as_deref())?;
    let wanted = UserQuery {
        text: query.q.unwrap_or_default(),
        enabled: query.enabled,
        identifier: query.identifier,
        group: query.group.as_deref().map(id).transpose()?,
        role: query.role,
    };
    let found = users::list(&call.caller, wanted, after, limit + 1).await?;
    Ok(json(StatusCode::OK, &Page::of(found, limit, |user| user.id.clone())))
}

/// Make a person
///
/// The body is their part of the realm document, with their `username`; and `password`, if they are to have one. Without it
/// nobody can sign in as them yet.
#[utoipa::path(
    post, path = "/realms/{realm}/users", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    request_body(content = NewUser, description = "The person, their `username`, and perhaps their `password`"),
    responses((status = 201, description = "The person", body = UserView)),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn users_create(call: Call, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let body = body::json(&request, payload).await?;
    let made = users::create(&call.caller, &call.api.hashing, body).await?;
    Ok(versioned(StatusCode::CREATED, &made))
}

/// Read a person
#[utoipa::path(
    get, path = "/realms/{realm}/users/{user}", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("user" = String, Path, description = "The person's row")),
    responses((status = 200, description = "The person", body = UserView)),
    extensions(("x-permission" = json!("users:read")))
)]
pub(super) async fn users_read(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let found = object::read(&call.caller, &user(&path.1)?).await?;
    Ok(versioned(StatusCode::OK, &found))
}

/// Change a person
///
/// Who is disabled by it is signed out everywhere.
#[utoipa::path(
    patch, path = "/realms/{realm}/users/{user}", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("user" = String, Path, description = "The person's row"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    request_body(content = serde_json::Value, content_type = "application/merge-patch+json", description = "Members of the person to change (RFC 7396)"),
    responses((status = 200, description = "The person now", body = UserView)),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn users_change(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let expected = body::expected(&request)?;
    let changes = body::patch(&request, payload).await?;
    let after = object::patch(&call.caller, &user(&path.1)?, &expected, &changes).await?;
    Ok(versioned(StatusCode::OK, &after))
}

/// Remove a person
///
/// With all that is theirs.
#[utoipa::path(
    delete, path = "/realms/{realm}/users/{user}", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("user" = String, Path, description = "The person's row"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    responses((status = 204, description = "They are gone")),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn users_delete(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    object::delete(&call.caller, &user(&path.1)?, &body::expected(&request)?).await?;
    Ok(nothing())
}

/// Set the password of a person
///
/// Ends everything that they have open, offline access too.
#[utoipa::path(
    put, path = "/realms/{realm}/users/{user}/password", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("user" = String, Path, description = "The person's row")),
    request_body = NewPassword,
    responses((status = 204, description = "It is set")),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn users_set_password(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let new: NewPassword = typed_body(body::json(&request, payload).await?)?;
    let password = SecretText::new(new.password.0);
    users::set_password(&call.caller, &call.api.hashing, id(&path.1)?, password).await?;
    Ok(nothing())
}

/// Let a person try to sign in again
///
/// Forgets their failed attempts.
#[utoipa::path(
    post, path = "/realms/{realm}/users/{user}/unlock", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("user" = String, Path, description = "The person's row")),
    responses((status = 204, description = "They may try again")),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn users_unlock(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    users::unlock(&call.caller, id(&path.1)?).await?;
    Ok(nothing())
}

/// Sign a person out everywhere
///
/// Ends every session and every grant with its refresh tokens, offline ones too.
#[utoipa::path(
    post, path = "/realms/{realm}/users/{user}/sign-out", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("user" = String, Path, description = "The person's row")),
    responses((status = 204, description = "Nothing of theirs is open any more")),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn users_sign_out(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    users::sign_out(&call.caller, id(&path.1)?).await?;
    Ok(nothing())
}
