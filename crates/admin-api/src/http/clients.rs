//! Clients and their secrets.

use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use palatine_domain::client::ClientId;
use palatine_domain::ids::ClientSecretId;

use super::call::Call;
use super::list::{ListQuery, Page, decode, limit};
use super::views::{ClientView, NewClient, json, named, nothing, versioned};
use super::{Problem, ProblemKind, body, wrong_method};
use crate::ops::clients::{self, ClientSummary, MadeSecret, NewSecret, SecretSummary};
use crate::ops::error::OpError;
use crate::ops::object::{self, Object, typed_body};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/clients")
                .route(web::get().to(clients_list))
                .route(web::post().to(clients_create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/clients/{client_id}")
                .route(web::get().to(clients_read))
                .route(web::patch().to(clients_change))
                .route(web::delete().to(clients_delete))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/clients/{client_id}/secrets")
                .route(web::get().to(client_secrets_list))
                .route(web::post().to(client_secrets_create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/clients/{client_id}/secrets/{secret}")
                .route(web::delete().to(client_secrets_delete))
                .default_service(web::to(wrong_method)),
        );
}

fn client_id(text: &str) -> Result<ClientId, Problem> {
    ClientId::parse(text).map_err(|_| OpError::NotFound.into())
}

fn client(text: &str) -> Result<Object, Problem> {
    Ok(Object::Client(client_id(text)?))
}

/// List clients
#[utoipa::path(
    get, path = "/realms/{realm}/clients", tag = "Clients",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ListQuery),
    responses((status = 200, description = "A page of clients, by client_id", body = Page<ClientSummary>)),
    extensions(("x-permission" = json!("clients:read")))
)]
pub(super) async fn clients_list(call: Call, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let limit = limit(query.limit)?;
    let after: Option<ClientId> = decode(query.cursor.as_deref())?;
    let found = clients::list(&call.caller, &query.text(), after.as_ref(), limit + 1).await?;
    Ok(json(StatusCode::OK, &Page::of(found, limit, |client| client.client_id.clone())))
}

/// Make a client
///
/// The body is the client's part of the realm document, with its `client_id`. It has no secret yet: make one at its
/// `secrets`.
#[utoipa::path(
    post, path = "/realms/{realm}/clients", tag = "Clients",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    request_body(content = NewClient, description = "The client, and its `client_id`"),
    responses((status = 201, description = "The client", body = ClientView)),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn clients_create(
    call: Call,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let mut body = body::json(&request, payload).await?;
    let name = named(&mut body, "client_id")?;
    let parsed = ClientId::parse(&name).map_err(|error| OpError::invalid("/client_id", error.to_string()))?;
    let made = object::create(&call.caller, &Object::Client(parsed), body).await?;
    Ok(versioned(StatusCode::CREATED, &made))
}

/// Read a client
#[utoipa::path(
    get, path = "/realms/{realm}/clients/{client_id}", tag = "Clients",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("client_id" = String, Path, description = "Its name on the wire")),
    responses((status = 200, description = "The client", body = ClientView)),
    extensions(("x-permission" = json!("clients:read")))
)]
pub(super) async fn clients_read(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let found = object::read(&call.caller, &client(&path.1)?).await?;
    Ok(versioned(StatusCode::OK, &found))
}

/// Change a client
#[utoipa::path(
    patch, path = "/realms/{realm}/clients/{client_id}", tag = "Clients",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("client_id" = String, Path, description = "Its name on the wire"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    request_body(content = serde_json::Value, content_type = "application/merge-patch+json", description = "Members of the client to change (RFC 7396)"),
    responses((status = 200, description = "The client now", body = ClientView)),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn clients_change(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let expected = body::expected(&request)?;
    let changes = body::patch(&request, payload).await?;
    let after = object::patch(&call.caller, &client(&path.1)?, &expected, &changes).await?;
    Ok(versioned(StatusCode::OK, &after))
}

/// Remove a client
///
/// With its secrets, and all that was granted to it.
#[utoipa::path(
    delete, path = "/realms/{realm}/clients/{client_id}", tag = "Clients",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("client_id" = String, Path, description = "Its name on the wire"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    responses((status = 204, description = "It is gone")),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn clients_delete(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    object::delete(&call.caller, &client(&path.1)?, &body::expected(&request)?).await?;
    Ok(nothing())
}

/// List the secrets of a client
#[utoipa::path(
    get, path = "/realms/{realm}/clients/{client_id}/secrets", tag = "Clients",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("client_id" = String, Path, description = "Its name on the wire")),
    responses((status = 200, description = "Its secrets, at most ten that live; never the secrets themselves", body = Page<SecretSummary>)),
    extensions(("x-permission" = json!("clients:read")))
)]
pub(super) async fn client_secrets_list(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let items = clients::secrets(&call.caller, &client_id(&path.1)?).await?;
    Ok(json(StatusCode::OK, &Page { items, next_cursor: None }))
}

/// Make a secret for a client
///
/// The answer is the only place where the secret is shown.
#[utoipa::path(
    post, path = "/realms/{realm}/clients/{client_id}/secrets", tag = "Clients",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("client_id" = String, Path, description = "Its name on the wire")),
    request_body = NewSecret,
    responses((status = 201, description = "The secret, shown once", body = MadeSecret)),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn client_secrets_create(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let new: NewSecret = typed_body(body::json(&request, payload).await?)?;
    let made = clients::add_secret(&call.caller, &client_id(&path.1)?, new).await?;
    Ok(json(StatusCode::CREATED, &made))
}

/// Remove a secret of a client
#[utoipa::path(
    delete, path = "/realms/{realm}/clients/{client_id}/secrets/{secret}", tag = "Clients",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("client_id" = String, Path, description = "Its name on the wire"), ("secret" = String, Path, description = "The secret's id")),
    responses((status = 204, description = "It is gone")),
    extensions(("x-permission" = json!("clients:write")))
)]
pub(super) async fn client_secrets_delete(
    call: Call,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    let secret: ClientSecretId =
        path.2.parse().map_err(|_| Problem::new(ProblemKind::NotFound, "there is none such in this realm"))?;
    clients::remove_secret(&call.caller, &client_id(&path.1)?, secret).await?;
    Ok(nothing())
}
