//! The files under `/static`.

use actix_web::http::header::{self, EntityTag, Header as _, HeaderValue, IfNoneMatch};
use actix_web::web::{self, Bytes, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};
use palatine_pages::Asset;
use palatine_tenant_routing::surface;

/// Registers the files below the public URL's path prefix.
pub(crate) fn configure(config: &mut ServiceConfig, prefix: &str) {
    config.service(
        web::resource(format!("{prefix}/static/{{path:.*}}"))
            .route(web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(asset))
            .default_service(web::to(surface::method_not_allowed)),
    );
}

async fn asset(request: HttpRequest, path: Path<String>) -> HttpResponse {
    match palatine_pages::static_asset(&path) {
        Some(asset) if is_known(&request, &asset) => with_validators(HttpResponse::NotModified(), &asset).finish(),
        Some(asset) => with_validators(HttpResponse::Ok(), &asset)
            .content_type(asset.content_type)
            .body(Bytes::from_static(asset.bytes)),
        None => surface::not_found(request).await,
    }
}

/// Whether the client has these bytes (RFC 9110, section 13.1.2).
fn is_known(request: &HttpRequest, asset: &Asset) -> bool {
    let ours = EntityTag::new_strong(asset.etag.trim_matches('"').to_owned());
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&ours)),
        Err(_) => false,
    }
}

fn with_validators(mut response: actix_web::HttpResponseBuilder, asset: &Asset) -> actix_web::HttpResponseBuilder {
    response
        .insert_header((header::ETAG, HeaderValue::from_static(asset.etag)))
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static(asset.caching.header())));
    response
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::{App, test};

    use super::*;

    async fn answer(request: test::TestRequest) -> actix_web::dev::ServiceResponse {
        let app = test::init_service(App::new().configure(|config| configure(config, "/id"))).await;
        test::call_service(&app, request.to_request()).await
    }

    #[actix_web::test]
    async fn a_hashed_file_is_kept_and_not_sent_twice() {
        let path = format!("/id{}", palatine_pages::asset_path("app.css"));
        let first = answer(test::TestRequest::get().uri(&path)).await;
        assert_eq!(first.status(), StatusCode::OK);
        assert!(first.headers().get("cache-control").unwrap().to_str().unwrap().contains("immutable"));
        let etag = first.headers().get("etag").unwrap().clone();
        for known in [etag.to_str().unwrap().to_owned(), format!("W/{}", etag.to_str().unwrap()), "*".to_owned()] {
            let again = test::TestRequest::get().uri(&path).insert_header((header::IF_NONE_MATCH, known));
            assert_eq!(answer(again).await.status(), StatusCode::NOT_MODIFIED);
        }
        let other = test::TestRequest::get().uri(&path).insert_header((header::IF_NONE_MATCH, "\"other\""));
        assert_eq!(answer(other).await.status(), StatusCode::OK);
    }

    #[actix_web::test]
    async fn what_is_no_file_is_not_found_and_a_file_takes_no_post() {
        for path in ["/id/static/", "/id/static/app.html", "/id/static/..%2f..%2fCargo.toml", "/static/app.css"] {
            assert_eq!(answer(test::TestRequest::get().uri(path)).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let post = test::TestRequest::post().uri("/id/static/app.css");
        assert_eq!(answer(post).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
