//! Login sessions.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Query, ServiceConfig};
use palatine_domain::ids::SessionId;
use serde::Deserialize;

use super::call::Call;
use super::list::{Page, decode, id, limit};
use super::views::{json, nothing};
use super::{Problem, wrong_method};
use crate::ops::sessions::{self, SessionView};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/sessions")
                .route(web::get().to(sessions_list))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/sessions/{session}")
                .route(web::delete().to(sessions_end))
                .default_service(web::to(wrong_method)),
        );
}

/// Which sessions are wanted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SessionsQuery {
    /// The row of a person.
    user: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items a page has: 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// List live sessions
#[utoipa::path(
    get, path = "/realms/{realm}/sessions", tag = "Sessions",
    params(("realm" = String, Path, description = "The realm's name in URLs"), SessionsQuery),
    responses((status = 200, description = "A page of sessions, newest first", body = Page<SessionView>)),
    extensions(("x-permission" = json!("users:read")))
)]
pub(super) async fn sessions_list(call: Call, query: Query<SessionsQuery>) -> Result<HttpResponse, Problem> {
    let limit = limit(query.limit)?;
    let after: Option<SessionId> = decode(query.cursor.as_deref())?;
    let user = query.user.as_deref().map(id).transpose()?;
    let found = sessions::list(&call.caller, user, after, limit + 1).await?;
    Ok(json(StatusCode::OK, &Page::of(found, limit, |session| session.id.clone())))
}

/// End a session
///
/// With all that is bound to it. Applications that want to be told are told.
#[utoipa::path(
    delete, path = "/realms/{realm}/sessions/{session}", tag = "Sessions",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("session" = String, Path, description = "Its `sid`")),
    responses((status = 204, description = "It is over")),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn sessions_end(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    sessions::end(&call.caller, id(&path.1)?).await?;
    Ok(nothing())
}
