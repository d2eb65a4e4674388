//! A map that forgets what has expired and never grows beyond its bound.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use palatine_domain::Instant;

use crate::telemetry;

/// Locks are spread over so many parts.
const PARTS: usize = 16;

/// Something that is of no use after an instant.
pub(crate) trait Expires {
    /// From this instant on it counts as absent.
    fn expires_at(&self) -> Instant;

    /// What must make room is chosen by this, least first, then by expiry, soonest first.
    fn worth(&self) -> u8 {
        0
    }
}

/// What happens to a new entry when there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// Entries of the least worth make room.
    Evict,
    /// The new entry is refused: forgetting another would be worse.
    Refuse,
}

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// A bounded map from names to what expires.
pub(crate) struct Bounded<V> {
    kind: &'static str,
    when_full: WhenFull,
    part_holds: usize,
    hasher: RandomState,
    parts: [Mutex<HashMap<Box<str>, V>>; PARTS],
}

impl<V: Expires> Bounded<V> {
    /// For about `entries` entries; `kind` names it in metrics.
    pub(crate) fn new(kind: &'static str, entries: usize, when_full: WhenFull) -> Self {
        Self {
            kind,
            when_full,
            part_holds: entries.div_ceil(PARTS),
            hasher: RandomState::new(),
            parts: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// Reads an entry.
    pub(crate) fn read<R>(&self, name: &str, now: Instant, read: impl FnOnce(Option<&V>) -> R) -> R {
        read(self.part(name).get(name).filter(|value| value.expires_at() > now))
    }

    /// Changes, makes or removes an entry, in one step that nobody else can come between.
    pub(crate) fn change<R>(
        &self,
        name: &str,
        now: Instant,
        change: impl FnOnce(&mut Option<V>) -> R,
    ) -> Result<R, Full> {
        let mut part = self.part(name);
        let (key, mut slot) = if let Some((key, value)) = part.remove_entry(name) {
            (key, Some(value).filter(|value| value.expires_at() > now))
        } else {
            self.make_room(&mut part, now)?;
            (name.into(), None)
        };
        let result = change(&mut slot);
        if let Some(value) = slot {
            part.insert(key, value);
        }
        Ok(result)
    }

    /// Removes an entry.
    pub(crate) fn remove(&self, name: &str) {
        self.part(name).remove(name);
    }

    /// The names of all entries that have not expired.
    pub(crate) fn names(&self, now: Instant) -> Vec<Box<str>> {
        let live = |part: &Mutex<HashMap<Box<str>, V>>| {
            let part = part.lock().unwrap_or_else(PoisonError::into_inner);
            let live = part.iter().filter(|(_, value)| value.expires_at() > now);
            live.map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        self.parts.iter().flat_map(live).collect()
    }

    fn part(&self, name: &str) -> MutexGuard<'_, HashMap<Box<str>, V>> {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
        let at = self.hasher.hash_one(name) as usize % PARTS;
        #[expect(clippy::indexing_slicing, reason = "the remainder of a division by the length")]
        let part = &self.parts[at];
        part.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for one more. Frees an eighth at a time, so that a flood pays for it rarely.
    fn make_room(&self, part: &mut HashMap<Box<str>, V>, now: Instant) -> Result<(), Full> {
        if part.len() < self.part_holds {
            return Ok(());
        }
        part.retain(|_, value| value.expires_at() > now);
        let keep = self.part_holds - self.part_holds.div_ceil(8);
        match self.when_full {
            WhenFull::Refuse if part.len() >= self.part_holds => return Err(Full),
            WhenFull::Refuse => return Ok(()),
            WhenFull::Evict if part.len() <= keep => return Ok(()),
            WhenFull::Evict => {}
        }
        let excess = part.len() - keep;
        let mut ranks: Vec<_> = part.values().map(|value| (value.worth(), value.expires_at())).collect();
        let (_, last_to_go, _) = ranks.select_nth_unstable(excess - 1);
        let (last_to_go, mut to_go) = (*last_to_go, excess);
        part.retain(|_, value| {
            let goes = to_go > 0 && (value.worth(), value.expires_at()) <= last_to_go;
            to_go -= usize::from(goes);
            !goes
        });
        telemetry::evicted(self.kind, excess);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    struct Until(i64, u8);

    impl Expires for Until {
        fn expires_at(&self) -> Instant {
            Instant::from_seconds(self.0)
        }
        fn worth(&self) -> u8 {
            self.1
        }
    }

    fn put(map: &Bounded<Until>, name: &str, now: i64, value: Until) -> Result<(), Full> {
        map.change(name, Instant::from_seconds(now), |slot| *slot = Some(value))
    }

    fn has(map: &Bounded<Until>, name: &str, now: i64) -> bool {
        map.read(name, Instant::from_seconds(now), |value| value.is_some())
    }

    #[test]
    fn an_entry_is_absent_from_its_expiry_on() {
        let map = Bounded::new("test", 100, WhenFull::Evict);
        put(&map, "a", 0, Until(5, 0)).unwrap();
        assert!(has(&map, "a", 4) && !has(&map, "a", 5));
        assert!(map.change("a", Instant::from_seconds(5), |slot| slot.is_none()).unwrap());
    }

    #[test]
    fn a_flood_never_grows_it_beyond_its_bound() {
        let map = Bounded::new("test", 160, WhenFull::Evict);
        for i in 0..10_000 {
            put(&map, &i.to_string(), 0, Until(i, 0)).unwrap();
        }
        assert!(map.names(Instant::EPOCH).len() <= 160);
        assert!(has(&map, "9999", 0), "the newest is there");
    }

    #[test]
    fn what_is_worth_more_outlives_a_flood() {
        let map = Bounded::new("test", 1_600, WhenFull::Evict);
        put(&map, "kept", 0, Until(10, 1)).unwrap();
        for i in 0..10_000 {
            put(&map, &i.to_string(), 0, Until(1_000 + i, 0)).unwrap();
        }
        assert!(has(&map, "kept", 0));
    }

    #[test]
    fn a_map_that_must_not_forget_refuses_until_something_expires() {
        let map = Bounded::new("test", 16, WhenFull::Refuse);
        let fits = (0..1_000).filter(|i: &i32| put(&map, &i.to_string(), 0, Until(9, 0)).is_ok()).count();
        assert!((1..=16).contains(&fits));
        assert!((0..1_000).any(|i| put(&map, &i.to_string(), 0, Until(9, 0)) == Err(Full)));
        assert!((0..16).all(|i| put(&map, &i.to_string(), 9 + i, Until(10 + i, 0)).is_ok()));
    }

    #[test]
    fn a_change_may_remove() {
        let map = Bounded::new("test", 16, WhenFull::Evict);
        put(&map, "a", 0, Until(5, 0)).unwrap();
        map.change("a", Instant::EPOCH, |slot| *slot = None).unwrap();
        assert!(!has(&map, "a", 0));
    }
}
