//! Problems (RFC 9457): the one face of everything that went wrong.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use palatine_authn::HashError;
use palatine_protocol::bearer::www_authenticate;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_token_service::ServiceError;
use serde::Serialize;

use crate::access::AccessError;
use crate::ops::error::{FieldError, OpError};

/// The media type.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// What kinds of problems there are. `type` is `urn:palatine:problem:` and the kind's word; the words are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// No token came, or none that counts.
    Unauthorized,
    /// The caller may not do this.
    Forbidden,
    /// An operator has not entered the realm.
    EntryRequired,
    /// The realm is suspended.
    RealmSuspended,
    /// There is no such thing, or not for this caller.
    NotFound,
    /// The resource does not take the method.
    MethodNotAllowed,
    /// There is one already, or something else stands in the way.
    Conflict,
    /// It has changed since it was read.
    PreconditionFailed,
    /// `If-Match` is missing.
    PreconditionRequired,
    /// The body is no JSON, or a parameter makes no sense.
    Malformed,
    /// The body is too long.
    TooLarge,
    /// The body is of another media type.
    UnsupportedMediaType,
    /// What was sent cannot be taken; `errors` says why.
    Invalid,
    /// Too many requests.
    TooManyRequests,
    /// Something that is needed does not answer.
    Unavailable,
    /// Something inside did not work.
    Internal,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Unauthorized,
        Self::Forbidden,
        Self::EntryRequired,
        Self::RealmSuspended,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::PreconditionRequired,
        Self::Malformed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::TooManyRequests,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The last part of its `type`.
    pub const fn word(self) -> &'static str {
        self.facts().0
    }

    /// The status that it comes with.
    pub const fn status(self) -> u16 {
        self.facts().1
    }

    /// In words.
    pub const fn title(self) -> &'static str {
        self.facts().2
    }

    const fn facts(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::Unauthorized => ("unauthorized", 401, "A valid access token is needed"),
            Self::Forbidden => ("forbidden", 403, "Not allowed"),
            Self::EntryRequired => ("entry-required", 403, "Enter the realm first"),
            Self::RealmSuspended => ("realm-suspended", 403, "The realm is suspended"),
            Self::NotFound => ("not-found", 404, "There is none such"),
            Self::MethodNotAllowed => ("method-not-allowed", 405, "Method not allowed"),
            Self::Conflict => ("conflict", 409, "Something stands in the way"),
            Self::PreconditionFailed => ("precondition-failed", 412, "It has changed meanwhile"),
            Self::PreconditionRequired => ("precondition-required", 428, "If-Match is needed"),
            Self::Malformed => ("malformed", 400, "The request cannot be read"),
            Self::TooLarge => ("too-large", 413, "The body is too long"),
            Self::UnsupportedMediaType => ("unsupported-media-type", 415, "The body is of another media type"),
            Self::Invalid => ("invalid", 422, "What was sent cannot be taken"),
            Self::TooManyRequests => ("too-many-requests", 429, "Too many requests"),
            Self::Unavailable => ("unavailable", 503, "Try again later"),
            Self::Internal => ("internal", 500, "Something went wrong on our side"),
        }
    }
}

/// A problem, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// `urn:palatine:problem:` and a stable word.
    #[serde(rename = "type")]
    pub uri: String,
    /// What kind of problem it is, in words.
    pub title: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// What it is about this time, and what to do.
    pub detail: String,
    /// What is wrong with the members of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<MemberError>,
    #[serde(skip)]
    wire: Box<Wire>,
}

/// What is wrong with a member of the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MemberError {
    /// Where: a JSON pointer (RFC 6901); empty for the body as a whole.
    pub pointer: String,
    /// What, and what to do about it.
    pub detail: String,
}

/// What decides about headers, beside what is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wire {
    of: ProblemKind,
    retry_after_seconds: Option<u64>,
    challenge: Option<String>,
}

