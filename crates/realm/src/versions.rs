//! The highest version of each tenant's configuration that this node has heard of.
//!
//! A snapshot is believed only if it is at least that new. Because every use of a cached snapshot asks here, it does
//! not matter in which order loads end and news arrive: an older snapshot that is cached late is never served.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use dashmap::DashMap;
use palatine_domain::ids::TenantId;
use palatine_domain::tenant::TenantVersion;

/// When a load began. A load that spans a [`Versions::forget`] is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(u64);

/// Versions by tenant, for tenants that have changed since this node started.
#[derive(Debug)]
pub(crate) struct Versions {
    highest: DashMap<TenantId, TenantVersion>,
    holds: usize,
    epoch: AtomicU64,
    arrivals: AtomicU64,
    changing: Mutex<()>,
}

impl Versions {
    /// Remembers about `holds` tenants, and starts anew when there are more.
    pub(crate) fn new(holds: usize) -> Self {
        Self {
            highest: DashMap::new(),
            holds,
            epoch: AtomicU64::new(0),
            arrivals: AtomicU64::new(0),
            changing: Mutex::default(),
        }
    }

    /// Takes note of a version; says whether it was news.
    pub(crate) fn raise(&self, tenant: TenantId, version: TenantVersion) -> bool {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.highest.get(&tenant).is_some_and(|known| *known >= version) {
            return false;
        }
        if self.highest.len() >= self.holds {
            self.start_anew();
        }
        if self.highest.insert(tenant, version).is_none() {
            self.arrivals.fetch_add(1, Ordering::SeqCst);
        }
        true
    }

    /// Believes nothing that was loaded before now: news were missed.
    pub(crate) fn forget(&self) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.start_anew();
    }

    fn start_anew(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.arrivals.fetch_add(1, Ordering::SeqCst);
        self.highest.clear();
    }

    /// To be taken before a load begins.
    pub(crate) fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::SeqCst))
    }

    /// How many tenants were heard of for the first time: a realm that did not exist may exist after the next.
    pub(crate) fn arrivals(&self) -> u64 {
        self.arrivals.load(Ordering::SeqCst)
    }

    /// Whether what was loaded since `epoch` and has this version is still the newest known.
    pub(crate) fn admits(&self, epoch: Epoch, tenant: TenantId, version: TenantVersion) -> bool {
        epoch == self.epoch() && self.highest.get(&tenant).is_none_or(|highest| version >= *highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palatine_domain::ids::RowId;
    use uuid::Uuid;

    fn tenant(id: u128) -> TenantId {
        TenantId::from_uuid(Uuid::from_u128(id))
    }

    #[test]
    fn only_the_highest_version_heard_of_is_admitted() {
        let versions = Versions::new(10);
        let epoch = versions.epoch();
        assert!(versions.admits(epoch, tenant(1), TenantVersion(1)));
        assert!(versions.raise(tenant(1), TenantVersion(3)));
        assert!(!versions.raise(tenant(1), TenantVersion(3)) && !versions.raise(tenant(1), TenantVersion(2)));
        assert!(!versions.admits(epoch, tenant(1), TenantVersion(2)));
        assert!(versions.admits(epoch, tenant(1), TenantVersion(3)));
        assert!(versions.admits(epoch, tenant(1), TenantVersion(4)));
        assert!(versions.admits(epoch, tenant(2), TenantVersion(1)));
    }

    #[test]
    fn what_was_loaded_before_news_were_missed_is_not_admitted() {
        let versions = Versions::new(10);
        let before = versions.epoch();
        versions.forget();
        assert!(!versions.admits(before, tenant(1), TenantVersion(9)));
        assert!(versions.admits(versions.epoch(), tenant(1), TenantVersion(1)));
    }

    #[test]
    fn a_full_table_costs_reloads_and_never_admits_what_is_old() {
        let versions = Versions::new(2);
        let before = versions.epoch();
        for id in 1..=3 {
            versions.raise(tenant(id), TenantVersion(5));
        }
        assert!(!versions.admits(before, tenant(1), TenantVersion(4)));
        assert!(!versions.admits(versions.epoch(), tenant(3), TenantVersion(4)));
        assert!(versions.highest.len() <= 2);
    }
}
