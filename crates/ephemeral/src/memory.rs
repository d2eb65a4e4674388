//! The memory of one process: for development, and for a single node.

use std::time::Duration;

use palatine_domain::{Ambient, Instant};

use crate::EphemeralError;
use crate::bounded::{Bounded, Expires, WhenFull};
use crate::bus::Listeners;
use crate::key::Key;
use crate::lease::Lease;
use crate::local_limits::LocalLimits;
use crate::mark::Mark;
use crate::note::{NotePut, NoteSwap};
use crate::session::{LARGEST_ENTRY, SessionPut, SessionRead};
use crate::settings::EphemeralSettings;

/// Everything is forgotten with the process, and nothing is shared.
pub(crate) struct Memory {
    pub(crate) ambient: Ambient,
    pub(crate) limits: LocalLimits,
    pub(crate) listeners: Listeners,
    /// When this memory began.
    pub(crate) known_since: Instant,
    /// A forgotten mark would let something be used twice: when they are too many, new ones are refused.
    marks: Bounded<Marked>,
    /// A note that is forgotten costs whoever waits for it a new start: when they are too many, new ones are refused.
    notes: Bounded<Note>,
    sessions: Bounded<Session>,
    leases: Bounded<Holder>,
}

struct Marked {
    expires_at: Instant,
}

impl Expires for Marked {
    fn expires_at(&self) -> Instant {
        self.expires_at
    }
}

struct Note {
    expires_at: Instant,
    bytes: Vec<u8>,
}

impl Expires for Note {
    fn expires_at(&self) -> Instant {
        self.expires_at
    }
}

struct Session {
    expires_at: Instant,
    state: SessionState,
}

enum SessionState {
    Live { version: i64, bytes: Vec<u8> },
    Ended,
}

impl Expires for Session {
    fn expires_at(&self) -> Instant {
        self.expires_at
    }

    /// Forgetting a copy costs a read; forgetting a tombstone could cost more.
    fn worth(&self) -> u8 {
        match self.state {
            SessionState::Live { .. } => 0,
            SessionState::Ended => 1,
        }
    }
}

struct Holder {
    expires_at: Instant,
    name: String,
}

impl Expires for Holder {
    fn expires_at(&self) -> Instant {
        self.expires_at
    }
}

impl Memory {
    pub(crate) fn new(settings: &EphemeralSettings, ambient: Ambient) -> Self {
        let entries = settings.max_local_entries;
        Self {
            known_since: ambient.now(),
            ambient,
            limits: LocalLimits::new(entries),
            listeners: Listeners::new(),
            marks: Bounded::new("marks", entries, WhenFull::Refuse),
            notes: Bounded::new("notes", entries, WhenFull::Refuse),
            sessions: Bounded::new("sessions", settings.max_local_sessions, WhenFull::Evict),
            leases: Bounded::new("leases", entries, WhenFull::Refuse),
        }
    }

    pub(crate) fn mark(&self, key: &Key, lives: Duration) -> Result<Mark, EphemeralError> {
        let now = self.ambient.now();
        let set = self.marks.change(key.as_str(), now, |slot| {
            if slot.is_some() {
                return Mark::Seen;
            }
            *slot = Some(Marked { expires_at: now.plus(lives) });
            Mark::First
        });
        set.map_err(|_| EphemeralError::Unavailable)
    }

    pub(crate) fn note_put(&self, key: &Key, bytes: &[u8], lives: Duration) -> Result<NotePut, EphemeralError> {
        let now = self.ambient.now();
        let put = self.notes.change(key.as_str(), now, |slot| {
            if slot.is_some() {
                return NotePut::Taken;
            }
            *slot = Some(Note { expires_at: now.plus(lives), bytes: bytes.to_vec() });
            NotePut::Kept
        });
        put.map_err(|_| EphemeralError::Unavailable)
    }

    pub(crate) fn note_get(&self, key: &Key) -> Option<Vec<u8>> {
        self.notes.read(key.as_str(), self.ambient.now(), |note| note.map(|note| note.bytes.clone()))
    }

    pub(crate) fn note_swap(&self, key: &Key, old: &[u8], new: &[u8]) -> Result<NoteSwap, EphemeralError> {
        let swapped = self.notes.change(key.as_str(), self.ambient.now(), |slot| match slot {
            Some(note) if note.bytes == old => {
                note.bytes = new.to_vec();
                NoteSwap::Done
            }
            Some(_) | None => NoteSwap::Changed,
        });
        swapped.map_err(|_| EphemeralError::Unavailable)
    }

    pub(crate) fn session_get(&self, key: &Key) -> SessionRead {
        self.sessions.read(key.as_str(), self.ambient.now(), |session| match session.map(|session| &session.state) {
            Some(SessionState::Live { bytes, .. }) => SessionRead::Hit(bytes.clone()),
            Some(SessionState::Ended) => SessionRead::Ended,
            None => SessionRead::Miss,
        })
    }

    pub(crate) fn session_put(&self, key: &Key, version: i64, bytes: &[u8], lives: Duration) -> SessionPut {
        if bytes.len() > LARGEST_ENTRY {
            return SessionPut::NotKept;
        }
        let now = self.ambient.now();
        let put = self.sessions.change(key.as_str(), now, |slot| match slot.as_ref().map(|session| &session.state) {
            Some(SessionState::Ended) => SessionPut::Ended,
            Some(SessionState::Live { version: kept, .. }) if *kept > version => SessionPut::Superseded,
            Some(SessionState::Live { .. }) | None => {
                let state = SessionState::Live { version, bytes: bytes.to_vec() };
                *slot = Some(Session { expires_at: now.plus(lives), state });
                SessionPut::Kept
            }
        });
        put.unwrap_or(SessionPut::NotKept)
    }

    pub(crate) fn session_end(&self, key: &Key, lives: Duration) -> Result<(), EphemeralError> {
        let now = self.ambient.now();
        let ended = self.sessions.change(key.as_str(), now, |slot| {
            let already = slot.as_ref().filter(|session| matches!(session.state, SessionState::Ended));
            let expires_at = already.map_or(now, |session| session.expires_at).max(now.plus(lives));
            *slot = Some(Session { expires_at, state: SessionState::Ended });
        });
        ended.map_err(|_| EphemeralError::Unavailable)
    }

    pub(crate) fn lease(&self, key: &Key, holder: &str, lives: Duration) -> Result<Lease, EphemeralError> {
        let now = self.ambient.now();
        let asked = self.leases.change(key.as_str(), now, |slot| match slot {
            Some(held) if held.name != holder => Lease::Elsewhere,
            Some(_) | None => {
                *slot = Some(Holder { expires_at: now.plus(lives), name: holder.to_owned() });
                Lease::Held
            }
        });
        asked.map_err(|_| EphemeralError::Unavailable)
    }

    pub(crate) fn release(&self, key: &Key, holder: &str) -> Result<(), EphemeralError> {
        let released = self.leases.change(key.as_str(), self.ambient.now(), |slot| {
            *slot = slot.take().filter(|held| held.name != holder);
        });
        released.map_err(|_| EphemeralError::Unavailable)
    }
}
