//! Pictures of a realm's pages.

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, HeaderValue};
use actix_web::web::{self, Path, Payload, ServiceConfig};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};

use super::call::Call;
use super::list::Page;
use super::views::{json, nothing};
use super::{Problem, ProblemKind, body, wrong_method};
use crate::ops::pictures::{self, KnownPicture, MAX_SENT_BYTES, PictureView};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/branding/pictures")
                .route(web::get().to(pictures_list))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/branding/pictures/{kind}")
                .route(web::get().to(pictures_read))
                .route(web::put().to(pictures_put))
                .route(web::delete().to(pictures_remove))
                .default_service(web::to(wrong_method)),
        );
}

fn answer(picture: &KnownPicture) -> HttpResponse {
    let mut response = json(StatusCode::OK, &picture.view);
    if let Ok(etag) = HeaderValue::from_str(picture.etag.as_str()) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

/// List pictures
#[utoipa::path(
    get, path = "/realms/{realm}/branding/pictures", tag = "Settings",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    responses((status = 200, description = "The pictures of the realm's pages, by kind", body = Page<PictureView>)),
    extensions(("x-permission" = json!("settings:read")))
)]
pub(super) async fn pictures_list(call: Call) -> Result<HttpResponse, Problem> {
    let items = pictures::list(&call.caller).await?;
    Ok(json(StatusCode::OK, &Page { items, next_cursor: None }))
}

/// Read about a picture
///
/// The picture itself is at its `path` on the realm's origin.
#[utoipa::path(
    get, path = "/realms/{realm}/branding/pictures/{kind}", tag = "Settings",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("kind" = String, Path, description = "What it is for: `logo`, `background` or `favicon`")),
    responses((status = 200, description = "What is known of it", body = PictureView)),
    extensions(("x-permission" = json!("settings:read")))
)]
pub(super) async fn pictures_read(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    Ok(answer(&pictures::read(&call.caller, &path.1).await?))
}

/// Set a picture
///
/// PNG, JPEG or WebP of at most 2 MiB and 2,048 pixels a side. It is written anew, so that nothing but a picture is
/// left of it, within 256 KiB: a logo within 600 × 120 pixels, a favicon within 128 × 128, a background within 1,920 ×
/// 1,920 and without transparency.
#[utoipa::path(
    put, path = "/realms/{realm}/branding/pictures/{kind}", tag = "Settings",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("kind" = String, Path, description = "What it is for: `logo`, `background` or `favicon`"), ("If-Match" = String, Header, description = "The ETag of the picture that it takes the place of, or *")),
    request_body(content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp")), description = "The picture"),
    responses((status = 200, description = "What is known of it", body = PictureView)),
    extensions(("x-permission" = json!("settings:write")))
)]
pub(super) async fn pictures_put(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let expected = body::expected(&request)?;
    let media_type = request.content_type().to_ascii_lowercase();
    if palatine_pages::picture::format_of(&media_type).is_none() {
        let words = "send the picture as image/png, image/jpeg or image/webp";
        return Err(Problem::new(ProblemKind::UnsupportedMediaType, words));
    }
    let bytes = body::read(payload, MAX_SENT_BYTES).await?.to_vec();
    Ok(answer(&pictures::put(&call.caller, &path.1, &expected, &media_type, bytes).await?))
}

/// Remove a picture
#[utoipa::path(
    delete, path = "/realms/{realm}/branding/pictures/{kind}", tag = "Settings",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("kind" = String, Path, description = "What it is for: `logo`, `background` or `favicon`"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    responses((status = 204, description = "It is gone")),
    extensions(("x-permission" = json!("settings:write")))
)]
pub(super) async fn pictures_remove(
    call: Call,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    pictures::remove(&call.caller, &path.1, &body::expected(&request)?).await?;
    Ok(nothing())
}
