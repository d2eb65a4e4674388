//! What is kept for one tenant.

use std::time::Duration;

use palatine_domain::TokenHash;

use crate::key::{Key, Scope};
use crate::mark::{AssertionMark, AssertionUse, Mark, MarkKind};
use crate::note::{LARGEST_NOTE, NoteKind, NotePut, NoteSwap};
use crate::session::{LONGEST_ENTRY, SHORTEST_TOMBSTONE, SessionPut, SessionRead};
use crate::{Backend, Decision, Ephemeral, EphemeralError, Limit, telemetry};

/// One tenant's marks, limits and sessions; see [`Ephemeral::for_tenant`].
#[derive(Clone, Copy, Debug)]
pub struct TenantEphemeral<'a> {
    pub(crate) ephemeral: &'a Ephemeral,
    pub(crate) scope: Scope,
}

impl TenantEphemeral<'_> {
    /// Marks `id` as used, and says whether it was the first to be. `lives` is how long that is remembered, at least
    /// a millisecond.
    ///
    /// A store that is flushed forgets; for what says when it was issued, [`Self::mark_assertion`] notices.
    ///
    /// # Errors
    ///
    /// [`EphemeralError::Unavailable`]: nobody knows. Refuse.
    pub async fn mark_once(&self, kind: MarkKind, id: &str, lives: Duration) -> Result<Mark, EphemeralError> {
        let key = self.key(kind.word(), id);
        match &self.ephemeral.backend {
            Backend::Memory(memory) => memory.mark(&key, lives),
            Backend::Redis(redis) => redis.mark(&key, lives).await,
        }
    }

    /// Marks an assertion as used, and says whether it may be accepted: it is refused if it was used before, or
    /// could have been used before the store was flushed, restarted or replaced.
    ///
    /// # Errors
    ///
    /// [`EphemeralError::Unavailable`]: nobody knows. Refuse.
    pub async fn mark_assertion(
        &self,
        kind: MarkKind,
        used: &AssertionUse<'_>,
    ) -> Result<AssertionMark, EphemeralError> {
        let mark = self.mark_once(kind, used.id, used.lives).await?;
        let known_since = self.ephemeral.global().known_since().await?;
        Ok(AssertionMark::decide(mark, used, known_since))
    }

    /// Keeps a new note for `lives`; at most [`LARGEST_NOTE`] bytes.
    ///
    /// # Errors
    ///
    /// [`EphemeralError::Unavailable`]: it may or may not be kept. Also for one that is too large.
    pub async fn note_put(
        &self,
        kind: NoteKind,
        id: &str,
        bytes: &[u8],
        lives: Duration,
    ) -> Result<NotePut, EphemeralError> {
        if bytes.len() > LARGEST_NOTE {
            return Err(EphemeralError::Unavailable);
        }
        let key = self.key(kind.word(), id);
        match &self.ephemeral.backend {
            Backend::Memory(memory) => memory.note_put(&key, bytes, lives),
            Backend::Redis(redis) => redis.note_put(&key, bytes, lives).await,
        }
    }

    /// What a note says; `None` if there is none, or none any more.
    ///
    /// # Errors
    ///
    /// [`EphemeralError::Unavailable`]: nobody knows.
    pub async fn note_get(&self, kind: NoteKind, id: &str) -> Result<Option<Vec<u8>>, EphemeralError> {
        let key = self.key(kind.word(), id);
        match &self.ephemeral.backend {
            Backend::Memory(memory) => Ok(memory.note_get(&key)),
            Backend::Redis(redis) => redis.note_get(&key).await,
        }
    }

    /// Changes a note that says `old`, in one step that nobody else can come between. It lives no longer for that.
    ///
    /// # Errors
    ///
    /// [`EphemeralError::Unavailable`]: it may or may not have been changed.
    pub async fn note_swap(
        &self,
        kind: NoteKind,
        id: &str,
        old: &[u8],
        new: &[u8],
    ) -> Result<NoteSwap, EphemeralError> {
        if new.len() > LARGEST_NOTE {
            return Err(EphemeralError::Unavailable);
        }
        let key = self.key(kind.word(), id);
        match &self.ephemeral.backend {
            Backend::Memory(memory) => memory.note_swap(&key, old, new),
            Backend::Redis(redis) => redis.note_swap(&key, old, new).await,
        }
    }

    /// Takes one request out of the bucket `key` of a limit. Without Redis this node decides alone.
    pub async fn take(&self, limit: &Limit, key: &str) -> Decision {
        self.ephemeral.take(self.scope, limit, key).await
    }

    /// What [`Self::take`] would say, taking nothing: with [`Self::charge`], for limits that count failures only.
    ///
    /// Between the two others may pass. Where that matters, take first and [`Self::refund`] on success.
    pub async fn check(&self, limit: &Limit, key: &str) -> Decision {
        self.ephemeral.check(self.scope, limit, key).await
    }

    /// Takes one request out of the bucket if there is one, whatever the outcome: after a failure.
    pub async fn charge(&self, limit: &Limit, key: &str) {
        let _ = self.ephemeral.take(self.scope, limit, key).await;
    }

    /// Puts back one request that was taken and should not count.
    pub async fn refund(&self, limit: &Limit, key: &str) {
        self.ephemeral.refund(self.scope, limit, key).await;
    }

    /// The copy of the session whose cookie has this hash.
    pub async fn session_get(&self, hash: &TokenHash) -> SessionRead {
        let key = self.session_key(hash);
        let read = match &self.ephemeral.backend {
            Backend::Memory(memory) => memory.session_get(&key),
            Backend::Redis(redis) => redis.session_get(&key).await,
        };
        telemetry::session_read(match read {
            SessionRead::Hit(_) => "hit",
            SessionRead::Ended => "ended",
            SessionRead::Miss => "miss",
        });
        read
    }

    /// Keeps a copy of a session for `lives`, at most [`LONGEST_ENTRY`]; at most 4,096 bytes.
    ///
    /// `version` grows with each change of the session: an older copy never replaces a newer one, and none replaces
    /// a tombstone.
    pub async fn session_put(&self, hash: &TokenHash, version: i64, bytes: &[u8], lives: Duration) -> SessionPut {
        let key = self.session_key(hash);
        let lives = lives.min(LONGEST_ENTRY);
        match &self.ephemeral.backend {
            Backend::Memory(memory) => memory.session_put(&key, version, bytes, lives),
            Backend::Redis(redis) => redis.session_put(&key, version, bytes, lives).await,
        }
    }

    /// Says that the session has ended: no copy of it can come back for `lives`, at least [`SHORTEST_TOMBSTONE`].
    /// Call it after the commit that ended the session.
    ///
    /// # Errors
    ///
    /// [`EphemeralError::Unavailable`]: this node knows, and tells Redis when it is back; other nodes may still read
    /// a copy, for at most [`LONGEST_ENTRY`] after it was put.
    pub async fn session_end(&self, hash: &TokenHash, lives: Duration) -> Result<(), EphemeralError> {
        let key = self.session_key(hash);
        let lives = lives.max(SHORTEST_TOMBSTONE);
        match &self.ephemeral.backend {
            Backend::Memory(memory) => memory.session_end(&key, lives),
            Backend::Redis(redis) => redis.session_end(&key, lives).await,
        }
    }

    fn session_key(&self, hash: &TokenHash) -> Key {
        self.key("session", &hash.to_hex())
    }

    fn key(&self, kind: &str, id: &str) -> Key {
        Key::new(&self.ephemeral.namespace, self.scope, kind, id)
    }
}

impl Ephemeral {
    pub(crate) async fn take(&self, scope: Scope, limit: &Limit, key: &str) -> Decision {
        let key = Key::limit(&self.namespace, scope, limit.name, key);
        let decision = match &self.backend {
            Backend::Memory(memory) => memory.limits.take(&key, limit, memory.ambient.now()),
            Backend::Redis(redis) => redis.take(&key, limit).await,
        };
        if matches!(decision, Decision::Refused { .. }) {
            telemetry::refusal(limit.name);
        }
        decision
    }

    pub(crate) async fn check(&self, scope: Scope, limit: &Limit, key: &str) -> Decision {
        let key = Key::limit(&self.namespace, scope, limit.name, key);
        match &self.backend {
            Backend::Memory(memory) => memory.limits.look(&key, limit, memory.ambient.now()),
            Backend::Redis(redis) => redis.look(&key, limit).await,
        }
    }

    pub(crate) async fn refund(&self, scope: Scope, limit: &Limit, key: &str) {
        let key = Key::limit(&self.namespace, scope, limit.name, key);
        match &self.backend {
            Backend::Memory(memory) => memory.limits.refund(&key, limit, memory.ambient.now()),
            Backend::Redis(redis) => redis.refund(&key, limit).await,
        }
    }
}
