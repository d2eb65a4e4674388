//! Reads columns whose content the database does not check, and names the row when they make no sense.

use palatine_domain::TokenHash;
use palatine_protocol::scope::{Scope, ScopeSet};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::StoreError;
use crate::entities::document::Document;

/// The row that is being read: named by [`StoreError::Corrupt`] when a column makes no sense.
#[derive(Clone, Copy)]
pub(super) struct Row {
    table: &'static str,
    id: Uuid,
}

impl Row {
    pub(super) const fn of(table: &'static str, id: Uuid) -> Self {
        Self { table, id }
    }

    /// The error that names this row and `column`.
    pub(super) fn corrupt(self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: self.table, column, id: self.id.to_string() }
    }

    /// What was read, or the error.
    pub(super) fn known<T>(self, column: &'static str, read: Option<T>) -> Result<T, StoreError> {
        read.ok_or_else(|| self.corrupt(column))
    }

    /// A JSON column as a domain value.
    pub(super) fn document<T: DeserializeOwned>(self, column: &'static str, from: &Document) -> Result<T, StoreError> {
        self.known(column, from.read())
    }

    /// A word that serde knows.
    pub(super) fn word<T: DeserializeOwned>(self, column: &'static str, from: String) -> Result<T, StoreError> {
        self.known(column, serde_json::from_value(serde_json::Value::String(from)).ok())
    }

    /// A SHA-256.
    pub(super) fn hash(self, column: &'static str, from: &[u8]) -> Result<TokenHash, StoreError> {
        self.known(column, from.try_into().ok().map(TokenHash::from_bytes))
    }

    /// A scope.
    pub(super) fn scope(self, column: &'static str, from: &str) -> Result<Scope, StoreError> {
        self.known(column, Scope::parse(from).ok())
    }

    /// Scopes separated by spaces.
    pub(super) fn scopes(self, column: &'static str, from: &str) -> Result<ScopeSet, StoreError> {
        self.known(column, ScopeSet::parse(from).ok())
    }
}

/// The stored word of an enum that serde writes as one word.
pub(super) fn word_of<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(StoreError::from(sea_orm::DbErr::Json("an enum whose stored form is a word".to_owned()))),
    }
}
