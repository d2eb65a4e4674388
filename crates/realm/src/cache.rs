//! Realms in memory, by slug: bounded, loaded once for all who ask at the same time, never older than what was heard
//! of.

use std::sync::Arc;

use moka::future::Cache;
use palatine_domain::{Instant, RealmSlug};
use palatine_store::StoreError;

use crate::realm::Realm;
use crate::settings::ResolverSettings;
use crate::snapshot::{Services, Snapshot};
use crate::telemetry;
use crate::versions::Versions;

/// How often a load is repeated because its realm has changed meanwhile.
const REPEATED_LOADS: usize = 3;

/// What looking for a slug gave.
#[derive(Clone)]
enum Found {
    Realm(Realm),
    Nothing,
    Failed(Arc<StoreError>),
}

/// That no realm has a slug, for a while and until a tenant is heard of for the first time.
#[derive(Clone, Copy)]
struct Unknown {
    until: Instant,
    arrivals: u64,
}

/// The realms that were used lately, and slugs that no realm has.
pub(crate) struct Realms {
    services: Arc<Services>,
    settings: ResolverSettings,
    pub(crate) versions: Versions,
    kept: Cache<RealmSlug, Found>,
    unknown: Cache<RealmSlug, Unknown>,
}

impl Realms {
    pub(crate) fn new(services: Arc<Services>, settings: ResolverSettings) -> Self {
        let remembered = usize::try_from(settings.cached_realms).unwrap_or(usize::MAX).saturating_mul(4).max(100_000);
        Self {
            services,
            versions: Versions::new(remembered),
            kept: Cache::new(settings.cached_realms),
            unknown: Cache::new(settings.max_unknown_slugs),
            settings,
        }
    }

    /// The realm of that name; `None` if there is none.
    pub(crate) async fn get(&self, slug: &RealmSlug) -> Result<Option<Realm>, Arc<StoreError>> {
        if let Some(Found::Realm(realm)) = self.kept.get(slug).await
            && self.is_current(&realm)
        {
            telemetry::hit();
            return Ok(Some(realm));
        }
        if self.is_known_unknown(slug).await {
            telemetry::unknown();
            return Ok(None);
        }
        telemetry::miss();
        let mut found = self.load(slug).await;
        for _ in 0..REPEATED_LOADS {
            match &found {
                Found::Realm(realm) if !self.is_current(realm) => found = self.load(slug).await,
                _ => break,
            }
        }
        match found {
            Found::Realm(realm) => Ok(Some(realm)),
            Found::Nothing => {
                telemetry::unknown();
                Ok(None)
            }
            Found::Failed(error) => Err(error),
        }
    }

    /// Whether nothing newer has been heard of.
    fn is_current(&self, realm: &Realm) -> bool {
        let (tenant, version) = realm.snapshot().at_version();
        self.versions.admits(realm.snapshot().epoch, tenant, version)
    }

    /// Loads, or waits for the load that is under way. Whatever was found before and is not a current realm is
    /// replaced.
    async fn load(&self, slug: &RealmSlug) -> Found {
        let arrivals = self.versions.arrivals();
        let entry = self.kept.entry_by_ref(slug).or_insert_with_if(Box::pin(self.look_up(slug)), |found| match found {
            Found::Realm(realm) => !self.is_current(realm),
            Found::Nothing | Found::Failed(_) => true,
        });
        let found = entry.await.into_value();
        match &found {
            Found::Realm(_) => {}
            Found::Nothing => {
                let until = self.services.ambient.now().plus(self.settings.unknown_slug_life());
                self.unknown.insert(slug.clone(), Unknown { until, arrivals }).await;
                self.kept.invalidate(slug).await;
            }
            Found::Failed(_) => self.kept.invalidate(slug).await,
        }
        found
    }

    async fn look_up(&self, slug: &RealmSlug) -> Found {
        let (epoch, began) = (self.versions.epoch(), tokio::time::Instant::now());
        let loaded = Snapshot::load(&self.services, slug, epoch).await;
        telemetry::loaded(began.elapsed());
        match loaded {
            Ok(Some(snapshot)) => Found::Realm(Realm::over(snapshot)),
            Ok(None) => Found::Nothing,
            Err(error) => {
                tracing::warn!(%slug, %error, "a realm could not be loaded");
                Found::Failed(Arc::new(error))
            }
        }
    }

    async fn is_known_unknown(&self, slug: &RealmSlug) -> bool {
        let now = self.services.ambient.now();
        let known = self.unknown.get(slug).await;
        known.is_some_and(|unknown| now < unknown.until && unknown.arrivals == self.versions.arrivals())
    }
}
