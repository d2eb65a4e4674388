//! The description of the API (`OpenAPI` 3.1), from the handlers and the types themselves.

use std::sync::OnceLock;

use serde_json::{Value, json};
use utoipa::OpenApi as _;

use crate::document::describe_short_scopes;

use super::{
    BASE, Problem, ProblemKind, apis, audit, clients, consents, credentials, grants, groups, initial_tokens, keys,
    pictures, realm_document, realms, roles, scopes, sessions, settings, usage, user_imports, users,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Palatine administration",
        version = "1",
        description = "The administration of realms. What changes something wants If-Match; problems are RFC 9457."
    ),
    paths(
        settings::settings_read,
        settings::settings_change,
        settings::branding_read,
        settings::branding_change,
        settings::policy_read,
        settings::policy_change,
        settings::custom_fields_read,
        settings::custom_fields_change,
        pictures::pictures_list,
        pictures::pictures_read,
        pictures::pictures_put,
        pictures::pictures_remove,
        clients::clients_list,
        clients::clients_create,
        clients::clients_read,
        clients::clients_change,
        clients::clients_delete,
        clients::client_secrets_list,
        clients::client_secrets_create,
        clients::client_secrets_delete,
        initial_tokens::initial_tokens_list,
        initial_tokens::initial_tokens_create,
        initial_tokens::initial_tokens_remove,
        apis::apis_list,
        apis::apis_create,
        apis::apis_read,
        apis::apis_change,
        apis::apis_delete,
        scopes::scopes_list,
        scopes::scopes_create,
        scopes::scopes_read,
        scopes::scopes_change,
        scopes::scopes_delete,
        roles::roles_list,
        roles::roles_create,
        roles::roles_read,
        roles::roles_change,
        roles::roles_delete,
        users::users_list,
        users::users_create,
        users::users_read,
        users::users_change,
        users::users_delete,
        users::users_set_password,
        users::users_unlock,
        users::users_sign_out,
        credentials::credentials_list,
        credentials::credentials_remove,
        credentials::devices_list,
        credentials::devices_forget,
        user_imports::user_imports_list,
        user_imports::user_imports_begin,
        user_imports::user_imports_read,
        user_imports::user_imports_cancel,
        groups::groups_list,
        groups::groups_create,
        groups::groups_read,
        groups::groups_change,
        groups::groups_delete,
        groups::group_members_add,
        groups::group_members_remove,
        sessions::sessions_list,
        sessions::sessions_end,
        consents::consents_list,
        consents::consents_withdraw,
        grants::grants_list,
        grants::grants_end,
        audit::audit_list,
        audit::audit_export,
        usage::usage_list,
        keys::keys_list,
        keys::keys_rotate,
        keys::keys_retire,
        realms::realms_list,
        realms::realms_create,
        realms::realms_read,
        realms::realms_delete,
        realms::realms_suspend,
        realms::realms_resume,
        realms::entries_list,
        realms::entries_create,
        realms::entries_end,
        realm_document::document_read,
        realm_document::document_put,
    ),
    components(schemas(Problem))
)]
struct Described;

/// The document, without what differs from server to server: see `served`.
///
/// Every operation may be answered by a problem of every kind that fits it; that is added here, once for all.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let mut document = serde_json::to_value(Described::openapi()).unwrap_or_default();
        describe_flattened(&mut document);
        if let Some(schemas) = document.pointer_mut("/components/schemas") {
            describe_short_scopes(schemas);
        }
        let operations =
            document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flat_map(|paths| paths.values_mut());
        for operation in operations.filter_map(Value::as_object_mut).flat_map(|path| path.iter_mut()) {
            let (method, operation) = operation;
            complete(method, operation);
        }
        document
    })
}

/// What the realm document has of an object, and its resource neither shows nor takes.
const LEFT_OUT: [(&str, &[&str]); 5] = [
    ("ClientView", &["secret", "secrets", "secret_hashes"]),
    ("NewClient", &["secret", "secrets", "secret_hashes"]),
    ("UserView", &["initial_password", "password_hash"]),
    ("NewUser", &["initial_password"]),
    ("ImportedUser", &["initial_password"]),
];

