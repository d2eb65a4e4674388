//! A device that waits: what it asked, how far it is, and when it may ask again.

use std::time::Duration;

use palatine_domain::ids::ClientKey;
use palatine_domain::{Instant, TokenHash};
use palatine_ephemeral::{EphemeralError, NoteKind, NotePut, NoteSwap};
use palatine_protocol::device::UserCode;
use palatine_protocol::scope::ScopeSet;
use palatine_realm::Realm;
use serde::{Deserialize, Serialize};

/// RFC 8628, section 3.5: "the interval MUST be increased by 5 seconds for this and all subsequent requests".
const SLOWER_SECONDS: u64 = 5;
/// A poll may be so much early: networks delay one request more than the next.
const LEEWAY: Duration = Duration::from_millis(500);
/// For how long after its end a device is told `expired_token`, and not that its code is unknown.
const REMEMBERED: Duration = Duration::from_mins(5);
/// How often a change is tried again because somebody else changed the note in between.
const TRIES: usize = 8;

/// What a device waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// Whose device it is.
    pub(crate) client: ClientKey,
    /// The same, as it calls itself.
    pub(crate) client_id: String,
    /// What it may be granted.
    pub(crate) scope: ScopeSet,
    /// The APIs that it named.
    pub(crate) resources: Vec<String>,
    /// What it shows.
    pub(crate) user_code: UserCode,
    /// When its codes end.
    pub(crate) expires_at: Instant,
    /// How far it is.
    pub(crate) state: State,
    /// The least time between two polls, in seconds.
    interval_seconds: u64,
    /// When it asked last.
    polled_at: Option<Instant>,
}

/// How far a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Nobody has decided.
    Waiting,
    /// A person allowed it: a row of the database has its grant.
    Approved,
    /// A person refused it.
    Refused,
}

/// What a poll is answered (RFC 8628, section 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poll {
    /// `authorization_pending`.
    Waiting,
    /// `slow_down`.
    TooSoon,
    /// `expired_token`.
    Expired,
    /// `access_denied`.
    Refused,
    /// The database has what is to be issued.
    Approved,
    /// No such device, or another client's.
    Unknown,
}

impl Pending {
    pub(crate) fn new(
        client: (ClientKey, &str),
        asked: (ScopeSet, Vec<String>),
        user_code: UserCode,
        expires_at: Instant,
        interval_seconds: u64,
    ) -> Self {
        Self {
            client: client.0,
            client_id: client.1.to_owned(),
            scope: asked.0,
            resources: asked.1,
            user_code,
            expires_at,
            state: State::Waiting,
            interval_seconds,
            polled_at: None,
        }
    }

    /// Whether a person may still decide.
    pub(crate) fn is_open(&self, now: Instant) -> bool {
        self.state == State::Waiting && now < self.expires_at
    }

