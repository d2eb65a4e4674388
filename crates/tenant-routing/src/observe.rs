//! What every request meets first: an id, a span, the client's address, the headers that every answer carries, metrics.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse};
use palatine_domain::Ambient;
use palatine_realm::Resolver;
use tracing::Instrument as _;

use crate::address::{ClientAddress, TrustedProxies};

/// Names one request in the log, in the audit trail and on error pages: 96 random bits in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The id that [`observe`] attached to the request.
    pub fn current(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self("-".to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The outermost layer of a request: whatever answers it, an error of a layer further in too, is seen here.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let begun = started();
    let id = request_id(&request);
    let address = ClientAddress::of(&request, request.app_data::<Data<TrustedProxies>>().map(Data::get_ref));
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(address);
    // The query is left out: it carries codes, hints and states.
    let span = tracing::info_span!(
        "request",
        id = %id,
        method = %request.method(),
        path = request.uri().path(),
        address = %address,
        realm = tracing::field::Empty,
        status = tracing::field::Empty,
        otel.kind = "server",
    );
    let https = request.app_data::<Data<Resolver>>().is_some_and(|r| r.public_url().scheme() == "https");
    let observed = |status: StatusCode, route: String| {
        span.record("status", status.as_u16());
        let elapsed = begun.elapsed();
        metrics::histogram!("palatine_http_request_seconds", "route" => route, "status" => status.as_str().to_owned())
            .record(elapsed.as_secs_f64());
        span.in_scope(|| {
            let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            if status.is_server_error() {
                tracing::error!(status = status.as_u16(), millis, "answered");
            } else {
                tracing::info!(status = status.as_u16(), millis, "answered");
            }
        });
    };
    match next.call(request).instrument(span.clone()).await {
        Ok(mut response) => {
            let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
            observed(response.status(), route);
            add_headers(response.headers_mut(), &id, https);
            Ok(response)
        }
        // A layer that gave a request up has it no more: its error brings the answer along.
        Err(error) => {
            let mut response = HttpResponse::from_error(error);
            observed(response.status(), "given up".to_owned());
            add_headers(response.headers_mut(), &id, https);
            Err(InternalError::from_response("answered by an error", response).into())
        }
    }
}

/// The headers of every answer.
fn add_headers(headers: &mut HeaderMap, id: &RequestId, https: bool) {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // `no-referrer` would make browsers send `Origin: null` on our own forms.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    if https {
        let a_year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, a_year);
    }
}

fn request_id(request: &ServiceRequest) -> RequestId {
    use std::fmt::Write as _;
    let bytes = request.app_data::<Data<Ambient>>().map(|ambient| ambient.bytes::<12>()).unwrap_or_default();
    RequestId(bytes.iter().fold(String::with_capacity(24), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Durations are measured by the monotonic clock, which no test needs to move.
fn started() -> Instant {
    Instant::now()
}
