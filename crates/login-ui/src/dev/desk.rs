//! What the test client remembers of a browser: the request it sent it away with, and the tokens it got.
//!
//! In memory, bounded, found by the hash of the cookie's secret. A browser holds one thing at a time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use palatine_domain::{Instant, RealmSlug, TokenHash};
use palatine_protocol::token::TokenResponse;

/// How long a sign-in may take.
pub(super) const PENDING_LIFE: Duration = Duration::from_mins(10);
/// How long tokens are shown.
pub(super) const TOKENS_LIFE: Duration = Duration::from_hours(1);
/// How many browsers are remembered.
const CAPACITY: usize = 256;

/// An authorization request that was sent and not answered yet.
#[derive(Clone)]
pub(super) struct Pending {
    pub(super) realm: RealmSlug,
    pub(super) state: String,
    pub(super) nonce: String,
    /// The PKCE verifier.
    pub(super) verifier: String,
}

/// The tokens of a browser.
#[derive(Clone)]
pub(super) struct SignedIn {
    pub(super) realm: RealmSlug,
    /// The nonce of the request.
    pub(super) nonce: String,
    /// Whether the tokens are those of a refresh: their ID token repeats no nonce.
    pub(super) refreshed: bool,
    pub(super) tokens: TokenResponse,
}

#[derive(Default)]
pub(super) struct Desk {
    held: Mutex<HashMap<TokenHash, Entry>>,
}

struct Entry {
    expires_at: Instant,
    held: Held,
}

enum Held {
    Pending(Pending),
    SignedIn(SignedIn),
}

impl Desk {
    pub(super) fn begin(&self, browser: TokenHash, pending: Pending, now: Instant) {
        self.hold(browser, Entry { expires_at: now.plus(PENDING_LIFE), held: Held::Pending(pending) }, now);
    }

    pub(super) fn keep(&self, browser: TokenHash, signed_in: SignedIn, now: Instant) {
        self.hold(browser, Entry { expires_at: now.plus(TOKENS_LIFE), held: Held::SignedIn(signed_in) }, now);
    }

    /// The request that `state` answers, once. With another `state` it stays: a stranger's link ends nothing.
    pub(super) fn take_pending(&self, browser: &TokenHash, state: &str, now: Instant) -> Option<Pending> {
        let mut held = self.lock();
        let entry = held.get(browser).filter(|entry| now < entry.expires_at)?;
        let Held::Pending(pending) = &entry.held else { return None };
        if !TokenHash::of(&pending.state).matches(&TokenHash::of(state)) {
            return None;
        }
        let pending = pending.clone();
        held.remove(browser);
        Some(pending)
    }

    pub(super) fn signed_in(&self, browser: &TokenHash, now: Instant) -> Option<SignedIn> {
        let held = self.lock();
        let entry = held.get(browser).filter(|entry| now < entry.expires_at)?;
        match &entry.held {
            Held::SignedIn(signed_in) => Some(signed_in.clone()),
            Held::Pending(_) => None,
        }
    }

    /// Makes room first: for what has expired, else for what expires next.
    fn hold(&self, browser: TokenHash, entry: Entry, now: Instant) {
        let mut held = self.lock();
        if held.len() >= CAPACITY && !held.contains_key(&browser) {
            held.retain(|_, entry| now < entry.expires_at);
        }
        if held.len() >= CAPACITY && !held.contains_key(&browser) {
            let next = held.iter().min_by_key(|(_, entry)| entry.expires_at).map(|(browser, _)| *browser);
            next.and_then(|next| held.remove(&next));
        }
        held.insert(browser, entry);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, Entry>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_seconds(1_700_000_000);

    fn pending(state: &str) -> Pending {
        Pending {
            realm: RealmSlug::parse("dev").unwrap(),
            state: state.to_owned(),
            nonce: "n".to_owned(),
            verifier: "v".to_owned(),
        }
    }

    fn browser(number: usize) -> TokenHash {
        TokenHash::of(&number.to_string())
    }

    #[test]
    fn a_request_is_answered_once_and_by_its_own_state_alone() {
        let desk = Desk::default();
        desk.begin(browser(1), pending("s"), NOW);
        assert!(desk.take_pending(&browser(1), "another", NOW).is_none());
        assert!(desk.take_pending(&browser(2), "s", NOW).is_none());
        assert!(desk.take_pending(&browser(1), "s", NOW).is_some());
        assert!(desk.take_pending(&browser(1), "s", NOW).is_none());
    }

    #[test]
    fn a_request_is_not_answered_after_its_time() {
        let desk = Desk::default();
        desk.begin(browser(1), pending("s"), NOW);
        assert!(desk.take_pending(&browser(1), "s", NOW.plus(PENDING_LIFE)).is_none());
    }

    #[test]
    fn the_desk_stays_bounded_and_the_newest_find_room() {
        let desk = Desk::default();
        for number in 0..=CAPACITY {
            desk.begin(browser(number), pending("s"), NOW.plus(Duration::from_millis(number as u64)));
        }
        assert_eq!(desk.lock().len(), CAPACITY);
        assert!(desk.take_pending(&browser(0), "s", NOW).is_none());
        assert!(desk.take_pending(&browser(CAPACITY), "s", NOW).is_some());
    }

    #[test]
    fn what_has_expired_makes_room_first() {
        let desk = Desk::default();
        for number in 0..CAPACITY {
            desk.begin(browser(number), pending("s"), NOW);
        }
        desk.begin(browser(CAPACITY), pending("s"), NOW.plus(PENDING_LIFE));
        assert_eq!(desk.lock().len(), 1);
    }
}
