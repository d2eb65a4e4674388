//! What people allowed clients.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Query, ServiceConfig};
use palatine_domain::ids::ConsentId;
use serde::Deserialize;

use super::call::Call;
use super::list::{Page, decode, id, limit};
use super::views::{json, nothing};
use super::{Problem, wrong_method};
use crate::ops::consents::{self, ConsentView};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/consents")
                .route(web::get().to(consents_list))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/users/{user}/consents/{client_id}")
                .route(web::delete().to(consents_withdraw))
                .default_service(web::to(wrong_method)),
        );
}

/// Which consents are wanted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ConsentsQuery {
    /// The row of a person.
    user: Option<String>,
    /// A client's name on the wire.
    client_id: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items a page has: 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// List consents
#[utoipa::path(
    get, path = "/realms/{realm}/consents", tag = "Consents and grants",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ConsentsQuery),
    responses((status = 200, description = "A page of consents, newest first", body = Page<ConsentView>)),
    extensions(("x-permission" = json!("users:read")))
)]
pub(super) async fn consents_list(call: Call, query: Query<ConsentsQuery>) -> Result<HttpResponse, Problem> {
    let limit = limit(query.limit)?;
    let after: Option<ConsentId> = decode(query.cursor.as_deref())?;
    let user = query.user.as_deref().map(id).transpose()?;
    let client = query.client_id.as_deref();
    let found = consents::list(&call.caller, call.api.gate.tokens(), user, client, after, limit + 1).await?;
    Ok(json(StatusCode::OK, &Page::of(found, limit, |consent| consent.id.clone())))
}

/// Take a consent back
///
/// What the person allowed the client is forgotten, and every grant of theirs to it is ended, offline ones too.
#[utoipa::path(
    delete, path = "/realms/{realm}/users/{user}/consents/{client_id}", tag = "Consents and grants",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("user" = String, Path, description = "The person's row"), ("client_id" = String, Path, description = "The client's name on the wire")),
    responses((status = 204, description = "It is forgotten")),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn consents_withdraw(
    call: Call,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    let (_, user, client_id) = path.into_inner();
    consents::withdraw(&call.caller, call.api.gate.tokens(), id(&user)?, &client_id).await?;
    Ok(nothing())
}
