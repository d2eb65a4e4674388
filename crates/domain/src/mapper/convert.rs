//! The JSON type of a mapped value.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What type a value is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JsonType {
    /// Text.
    String,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// Whatever the text says as JSON.
    Json,
}

impl JsonType {
    /// The value as this type; `None` where it is none such: a claim of the wrong type is worse than none.
    pub fn of(self, value: &Value) -> Option<Value> {
        match (self, value) {
            (_, Value::Null) => None,
            (Self::String, Value::String(_))
            | (Self::Number, Value::Number(_))
            | (Self::Boolean, Value::Bool(_))
            | (Self::Json, Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                Some(value.clone())
            }
            (Self::String, other) => Some(Value::String(other.to_string())),
            (Self::Number, Value::String(text)) => parsed(text).filter(Value::is_number),
            (Self::Boolean, Value::String(text)) => parsed(text).filter(Value::is_boolean),
            (Self::Json, Value::String(text)) => parsed(text).filter(|value| !value.is_null()),
            (Self::Number | Self::Boolean, _) => None,
        }
    }
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text.trim()).ok()
}
