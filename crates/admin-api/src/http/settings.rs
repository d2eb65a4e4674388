//! The realm's settings: all of them, or a part.

use actix_web::http::StatusCode;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use palatine_domain::policy::RealmPolicy;
use palatine_domain::tenant::Branding;

use super::call::Call;
use super::views::{SettingsView, versioned};
use super::{Problem, body, wrong_method};
use crate::document::CustomFieldDocument;
use crate::ops::object::{self, Object, SettingsPart};

/// The paths of this file.
pub(super) fn routes(config: &mut ServiceConfig) {
    macro_rules! part {
        ($path:literal, $read:ident, $change:ident) => {
            config.service(
                web::resource($path)
                    .route(web::get().to($read))
                    .route(web::patch().to($change))
                    .default_service(web::to(wrong_method)),
            )
        };
    }
    part!("/realms/{realm}/settings", settings_read, settings_change);
    part!("/realms/{realm}/branding", branding_read, branding_change);
    part!("/realms/{realm}/policy", policy_read, policy_change);
    part!("/realms/{realm}/custom-fields", custom_fields_read, custom_fields_change);
}

async fn read(call: &Call, part: SettingsPart) -> Result<HttpResponse, Problem> {
    let found = object::read(&call.caller, &Object::Settings(part)).await?;
    Ok(versioned(StatusCode::OK, &found))
}

async fn change(
    call: &Call,
    part: SettingsPart,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let expected = body::expected(request)?;
    let patch = body::patch(request, payload).await?;
    let changed = object::patch(&call.caller, &Object::Settings(part), &expected, &patch).await?;
    Ok(versioned(StatusCode::OK, &changed))
}

/// Read the settings
#[utoipa::path(
    get, path = "/realms/{realm}/settings", tag = "Settings",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    responses((status = 200, description = "The settings", body = SettingsView)),
    extensions(("x-permission" = json!("settings:read")))
)]
pub(super) async fn settings_read(call: Call) -> Result<HttpResponse, Problem> {
    read(&call, SettingsPart::All).await
}

/// Change the settings
#[utoipa::path(
    patch, path = "/realms/{realm}/settings", tag = "Settings",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    request_body(content = serde_json::Value, content_type = "application/merge-patch+json", description = "Members of the settings to change (RFC 7396)"),
    responses((status = 200, description = "The settings now", body = SettingsView)),
    extensions(("x-permission" = json!("settings:write")))
)]
pub(super) async fn settings_change(
    call: Call,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    change(&call, SettingsPart::All, &request, payload).await
}

/// Read the branding
#[utoipa::path(
    get, path = "/realms/{realm}/branding", tag = "Settings",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    responses((status = 200, description = "The branding", body = Branding)),
    extensions(("x-permission" = json!("settings:read")))
)]
pub(super) async fn branding_read(call: Call) -> Result<HttpResponse, Problem> {
    read(&call, SettingsPart::Branding).await
}

/// Change the branding
#[utoipa::path(
    patch, path = "/realms/{realm}/branding", tag = "Settings",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    request_body(content = serde_json::Value, content_type = "application/merge-patch+json", description = "Members of the branding to change (RFC 7396)"),
    responses((status = 200, description = "The branding now", body = Branding)),
    extensions(("x-permission" = json!("settings:write")))
)]
pub(super) async fn branding_change(
    call: Call,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    change(&call, SettingsPart::Branding, &request, payload).await
}

/// Read the policy
///
/// Lifetimes, limits, lockout, passwords, registration, keys.
#[utoipa::path(
    get, path = "/realms/{realm}/policy", tag = "Settings",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    responses((status = 200, description = "The policy", body = RealmPolicy)),
    extensions(("x-permission" = json!("settings:read")))
)]
pub(super) async fn policy_read(call: Call) -> Result<HttpResponse, Problem> {
    read(&call, SettingsPart::Policy).await
}

/// Change the policy
#[utoipa::path(
    patch, path = "/realms/{realm}/policy", tag = "Settings",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    request_body(content = serde_json::Value, content_type = "application/merge-patch+json", description = "Members of the policy to change (RFC 7396)"),
    responses((status = 200, description = "The policy now", body = RealmPolicy)),
    extensions(("x-permission" = json!("settings:write")))
)]
pub(super) async fn policy_change(call: Call, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    change(&call, SettingsPart::Policy, &request, payload).await
}

/// Read the custom fields
#[utoipa::path(
    get, path = "/realms/{realm}/custom-fields", tag = "Settings",
    params(("realm" = String, Path, description = "The realm's name in URLs")),
    responses((status = 200, description = "The custom fields, by name", body = std::collections::BTreeMap<String, CustomFieldDocument>)),
    extensions(("x-permission" = json!("settings:read")))
)]
pub(super) async fn custom_fields_read(call: Call) -> Result<HttpResponse, Problem> {
    read(&call, SettingsPart::CustomFields).await
}

/// Change the custom fields
///
/// A field that is set to null is declared no more.
#[utoipa::path(
    patch, path = "/realms/{realm}/custom-fields", tag = "Settings",
    params(("realm" = String, Path, description = "The realm's name in URLs"), ("If-Match" = String, Header, description = "The ETag of what was read, or *")),
    request_body(content = serde_json::Value, content_type = "application/merge-patch+json", description = "Custom fields to change, by name (RFC 7396)"),
    responses((status = 200, description = "The custom fields now, by name", body = std::collections::BTreeMap<String, CustomFieldDocument>)),
    extensions(("x-permission" = json!("settings:write")))
)]
pub(super) async fn custom_fields_change(
    call: Call,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    change(&call, SettingsPart::CustomFields, &request, payload).await
}
