//! What is settled before a request is looked at: whom it is for, its size, how long it may take.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::HeaderValue;
use actix_web::http::{ConnectionType, StatusCode, Uri, Version, header};
use actix_web::middleware::Next;
use actix_web::rt::time::timeout;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use palatine_admin_api::http::{Problem, ProblemKind};
use palatine_pages::views::ErrorKind;
use palatine_protocol::error::OAuthError;
use palatine_tenant_routing::page;
use palatine_tenant_routing::surface::{self, Surface};

use crate::config::ServerSettings;
use crate::http::connection::Slot;
use crate::http::host::{Addressee, OurHosts};
use crate::readiness::Readiness;

/// The bounds of every request, and how many are under way.
pub(crate) struct Front {
    hosts: Option<OurHosts>,
    max_header_bytes: usize,
    max_body_bytes: usize,
    max_admin_body_bytes: usize,
    max_requests_per_connection: usize,
    request_timeout: Duration,
    in_flight: AtomicUsize,
    readiness: Data<Readiness>,
}

impl Front {
    /// `hosts`: the only ones that requests may be for; none: any.
    pub(crate) fn new(settings: &ServerSettings, hosts: Option<OurHosts>, readiness: Data<Readiness>) -> Self {
        Self {
            hosts,
            max_header_bytes: settings.max_header_bytes,
            max_body_bytes: settings.max_body_bytes,
            max_admin_body_bytes: settings.max_admin_body_bytes,
            max_requests_per_connection: settings.max_requests_per_connection,
            request_timeout: settings.request_timeout(),
            in_flight: AtomicUsize::new(0),
            readiness,
        }
    }

    /// Requests under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// What a request is refused for before anybody looks at it.
    fn objection(&self, request: &ServiceRequest) -> Option<Objection> {
        if head_bytes(request) > self.max_header_bytes {
            return Some(Objection::HeadTooLarge);
        }
        if is_unclear(request) {
            return Some(Objection::Of(ErrorKind::InvalidRequest));
        }
        match self.hosts.as_ref().map(|hosts| hosts.addressee(request)) {
            Some(Addressee::Another) => return Some(Objection::Of(ErrorKind::MisdirectedRequest)),
            Some(Addressee::Unclear) => return Some(Objection::Of(ErrorKind::InvalidRequest)),
            Some(Addressee::Us) | None => {}
        }
        let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let announced = length.and_then(|length| length.parse::<usize>().ok()).unwrap_or(0);
        let most = if is_for_admins(request) { self.max_admin_body_bytes } else { self.max_body_bytes };
        (announced > most).then_some(Objection::Of(ErrorKind::PayloadTooLarge))
    }

    /// Where a browser should rather go for this page.
    fn better_url(&self, request: &ServiceRequest) -> Option<String> {
        let better = self.hosts.as_ref()?.better_url(request)?;
        let surface = Surface::of(request.request(), &page::path_prefix(request.request()));
        (surface == Surface::Page).then_some(better)
    }
}

/// Why a request is refused before anybody looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Objection {
    /// Its target and headers are too large: 431 (RFC 6585, section 5).
    HeadTooLarge,
    /// A failure that has a page.
    Of(ErrorKind),
}

/// Whether a request does not say for whom it is, or says so twice: "A server MUST respond with a 400 (Bad Request)
/// status code" (RFC 9112, section 3.2). Proxies on the way may have believed another of the two.
fn is_unclear(request: &ServiceRequest) -> bool {
    let hosts: Vec<_> = request.headers().get_all(header::HOST).collect();
    match (hosts.as_slice(), request.version()) {
        ([], version) => version == Version::HTTP_11,
        ([host], Version::HTTP_2) => differs(host, request.uri()),
        ([_], _) => false,
        _ => true,
    }
}

/// "A server SHOULD treat a request as malformed if it contains a Host header field that identifies an entity that
/// differs from the entity in the ':authority' pseudo-header field" (RFC 9113, section 8.3.1).
fn differs(host: &HeaderValue, target: &Uri) -> bool {
    target.authority().is_some_and(|authority| !authority.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes()))
}

