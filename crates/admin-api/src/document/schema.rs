//! The JSON Schema of realm documents, for editors: from the types themselves.

use serde_json::{Value, json};
use utoipa::OpenApi as _;

use super::RealmDocument;

#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(RealmDocument)))]
struct Described;

/// JSON Schema 2020-12.
pub fn json_schema() -> Value {
    let described = serde_json::to_value(Described::openapi()).unwrap_or_default();
    let mut definitions = described.pointer("/components/schemas").cloned().unwrap_or_default();
    refer_here(&mut definitions);
    describe_short_scopes(&mut definitions);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:palatine:realm-document:v1",
        "title": "Palatine realm document",
        "$ref": "#/$defs/RealmDocument",
        "$defs": definitions,
    })
}

/// A scope may be written as text alone, which is its description.
pub(crate) fn describe_short_scopes(definitions: &mut Value) {
    if let Some(scope) = definitions.get_mut("ScopeDocument") {
        *scope = json!({ "oneOf": [{ "type": "string", "description": "What it allows, in words." }, scope.take()] });
    }
}

/// References of an `OpenAPI` document become those of a schema.
fn refer_here(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                match value {
                    Value::String(target) if name == "$ref" => {
                        *target = target.replace("#/components/schemas/", "#/$defs/");
                    }
                    value => refer_here(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(refer_here),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_every_section_and_refuses_unknown_keys() {
        let schema = json_schema();
        let realm = &schema["$defs"]["RealmDocument"];
        for section in ["policy", "clients", "users", "apis", "groups", "custom_fields"] {
            assert!(realm["properties"][section].is_object(), "{section}");
        }
        assert_eq!(realm["additionalProperties"], false);
        assert_eq!(realm["required"], json!(["apiVersion", "kind", "realm"]));
        assert!(!schema.to_string().contains("#/components"));
        assert!(schema["$defs"]["ClientDocument"]["properties"]["redirect_uris"].is_object());
        assert_eq!(schema["$defs"]["SecretHashDocument"]["required"], json!(["hash"]));
        assert!(schema["$defs"]["ClientDocument"]["properties"]["secret_hashes"].is_object());
        assert!(schema["$defs"]["UserDocument"]["properties"]["password_hash"].is_object());
    }
}
