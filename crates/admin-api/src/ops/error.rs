//! Why an operation of the admin plane was not done, in facts; each surface says them in its own way.

use palatine_authn::HashError;
use palatine_realm::KeyError;
use palatine_store::StoreError;

use crate::access::AccessError;
use crate::engine::guard::Forbidden;
use crate::engine::hashes::HashesError;
use crate::engine::run::RunError;
use crate::error::Problem;

/// Something that is wrong with what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Where in the body: a JSON pointer (RFC 6901). Empty: the body as a whole.
    pub pointer: String,
    /// What, and what to do about it.
    pub message: String,
}

/// Why an operation was not done.
#[derive(Debug)]
pub enum OpError {
    /// Whoever asks was not let in.
    Access(AccessError),
    /// Whoever asks may not do that to this.
    Forbidden(Forbidden),
    /// There is none such in this realm.
    NotFound,
    /// There is one already, or something else stands in the way; in words.
    Conflict(String),
    /// What was sent cannot be taken.
    Invalid(Vec<FieldError>),
    /// It is not what whoever asks believes it to be any more.
    Changed,
    /// Somebody else kept changing the realm.
    Contended,
    /// Nothing could be hashed.
    Hash(HashError),
    /// The realm's keys.
    Keys(KeyError),
    /// The database.
    Store(StoreError),
}

impl OpError {
    /// One thing that is wrong with what was sent.
    pub fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { pointer: pointer.into(), message: message.into() }])
    }

    /// What the engine found, of an object whose part of the document begins so many keys deep.
    pub(crate) fn of_run(error: RunError, depth: usize) -> Self {
        match error {
            RunError::Problems(problems) => Self::of_problems(problems, depth),
            RunError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            RunError::Overtaken => Self::Contended,
            RunError::Store(error) => Self::Store(error),
        }
    }

    pub(crate) fn of_problems(problems: Vec<Problem>, depth: usize) -> Self {
        let below = |pointer: &str| {
            let mut rest = pointer;
            for _ in 0..depth {
                rest = rest.get(1..).and_then(|rest| rest.find('/').and_then(|at| rest.get(at..))).unwrap_or_default();
            }
            rest.to_owned()
        };
        let field = |problem: Problem| FieldError { pointer: below(&problem.pointer), message: problem.message };
        Self::Invalid(problems.into_iter().map(field).collect())
    }
}

impl From<AccessError> for OpError {
    fn from(error: AccessError) -> Self {
        Self::Access(error)
    }
}

impl From<Forbidden> for OpError {
    fn from(error: Forbidden) -> Self {
        Self::Forbidden(error)
    }
}

impl From<StoreError> for OpError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { what } => Self::Conflict(crate::engine::write::conflict(what)),
            error => Self::Store(error),
        }
    }
}

impl From<HashesError> for OpError {
    fn from(error: HashesError) -> Self {
        match error {
            HashesError::Problems(problems) => Self::of_problems(problems, 0),
            HashesError::Hash(error) => Self::Hash(error),
        }
    }
}

impl From<HashError> for OpError {
    fn from(error: HashError) -> Self {
        Self::Hash(error)
    }
}

impl From<KeyError> for OpError {
    fn from(error: KeyError) -> Self {
        Self::Keys(error)
    }
}
