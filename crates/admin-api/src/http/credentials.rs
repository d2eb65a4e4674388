//! What people sign in with, and the browsers that their accounts know.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Path, ServiceConfig};

use super::call::Call;
use super::list::{Page, id};
use super::views::{json, nothing};
use super::{Problem, wrong_method};
use crate::ops::users::{self, CredentialView, DeviceView};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/realms/{realm}/users/{user}/credentials")
                .route(web::get().to(credentials_list))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/users/{user}/credentials/{credential}")
                .route(web::delete().to(credentials_remove))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/users/{user}/devices")
                .route(web::get().to(devices_list))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/realms/{realm}/users/{user}/devices/{device}")
                .route(web::delete().to(devices_forget))
                .default_service(web::to(wrong_method)),
        );
}

/// List a person's credentials
#[utoipa::path(
    get, path = "/realms/{realm}/users/{user}/credentials", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("user" = String, Path, description = "The person's row")),
    responses((status = 200, description = "What they sign in with, oldest first; never a secret", body = Page<CredentialView>)),
    extensions(("x-permission" = json!("users:read")))
)]
pub(super) async fn credentials_list(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let items = users::credentials(&call.caller, id(&path.1)?).await?;
    Ok(json(StatusCode::OK, &Page { items, next_cursor: None }))
}

/// Remove a credential
///
/// They sign in with it no more. What they have open stays open: sign them out to end that, too.
#[utoipa::path(
    delete, path = "/realms/{realm}/users/{user}/credentials/{credential}", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("user" = String, Path, description = "The person's row"), ("credential" = String, Path, description = "Its row")),
    responses((status = 204, description = "It is gone")),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn credentials_remove(
    call: Call,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    users::remove_credential(&call.caller, id(&path.1)?, id(&path.2)?).await?;
    Ok(nothing())
}

/// List the browsers that an account knows
///
/// Failed sign-ins elsewhere do not lock the person out in these.
#[utoipa::path(
    get, path = "/realms/{realm}/users/{user}/devices", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("user" = String, Path, description = "The person's row")),
    responses((status = 200, description = "Browsers, the last used first", body = Page<DeviceView>)),
    extensions(("x-permission" = json!("users:read")))
)]
pub(super) async fn devices_list(call: Call, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let items = users::devices(&call.caller, id(&path.1)?).await?;
    Ok(json(StatusCode::OK, &Page { items, next_cursor: None }))
}

/// Let an account forget a browser
///
/// A session in it stays.
#[utoipa::path(
    delete, path = "/realms/{realm}/users/{user}/devices/{device}", tag = "Users",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("user" = String, Path, description = "The person's row"), ("device" = String, Path, description = "Its row")),
    responses((status = 204, description = "It is forgotten")),
    extensions(("x-permission" = json!("users:write")))
)]
pub(super) async fn devices_forget(call: Call, path: Path<(String, String, String)>) -> Result<HttpResponse, Problem> {
    users::forget_device(&call.caller, id(&path.1)?, id(&path.2)?).await?;
    Ok(nothing())
}
