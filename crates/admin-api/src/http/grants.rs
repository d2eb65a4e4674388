//! What clients hold because people let them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Query, ServiceConfig};
use palatine_domain::ids::GrantId;
use serde::Deserialize;

use super::call::Call;
use super::list::{Page, decode, id, limit};
use super::views::{json, nothing};
use super::{Problem, wrong_method};
use crate::ops::grants::{self, GrantQuery, GrantView};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/grants")
                .route(web::get().to(grants_list))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/grants/{grant}")
                .route(web::delete().to(grants_end))
                .default_service(web::to(wrong_method)),
        );
}

/// Which grants are wanted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GrantsQuery {
    /// The row of a person.
    user: Option<String>,
    /// A client's name on the wire.
    client_id: Option<String>,
    /// Only those that were not ended. By default all.
    live: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items a page has: 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// List grants
#[utoipa::path(
    get, path = "/realms/{realm}/grants", tag = "Consents and grants",
    params(("realm" = String, Path, description = "The realm's name in URLs"), GrantsQuery),
    responses((status = 200, description = "A page of grants, newest first", body = Page<GrantView>)),
    extensions(("x-permission" = json!("users:read")))
)]
pub(super) async fn grants_list(call: Call, query: Query<GrantsQuery>) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let limit = limit(query.limit)?;
    let after: Option<GrantId> = decode(query.cursor.as_deref())?;
    let wanted = GrantQuery {
        user: query.user.as_deref().map(id).transpose()?,
        client_id: query.client_id,
        live: query.live.unwrap_or_default(),
    };
    let found = grants::list(&call.caller, call.api.gate.tokens(), &wanted, after, limit + 1).await?;
    Ok(json(StatusCode::OK, &Page::of(found, limit, |grant| grant.id.clone())))
}

/// End a grant
///
/// Nothing that was issued under it counts any more, offline access neither.
#[utoipa::path(
    delete, path = "/realms/{realm}/grants/{grant}", tag = "Consents and grants",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("grant" = String, Path, description = "Its row")),
    responses((status = 204, description = "It is over")),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn grants_end(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    grants::end(&call.caller, id(&path.1)?).await?;
    Ok(nothing())
}
