//! The audit log: pages, and all of it as JSON lines.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Query, ServiceConfig};
use palatine_domain::Instant;
use palatine_domain::audit::AuditKind;
use palatine_domain::client::ClientId;
use palatine_domain::ids::AuditEventId;
use palatine_store::AuditCursor;
use serde::Deserialize;

use super::call::Call;
use super::list::{Page, decode, id, limit};
use super::views::json;
use super::{Problem, ProblemKind, wrong_method};
use crate::ops::audit::{self, AuditQuery, EventView};

/// How many events an export holds at most; the next begins with `to` at its last.
const EXPORTED: u64 = 10_000;

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/audit-events")
                .route(web::get().to(audit_list))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/audit-events.jsonl")
                .route(web::get().to(audit_export))
                .default_service(web::to(wrong_method)),
        );
}

/// Which events are wanted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// Kinds of events, divided by commas.
    kind: Option<String>,
    /// The row of the person they are about.
    user: Option<String>,
    /// The `client_id` of the client they are about.
    client: Option<String>,
    /// The row of the person who acted.
    by: Option<String>,
    /// Not before (RFC 3339).
    from: Option<String>,
    /// Before (RFC 3339).
    to: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items a page has: 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

impl EventsQuery {
    fn wanted(&self) -> Result<AuditQuery, Problem> {
        let kinds = self.kind.iter().flat_map(|kinds| kinds.split(','));
        Ok(AuditQuery {
            kinds: kinds.map(kind).collect::<Result<_, _>>()?,
            user: self.user.as_deref().map(id).transpose()?,
            client: self.client.as_deref().map(client).transpose()?,
            by: self.by.as_deref().map(id).transpose()?,
            from: self.from.as_deref().map(instant).transpose()?,
            to: self.to.as_deref().map(instant).transpose()?,
        })
    }
}

fn malformed(words: String) -> Problem {
    Problem::new(ProblemKind::Malformed, words)
}

fn kind(word: &str) -> Result<AuditKind, Problem> {
    AuditKind::parse(word).ok_or_else(|| malformed(format!("there is no kind of event `{word}`")))
}

pub(super) fn client(text: &str) -> Result<ClientId, Problem> {
    ClientId::parse(text).map_err(|error| malformed(error.to_string()))
}

pub(super) fn instant(text: &str) -> Result<Instant, Problem> {
    Instant::parse_rfc3339(text).ok_or_else(|| malformed(format!("`{text}` is no time; write 2026-11-29T08:15:00Z")))
}

/// List what happened
#[utoipa::path(
    get, path = "/realms/{realm}/audit-events", tag = "Audit",
    params(("realm" = String, Path, description = "The realm's name in URLs"), EventsQuery),
    responses((status = 200, description = "A page of events, newest first", body = Page<EventView>)),
    extensions(("x-permission" = json!("audit:read")))
)]
pub(super) async fn audit_list(call: Call, query: Query<EventsQuery>) -> Result<HttpResponse, Problem> {
    let limit = limit(query.limit)?;
    let after: Option<(Instant, AuditEventId)> = decode(query.cursor.as_deref())?;
    let after = after.map(|(at, id)| AuditCursor { at, id });
    let found = audit::list(&call.caller, query.wanted()?, after, limit + 1).await?;
    let page = Page::of(found, limit, |(at, _)| (at.at, at.id));
    let items = page.items.into_iter().map(|(_, event)| event).collect();
    Ok(json(StatusCode::OK, &Page { items, next_cursor: page.next_cursor }))
}

/// Export what happened
///
/// JSON lines, newest first, at most 10,000: go on with `to` set to the time of the last.
#[utoipa::path(
    get, path = "/realms/{realm}/audit-events.jsonl", tag = "Audit",
    params(("realm" = String, Path, description = "The realm's name in URLs"), EventsQuery),
    responses((status = 200, description = "One event a line", content_type = "application/jsonl", body = EventView)),
    extensions(("x-permission" = json!("audit:read")))
)]
pub(super) async fn audit_export(call: Call, query: Query<EventsQuery>) -> Result<HttpResponse, Problem> {
    let found = audit::list(&call.caller, query.wanted()?, None, EXPORTED).await?;
    let mut lines = String::new();
    for (_, event) in found {
        lines.push_str(&serde_json::to_string(&event).unwrap_or_default());
        lines.push('\n');
    }
    let mut builder = HttpResponse::Ok();
    builder.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
    Ok(builder.content_type("application/jsonl").body(lines))
}
