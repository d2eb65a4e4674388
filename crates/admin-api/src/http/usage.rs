//! How much was used, by hour.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Query, ServiceConfig};
use palatine_domain::usage::UsageKey;
use palatine_store::UsageFilter;
use serde::Deserialize;

use super::audit::{client, instant};
use super::call::Call;
use super::list::{Page, decode, limit};
use super::views::json;
use super::{Problem, wrong_method};
use crate::ops::usage::{self, UsageView};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(
        web::resource("/realms/{realm}/usage").route(web::get().to(usage_list)).default_service(web::to(wrong_method)),
    );
}

/// Which counts are wanted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UsageQuery {
    /// Of hours that began then or later (RFC 3339).
    from: Option<String>,
    /// Of hours that began before (RFC 3339).
    to: Option<String>,
    /// Of this client, which may be gone by now.
    client_id: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items a page has: 1 to 200, by default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

impl UsageQuery {
    fn wanted(&self) -> Result<UsageFilter, Problem> {
        Ok(UsageFilter {
            client: self.client_id.as_deref().map(client).transpose()?,
            from: self.from.as_deref().map(instant).transpose()?,
            to: self.to.as_deref().map(instant).transpose()?,
        })
    }
}

/// List usage by hour
///
/// How often the token endpoint issued tokens and refused them, by client and grant, newest hour first. The last seconds
/// may be missing. Not counted are devices that are told to wait, failures of ours, what was turned away before the
/// endpoint (the realm's own rate limit), and tokens that the authorization endpoint issues itself.
#[utoipa::path(
    get, path = "/realms/{realm}/usage", tag = "Usage",
    params(("realm" = String, Path, description = "The realm's name in URLs"), UsageQuery),
    responses((status = 200, description = "A page of counts, newest hour first", body = Page<UsageView>)),
    extensions(("x-permission" = json!("usage:read")))
)]
pub(super) async fn usage_list(call: Call, query: Query<UsageQuery>) -> Result<HttpResponse, Problem> {
    let limit = limit(query.limit)?;
    let after: Option<UsageKey> = decode(query.cursor.as_deref())?;
    let found = usage::list(&call.caller, &query.wanted()?, after.as_ref(), limit + 1).await?;
    let page = Page::of(found, limit, |(key, _)| key.clone());
    let items = page.items.into_iter().map(|(_, view)| view).collect();
    Ok(json(StatusCode::OK, &Page { items, next_cursor: page.next_cursor }))
}
