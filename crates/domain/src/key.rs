//! Keys of a tenant: data keys that seal, signing keys that sign, and secrets that never change.

use std::time::Duration;

use palatine_protocol::jwk::{Jwk, SigningAlgorithm};
use serde::{Deserialize, Serialize};

use crate::ids::{DataKeyId, RealmSecretId, SigningKeyId};
use crate::policy::RealmPolicy;
use crate::time::Instant;

/// Names a master key: the first 4 bytes of a value derived from it. Several may be configured while one is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MasterKeyId(pub i32);

/// A tenant's data key, wrapped by a master key.
#[derive(Clone, Debug)]
pub struct DataKey {
    /// Its row.
    pub id: DataKeyId,
    /// Which master key wraps it.
    pub master_key: MasterKeyId,
    /// The sealed 256-bit key.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: Instant,
}

/// For how long a key set may be kept by whoever fetched it (`Cache-Control: max-age`).
pub const KEY_SET_MAX_AGE: Duration = Duration::from_mins(5);

/// How long a successor is published before it signs: twice the key set's age, so that two caches one behind the other
/// have it, and a minute more, within which a node that hears nothing of changes stops issuing.
pub const PUBLISHED_AHEAD: Duration = Duration::from_mins(11);

/// A signing key, its private half sealed.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// Its row.
    pub id: SigningKeyId,
    /// `kid`: its RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs.
    pub algorithm: SigningAlgorithm,
    /// Counts the keys of this algorithm in this realm, from 1: unique, so that one node wins.
    pub generation: i32,
    /// The public half, as published.
    pub public: Jwk,
    /// The private half (PKCS#8), sealed. Empty once it was destroyed.
    pub sealed_private: Vec<u8>,
    /// When it was made and first published.
    pub created_at: Instant,
    /// From when on it signs.
    pub active_from: Instant,
    /// When its successor is to be made; `None` once it has one, or was taken out of use.
    pub rotates_at: Option<Instant>,
    /// How it ends, once that is decided.
    pub retirement: Option<Retirement>,
}

/// What a key is good for at an instant. The order is that of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// Published ahead; does not sign yet.
    Pending,
    /// Signs.
    Active,
    /// Signs no more; published for the tokens that it signed.
    Retiring,
    /// Published no more; ID tokens that it signed are still hints of who was signed in.
    HintOnly,
    /// Good for nothing; its private half is destroyed.
    Removed,
}

/// The rest of a key's life, decided when it gets a successor or is taken out of use. Never decreasing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retirement {
    /// From when on it signs no more: when its successor begins to.
    pub signs_until: Instant,
    /// From when on it is published no more: nothing that it signed lives any longer.
    pub published_until: Instant,
    /// From when on ID tokens that it signed are no hints any more: no session that one may name lives any longer.
    pub hints_until: Instant,
}

impl Retirement {
    /// After a rotation: as long as something that the key signed can matter under this policy.
    pub fn after(signs_until: Instant, policy: &RealmPolicy) -> Self {
        let published_until = signs_until.plus(policy.key_overlap());
        let hints_until = published_until.max(signs_until.plus(policy.lifetimes.longest_session()));
        Self { signs_until, published_until, hints_until }
    }

    /// In an emergency: nothing that the key signed is believed from `at` on.
    pub const fn at_once(at: Instant) -> Self {
        Self { signs_until: at, published_until: at, hints_until: at }
    }
}

/// A change that a key's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key that is {from} cannot be {attempted}", from = .from.as_str())]
pub struct KeyTransitionError {
    from: KeyState,
    attempted: &'static str,
}

impl KeyState {
    /// In words for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::HintOnly => "hint-only",
            Self::Removed => "removed",
        }
    }

    /// Whether the key set shows the key, and tokens that it signed are believed.
    pub const fn is_published(self) -> bool {
        matches!(self, Self::Pending | Self::Active | Self::Retiring)
    }

    /// Whether an ID token that it signed is taken as a hint.
    pub const fn is_good_for_hints(self) -> bool {
        self.is_published() || matches!(self, Self::HintOnly)
    }
}

impl SigningKey {
    /// What it is good for now.
    pub fn state(&self, now: Instant) -> KeyState {
        state(self.active_from, self.retirement.as_ref(), now)
    }

    /// How it ends when a successor begins to sign at `signs_until`. A key has one successor: the newest alone, while it
    /// signs and is not on its way out, gets one.
    pub fn succeeded(
        &self,
        signs_until: Instant,
        policy: &RealmPolicy,
        now: Instant,
    ) -> Result<Retirement, KeyTransitionError> {
        match (self.state(now), self.retirement) {
            (KeyState::Active, None) => Ok(Retirement::after(signs_until, policy)),
            (from, _) => Err(KeyTransitionError { from, attempted: "given a successor" }),
        }
    }

