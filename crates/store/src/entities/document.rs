//! A JSON column, read without trusting it.

use sea_orm::sea_query::{ArrayType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, ColumnType, DbErr, QueryResult, TryGetError, TryGetable, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a JSON column holds; `None` inside if its text is no JSON (SQLite keeps any text).
///
/// Text that cannot be read must name its row in [`crate::StoreError::Corrupt`], which only the repository can: so
/// reading the column never fails, and [`Document::read`] does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document(Option<serde_json::Value>);

impl Document {
    /// Writes a domain value down.
    pub(crate) fn of<T: Serialize>(value: &T) -> Result<Self, DbErr> {
        serde_json::to_value(value).map(|json| Self(Some(json))).map_err(|error| DbErr::Json(error.to_string()))
    }

    /// The domain value, if this is one.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        self.0.as_ref().and_then(|json| T::deserialize(json).ok())
    }
}

impl From<Document> for Value {
    fn from(document: Document) -> Self {
        Self::Json(document.0.map(Box::new))
    }
}

impl TryGetable for Document {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        match serde_json::Value::try_get_by(row, index) {
            Ok(json) => Ok(Self(Some(json))),
            Err(error @ TryGetError::Null(_)) => Err(error),
            // That there is such a column and that it is text, or Null, was already so; what is left is its content.
            Err(error @ TryGetError::DbErr(_)) => match String::try_get_by(row, index) {
                Ok(_) => Ok(Self(None)),
                Err(_) => Err(error),
            },
        }
    }
}

impl ValueType for Document {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match value {
            Value::Json(json) => Ok(Self(json.map(|json| *json))),
            _ => Err(ValueTypeErr),
        }
    }

    fn type_name() -> String {
        "Document".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::Json
    }

    fn column_type() -> ColumnType {
        ColumnType::JsonBinary
    }
}

impl Nullable for Document {
    fn null() -> Value {
        Value::Json(None)
    }
}
