//! Realms, for operators: searched, made, suspended, deleted, entered.

use actix_web::http::StatusCode;
use actix_web::web::{self, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use palatine_domain::RealmSlug;
use palatine_domain::ids::OperatorEntryId;
use palatine_domain::tenant::TenantState;
use palatine_realm::Realm;
use palatine_store::TenantFilter;
use serde::Deserialize;

use super::call::{Call, OperatorCall};
use super::list::{ListQuery, Page, decode, id, limit};
use super::views::{json, nothing};
use super::{Problem, body, wrong_method};
use crate::access::AccessError;
use crate::ops::object::typed_body;
use crate::ops::realms::{self, EntryView, NewEntry, NewRealm, RealmView};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms")
                .route(web::get().to(realms_list))
                .route(web::post().to(realms_create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}")
                .route(web::get().to(realms_read))
                .route(web::delete().to(realms_delete))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/suspend")
                .route(web::post().to(realms_suspend))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/resume")
                .route(web::post().to(realms_resume))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/entries")
                .route(web::get().to(entries_list))
                .route(web::post().to(entries_create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/entries/{entry}")
                .route(web::delete().to(entries_end))
                .default_service(web::to(wrong_method)),
        );
}

/// Which realms are wanted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RealmsQuery {
    /// Words of which each begins a word of the name or the display name.
    q: Option<String>,
    /// Those in this state.
    #[param(inline)]
    state: Option<TenantState>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items a page has: 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

fn slug(text: &str) -> Result<RealmSlug, Problem> {
    RealmSlug::parse(text).map_err(|_| AccessError::NoRealm.into())
}

async fn realm(call: &OperatorCall, text: &str) -> Result<Realm, Problem> {
    let found = call.api.gate.resolver().by_slug(text).await;
    found.map_err(|error| Problem::from(AccessError::from(error)))
}

/// List realms
#[utoipa::path(
    get, path = "/realms", tag = "Realms",
    params(RealmsQuery),
    responses((status = 200, description = "A page of realms, by name", body = Page<RealmView>)),
    extensions(("x-permission" = json!("realms:read")))
)]
pub(super) async fn realms_list(call: OperatorCall, query: Query<RealmsQuery>) -> Result<HttpResponse, Problem> {
    let limit = limit(query.limit)?;
    let after: Option<String> = decode(query.cursor.as_deref())?;
    let after = after.and_then(|text| RealmSlug::parse(&text).ok());
    let filter = TenantFilter { text: query.q.clone().unwrap_or_default(), state: query.state };
    let found = realms::list(&call.operator, call.api.gate.store(), &filter, after.as_ref(), limit + 1).await?;
    Ok(json(StatusCode::OK, &Page::of(found, limit, |found| found.realm.clone())))
}

/// Make a realm
///
/// With the usual settings. Its keys are made when the first token needs one.
#[utoipa::path(
    post, path = "/realms", tag = "Realms",
    request_body = NewRealm,
    responses((status = 201, description = "The realm", body = RealmView)),
    extensions(("x-permission" = json!("realms:write")))
)]
pub(super) async fn realms_create(
    call: OperatorCall,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let new: NewRealm = typed_body(body::json(&request, payload).await?)?;
    let made = realms::create(&call.operator, call.api.gate.store(), new, &call.origin).await?;
    Ok(json(StatusCode::CREATED, &made))
}

/// Read a realm
#[utoipa::path(
    get, path = "/realms/{realm}", tag = "Realms",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    responses((status = 200, description = "The realm", body = RealmView)),
    extensions(("x-permission" = json!("realms:read")))
)]
pub(super) async fn realms_read(call: OperatorCall, path: Path<String>) -> Result<HttpResponse, Problem> {
    let found = realms::read(&call.operator, call.api.gate.store(), &slug(&path)?).await?;
    Ok(json(StatusCode::OK, &found))
}

/// Delete a realm
///
/// As if it were unknown from now on. It can be brought back for 30 days; then it is removed for good.
#[utoipa::path(
    delete, path = "/realms/{realm}", tag = "Realms",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    responses((status = 200, description = "The realm, as it can still be brought back", body = RealmView)),
    extensions(("x-permission" = json!("realms:write")))
)]
pub(super) async fn realms_delete(call: OperatorCall, path: Path<String>) -> Result<HttpResponse, Problem> {
    let changed = realms::delete(&call.operator, call.api.gate.store(), &slug(&path)?, &call.origin).await?;
    Ok(json(StatusCode::OK, &changed))
}

/// Suspend a realm
///
/// Everything but discovery and the key set answers 403 until it is resumed.
#[utoipa::path(
    post, path = "/realms/{realm}/suspend", tag = "Realms",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    responses((status = 200, description = "The realm", body = RealmView)),
    extensions(("x-permission" = json!("realms:write")))
)]
pub(super) async fn realms_suspend(call: OperatorCall, path: Path<String>) -> Result<HttpResponse, Problem> {
    let changed = realms::suspend(&call.operator, call.api.gate.store(), &slug(&path)?, &call.origin).await?;
    Ok(json(StatusCode::OK, &changed))
}

/// Resume a realm
///
/// Or bring a deleted one back.
#[utoipa::path(
    post, path = "/realms/{realm}/resume", tag = "Realms",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    responses((status = 200, description = "The realm", body = RealmView)),
    extensions(("x-permission" = json!("realms:write")))
)]
pub(super) async fn realms_resume(call: OperatorCall, path: Path<String>) -> Result<HttpResponse, Problem> {
    let changed = realms::resume(&call.operator, call.api.gate.store(), &slug(&path)?, &call.origin).await?;
    Ok(json(StatusCode::OK, &changed))
}

/// List entries of operators
#[utoipa::path(
    get, path = "/realms/{realm}/entries", tag = "Realms",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ListQuery),
    responses((status = 200, description = "A page of entries, newest first", body = Page<EntryView>)),
    extensions(("x-permission" = json!("audit:read")))
)]
pub(super) async fn entries_list(call: Call, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let limit = limit(query.limit)?;
    let after: Option<OperatorEntryId> = decode(query.cursor.as_deref())?;
    let found = realms::entries(&call.caller, after, limit + 1).await?;
    Ok(json(StatusCode::OK, &Page::of(found, limit, |entry| entry.id.clone())))
}

/// Enter a realm
///
/// For at most an hour, with a reason that the realm's admins see. To look around, `realms:observe` is enough.
#[utoipa::path(
    post, path = "/realms/{realm}/entries", tag = "Realms",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    request_body = NewEntry,
    responses((status = 201, description = "The entry", body = EntryView)),
    extensions(("x-permission" = json!("realms:enter")))
)]
pub(super) async fn entries_create(
    call: OperatorCall,
    path: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let new: NewEntry = typed_body(body::json(&request, payload).await?)?;
    let made = realms::enter(&call.operator, &realm(&call, &path).await?, new, &call.origin).await?;
    Ok(json(StatusCode::CREATED, &made))
}

/// Leave a realm before the time
#[utoipa::path(
    delete, path = "/realms/{realm}/entries/{entry}", tag = "Realms",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("entry" = String, Path, description = "The entry's row")),
    responses((status = 204, description = "It is over")),
    extensions(("x-permission" = json!("realms:observe")))
)]
pub(super) async fn entries_end(call: OperatorCall, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let entered = realm(&call, &path.0).await?;
    realms::leave(&call.operator, &entered, id(&path.1)?, &call.origin).await?;
    Ok(nothing())
}