    /// How it ends when it is taken out of use at once. Allowed while it is good for anything.
    pub fn withdrawn(&self, now: Instant) -> Result<Retirement, KeyTransitionError> {
        match self.state(now) {
            KeyState::Pending | KeyState::Active | KeyState::Retiring | KeyState::HintOnly => {
                Ok(Retirement::at_once(now))
            }
            from @ KeyState::Removed => Err(KeyTransitionError { from, attempted: "taken out of use" }),
        }
    }
}

/// A key's state, from its instants.
pub fn state(active_from: Instant, retirement: Option<&Retirement>, now: Instant) -> KeyState {
    match retirement {
        Some(end) if now >= end.hints_until => KeyState::Removed,
        Some(end) if now >= end.published_until => KeyState::HintOnly,
        Some(end) if now >= end.signs_until => KeyState::Retiring,
        _ if now >= active_from => KeyState::Active,
        _ => KeyState::Pending,
    }
}

/// A secret of the realm itself, made once and never changed.
#[derive(Clone, Debug)]
pub struct RealmSecret {
    /// Its row.
    pub id: RealmSecretId,
    /// What it is for; the realm has one of each kind.
    pub kind: RealmSecretKind,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Instant,
}

/// What a realm's secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RealmSecretKind {
    /// Keys the hash that makes pairwise subjects (OpenID Connect Core, section 8.1). Were it changed, every pairwise
    /// client would take everybody for somebody new.
    PairwiseSalt,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RowId as _;
    use palatine_protocol::jwk::KeyMaterial;

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds)
    }

    fn key(active_from: i64) -> SigningKey {
        let material = KeyMaterial::Okp { crv: "Ed25519".to_owned(), x: String::new() };
        SigningKey {
            id: SigningKeyId::from_uuid(uuid::Uuid::nil()),
            kid: "kid".to_owned(),
            algorithm: SigningAlgorithm::EdDSA,
            generation: 1,
            public: Jwk { material, kid: None, key_use: None, alg: None },
            sealed_private: Vec::new(),
            created_at: at(0),
            active_from: at(active_from),
            rotates_at: None,
            retirement: None,
        }
    }

    #[test]
    fn a_key_goes_through_its_states_in_their_order() {
        let mut key = key(10);
        assert_eq!([0, 9, 10, 1_000].map(|now| key.state(at(now))), {
            use KeyState::{Active, Pending};
            [Pending, Pending, Active, Active]
        });
        let (signs_until, published_until, hints_until) = (at(20), at(30), at(40));
        key.retirement = Some(Retirement { signs_until, published_until, hints_until });
        let states: Vec<KeyState> = (0..50).map(|now| key.state(at(now))).collect();
        assert!(states.is_sorted());
        assert_eq!([19, 20, 29, 30, 39, 40].map(|now| key.state(at(now))), {
            use KeyState::{Active, HintOnly, Removed, Retiring};
            [Active, Retiring, Retiring, HintOnly, HintOnly, Removed]
        });
    }

    #[test]
    fn only_the_key_that_signs_gets_a_successor_and_only_one() {
        let policy = RealmPolicy::default();
        let mut key = key(10);
        assert!(key.succeeded(at(100), &policy, at(9)).is_err(), "pending");
        let end = key.succeeded(at(100), &policy, at(10)).unwrap();
        assert_eq!(end.signs_until, at(100));
        assert_eq!(end.published_until, at(100 + 7 * 86_400));
        assert_eq!(end.hints_until, at(100 + 30 * 86_400), "a remembered session may name it");
        key.retirement = Some(end);
        let refusal = key.succeeded(at(200), &policy, at(50)).unwrap_err();
        assert_eq!(refusal.to_string(), "a key that is active cannot be given a successor");
    }

    #[test]
    fn a_key_is_taken_out_of_use_once() {
        let mut key = key(10);
        for now in [0, 10] {
            assert_eq!(key.withdrawn(at(now)).unwrap(), Retirement::at_once(at(now)));
        }
        key.retirement = Some(Retirement::at_once(at(5)));
        assert_eq!(key.state(at(5)), KeyState::Removed, "also a pending one");
        assert!(key.withdrawn(at(6)).is_err());
    }

    #[test]
    fn a_successor_is_published_more_than_two_ages_of_the_key_set_ahead() {
        assert!(PUBLISHED_AHEAD >= KEY_SET_MAX_AGE * 2);
    }
}
