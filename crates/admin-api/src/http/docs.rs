//! The description, and Swagger UI over it, served from here: nothing is loaded from elsewhere.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use palatine_domain::RealmSlug;
use palatine_realm::Resolver;
use palatine_tenant_routing::csp::PageKind;
use palatine_token_service::built_in::API_DOCS_CLIENT_ID;
use serde::Deserialize;
use utoipa_swagger_ui::{Config, oauth};

use super::{AdminApi, BASE, DOCS, Problem, ProblemKind, docs_callback_url, openapi, views};

/// The paths of the documentation.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("", web::get().to(begin))
        .route("/", web::get().to(begin))
        .route("/oauth2-redirect.html", web::get().to(callback))
        .route("/{realm}", web::get().to(folder))
        .route("/{realm}/{file:.*}", web::get().to(file));
}

/// Whose sign-in the document describes.
#[derive(Debug, Deserialize)]
pub(super) struct OfRealm {
    realm: Option<String>,
}

/// The description of the API.
pub(super) async fn openapi(api: Data<AdminApi>, query: Query<OfRealm>) -> HttpResponse {
    let resolver = api.gate.resolver();
    let slug = query.realm.as_deref().and_then(|text| RealmSlug::parse(text).ok()).unwrap_or_else(RealmSlug::system);
    let document = openapi::served(resolver.public_url().as_str(), &resolver.issuer_of(&slug));
    views::json(StatusCode::OK, &document)
}

fn resolver(api: &AdminApi) -> &Resolver {
    api.gate.resolver()
}

/// Operators begin at their own realm.
async fn begin(api: Data<AdminApi>) -> HttpResponse {
    moved(&format!("{}{DOCS}/{}/", resolver(&api).path_prefix(), RealmSlug::system()))
}

/// The page's files are beside it.
async fn folder(api: Data<AdminApi>, realm: Path<String>) -> HttpResponse {
    match RealmSlug::parse(&realm) {
        Ok(slug) => moved(&format!("{}{DOCS}/{slug}/", resolver(&api).path_prefix())),
        Err(_) => missing(),
    }
}

fn moved(to: &str) -> HttpResponse {
    let mut response = HttpResponse::SeeOther().finish();
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

fn missing() -> HttpResponse {
    Problem::new(ProblemKind::NotFound, "there is no such page").response()
}

async fn callback(api: Data<AdminApi>, request: HttpRequest) -> HttpResponse {
    swagger(&api, "system", "oauth2-redirect.html", &request)
}

async fn file(api: Data<AdminApi>, path: Path<(String, String)>, request: HttpRequest) -> HttpResponse {
    match RealmSlug::parse(&path.0) {
        Ok(slug) => swagger(&api, slug.as_str(), &path.1, &request),
        Err(_) => missing(),
    }
}

fn swagger(api: &AdminApi, realm: &str, file: &str, _: &HttpRequest) -> HttpResponse {
    let resolver = resolver(api);
    let document = format!("{}{BASE}/openapi.json?realm={realm}", resolver.path_prefix());
    let sign_in = oauth::Config::new()
        .client_id(API_DOCS_CLIENT_ID)
        .scopes(["openid", "admin:read", "admin:write"].map(str::to_owned).to_vec())
        .use_pkce_with_authorization_code_grant(true);
    let config = Config::with_oauth_config([document], sign_in)
        .oauth2_redirect_url(docs_callback_url(resolver.public_url()))
        .persist_authorization(false);
    match utoipa_swagger_ui::serve(file, Arc::new(config)) {
        Ok(Some(found)) => {
            let policy = PageKind::ApiDocs.policy("");
            HttpResponse::Ok()
                .insert_header((header::CONTENT_SECURITY_POLICY, policy))
                .insert_header((header::X_FRAME_OPTIONS, "DENY"))
                .content_type(found.content_type)
                .body(found.bytes.into_owned())
        }
        Ok(None) => missing(),
        Err(error) => {
            tracing::error!(%error, "a file of the documentation cannot be read");
            Problem::new(ProblemKind::Internal, "this file cannot be read").response()
        }
    }
}
