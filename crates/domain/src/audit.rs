//! Audit events: what happened in a realm, by whom. Never a secret.

use serde::{Deserialize, Serialize, Serializer};

use crate::ids::{AuditEventId, ClientKey, OutboxId, SessionId, UserId};
use crate::time::Instant;

/// Something that happened in a realm.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    /// Its row.
    pub id: AuditEventId,
    /// When.
    pub at: Instant,
    /// What.
    pub kind: AuditKind,
    /// By whom.
    pub actor: Actor,
    /// The user it is about.
    pub user: Option<UserId>,
    /// The client it is about.
    pub client: Option<ClientKey>,
    /// The session it happened in.
    pub session: Option<SessionId>,
    /// From which address.
    pub address: Option<String>,
    /// The request, as in the log.
    pub request_id: Option<String>,
    /// Further facts; never a secret.
    pub details: serde_json::Value,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Somebody who is not known.
    Anonymous,
    /// A user of the realm.
    User(UserId),
    /// A client of the realm.
    Client(ClientKey),
    /// An operator, or a command run by one, with the reason given.
    Operator(String),
    /// The platform itself.
    System,
}

/// Declares the enum with each kind's stored word, so that writing and reading go by one list.
macro_rules! audit_kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal,)+) => {
        /// What happened. The words are stable: people filter by them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum AuditKind {
            $($(#[$doc])* $kind,)+
        }

        impl AuditKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The stored word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)+
                }
            }

            /// From the stored word.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$kind),)+
                    _ => None,
                }
            }
        }
    };
}

audit_kinds! {
    /// A person signed in.
    LoginSucceeded = "login_succeeded",
    /// A sign-in was refused.
    LoginFailed = "login_failed",
    /// A sign-in was refused because of earlier failures.
    LoginLocked = "login_locked",
    /// A session was ended.
    SessionEnded = "session_ended",
    /// A person allowed a client.
    ConsentGiven = "consent_given",
    /// A person refused a client.
    ConsentRefused = "consent_refused",
    /// A person took back what they allowed a client.
    ConsentWithdrawn = "consent_withdrawn",
    /// A person changed their profile.
    ProfileChanged = "profile_changed",
    /// A person chose another password.
    PasswordChanged = "password_changed",
    /// A person ended every session and every access of theirs.
    SignedOutEverywhere = "signed_out_everywhere",
    /// A person allowed a device.
    DeviceAllowed = "device_allowed",
    /// A person refused a device.
    DeviceRefused = "device_refused",
    /// A grant was ended.
    GrantEnded = "grant_ended",
    /// A code was used twice.
    CodeReused = "code_reused",
    /// A refresh token was replayed.
    RefreshReplayed = "refresh_replayed",
    /// A token was revoked by its client.
    TokenRevoked = "token_revoked",
    /// A client registered itself.
    ClientRegistered = "client_registered",
    /// A client changed what it registered.
    ClientRegistrationChanged = "client_registration_changed",
    /// A client removed itself.
    ClientUnregistered = "client_unregistered",
    /// A token was made that allows clients to register themselves.
    InitialTokenCreated = "initial_token_created",
    /// Such a token was taken back.
    InitialTokenRemoved = "initial_token_removed",
    /// A signing key was made.
    SigningKeyCreated = "signing_key_created",
    /// A signing key was given a successor.
    SigningKeyRotated = "signing_key_rotated",
    /// A signing key was taken out of use at once.
    SigningKeyRetired = "signing_key_retired",
    /// A secret of a client was made.
    ClientSecretCreated = "client_secret_created",
    /// A secret of a client was removed.
    ClientSecretRemoved = "client_secret_removed",
    /// Something of the realm's configuration, or a person, was changed.
    ConfigurationChanged = "configuration_changed",
    /// A person was made, changed or removed by an admin.
    UserChanged = "user_changed",
    /// An admin set somebody's password.
    PasswordReset = "password_reset",
    /// An admin took something away that somebody signs in with, or a browser that their account knew.
    CredentialRemoved = "credential_removed",
    /// An admin began to bring many people in at once.
    ImportStarted = "import_started",
    /// An admin stopped that.
    ImportCancelled = "import_cancelled",
    /// An admin let somebody try to sign in again.
    UserUnlocked = "user_unlocked",
    /// The realm was made.
    RealmCreated = "realm_created",
    /// The realm was suspended.
    RealmSuspended = "realm_suspended",
    /// The realm was resumed, or brought back.
    RealmResumed = "realm_resumed",
    /// The realm was deleted; it can be brought back for a while.
    RealmDeleted = "realm_deleted",
    /// An operator left the realm before the time.
    OperatorLeft = "operator_left",
    /// The realm's configuration was applied.
    ConfigurationApplied = "configuration_applied",
    /// An operator entered the realm.
    OperatorEntered = "operator_entered",
}

impl Serialize for AuditKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An effect outside that is to happen after the transaction that decided it.
#[derive(Clone, Debug)]
pub struct OutboxEntry {
    /// Its row.
    pub id: OutboxId,
    /// What is to be done, as a stable word.
    pub kind: String,
    /// With what; secrets only sealed.
    pub payload: serde_json::Value,
    /// Not before.
    pub due_at: Instant,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was decided.
    pub created_at: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_own_word() {
        for &kind in AuditKind::ALL {
            assert_eq!(AuditKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for unknown in ["", "Login_succeeded", "login_succeeded "] {
            assert_eq!(AuditKind::parse(unknown), None, "{unknown:?}");
        }
    }
}
