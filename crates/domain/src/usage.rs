//! How much was used: answers of the token endpoint, by realm, client, grant, outcome and hour.
//!
//! They are counted in memory, on the way of every token, and written down together now and then: see [`UsageTally`].

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use palatine_protocol::token::GrantType;
use serde::{Deserialize, Serialize};

use crate::client::ClientId;
use crate::ids::{ClientKey, RowId as _, TenantId};
use crate::time::Instant;

/// Parts that are locked by themselves, so that threads that count different clients seldom wait for each other.
const PARTS: usize = 16;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageOutcome {
    /// Tokens were issued.
    Issued,
    /// Whoever asked was refused.
    Refused,
}

impl UsageOutcome {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Refused => "refused",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Issued, Self::Refused].into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// What is counted together within a realm. In order of time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UsageKey {
    /// When the hour began.
    pub hour: Instant,
    /// The client, by the name it had; `None` if the request named none that there was.
    pub client_id: Option<ClientId>,
    /// The grant; `None` if the request named none that there is.
    pub grant_type: Option<GrantType>,
    /// How it ended.
    pub outcome: UsageOutcome,
}

/// How often it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageCount {
    /// What.
    pub key: UsageKey,
    /// How often.
    pub count: u64,
}

/// A request, as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Used<'a> {
    /// Whose.
    pub tenant: TenantId,
    /// The client, if the request named one that there is: what somebody made up is never kept.
    pub client: Option<(ClientKey, &'a ClientId)>,
    /// The grant, if the request named one that there is.
    pub grant_type: Option<GrantType>,
    /// How it ended.
    pub outcome: UsageOutcome,
    /// When.
    pub at: Instant,
}

/// A count that was taken out of the tally: to be written down, or else to be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantUsage {
    /// Whose.
    pub tenant: TenantId,
    /// The client's row, by which the tally knows it.
    pub client: Option<ClientKey>,
    /// What, and how often.
    pub usage: UsageCount,
}

/// What the tally counts together. Small and `Copy`: a key that is there already costs no allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Slot {
    tenant: TenantId,
    client: Option<ClientKey>,
    grant_type: Option<GrantType>,
    outcome: UsageOutcome,
    hour: Instant,
}

struct Tallied {
    client_id: Option<ClientId>,
    count: u64,
}

type Part = HashMap<Slot, Tallied>;

/// Counts in memory. Cheap to clone; clones count together.
///
/// It holds so many different counts at most: what would be a further one is not counted, but counted as lost.
#[derive(Clone)]
pub struct UsageTally(Arc<Inner>);

struct Inner {
    parts: [Mutex<Part>; PARTS],
    held: AtomicUsize,
    most: usize,
    lost: AtomicU64,
}

impl std::fmt::Debug for UsageTally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UsageTally").field("waiting", &self.waiting()).field("lost", &self.lost()).finish()
    }
}

impl UsageTally {
    /// An empty one, of at most so many different counts.
    pub fn new(most: usize) -> Self {
        let parts = std::array::from_fn(|_| Mutex::default());
        Self(Arc::new(Inner { parts, held: AtomicUsize::new(0), most, lost: AtomicU64::new(0) }))
    }

    /// Counts a request.
    pub fn count(&self, used: Used<'_>) {
        let slot = Slot {
            tenant: used.tenant,
            client: used.client.map(|(key, _)| key),
            grant_type: used.grant_type,
            outcome: used.outcome,
            hour: used.at.start_of_hour(),
        };
        self.add(slot, 1, || used.client.map(|(_, client_id)| client_id.clone()));
    }

    /// Everything that was counted since the last time, in no order.
    pub fn take(&self) -> Vec<TenantUsage> {
        let mut taken = Vec::new();
        for part in &self.0.parts {
            let part = std::mem::take(&mut *locked(part));
            self.0.held.fetch_sub(part.len(), Ordering::Relaxed);
            taken.extend(part.into_iter().map(|(slot, tallied)| TenantUsage {
                tenant: slot.tenant,
                client: slot.client,
                usage: UsageCount {
                    key: UsageKey {
                        hour: slot.hour,
                        client_id: tallied.client_id,
                        grant_type: slot.grant_type,
                        outcome: slot.outcome,
                    },
                    count: tallied.count,
                },
            }));
        }
        taken
    }

    /// What could not be written down counts on here, as far as there is room.
    pub fn give_back(&self, taken: impl IntoIterator<Item = TenantUsage>) {
        for TenantUsage { tenant, client, usage: UsageCount { key, count } } in taken {
            let slot = Slot { tenant, client, grant_type: key.grant_type, outcome: key.outcome, hour: key.hour };
            self.add(slot, count, || key.client_id);
        }
    }

