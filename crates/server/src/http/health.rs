//! Health and metrics: all of it on the management port, a word of it on the main one.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, guard};
use palatine_tenant_routing::surface;
use serde_json::json;

use crate::readiness::Readiness;
use crate::telemetry;

/// Registers `/health` on the main port, below the public URL's path prefix.
pub(crate) fn configure_main(config: &mut ServiceConfig, prefix: &str) {
    config.service(
        web::resource(format!("{prefix}/health"))
            .route(get_or_head().to(health))
            .default_service(web::to(surface::method_not_allowed)),
    );
}

/// Registers everything on the management port.
pub(crate) fn configure_management(config: &mut ServiceConfig) {
    config
        .service(web::resource("/health/live").route(get_or_head().to(live)))
        .service(web::resource(["/health/ready", "/health"]).route(get_or_head().to(ready)))
        .service(web::resource("/metrics").route(get_or_head().to(metrics)));
}

fn get_or_head() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Whether the node should be sent requests; says no more to whoever can reach the main port.
async fn health(readiness: Data<Readiness>) -> HttpResponse {
    let is_ready = readiness.checks().await.are_ready();
    status(is_ready).json(json!({ "status": if is_ready { "ok" } else { "unavailable" } }))
}

/// Whether the process runs at all: a reason to restart it if not.
async fn live() -> HttpResponse {
    status(true).json(json!({ "status": "live", "version": env!("CARGO_PKG_VERSION") }))
}

/// Whether the node should be sent requests, and why not.
async fn ready(readiness: Data<Readiness>) -> HttpResponse {
    let checks = readiness.checks().await;
    let is_ready = checks.are_ready();
    status(is_ready).json(json!({ "status": if is_ready { "ready" } else { "unready" }, "checks": checks }))
}

async fn metrics(request: HttpRequest) -> HttpResponse {
    if let Some(gauges) = request.app_data::<Data<super::gauges::Gauges>>() {
        gauges.set();
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(telemetry::metrics().render())
}

fn status(is_well: bool) -> HttpResponseBuilder {
    let mut response = if is_well { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header(("cache-control", "no-store"));
    response
}
