//! Imports of people.

use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use palatine_domain::ids::ImportJobId;
use serde::Deserialize;
use serde_json::Value;

use super::call::Call;
use super::list::{Page, PageQuery, decode, id, limit};
use super::views::{ImportedUser, json};
use super::{Problem, ProblemKind, body, wrong_method};
use crate::ops::object::typed_body;
use crate::ops::user_imports::{self, ImportSummary, ImportView};

/// One JSON object a line.
const JSON_LINES: &str = "application/x-ndjson";

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/user-imports")
                .route(web::get().to(user_imports_list))
                .route(web::post().to(user_imports_begin))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/user-imports/{import}")
                .route(web::get().to(user_imports_read))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/user-imports/{import}/cancel")
                .route(web::post().to(user_imports_cancel))
                .default_service(web::to(wrong_method)),
        );
}

/// People who are to be imported.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct People {
    /// Each as one who is made alone, with their `username`, and perhaps the `password_hash` that another system made.
    #[schema(value_type = Vec<ImportedUser>)]
    users: Vec<Value>,
}

/// List imports of people
#[utoipa::path(
    get, path = "/realms/{realm}/user-imports", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), PageQuery),
    responses((status = 200, description = "A page of imports, newest first", body = Page<ImportSummary>)),
    extensions(("x-permission" = json!("users:read")))
)]
pub(super) async fn user_imports_list(call: Call, query: Query<PageQuery>) -> Result<HttpResponse, Problem> {
    let limit = limit(query.limit)?;
    let after: Option<ImportJobId> = decode(query.cursor.as_deref())?;
    let found = user_imports::list(&call.caller, after, limit + 1).await?;
    Ok(json(StatusCode::OK, &Page::of(found, limit, |import| import.id.clone())))
}

/// Import people
///
/// As a job: the answer says where its progress is read. People come as JSON, or as one JSON object a line
/// (`application/x-ndjson`): at most 50,000, in at most 32 MiB unless
/// `server.max_admin_body_bytes` says otherwise. Passwords come as hashes alone: argon2, bcrypt, PBKDF2. Somebody
/// who cannot be taken does not keep the others out.
#[utoipa::path(
    post, path = "/realms/{realm}/user-imports", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    request_body(content((People = "application/json"), (String = "application/x-ndjson")), description = "The people"),
    responses((status = 202, description = "The import, which goes on", body = ImportView)),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn user_imports_begin(
    call: Call,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let people = people(&request, payload, call.api.max_body_bytes).await?;
    let import = user_imports::begin(&call.caller, people).await?;
    Ok(json(StatusCode::ACCEPTED, &import))
}

/// Read an import of people
#[utoipa::path(
    get, path = "/realms/{realm}/user-imports/{import}", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("import" = String, Path, description = "Its row")),
    responses((status = 200, description = "How far it is, and who could not be taken", body = ImportView)),
    extensions(("x-permission" = json!("users:read")))
)]
pub(super) async fn user_imports_read(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    Ok(json(StatusCode::OK, &user_imports::get(&call.caller, id(&path.1)?).await?))
}

/// Stop an import of people
///
/// Who was taken by then stays.
#[utoipa::path(
    post, path = "/realms/{realm}/user-imports/{import}/cancel", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("import" = String, Path, description = "Its row")),
    responses((status = 200, description = "It is over", body = ImportView)),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn user_imports_cancel(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    Ok(json(StatusCode::OK, &user_imports::cancel(&call.caller, id(&path.1)?).await?))
}

/// The people of a body. A long one is read away from the threads that serve.
async fn people(request: &HttpRequest, payload: Payload, most: usize) -> Result<Vec<Value>, Problem> {
    let read: fn(&[u8]) -> Result<Vec<Value>, Problem> = match request.content_type().to_ascii_lowercase().as_str() {
        "application/json" => of_json,
        JSON_LINES => of_lines,
        _ => {
            let words = format!("send the body as application/json or {JSON_LINES}");
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, words));
        }
    };
    let bytes = body::read(payload, most).await?;
    let read = tokio::task::spawn_blocking(move || read(&bytes));
    read.await.unwrap_or_else(|_| Err(Problem::new(ProblemKind::Internal, "the body could not be read")))
}

fn of_json(bytes: &[u8]) -> Result<Vec<Value>, Problem> {
    let malformed = |error| Problem::new(ProblemKind::Malformed, format!("the body is no JSON: {error}"));
    let People { users } = typed_body(serde_json::from_slice(bytes).map_err(malformed)?)?;
    Ok(users)
}

fn of_lines(bytes: &[u8]) -> Result<Vec<Value>, Problem> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
    let parsed = lines.map(|(index, line)| {
        serde_json::from_slice(line)
            .map_err(|error| Problem::new(ProblemKind::Malformed, format!("line {}: {error}", index + 1)))
    });
    parsed.collect()
}
