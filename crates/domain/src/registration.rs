//! Registration of clients by themselves (RFC 7591, RFC 7592): the tokens that allow it.

use std::time::Duration;

use crate::ids::{ClientKey, InitialTokenId};
use crate::secret::TokenHash;
use crate::time::Instant;

/// For how long the registration access token that a change replaced still works: its answer may have been lost.
pub const REPLACED_TOKEN_LIVES: Duration = Duration::from_mins(1);

/// How many clients one initial access token may register at most.
pub const MAX_INITIAL_TOKEN_USES: u32 = 10_000;

/// An initial access token (RFC 7591, section 1.2): allows so many registrations until it expires.
#[derive(Clone, Debug)]
pub struct InitialAccessToken {
    /// Its row.
    pub id: InitialTokenId,
    /// Of its wire form.
    pub hash: TokenHash,
    /// How many registrations are left.
    pub uses_left: u32,
    /// When it was made.
    pub created_at: Instant,
    /// When it stops working.
    pub expires_at: Instant,
}

/// That a client registered itself, and what it manages itself with.
#[derive(Clone, Debug)]
pub struct ClientRegistration {
    /// The client.
    pub client: ClientKey,
    /// When it registered.
    pub registered_at: Instant,
    /// Its registration access token.
    pub token: TokenHash,
    /// The one before, and until when it still works.
    pub replaced: Option<(TokenHash, Instant)>,
}

impl ClientRegistration {
    /// Whether a presented token is the client's.
    pub fn admits(&self, presented: &TokenHash, now: Instant) -> bool {
        let replaced = self.replaced.as_ref().is_some_and(|(hash, until)| hash.matches(presented) && now < *until);
        self.token.matches(presented) || replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RowId as _;

    #[test]
    fn a_replaced_token_works_for_a_while_beside_the_new_one() {
        let now = Instant::from_seconds(1_000);
        let until = now.plus(REPLACED_TOKEN_LIVES);
        let registration = ClientRegistration {
            client: ClientKey::from_uuid(uuid::Uuid::from_u128(1)),
            registered_at: now,
            token: TokenHash::of("new"),
            replaced: Some((TokenHash::of("old"), until)),
        };
        let admits = |token: &str, at| registration.admits(&TokenHash::of(token), at);
        assert!(admits("new", now) && admits("new", until));
        assert!(admits("old", now) && !admits("old", until));
        assert!(!admits("other", now));
    }
}