/// Writes out what a resource has beside its part of the realm document: a part takes no other members, so that both of
/// an `allOf` could never be met.
fn describe_flattened(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    let whole = schemas.clone();
    for (name, schema) in schemas.iter_mut() {
        let Some(Value::Array(parts)) = schema.get("allOf").cloned() else { continue };
        let left_out = LEFT_OUT.iter().find(|(of, _)| of == name).map_or(&[][..], |(_, members)| members);
        let mut properties = serde_json::Map::new();
        let mut required = Vec::new();
        for part in &parts {
            let named = part.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
            let part = named.and_then(|named| whole.get(named)).unwrap_or(part);
            properties.extend(part.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
            required.extend(part.get("required").and_then(Value::as_array).cloned().unwrap_or_default());
        }
        properties.retain(|member, _| !left_out.contains(&member.as_str()));
        let description = schema.get("description").cloned().unwrap_or_default();
        *schema = json!({
            "type": "object", "description": description, "properties": properties, "required": required,
            "additionalProperties": false,
        });
    }
}

/// The document for a browser: where the API is, and how to sign in to a realm.
pub(super) fn served(public_url: &str, issuer: &str) -> Value {
    let mut document = document().clone();
    let at = |path: &str| format!("{issuer}/protocol/openid-connect/{path}");
    let scopes = json!({ "admin:read": "Look", "admin:write": "Look and change", "openid": "Sign in" });
    let flows = json!({
        "authorizationCode": { "authorizationUrl": at("auth"), "tokenUrl": at("token"), "scopes": scopes },
        "clientCredentials": { "tokenUrl": at("token"), "scopes": scopes },
    });
    if let Some(members) = document.as_object_mut() {
        members.insert("servers".to_owned(), json!([{ "url": format!("{}{BASE}", public_url.trim_end_matches('/')) }]));
        members.insert("security".to_owned(), json!([{ "realm": ["admin:read", "admin:write"] }]));
    }
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("securitySchemes".to_owned(), json!({ "realm": { "type": "oauth2", "flows": flows } }));
    }
    document
}

fn complete(method: &str, operation: &mut Value) {
    let permission = operation.get("x-permission").and_then(Value::as_str).unwrap_or_default();
    let words = format!("Needs the permission `{permission}`.");
    let before = operation.get("description").and_then(Value::as_str).map(|text| format!("{text}\n\n"));
    let description = format!("{}{words}", before.unwrap_or_default());
    let changes = matches!(method, "patch" | "put" | "delete");
    let takes_body = method != "get" && method != "delete";
    let conditional = operation
        .get("parameters")
        .and_then(Value::as_array)
        .is_some_and(|parameters| parameters.iter().any(|parameter| parameter["name"] == "If-Match"));
    if let Some(members) = operation.as_object_mut() {
        members.insert("description".to_owned(), json!(description));
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for kind in ProblemKind::ALL {
        let fits = match kind {
            ProblemKind::PreconditionFailed | ProblemKind::PreconditionRequired => changes && conditional,
            ProblemKind::TooLarge | ProblemKind::UnsupportedMediaType => takes_body,
            ProblemKind::Invalid | ProblemKind::Conflict => method != "get",
            ProblemKind::MethodNotAllowed | ProblemKind::Internal => false,
            ProblemKind::Unauthorized
            | ProblemKind::Forbidden
            | ProblemKind::EntryRequired
            | ProblemKind::RealmSuspended
            | ProblemKind::NotFound
            | ProblemKind::Malformed
            | ProblemKind::TooManyRequests
            | ProblemKind::Unavailable => true,
        };
        if fits {
            let reference = json!({ "$ref": "#/components/schemas/Problem" });
            let content = json!({ (super::problem::MEDIA_TYPE): { "schema": reference } });
            let response = json!({ "description": kind.title(), "content": content });
            responses.entry(kind.status().to_string()).or_insert(response);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_names_its_permission() {
        let paths = document()["paths"].as_object().unwrap();
        assert!(!paths.is_empty());
        for (path, operations) in paths {
            for (method, operation) in operations.as_object().unwrap() {
                let permission = operation["x-permission"].as_str().unwrap_or_else(|| panic!("{method} {path}"));
                // A realm's whole document needs all of a kind.
                let known = palatine_domain::admin::Permission::parse(permission).is_some()
                    || ["*:read", "*:write"].contains(&permission);
                assert!(known, "{method} {path}: {permission}");
                assert!(operation["responses"]["401"].is_object(), "{method} {path}");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(members) => {
                    for (name, value) in members {
                        match value.as_str() {
                            Some(target) if name == "$ref" => found.push(target.to_owned()),
                            _ => references(value, found),
                        }
                    }
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => {}
            }
        }
        let mut found = Vec::new();
        references(document(), &mut found);
        assert!(found.len() > 20);
        for target in found {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(document().pointer(pointer).is_some(), "{target}");
        }
    }
}
