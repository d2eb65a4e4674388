//! Login sessions: a person, known to a browser, in one realm.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::ids::{SessionId, UserId};
use crate::policy::Lifetimes;
use crate::secret::TokenHash;
use crate::time::Instant;

/// A login session. Its id is the public `sid`; its cookie is another secret, and neither derives from the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The `sid` of tokens.
    pub id: SessionId,
    /// The hash of the cookie's secret.
    pub cookie: TokenHash,
    /// Who signed in.
    pub user: UserId,
    /// When the person last proved who they are: `auth_time`.
    pub authenticated_at: Instant,
    /// How strongly: `acr`.
    pub acr: Acr,
    /// By what means (RFC 8176), joined by spaces: `amr`.
    pub amr: String,
    /// Whether "remember me" was ticked.
    pub remembered: bool,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to the nearest tenth of the idle limit.
    pub last_seen_at: Instant,
    /// When it was ended: sign-out, an admin, a password change.
    pub ended_at: Option<Instant>,
    /// The address it began from.
    pub address: String,
    /// The browser it began in, cut to 255 characters.
    pub user_agent: String,
}

/// What a browser tells scripts about its session (OpenID Connect Session Management, section 3: "OP User Agent state").
///
/// 128 bits that are new whenever the session's secret is, a dot, and the base64url SHA-256 of the `sid`. The bits derive
/// from the secret one way, so that whoever holds the secret's cookie can name the state without reading the other
/// cookie, which any script of the host could have written. It gives no right to anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserState(String);

impl BrowserState {
    /// The state of the session `sid` in the browser whose cookie has this secret, as it goes over the wire.
    pub fn of(secret: &str, sid: SessionId) -> Self {
        let derived = TokenHash::of(&format!("browser state\n{secret}"));
        let (half, _) = derived.as_bytes().split_at(derived.as_bytes().len() / 2);
        let session = TokenHash::of(&sid.to_string());
        Self(format!("{}.{}", URL_SAFE_NO_PAD.encode(half), URL_SAFE_NO_PAD.encode(session.as_bytes())))
    }

    /// The value of the cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Authentication context class (OpenID Connect Core, section 2): what the session proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Acr {
    /// One factor.
    #[serde(rename = "1")]
    OneFactor,
    /// Two factors, or a passkey.
    #[serde(rename = "2")]
    TwoFactors,
}

impl Acr {
    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneFactor => "1",
            Self::TwoFactors => "2",
        }
    }

    /// From the stored value.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "1" => Some(Self::OneFactor),
            "2" => Some(Self::TwoFactors),
            _ => None,
        }
    }
}

/// Whether a session still carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// It does.
    Live,
    /// It was not used, or lasted, too long. What was issued under it lives on.
    Expired,
    /// It was ended. What was issued under it ends too, unless it is offline.
    Ended,
}

impl Session {
    /// Whether it still carries at `now`.
    pub fn state(&self, now: Instant, lifetimes: &Lifetimes) -> SessionState {
        if self.ended_at.is_some() {
            SessionState::Ended
        } else if now < self.expires_at(lifetimes) {
            SessionState::Live
        } else {
            SessionState::Expired
        }
    }

    /// When it expires if it is not used again.
    pub fn expires_at(&self, lifetimes: &Lifetimes) -> Instant {
        let (idle, max) = self.limits(lifetimes);
        self.last_seen_at.plus(idle).min(self.created_at.plus(max))
    }

    /// Whether `last_seen_at` is old enough to be written again: older than a tenth of the idle limit.
    pub fn needs_touch(&self, now: Instant, lifetimes: &Lifetimes) -> bool {
        now.since(self.last_seen_at) > self.limits(lifetimes).0 / 10
    }

    /// Idle and absolute limit.
    fn limits(&self, lifetimes: &Lifetimes) -> (Duration, Duration) {
        if self.remembered {
            let whole = Duration::from_secs(lifetimes.remember_me_seconds);
            (whole, whole)
        } else {
            (Duration::from_secs(lifetimes.session_idle_seconds), Duration::from_secs(lifetimes.session_max_seconds))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RowId;

    fn session() -> Session {
        Session {
            id: SessionId::from_uuid(uuid::Uuid::nil()),
            cookie: TokenHash::of("x"),
            user: UserId::from_uuid(uuid::Uuid::nil()),
            authenticated_at: Instant::EPOCH,
            acr: Acr::OneFactor,
            amr: "pwd".into(),
            remembered: false,
            created_at: Instant::EPOCH,
            last_seen_at: Instant::EPOCH,
            ended_at: None,
            address: String::new(),
            user_agent: String::new(),
        }
    }

    #[test]
    fn a_session_expires_when_idle_and_in_any_case_at_its_maximum() {
        let limits = Lifetimes::default();
        let mut session = session();
        assert_eq!(session.state(Instant::from_seconds(1_799), &limits), SessionState::Live);
        assert_eq!(session.state(Instant::from_seconds(1_800), &limits), SessionState::Expired);
        session.last_seen_at = Instant::from_seconds(35_999);
        assert_eq!(session.state(Instant::from_seconds(36_000), &limits), SessionState::Expired);
    }

    #[test]
    fn an_ended_session_is_ended_even_before_it_expires() {
        let mut session = session();
        session.ended_at = Some(Instant::EPOCH);
        assert_eq!(session.state(Instant::EPOCH, &Lifetimes::default()), SessionState::Ended);
    }
}