/// Whether a request is for the admin API, which answers in its own way.
fn is_for_admins(request: &ServiceRequest) -> bool {
    palatine_admin_api::http::is_api_path(&page::path_prefix(request.request()), request.path())
}

/// The request's target and its headers, as they came over the wire but for the separators' spaces.
fn head_bytes(request: &ServiceRequest) -> usize {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    request.headers().iter().fold(target, |sum, (name, value)| sum + name.as_str().len() + value.len() + 4)
}

/// A request under way, for as long as this lives.
struct UnderWay(Data<Front>);

impl UnderWay {
    fn begin(front: &Data<Front>) -> Self {
        front.in_flight.fetch_add(1, Ordering::SeqCst);
        Self(front.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Ends requests that take too long, and counts those under way. Outside of all that reads a request: one whose body
/// comes byte by byte must not hold a connection for ever.
pub(crate) async fn deadline(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(front) = request.app_data::<Data<Front>>().cloned() else {
        return Err(actix_web::error::ErrorInternalServerError("the server was wired without its bounds"));
    };
    let _under_way = UnderWay::begin(&front);
    let surface = Surface::of(request.request(), &page::path_prefix(request.request()));
    let Some(_slot) = Slot::of(&request, front.max_requests_per_connection) else {
        metrics::counter!("palatine_http_connection_full_total").increment(1);
        let refusal = bare(surface, 503, "too many requests are under way on this connection");
        return Ok(request.into_response(refusal));
    };
    let Ok(response) = timeout(front.request_timeout, next.call(request)).await else {
        tracing::warn!(seconds = front.request_timeout.as_secs(), "a request took too long");
        metrics::counter!("palatine_http_timeouts_total").increment(1);
        return Err(InternalError::from_response("the request took too long", too_slow(surface)).into());
    };
    let mut response = response?.map_into_boxed_body();
    if front.readiness.is_draining() {
        // The next request should go to another node.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// 408 (RFC 9110, section 15.5.9): the connection is closed, since the rest of the body may still come.
fn too_slow(surface: Surface) -> HttpResponse {
    let mut response = bare(surface, 408, "the request took too long");
    response.head_mut().set_connection_type(ConnectionType::Close);
    response
}

/// An answer to a client that is broken or hostile: JSON, or plain words.
fn bare(surface: Surface, status: u16, words: &'static str) -> HttpResponse {
    match surface {
        Surface::Json | Surface::PublicJson => surface::json_error(status, &OAuthError::invalid_request(words)),
        Surface::Page => HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST))
            .content_type("text/plain; charset=utf-8")
            .body(words),
    }
}

/// What a request to the admin API is refused for, in its own words.
fn as_problem(kind: ErrorKind) -> Problem {
    match kind {
        ErrorKind::PayloadTooLarge => {
            Problem::new(ProblemKind::TooLarge, "the body is longer than any that is taken here")
        }
        _ => Problem::new(ProblemKind::Malformed, "the request does not say clearly for whom it is"),
    }
}

/// Refuses what is too large or was meant for another server, and sends browsers to the name that they should use.
pub(crate) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let front = request.app_data::<Data<Front>>();
    let Some(objection) = front.and_then(|front| front.objection(&request)) else {
        return match front.and_then(|front| front.better_url(&request)) {
            Some(url) => Ok(request.into_response(page::see_other(&url))),
            None => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        };
    };
    let surface = Surface::of(request.request(), &page::path_prefix(request.request()));
    let response = match objection {
        Objection::Of(kind) if is_for_admins(&request) => as_problem(kind).response(),
        Objection::Of(kind) => surface::refuse(request.request(), surface, kind, None),
        Objection::HeadTooLarge => bare(surface, 431, "the address and the headers are too large"),
    };
    Ok(request.into_response(response))
}
