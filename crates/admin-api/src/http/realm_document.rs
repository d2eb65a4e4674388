//! The realm's whole document: read, and put.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Payload, Query, ServiceConfig};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Deserialize;

use super::call::{Call, DocumentCall};
use super::views::json;
use super::{Problem, ProblemKind, body, wrong_method};
use crate::document::RealmDocument;
use crate::ops::apply::{ApplyOptions, Prune, ReportView};
use crate::ops::realm_document as ops;
use crate::ops::realm_document::{Format, MAX_BYTES, Sent};

/// The media type of YAML (RFC 9512).
const YAML: &str = "application/yaml";

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(
        web::resource("/realms/{realm}/document")
            .route(web::get().to(document_read))
            .route(web::put().to(document_put))
            .default_service(web::to(wrong_method)),
    );
}

/// How much of the realm is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReadQuery {
    /// Whether people are in it. Default true.
    users: bool,
}

impl Default for ReadQuery {
    fn default() -> Self {
        Self { users: true }
    }
}

/// How a document is put.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PutQuery {
    /// Only tell what would be changed. Default false.
    dry_run: bool,
    /// Also remove what the document does not describe, but for people, registered clients and secrets. Default false.
    prune: bool,
    /// With `prune`: also remove people that it does not describe. Default false.
    prune_users: bool,
}

impl PutQuery {
    fn options(&self) -> Result<ApplyOptions, Problem> {
        let prune = match (self.prune, self.prune_users) {
            (false, false) => Prune::Nothing,
            (true, false) => Prune::Configuration,
            (true, true) => Prune::UsersToo,
            (false, true) => {
                return Err(Problem::new(ProblemKind::Malformed, "prune_users is for prune=true alone"));
            }
        };
        Ok(ApplyOptions { prune, dry_run: self.dry_run })
    }
}

/// Read the realm document
///
/// The realm as `palatine export` writes it: canonical YAML without secrets, passwords and their hashes. `*:read` is every
/// permission to see what stands in it: `settings:read`, `clients:read`, `users:read`, `roles:read`.
#[utoipa::path(
    get, path = "/realms/{realm}/document", tag = "Realm document",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ReadQuery),
    responses((status = 200, description = "The document", body = RealmDocument, content_type = "application/yaml")),
    extensions(("x-permission" = json!("*:read")))
)]
pub(super) async fn document_read(call: Call, query: Query<ReadQuery>) -> Result<HttpResponse, Problem> {
    let yaml = ops::read(&call.caller, query.users).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .content_type(YAML)
        .body(yaml))
}

/// Put the realm document
///
/// As `palatine apply` does: all of it or nothing; what it does not describe stays, unless it is to be pruned. At most
/// 8 MiB. `*:write` is every right in the realm; an operator who may make realms and enter them makes with it one that is
/// not there. Secrets stand in it themselves: `env:` and `file:` are refused, and so are hashes of client secrets.
#[utoipa::path(
    put, path = "/realms/{realm}/document", tag = "Realm document",
    params(("realm" = String, Path, description = "The realm's name in URLs"), PutQuery),
    request_body(description = "The document", content((RealmDocument = "application/yaml"), (RealmDocument = "application/json"))),
    responses(
        (status = 200, description = "What was changed, or would be", body = ReportView),
        (status = 201, description = "What the realm was made with", body = ReportView),
    ),
    extensions(("x-permission" = json!("*:write")))
)]
pub(super) async fn document_put(
    call: DocumentCall,
    query: Query<PutQuery>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let options = query.options()?;
    let sent = sent(&request, payload).await?;
    let report = match &call {
        DocumentCall::Realm(call) => ops::put(&call.caller, &call.api.hashing, sent, options).await?,
        DocumentCall::NoRealm(call, slug) => {
            let place = (call.api.gate.store(), &call.api.hashing);
            ops::create(&call.operator, place, slug, sent, options, &call.origin).await?
        }
    };
    let status = if report.created && !report.dry_run { StatusCode::CREATED } else { StatusCode::OK };
    Ok(json(status, &report))
}

async fn sent(request: &HttpRequest, payload: Payload) -> Result<Sent, Problem> {
    let bytes = body::read(payload, MAX_BYTES).await?;
    let format = match request.content_type().to_ascii_lowercase().as_str() {
        YAML => Format::Yaml,
        "application/json" => Format::Json,
        _ => {
            let words = "send the document as application/yaml or application/json";
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, words));
        }
    };
    Ok(Sent { format, bytes: bytes.to_vec() })
}
