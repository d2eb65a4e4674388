//! From the text in a path to a realm.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};

use palatine_domain::{Ambient, RealmSlug};
use palatine_ephemeral::Ephemeral;
use palatine_store::{Store, StoreError, VersionChange};
use tokio::sync::broadcast;
use url::Url;

use crate::cache::Realms;
use crate::clients::Clients;
use crate::flights::Flights;
use crate::invalidation::LastPoll;
use crate::keys::RsaPool;
use crate::public_url::PublicUrl;
use crate::realm::Realm;
use crate::sealing::MasterKeys;
use crate::settings::{ResolverSettings, SettingsError};
use crate::snapshot::Services;
use crate::telemetry;

/// Finds realms. One for each process; all clones are one.
#[derive(Clone)]
pub struct Resolver(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) services: Arc<Services>,
    pub(crate) settings: ResolverSettings,
    pub(crate) realms: Realms,
    /// What this node itself has committed; see [`Resolver::hear_own_changes`].
    pub(crate) own_changes: Mutex<broadcast::Receiver<VersionChange>>,
    /// Up to when the database was asked, in microseconds since the epoch.
    pub(crate) asked_up_to: AtomicI64,
}

/// Why there is no realm.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ResolveError {
    /// No realm has this name, it is being deleted, or it is a demo realm where none is served. 404.
    #[error("there is no such realm")]
    Unknown,
    /// Whether there is one cannot be said now. 503.
    #[error("the realm cannot be loaded: {0}")]
    Unavailable(Arc<StoreError>),
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver").field("public_url", &self.public_url().as_str()).finish_non_exhaustive()
    }
}

impl Resolver {
    /// A resolver over a store. Does not touch the store yet.
    ///
    /// Call it on the main, multi-threaded runtime: RSA keys are made on its blocking threads, whichever runtime asks.
    /// [`Resolver::run_invalidation`] and [`Resolver::run_key_pool`] have to be run beside it.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn new(
        settings: ResolverSettings,
        store: Store,
        ephemeral: Ephemeral,
        masters: MasterKeys,
        ambient: Ambient,
    ) -> Result<Self, SettingsError> {
        settings.check()?;
        telemetry::describe();
        let services = Arc::new(Services {
            public_url: PublicUrl::parse(&settings.public_url)?,
            clients: Clients::new(settings.cached_clients),
            rsa: RsaPool::new(tokio::runtime::Handle::current(), settings.spare_rsa_keys, settings.rsa_keys_per_minute),
            rings: Flights::new(),
            origins: Flights::new(),
            last_poll: LastPoll::now(&settings),
            demo_realms: settings.demo_realms,
            store,
            ephemeral,
            masters,
            ambient,
        });
        Ok(Self(Arc::new(Inner {
            own_changes: Mutex::new(services.store.version_changes()),
            asked_up_to: AtomicI64::new(services.ambient.now().as_micros()),
            realms: Realms::new(Arc::clone(&services), settings.clone()),
            services,
            settings,
        })))
    }

    /// The realm that a raw path segment names. Anything but the slug itself, such as a percent-encoded or upper-case
    /// one, names none. Suspended realms are found; see [`Realm::state`].
    ///
    /// Touches no database if the realm was used before and nothing newer has been heard of. What was committed on this
    /// node before the call is seen.
    pub async fn by_slug(&self, raw_path_segment: &str) -> Result<Realm, ResolveError> {
        let Ok(slug) = RealmSlug::parse(raw_path_segment) else {
            telemetry::unknown();
            return Err(ResolveError::Unknown);
        };
        self.hear_own_changes();
        match self.0.realms.get(&slug).await {
            Ok(Some(realm)) => Ok(realm),
            Ok(None) => Err(ResolveError::Unknown),
            Err(error) => Err(ResolveError::Unavailable(error)),
        }
    }

    /// The public URL, as configured.
    pub fn public_url(&self) -> &Url {
        self.0.services.public_url.url()
    }

    /// The origin of the public URL, as browsers write it: `scheme://host[:port]`.
    pub fn origin(&self) -> &str {
        self.0.services.public_url.origin()
    }

    /// The path prefix of the public URL, without a slash at its end; empty if there is none. Routes are registered
    /// below.
    pub fn path_prefix(&self) -> &str {
        self.0.services.public_url.prefix()
    }

    /// The issuer that a realm of this name has, whether or not it exists.
    pub fn issuer_of(&self, slug: &RealmSlug) -> String {
        self.0.services.public_url.issuer(slug)
    }

    /// The path that a realm of this name has on the origin, whether or not it exists.
    pub fn path_of(&self, slug: &RealmSlug) -> String {
        self.0.services.public_url.realm_path(slug)
    }
}
