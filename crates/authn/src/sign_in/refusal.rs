//! Why an attempt was refused: told to the audit log, never to whoever made it.

use palatine_domain::Instant;
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::ids::{AuditEventId, UserId};
use serde_json::json;

use super::{Origin, SignInOutcome};
use crate::telemetry;

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// What was typed is no sign-in name.
    MalformedIdentifier,
    /// Nobody has that name.
    UnknownUser,
    /// The user signs in by other means.
    NoPassword,
    /// The password is another.
    WrongPassword,
    /// The password is right, and the user may not sign in.
    UserDisabled,
    /// The stored hash cannot be read.
    UnreadablePassword,
    /// There were too many failures before.
    Locked,
    /// The password is right, and the client needs a consent that was never given.
    ConsentMissing,
}

/// A refusal, and whose account it is about if it is anybody's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    pub(super) user: Option<UserId>,
}

impl Refusal {
    /// The word in the audit log. Stable: people filter by it.
    fn word(self) -> &'static str {
        match self {
            Self::MalformedIdentifier => "malformed_identifier",
            Self::UnknownUser => "unknown_user",
            Self::NoPassword => "no_password",
            Self::WrongPassword => "wrong_password",
            Self::UserDisabled => "user_disabled",
            Self::UnreadablePassword => "unreadable_password",
            Self::Locked => "locked",
            Self::ConsentMissing => "consent_missing",
        }
    }
}

impl Refused {
    /// What the caller is told; counted as a metric.
    pub(super) fn outcome(self) -> SignInOutcome {
        if self.refusal == Refusal::Locked {
            telemetry::sign_in("locked");
            SignInOutcome::Locked
        } else {
            telemetry::sign_in("refused");
            SignInOutcome::Refused
        }
    }

    /// What is written down. What was typed is not: people type passwords into the wrong field.
    pub(super) fn event(self, id: AuditEventId, at: Instant, origin: Origin) -> AuditEvent {
        let kind = if self.refusal == Refusal::Locked { AuditKind::LoginLocked } else { AuditKind::LoginFailed };
        AuditEvent {
            id,
            at,
            kind,
            actor: Actor::Anonymous,
            user: self.user,
            client: origin.client,
            session: None,
            address: Some(origin.address),
            request_id: Some(origin.request_id),
            details: json!({ "reason": self.refusal.word(), "user_agent": origin.user_agent }),
        }
    }
}