    /// What a poll at `now` is answered; notes that there was one.
    fn poll(&mut self, now: Instant) -> Poll {
        if self.expires_at <= now {
            return Poll::Expired;
        }
        match self.state {
            State::Approved => Poll::Approved,
            State::Refused => Poll::Refused,
            State::Waiting => {
                let earliest = |at: Instant| at.plus(Duration::from_secs(self.interval_seconds)).minus(LEEWAY);
                let too_soon = self.polled_at.is_some_and(|at| now < earliest(at));
                self.polled_at = Some(now);
                if too_soon {
                    self.interval_seconds = self.interval_seconds.saturating_add(SLOWER_SECONDS);
                    Poll::TooSoon
                } else {
                    Poll::Waiting
                }
            }
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The devices of a realm that wait.
pub(crate) struct Devices<'a> {
    pub(crate) realm: &'a Realm,
    pub(crate) now: Instant,
}

impl Devices<'_> {
    /// Keeps a new device. [`NotePut::Taken`]: another one shows its user code; draw again.
    pub(crate) async fn put(&self, hash: &TokenHash, pending: &Pending) -> Result<NotePut, EphemeralError> {
        let ephemeral = self.realm.ephemeral();
        let lives = self.now.until(pending.expires_at);
        let shown = pending.user_code.letters();
        match ephemeral.note_put(NoteKind::UserCode, shown, hash.as_bytes(), lives).await? {
            NotePut::Kept => {
                let bytes = pending.encode();
                ephemeral.note_put(NoteKind::Device, &hash.to_hex(), &bytes, lives + REMEMBERED).await
            }
            NotePut::Taken => Ok(NotePut::Taken),
        }
    }

    /// The device that shows a code, if a person may still decide about it.
    pub(crate) async fn showing(&self, code: &UserCode) -> Result<Option<(TokenHash, Pending)>, EphemeralError> {
        let found = self.realm.ephemeral().note_get(NoteKind::UserCode, code.letters()).await?;
        let Some(hash) = found.and_then(|bytes| bytes.try_into().ok()).map(TokenHash::from_bytes) else {
            return Ok(None);
        };
        Ok(self.open(&hash).await?.map(|pending| (hash, pending)))
    }

    /// The device, if a person may still decide about it.
    pub(crate) async fn open(&self, hash: &TokenHash) -> Result<Option<Pending>, EphemeralError> {
        let bytes = self.realm.ephemeral().note_get(NoteKind::Device, &hash.to_hex()).await?;
        Ok(bytes.as_deref().and_then(Pending::decode).filter(|pending| pending.is_open(self.now)))
    }

    /// Writes the decision down: `true` for exactly one caller.
    pub(crate) async fn decide(&self, hash: &TokenHash, state: State) -> Result<bool, EphemeralError> {
        let now = self.now;
        let decided = self.change(hash, |pending| {
            let open = pending.is_open(now);
            if open {
                pending.state = state;
            }
            open
        });
        Ok(decided.await?.unwrap_or(false))
    }

    /// A poll of this client's device.
    pub(crate) async fn poll(&self, hash: &TokenHash, client: ClientKey) -> Result<Poll, EphemeralError> {
        let now = self.now;
        let polled = self.change(hash, |pending| {
            // Another client's question changes nothing, not even the time at which the device may ask again.
            if pending.client == client { pending.poll(now) } else { Poll::Unknown }
        });
        Ok(polled.await?.unwrap_or(Poll::Unknown))
    }

    /// Changes a device's note in one step that nobody else can come between; `None` if there is none.
    async fn change<R>(
        &self,
        hash: &TokenHash,
        mut change: impl FnMut(&mut Pending) -> R,
    ) -> Result<Option<R>, EphemeralError> {
        let (ephemeral, id) = (self.realm.ephemeral(), hash.to_hex());
        for _ in 0..TRIES {
            let Some(before) = ephemeral.note_get(NoteKind::Device, &id).await? else { return Ok(None) };
            let Some(mut pending) = Pending::decode(&before) else { return Ok(None) };
            let result = change(&mut pending);
            let after = pending.encode();
            if after == before {
                return Ok(Some(result));
            }
            match ephemeral.note_swap(NoteKind::Device, &id, &before, &after).await? {
                NoteSwap::Done => return Ok(Some(result)),
                NoteSwap::Changed => {}
            }
        }
        // So many at once are nobody who waits his turn.
        Err(EphemeralError::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use palatine_domain::ids::RowId as _;

    use super::*;

    fn pending() -> Pending {
        let client = ClientKey::from_uuid(uuid::Uuid::from_u128(1));
        let code = UserCode::parse("WDJB-MJHT").unwrap();
        Pending::new((client, "tv"), (ScopeSet::new(), Vec::new()), code, Instant::from_seconds(600), 5)
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds)
    }

    #[test]
    fn a_poll_in_time_waits_and_one_that_is_early_makes_all_later_ones_slower() {
        use Poll::{TooSoon, Waiting};

        let mut device = pending();
        let polls = [0, 5, 10, 11, 16, 26, 41].map(|second| device.poll(at(second)));
        // After 11 the interval is ten seconds, after 16 fifteen, and after 26 twenty.
        assert_eq!(polls, [Waiting, Waiting, Waiting, TooSoon, TooSoon, TooSoon, TooSoon]);
        assert_eq!(device.poll(at(66)), Waiting);
        assert_eq!(device.poll(Instant::from_micros(90_400_000)), TooSoon);
    }

    #[test]
    fn a_decision_is_told_at_once_and_nothing_after_the_end() {
        for (state, told) in [(State::Approved, Poll::Approved), (State::Refused, Poll::Refused)] {
            let mut device = Pending { state, ..pending() };
            assert_eq!([device.poll(at(1)), device.poll(at(1)), device.poll(at(600))], [told, told, Poll::Expired]);
            assert!(!device.is_open(at(1)));
        }
        assert!(pending().is_open(at(599)) && !pending().is_open(at(600)));
    }

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let mut device = pending();
        device.poll(at(3));
        assert_eq!(Pending::decode(&device.encode()), Some(device));
        assert_eq!(Pending::decode(b"{}"), None);
    }
}
