//! How a page is answered: its context from the request, its headers from the table.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_domain::Ambient;
use palatine_domain::asset::AssetKind;
use palatine_pages::frames::Frame;
use palatine_pages::{Branding, BrandingError, Colour, Locale, PageContext, THEME_COOKIE, Theme};
use palatine_realm::{Realm, Resolver};

use crate::cookies;
use crate::csp::PageKind;
use crate::observe::RequestId;

/// What a page of this request is given. `ui_locales` is the authorization request's wish, if there is one.
pub fn context(request: &HttpRequest, realm: Option<&Realm>, ui_locales: Option<&str>) -> PageContext {
    let accept_language = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    PageContext {
        branding: Arc::new(realm.map_or_else(Branding::platform, branding)),
        locale: Locale::negotiate(ui_locales, accept_language),
        csp_nonce: nonce(request),
        request_id: RequestId::current(request).to_string(),
        base_path: path_prefix(request),
        theme: Theme::from_cookie(cookies::value(request, THEME_COOKIE).as_deref()),
    }
}

/// The path prefix of the public URL, without a slash at its end.
pub fn path_prefix(request: &HttpRequest) -> String {
    request.app_data::<Data<Resolver>>().map(|resolver| resolver.path_prefix().to_owned()).unwrap_or_default()
}

/// A realm's look. A stored value that a page must not carry is left out: `apply` refuses it beforehand.
fn branding(realm: &Realm) -> Branding {
    let settings = realm.settings();
    let mut branding = Branding::new(&settings.display_name);
    if let Some(accent) = settings.branding.accent.as_deref().and_then(|text| text.parse::<Colour>().ok()) {
        branding = branding.with_accent(accent);
    }
    for link in &settings.branding.legal_links {
        branding = match branding.clone().with_legal_link(&link.label, &link.url) {
            Ok(with_link) => with_link,
            Err(_) => branding,
        };
    }
    let pictures: [(AssetKind, WithPicture); 3] = [
        (AssetKind::Logo, Branding::with_logo),
        (AssetKind::Background, Branding::with_picture),
        (AssetKind::Favicon, Branding::with_favicon),
    ];
    for (kind, with) in pictures {
        if let Some(path) = realm.picture_path(kind) {
            branding = with(branding.clone(), &path).unwrap_or(branding);
        }
    }
    branding
}

/// How a look gets one of its pictures.
type WithPicture = fn(Branding, &str) -> Result<Branding, BrandingError>;

/// 128 random bits, once per answer. Without a source of them it is empty, and the policy lets nothing run.
fn nonce(request: &HttpRequest) -> String {
    let ambient = request.app_data::<Data<Ambient>>();
    ambient.map(|ambient| URL_SAFE_NO_PAD.encode(ambient.bytes::<16>())).unwrap_or_default()
}

/// An HTML answer with every header that the table asks for.
pub fn html(status: u16, kind: PageKind<'_>, nonce: &str, body: String) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        // No Cross-Origin-Opener-Policy: it would cut an application off from the popup in which it signs people in
        // (Swagger UI, oidc-client-ts), for good, although the popup comes back to the application's own page.
        .insert_header((header::CONTENT_SECURITY_POLICY, kind.policy(nonce)));
    if let Some(value) = kind.frame_options() {
        response.insert_header((header::X_FRAME_OPTIONS, HeaderValue::from_static(value)));
    }
    response.body(body)
}

/// How long a browser may keep a frame: a new build's is in use soon after.
const FRAME_CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// A frame for any application's page.
pub fn frame(frame: &'static Frame) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, FRAME_CACHING))
        .insert_header((header::CONTENT_SECURITY_POLICY, PageKind::Frame.policy(&frame.script_hash)))
        // A page that isolates itself (Cross-Origin-Embedder-Policy) may hold it all the same.
        .insert_header(("cross-origin-resource-policy", "cross-origin"))
        .body(frame.html.as_str())
}

/// A 303 to a URL that was checked beforehand, never cached.
pub fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .finish()
}
