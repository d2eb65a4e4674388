//! The admin API over HTTP: parse, call an operation, render. Nothing is decided here.
//!
//! Conventions (PROTOCOL.md, section 14): JSON names in `snake_case`; times as RFC 3339 in UTC; lists as `{items,
//! next_cursor}`; changes as merge patches with `If-Match`; problems as RFC 9457.
//!
//! **To add a resource**: a file here with its handlers, each under `#[utoipa::path]` with its permission as
//! `x-permission`; a line in `routes`; a row in `tests/e2e/tests/flows/admin/refusals`, whose coverage check fails
//! without one.

mod apis;
mod audit;
mod body;
mod call;
mod clients;
mod consents;
mod credentials;
mod docs;
mod grants;
mod groups;
mod initial_tokens;
mod keys;
mod list;
mod openapi;
mod pictures;
mod problem;
mod realm_document;
mod realms;
mod roles;
mod scopes;
mod sessions;
mod settings;
mod usage;
mod user_imports;
mod users;
mod views;

use actix_web::error::QueryPayloadError;
use actix_web::web::{self, PathConfig, QueryConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use palatine_authn::HashPool;
use url::Url;

use crate::access::Gate;

pub use body::MAX_BODY_BYTES;
pub use openapi::document;
pub use problem::{Problem, ProblemKind};

/// Where the API lives, below the public URL.
pub const BASE: &str = "/admin/api/v1";

/// Where its documentation lives, below the public URL.
pub const DOCS: &str = "/admin/api/docs";

/// Where Swagger UI takes the answer to a sign-in, below the public URL.
const DOCS_CALLBACK: &str = "/admin/api/docs/oauth2-redirect.html";

/// Whether a path is one of the API, which answers with problems.
pub fn is_api_path(prefix: &str, path: &str) -> bool {
    let below = path.strip_prefix(prefix).and_then(|path| path.strip_prefix(BASE));
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The redirect URI of the documentation's own client.
pub fn docs_callback_url(public_url: &Url) -> String {
    format!("{}{DOCS_CALLBACK}", public_url.as_str().trim_end_matches('/'))
}

/// What the handlers work with.
#[derive(Clone)]
pub struct AdminApi {
    pub(crate) gate: Gate,
    pub(crate) hashing: HashPool,
    pub(crate) max_body_bytes: usize,
}

impl AdminApi {
    /// Over the door, the pool that hashes passwords, and the longest body of an import.
    pub fn new(gate: Gate, hashing: HashPool, max_body_bytes: usize) -> Self {
        Self { gate, hashing, max_body_bytes }
    }
}

/// Registers the API and its documentation below the public URL's path prefix. The caller provides an [`AdminApi`] as
/// the application's data.
pub fn configure(config: &mut ServiceConfig, prefix: &str) {
    config.service(web::scope(&format!("{prefix}{DOCS}")).configure(docs::configure));
    config.service(
        web::scope(&format!("{prefix}{BASE}"))
            .app_data(QueryConfig::default().error_handler(|error, _| odd_query(&error).into()))
            .app_data(PathConfig::default().error_handler(|_, _| odd_path().into()))
            .configure(routes)
            .default_service(web::to(nowhere)),
    );
}

/// The router, grouped by what it is about.
fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/openapi.json").route(web::get().to(docs::openapi)));
    config.configure(settings::routes).configure(pictures::routes);
    config.configure(clients::routes).configure(initial_tokens::routes);
    config.configure(apis::routes).configure(scopes::routes).configure(roles::routes).configure(groups::routes);
    config.configure(users::routes).configure(credentials::routes).configure(user_imports::routes);
    config.configure(sessions::routes).configure(consents::routes).configure(grants::routes);
    config.configure(keys::routes).configure(audit::routes).configure(usage::routes).configure(realms::routes);
    config.configure(realm_document::routes);
}

/// A query that cannot be read.
fn odd_query(error: &QueryPayloadError) -> Problem {
    Problem::new(ProblemKind::Malformed, format!("the parameters cannot be read: {error}"))
}

/// A path whose parts are no text.
fn odd_path() -> Problem {
    Problem::new(ProblemKind::NotFound, "there is no such resource")
}

/// A path that does not exist.
async fn nowhere(_: HttpRequest) -> HttpResponse {
    Problem::new(ProblemKind::NotFound, "there is no such resource").response()
}

/// A method that a resource does not take.
pub(crate) async fn wrong_method(_: HttpRequest) -> HttpResponse {
    Problem::new(ProblemKind::MethodNotAllowed, "this resource does not take this method").response()
}
