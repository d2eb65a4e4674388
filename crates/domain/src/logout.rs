//! The end of a session, as the clients hear of it that got something in it.

use serde::{Deserialize, Serialize};

use crate::client::{ClientId, LogoutSettings};
use crate::ids::{ClientKey, SessionId, UserId};
use crate::secret::TokenHash;

/// A session that has just ended.
#[derive(Clone, Debug)]
pub struct EndedSession {
    /// The hash of its cookie, for which a tombstone is to be left in the cache.
    pub cookie: TokenHash,
    /// The enabled clients that got something in it, by `client_id`, each once.
    pub parties: Vec<LogoutParty>,
}

/// A client that got something in a session, and how it hears of its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutParty {
    /// Its row.
    pub client: ClientKey,
    /// Its name on the wire.
    pub client_id: ClientId,
    /// How it hears.
    pub logout: LogoutSettings,
}

/// What the outbox holds of a logout token that is to be posted (OpenID Connect Back-Channel Logout 1.0). The token
/// itself is made when it is delivered: it lives two minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackChannelLogout {
    /// Who is told.
    pub client: ClientKey,
    /// Who was signed out.
    pub user: UserId,
    /// Of which session.
    pub session: SessionId,
}

impl BackChannelLogout {
    /// The word for it in the outbox.
    pub const KIND: &'static str = "back_channel_logout";
}
