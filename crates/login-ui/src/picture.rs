//! Pictures of a realm: of our own making, from our own origin.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use palatine_domain::asset::AssetKind;
use palatine_realm::routes::PICTURE_PARAMETER;

use crate::refusal::Refusal;
use crate::visit::Visit;

/// The picture, or 404 without a body: nobody reads a page where a picture should be.
pub(crate) async fn show(visit: Visit) -> HttpResponse {
    visit.answered(shown(&visit).await)
}

async fn shown(visit: &Visit) -> Result<HttpResponse, Refusal> {
    let named = visit.request.match_info().get(PICTURE_PARAMETER).and_then(AssetKind::parse);
    let pictures = visit.realm.pictures().await?;
    let known = named.filter(|kind| pictures.iter().any(|about| about.kind == *kind));
    let Some(kind) = known else { return Ok(HttpResponse::NotFound().finish()) };
    let tx = visit.realm.read().await?;
    let picture = tx.assets().get(kind).await?;
    tx.finish().await?;
    Ok(match picture {
        // Pages name it with a part of its hash, so that another picture has another address.
        Some(picture) => HttpResponse::Ok()
            .content_type(picture.about.media_type)
            .insert_header((CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")))
            .insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")))
            .body(picture.bytes),
        None => HttpResponse::NotFound().finish(),
    })
}
