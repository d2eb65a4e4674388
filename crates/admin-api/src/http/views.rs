//! What the API answers, as types: for its description, and for what is not a part of the realm document.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use palatine_domain::policy::RealmPolicy;
use palatine_domain::tenant::Branding;
use serde::Serialize;
use serde_json::Value;

use super::Problem;
use crate::document::{ApiDocument, ClientDocument, RoleDocument, ScopeDocument, UserDocument};
use crate::ops::error::OpError;
use crate::ops::object::Versioned;

/// A client.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ClientView {
    /// Its name on the wire.
    client_id: String,
    /// Whether it registered itself.
    registered: bool,
    #[serde(flatten)]
    document: ClientDocument,
}

/// An API.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ApiView {
    /// The `aud` value.
    identifier: String,
    /// Whether it is the platform's own.
    built_in: bool,
    #[serde(flatten)]
    document: ApiDocument,
}

/// A scope.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ScopeView {
    /// The scope.
    name: String,
    /// The identifier of the API that owns it.
    api: Option<String>,
    #[serde(flatten)]
    document: ScopeDocument,
}

/// A role of the realm.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RoleView {
    /// Its name.
    name: String,
    /// Whether every realm has it.
    built_in: bool,
    #[serde(flatten)]
    document: RoleDocument,
}

/// A client that is to be made.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct NewClient {
    /// Its name on the wire.
    client_id: String,
    #[serde(flatten)]
    document: ClientDocument,
}

/// An API that is to be made.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct NewApi {
    /// The `aud` value.
    identifier: String,
    #[serde(flatten)]
    document: ApiDocument,
}

/// A scope that is to be made.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct NewScope {
    /// The scope.
    name: String,
    #[serde(flatten)]
    document: ScopeDocument,
}

/// A role of the realm that is to be made.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct NewRole {
    /// Its name.
    name: String,
    #[serde(flatten)]
    document: RoleDocument,
}

/// A person who is to be made.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct NewUser {
    /// The name to sign in with.
    username: String,
    /// Their password, which the realm's policy must take.
    password: Option<String>,
    #[serde(flatten)]
    document: UserDocument,
}

/// A person who is to be imported.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ImportedUser {
    /// The name to sign in with.
    username: String,
    #[serde(flatten)]
    document: UserDocument,
}

/// A person.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct UserView {
    /// The person's row.
    id: String,
    /// The name to sign in with.
    username: String,
    /// When the account was made (RFC 3339).
    created_at: String,
    /// When it last changed (RFC 3339).
    updated_at: String,
    #[serde(flatten)]
    document: UserDocument,
}

/// The realm's settings.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SettingsView {
    /// The name people see.
    display_name: String,
    /// Colours and links of its pages.
    branding: Branding,
    /// Lifetimes, limits and choices.
    policy: RealmPolicy,
    /// Fields of its users beyond the standard claims, by name.
    custom_fields: std::collections::BTreeMap<String, crate::document::CustomFieldDocument>,
}

/// JSON that nobody keeps.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    let mut builder = HttpResponse::build(status);
    builder.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store"))).json(body)
}

/// An object with its version.
pub(crate) fn versioned(status: StatusCode, object: &Versioned) -> HttpResponse {
    let mut response = json(status, &object.view);
    if let Ok(etag) = HeaderValue::from_str(object.etag.as_str()) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// Nothing more to say.
pub(crate) fn nothing() -> HttpResponse {
    HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store"))).finish()
}

/// Takes the name of what is to be made out of its body.
pub(crate) fn named(body: &mut Value, member: &str) -> Result<String, Problem> {
    match body.as_object_mut().and_then(|members| members.remove(member)) {
        Some(Value::String(name)) if !name.is_empty() => Ok(name),
        _ => Err(OpError::invalid(format!("/{member}"), "this must be there, and text").into()),
    }
}
