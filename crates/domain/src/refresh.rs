//! Refresh tokens: families that rotate, and the rule of rotation.

use std::time::Duration;

use palatine_protocol::scope::ScopeSet;

use crate::ids::{ClientKey, FamilyId, GrantId, RefreshTokenId, UserId};
use crate::policy::Lifetimes;
use crate::secret::TokenHash;
use crate::time::Instant;

/// The refresh tokens that descend from one issuance.
#[derive(Clone, Debug)]
pub struct RefreshFamily {
    /// Its row.
    pub id: FamilyId,
    /// The grant it renews.
    pub grant: GrantId,
    /// The only client that may use it.
    pub client: ClientKey,
    /// Whose it is.
    pub user: UserId,
    /// Whether it outlives its session: the grant has `offline_access`.
    pub offline: bool,
    /// When it was made.
    pub created_at: Instant,
    /// When it ends even if it is used; offline families have no such limit.
    pub absolute_expires_at: Option<Instant>,
    /// When it was ended.
    pub ended_at: Option<Instant>,
}

impl RefreshFamily {
    /// When a token issued at `now` stops working: the idle limit, cut by the absolute one.
    pub fn token_expiry(&self, now: Instant, lifetimes: &Lifetimes) -> Instant {
        let idle = if self.offline { lifetimes.offline_idle_seconds } else { lifetimes.refresh_idle_seconds };
        let idle_end = now.plus(Duration::from_secs(idle));
        self.absolute_expires_at.map_or(idle_end, |end| idle_end.min(end))
    }
}

/// One refresh token, found by the SHA-256 of its whole wire form.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// Its row.
    pub id: RefreshTokenId,
    /// Its family.
    pub family: FamilyId,
    /// Its hash.
    pub hash: TokenHash,
    /// The token that it succeeded.
    pub parent: Option<RefreshTokenId>,
    /// When it was issued.
    pub issued_at: Instant,
    /// When it stops working.
    pub expires_at: Instant,
    /// Its one use, if it was used.
    pub used: Option<RefreshUse>,
}

/// The one use of a refresh token.
#[derive(Clone, Debug)]
pub struct RefreshUse {
    /// When.
    pub at: Instant,
    /// The successor it made.
    pub successor: RefreshTokenId,
    /// The scope of the first answer: a replay gets at most that.
    pub scope: ScopeSet,
    /// The successor's wire form, sealed under a key that only the parent's wire form gives. Gone once the successor
    /// was used, or the window is over.
    pub sealed_successor: Option<Vec<u8>>,
}

/// What presenting a refresh token means (PROTOCOL.md section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presentation {
    /// Never used: rotate.
    First,
    /// Used a moment ago, and the answer may have been lost: the same successor again.
    Retry {
        /// The successor's sealed wire form.
        sealed_successor: Vec<u8>,
        /// The scope of the first answer.
        scope: ScopeSet,
        /// The successor.
        successor: RefreshTokenId,
    },
    /// Used a moment ago, and the successor too: refused, nothing revoked.
    Late,
    /// Used long ago: somebody holds a stolen copy. The family ends, also when the token would have expired meanwhile:
    /// its successors live on.
    Replayed,
    /// Past its idle or absolute limit, and not used before, or only a moment ago.
    Expired,
}

impl RefreshToken {
    /// Decides what presenting it at `now` means, with `grace` as the window in which a retry is believed.
    pub fn present(&self, now: Instant, grace: Duration) -> Presentation {
        match &self.used {
            Some(used) if now.since(used.at) >= grace => Presentation::Replayed,
            _ if now >= self.expires_at => Presentation::Expired,
            None => Presentation::First,
            Some(RefreshUse { sealed_successor: Some(sealed), scope, successor, .. }) => {
                Presentation::Retry { sealed_successor: sealed.clone(), scope: scope.clone(), successor: *successor }
            }
            Some(_) => Presentation::Late,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RowId;

    fn token(used: Option<RefreshUse>) -> RefreshToken {
        RefreshToken {
            id: RefreshTokenId::from_uuid(uuid::Uuid::nil()),
            family: FamilyId::from_uuid(uuid::Uuid::nil()),
            hash: TokenHash::of("t"),
            parent: None,
            issued_at: Instant::EPOCH,
            expires_at: Instant::from_seconds(1_000),
            used,
        }
    }

    fn used(sealed: Option<Vec<u8>>) -> RefreshUse {
        RefreshUse {
            at: Instant::from_seconds(100),
            successor: RefreshTokenId::from_uuid(uuid::Uuid::nil()),
            scope: ScopeSet::default(),
            sealed_successor: sealed,
        }
    }

    const GRACE: Duration = Duration::from_secs(10);

    #[test]
    fn a_retry_inside_the_window_gets_the_same_successor() {
        let presented = token(Some(used(Some(vec![1])))).present(Instant::from_seconds(109), GRACE);
        assert!(matches!(presented, Presentation::Retry { sealed_successor, .. } if sealed_successor == [1]));
    }

    #[test]
    fn a_retry_after_the_successor_was_used_is_refused_without_revocation() {
        assert_eq!(token(Some(used(None))).present(Instant::from_seconds(109), GRACE), Presentation::Late);
    }

    #[test]
    fn a_replay_after_the_window_is_theft_whether_or_not_the_successor_was_used() {
        for sealed in [None, Some(vec![1])] {
            assert_eq!(token(Some(used(sealed))).present(Instant::from_seconds(110), GRACE), Presentation::Replayed);
        }
    }

    #[test]
    fn a_window_of_zero_makes_every_second_use_a_replay() {
        let presented = token(Some(used(Some(vec![1])))).present(Instant::from_seconds(100), Duration::ZERO);
        assert_eq!(presented, Presentation::Replayed);
    }

    #[test]
    fn an_expired_token_that_was_never_used_is_no_theft() {
        assert_eq!(token(None).present(Instant::from_seconds(1_000), GRACE), Presentation::Expired);
    }

    #[test]
    fn a_replay_after_the_window_is_theft_although_the_token_has_expired() {
        for sealed in [None, Some(vec![1])] {
            assert_eq!(token(Some(used(sealed))).present(Instant::from_seconds(1_000), GRACE), Presentation::Replayed);
        }
    }

    #[test]
    fn a_retry_inside_the_window_does_not_revive_an_expired_token() {
        let token = RefreshToken { expires_at: Instant::from_seconds(105), ..token(Some(used(Some(vec![1])))) };
        assert_eq!(token.present(Instant::from_seconds(104), GRACE), token.present(Instant::from_seconds(101), GRACE));
        assert_eq!(token.present(Instant::from_seconds(105), GRACE), Presentation::Expired);
    }
}
