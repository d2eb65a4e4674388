//! The address with a device's code in it, as a picture: for devices that can show an image and draw none.
//!
//! It is made of what the address says and looks nothing up, so it tells nobody which codes there are.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use palatine_pages::views::ErrorKind;
use palatine_protocol::device::UserCode;
use palatine_protocol::params::Params;
use palatine_token_service::device::verification_uri_complete;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use crate::refusal::Refusal;
use crate::visit::Visit;

/// The least width and height, in pixels; a vector image has no most.
const LEAST_SIZE: u32 = 240;

/// The picture.
pub(crate) async fn show(visit: Visit) -> HttpResponse {
    let query = Params::parse(visit.request.query_string().as_bytes()).unwrap_or_default();
    let code = query.one("user_code").ok().flatten().and_then(|typed| UserCode::parse(typed).ok());
    match code.and_then(|code| drawn(&verification_uri_complete(&visit.realm, &code))) {
        Some(picture) => HttpResponse::Ok()
            .content_type("image/svg+xml")
            .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
            .insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'")))
            // The page of a device is another site's.
            .insert_header(("cross-origin-resource-policy", "cross-origin"))
            .body(picture),
        None => visit.answered(Err(Refusal::Page(ErrorKind::InvalidRequest))),
    }
}

fn drawn(address: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(address, EcLevel::M).ok()?;
    Some(code.render::<svg::Color<'_>>().min_dimensions(LEAST_SIZE, LEAST_SIZE).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_black_on_white_and_has_nothing_else_in_it() {
        let picture = drawn("https://id.example.com/realms/acme/device?user_code=WDJB-MJHT").unwrap();
        assert!(picture.contains("<svg") && picture.contains("#000") && picture.contains("#fff"), "{picture}");
        assert!(!picture.contains("script") && !picture.contains("WDJB"), "{picture}");
    }
}