impl Problem {
    /// One of a kind.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            uri: format!("urn:palatine:problem:{}", kind.word()),
            title: kind.title(),
            status: kind.status(),
            detail: detail.into(),
            errors: Vec::new(),
            wire: Box::new(Wire { of: kind, retry_after_seconds: None, challenge: None }),
        }
    }

    /// The kind.
    pub fn kind(&self) -> ProblemKind {
        self.wire.of
    }

    fn after(mut self, seconds: u64) -> Self {
        self.wire.retry_after_seconds = Some(seconds);
        self
    }

    /// Too soon.
    pub(crate) fn too_many(retry_after_seconds: u64) -> Self {
        Self::new(ProblemKind::TooManyRequests, "see Retry-After").after(retry_after_seconds)
    }

    fn unavailable() -> Self {
        Self::new(ProblemKind::Unavailable, "see Retry-After").after(1)
    }

    fn failed(error: &ServiceError) -> Self {
        if error.is_temporary() { Self::unavailable() } else { Self::internal(error) }
    }

    fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "an administrative request failed");
        Self::new(ProblemKind::Internal, "the request id is in the header X-Request-Id")
    }

    /// RFC 6750, section 3: no error is named when no token came.
    fn unauthorized(error: &AccessError, named: bool) -> Self {
        let detail = error.to_string();
        let refusal = named.then(|| OAuthError::new(ErrorCode::InvalidToken, detail.clone()));
        let mut problem = Self::new(ProblemKind::Unauthorized, detail);
        problem.wire.challenge = Some(www_authenticate("palatine-admin", refusal.as_ref(), None));
        problem
    }

    /// The answer.
    pub fn response(&self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut builder = HttpResponse::build(status);
        builder.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
        if let Some(seconds) = self.wire.retry_after_seconds {
            builder.insert_header((header::RETRY_AFTER, HeaderValue::from(seconds)));
        }
        if let Some(challenge) = self.wire.challenge.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            builder.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        builder.content_type(MEDIA_TYPE).body(serde_json::to_string(self).unwrap_or_default())
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.response()
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        let words = error.to_string();
        match error {
            AccessError::NoToken => Self::unauthorized(&error, false),
            AccessError::InvalidToken | AccessError::Ended => Self::unauthorized(&error, true),
            AccessError::NoRealm => Self::new(ProblemKind::NotFound, words),
            AccessError::Suspended => Self::new(ProblemKind::RealmSuspended, words),
            AccessError::NotEntered => Self::new(ProblemKind::EntryRequired, words),
            AccessError::NotAnOperator | AccessError::Missing(_) => Self::new(ProblemKind::Forbidden, words),
            AccessError::Unresolved(_) => Self::unavailable(),
            AccessError::Failed(error) => Self::failed(&error),
        }
    }
}

impl From<OpError> for Problem {
    fn from(error: OpError) -> Self {
        match error {
            OpError::Access(error) => error.into(),
            OpError::Forbidden(forbidden) => Self::new(ProblemKind::Forbidden, forbidden.to_string()),
            OpError::NotFound => Self::new(ProblemKind::NotFound, "there is none such in this realm"),
            OpError::Conflict(words) => Self::new(ProblemKind::Conflict, words),
            OpError::Invalid(fields) => Self::invalid(fields),
            OpError::Changed => {
                Self::new(ProblemKind::PreconditionFailed, "read it again, and send the ETag of what you read")
            }
            OpError::Contended => {
                Self::new(ProblemKind::Conflict, "somebody else is changing this realm at the same time; try again")
            }
            OpError::Hash(HashError::Busy { retry_after }) => Self::unavailable().after(retry_after.as_secs() + 1),
            OpError::Hash(error) => Self::failed(&error.into()),
            OpError::Keys(error) => Self::failed(&error.into()),
            OpError::Store(error) => Self::failed(&error.into()),
        }
    }
}

impl Problem {
    fn invalid(fields: Vec<FieldError>) -> Self {
        let detail = fields.first().map(|field| field.message.clone()).unwrap_or_default();
        let errors = fields.into_iter().map(|field| MemberError { pointer: field.pointer, detail: field.message });
        Self { errors: errors.collect(), ..Self::new(ProblemKind::Invalid, detail) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        let words: BTreeSet<&str> = ProblemKind::ALL.iter().map(|kind| kind.word()).collect();
        assert_eq!(words.len(), ProblemKind::ALL.len());
    }

    #[test]
    fn a_missing_token_is_asked_for_without_an_error() {
        let challenge = |error| Problem::from(error).wire.challenge.unwrap();
        assert!(!challenge(AccessError::NoToken).contains("error"));
        assert!(challenge(AccessError::Ended).contains("invalid_token"));
    }

    #[test]
    fn what_is_wrong_with_members_is_told_with_their_places() {
        let problem = Problem::from(OpError::invalid("/redirect_uris/0", "no fragment"));
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["type"], "urn:palatine:problem:invalid");
        assert_eq!(json["errors"][0], serde_json::json!({ "pointer": "/redirect_uris/0", "detail": "no fragment" }));
        assert_eq!(json["status"], 422);
    }
}