    /// How many different counts wait to be written down.
    pub fn waiting(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    /// Requests that were not counted because there was no room, since the start.
    pub fn lost(&self) -> u64 {
        self.0.lost.load(Ordering::Relaxed)
    }

    fn add(&self, slot: Slot, count: u64, client_id: impl FnOnce() -> Option<ClientId>) {
        let Some(part) = self.0.parts.get(part_of(&slot)) else { return };
        match locked(part).entry(slot) {
            Entry::Occupied(mut there) => {
                let tallied = there.get_mut();
                tallied.count = tallied.count.saturating_add(count);
            }
            Entry::Vacant(place) if self.has_room() => {
                place.insert(Tallied { client_id: client_id(), count });
            }
            Entry::Vacant(_) => {
                self.0.lost.fetch_add(count, Ordering::Relaxed);
            }
        }
    }

    /// Takes the room of one more, if there is any.
    fn has_room(&self) -> bool {
        let more = |held: usize| (held < self.0.most).then_some(held + 1);
        self.0.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

/// The last byte of an identifier is random.
fn part_of(slot: &Slot) -> usize {
    let id = slot.client.map_or_else(|| slot.tenant.as_uuid(), |client| client.as_uuid());
    id.as_bytes().last().map_or(0, |byte| usize::from(*byte) % PARTS)
}

fn locked(part: &Mutex<Part>) -> MutexGuard<'_, Part> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    const HOUR: Instant = Instant::from_seconds(1_764_403_200);

    fn tenant(number: u128) -> TenantId {
        TenantId::from_uuid(Uuid::from_u128(number))
    }

    fn used(tenant: TenantId, client: Option<(ClientKey, &ClientId)>, at: Instant) -> Used<'_> {
        Used { tenant, client, grant_type: Some(GrantType::ClientCredentials), outcome: UsageOutcome::Issued, at }
    }

    fn sorted(mut taken: Vec<TenantUsage>) -> Vec<TenantUsage> {
        taken.sort_by_key(|one| (one.tenant, one.usage.key.clone()));
        taken
    }

    #[test]
    fn requests_of_one_hour_are_counted_together_and_nothing_else_is() {
        let tally = UsageTally::new(100);
        let (key, name) = (ClientKey::from_uuid(Uuid::from_u128(7)), ClientId::parse("app").unwrap());
        let app = Some((key, &name));
        let last = HOUR.plus(Duration::from_secs(3_599));
        for at in [HOUR, last] {
            tally.count(used(tenant(1), app, at));
        }
        tally.count(used(tenant(1), app, last.plus(Duration::from_secs(1))));
        tally.count(used(tenant(1), None, HOUR));
        tally.count(used(tenant(2), app, HOUR));
        tally.count(Used { grant_type: None, ..used(tenant(1), app, HOUR) });
        tally.count(Used { outcome: UsageOutcome::Refused, ..used(tenant(1), app, HOUR) });
        assert_eq!(tally.waiting(), 6);
        let taken = sorted(tally.take());
        let counts: Vec<_> = taken.iter().map(|one| one.usage.count).collect();
        assert_eq!(counts, [1, 1, 2, 1, 1, 1]);
        let twice = taken.iter().find(|one| one.usage.count == 2).unwrap();
        assert_eq!((twice.tenant, twice.client, twice.usage.key.hour), (tenant(1), Some(key), HOUR));
        assert_eq!(twice.usage.key.client_id.as_ref(), Some(&name));
        assert!(tally.take().is_empty() && tally.waiting() == 0);
    }

    #[test]
    fn what_is_given_back_counts_on() {
        let tally = UsageTally::new(100);
        tally.count(used(tenant(1), None, HOUR));
        let taken = tally.take();
        tally.count(used(tenant(1), None, HOUR));
        tally.give_back(taken);
        let taken = tally.take();
        assert_eq!(taken.iter().map(|one| one.usage.count).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn there_are_so_many_different_counts_at_most_and_the_rest_is_counted_as_lost() {
        let tally = UsageTally::new(10);
        for number in 0..25 {
            tally.count(used(tenant(number), None, HOUR));
            tally.count(used(tenant(number), None, HOUR));
        }
        assert_eq!((tally.waiting(), tally.lost()), (10, 30));
        let taken = tally.take();
        assert!(taken.len() == 10 && taken.iter().all(|one| one.usage.count == 2), "{taken:?}");
        for number in 100..109 {
            tally.count(used(tenant(number), None, HOUR));
        }
        tally.give_back(taken);
        assert_eq!((tally.waiting(), tally.lost()), (10, 30 + 9 * 2));
    }

    #[test]
    fn threads_that_count_while_another_takes_lose_nothing() {
        const EACH: u64 = 20_000;
        let tally = UsageTally::new(1_000);
        let mut sum = 0;
        std::thread::scope(|scope| {
            let counting: Vec<_> = (0..4_u128)
                .map(|thread| {
                    let tally = tally.clone();
                    scope.spawn(move || {
                        for number in 0..EACH {
                            tally.count(used(tenant(u128::from(number) % (7 + thread)), None, HOUR));
                        }
                    })
                })
                .collect();
            let mut rounds = 0;
            while counting.iter().any(|thread| !thread.is_finished()) {
                let taken = tally.take();
                rounds += 1;
                // Every second write fails.
                if rounds % 2 == 0 {
                    tally.give_back(taken);
                } else {
                    sum += taken.iter().map(|one| one.usage.count).sum::<u64>();
                }
            }
        });
        sum += tally.take().iter().map(|one| one.usage.count).sum::<u64>();
        assert_eq!((sum, tally.lost(), tally.waiting()), (4 * EACH, 0, 0));
    }

    #[test]
    fn an_outcome_is_read_back_from_its_word() {
        for outcome in [UsageOutcome::Issued, UsageOutcome::Refused] {
            assert_eq!(UsageOutcome::parse(outcome.as_str()), Some(outcome));
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
        assert_eq!(UsageOutcome::parse("Issued"), None);
    }
}
