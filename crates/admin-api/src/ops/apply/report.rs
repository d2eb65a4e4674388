//! What came of an application.

use std::fmt;

use palatine_authn::HashError;
use palatine_domain::RealmSlug;
use palatine_store::StoreError;
use serde_json::json;

use crate::document::{SourcedDocument, Unreadable};
use crate::engine::change::{Change, ChangeKind, What};
use crate::engine::guard::Forbidden;
use crate::engine::hashes::HashesError;
use crate::engine::run::{RunError, audited};
use crate::error::Problem;

/// Why somebody applies: stands in the realm's audit log. 1 to 500 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

/// Why a text is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason has 1 to 500 characters and no control characters")]
pub struct ReasonError;

impl Reason {
    /// Takes a reason, without the spaces around it.
    pub fn parse(text: &str) -> Result<Self, ReasonError> {
        let text = text.trim();
        let fits = (1..=500).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(ReasonError) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What came of one document.
pub type RealmOutcome = Result<RealmReport, RealmFailure>;

/// A realm is now what its document says.
#[derive(Clone, Debug, PartialEq)]
pub struct RealmReport {
    /// The realm.
    pub slug: RealmSlug,
    /// Whether it did not exist before.
    pub created: bool,
    /// What was created and updated, in the order in which it was written. Empty: nothing was written.
    pub changes: Vec<Change>,
}

impl RealmReport {
    /// Whether this was made just now: a generated password is worth showing then, and never again.
    pub fn has_created(&self, what: What, name: &str) -> bool {
        let made = |change: &Change| change.kind == ChangeKind::Created && change.what == what && change.name == name;
        self.changes.iter().any(made)
    }

    /// What the audit log keeps.
    pub(super) fn audit_details(&self, file: &str) -> serde_json::Value {
        json!({ "command": "palatine apply", "file": file, "changes": audited(&self.changes) })
    }
}

/// A document that was not applied. Nothing of it was written.
#[derive(Debug)]
pub struct RealmFailure {
    /// The file.
    pub file: String,
    /// The realm, as far as the document names one.
    pub realm: Option<String>,
    /// Why.
    pub error: ApplyError,
}

impl RealmFailure {
    pub(super) fn of(source: &SourcedDocument, error: ApplyError) -> Self {
        Self { file: source.file().to_owned(), realm: Some(source.document.realm.clone()), error }
    }
}

impl From<Unreadable> for RealmFailure {
    fn from(unreadable: Unreadable) -> Self {
        Self { file: unreadable.file, realm: unreadable.realm, error: unreadable.problem.into() }
    }
}

impl fmt::Display for RealmFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            ApplyError::Document(_) => self.error.fmt(f),
            error => write!(f, "{}: the realm `{}`: {error}", self.file, self.realm.as_deref().unwrap_or("?")),
        }
    }
}

impl std::error::Error for RealmFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Why a document was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It is wrong; each line says where, and what to do.
    #[error("{}", lines(.0))]
    Document(Vec<Problem>),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing could be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// Whoever asks may not do that.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The server that was asked refused, in its words.
    #[error("{0}")]
    Refused(String),
    /// Somebody else kept changing the realm.
    #[error("somebody else is changing this realm at the same time; apply again")]
    Contended,
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl From<Problem> for ApplyError {
    fn from(problem: Problem) -> Self {
        Self::Document(vec![problem])
    }
}

impl From<Vec<Problem>> for ApplyError {
    fn from(mut problems: Vec<Problem>) -> Self {
        problems.sort();
        Self::Document(problems)
    }
}

impl From<HashesError> for ApplyError {
    fn from(error: HashesError) -> Self {
        match error {
            HashesError::Problems(problems) => problems.into(),
            HashesError::Hash(error) => Self::Hash(error),
        }
    }
}

impl From<RunError> for ApplyError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Problems(problems) => problems.into(),
            RunError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            RunError::Overtaken => Self::Contended,
            RunError::Store(error) => Self::Store(error),
        }
    }
}
