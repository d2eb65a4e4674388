//! What is kept of a realm between requests.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use palatine_domain::asset::AssetInfo;
use palatine_domain::ids::{TenantId, TenantScoped as _};
use palatine_domain::roles::RoleGraph;
use palatine_domain::tenant::{RealmProfile, RealmSettings, Tenant, TenantState, TenantVersion};
use palatine_domain::{Ambient, RealmSlug};
use palatine_ephemeral::Ephemeral;
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_store::{Store, StoreError, TenantScope};
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use crate::catalogue::Catalogue;
use crate::clients::Clients;
use crate::documents;
use crate::flights::Flights;
use crate::invalidation::LastPoll;
use crate::keys::{KeyRing, RsaPool};
use crate::origins::WebOrigins;
use crate::pairwise::PairwiseSubjects;
use crate::public_url::PublicUrl;
use crate::sealing::{DataKeys, MasterKeys, SealContext, SealError};
use crate::settings::DemoRealms;
use crate::versions::Epoch;

/// A realm at one version of its configuration.
pub(crate) type AtVersion = (TenantId, TenantVersion);

/// What all realms share. Holds no realm, so that realms may hold it.
pub(crate) struct Services {
    pub(crate) public_url: PublicUrl,
    pub(crate) store: Store,
    pub(crate) ephemeral: Ephemeral,
    pub(crate) masters: MasterKeys,
    pub(crate) ambient: Ambient,
    pub(crate) clients: Clients,
    pub(crate) rsa: RsaPool,
    pub(crate) rings: Flights<(AtVersion, SigningAlgorithm), Arc<KeyRing>>,
    pub(crate) origins: Flights<AtVersion, Arc<WebOrigins>>,
    pub(crate) last_poll: LastPoll,
    pub(crate) demo_realms: DemoRealms,
}

/// A realm at one version. What costs more than a few reads is loaded on first use, and kept with it.
pub(crate) struct Snapshot {
    pub(crate) services: Arc<Services>,
    pub(crate) scope: TenantScope,
    pub(crate) tenant: Tenant,
    pub(crate) epoch: Epoch,
    pub(crate) settings: RealmSettings,
    pub(crate) catalogue: Catalogue,
    pub(crate) issuer: Arc<str>,
    pub(crate) path: String,
    pub(crate) discovery: Arc<[u8]>,
    pub(crate) ring: ArcSwapOption<KeyRing>,
    pub(crate) web_origins: OnceLock<Arc<WebOrigins>>,
    pub(crate) pairwise: OnceCell<Arc<PairwiseSubjects>>,
    pub(crate) roles: OnceCell<Arc<RoleGraph>>,
    pub(crate) pictures: OnceCell<Vec<AssetInfo>>,
    data_keys: DataKeys,
}

impl Snapshot {
    /// Loads a realm: five indexed reads. `None` if there is none of that name, it is being deleted, or it is a demo
    /// realm that is not to be served.
    ///
    /// The version is read before what it counts: what is loaded may be newer than its version, never older.
    pub(crate) async fn load(
        services: &Arc<Services>,
        slug: &RealmSlug,
        epoch: Epoch,
    ) -> Result<Option<Self>, StoreError> {
        let Some((scope, tenant)) = services.store.tenant_by_slug(slug).await? else { return Ok(None) };
        match tenant.state {
            TenantState::Active | TenantState::Suspended => {}
            TenantState::Deleting => return Ok(None),
        }
        if tenant.profile == RealmProfile::InsecureDemo && services.demo_realms == DemoRealms::Refused {
            tracing::warn!(
                realm = %slug,
                "a demo realm, whose passwords everybody knows, is not served; `palatine demo remove` removes it"
            );
            return Ok(None);
        }
        let tx = services.store.read(&scope).await?;
        let settings = tx.settings().get().await?;
        let catalogue = Catalogue::new(tx.apis().list().await?, tx.scopes().list().await?);
        let catalogue = catalogue.with_mappers(tx.claim_mappers().list().await?);
        tx.finish().await?;
        let issuer = services.public_url.issuer(slug);
        Ok(Some(Self {
            services: Arc::clone(services),
            scope,
            tenant,
            epoch,
            discovery: documents::discovery(&issuer, &settings.policy),
            settings,
            catalogue,
            issuer: issuer.into(),
            path: services.public_url.realm_path(slug),
            ring: ArcSwapOption::empty(),
            web_origins: OnceLock::new(),
            pairwise: OnceCell::new(),
            roles: OnceCell::new(),
            pictures: OnceCell::new(),
            data_keys: DataKeys::default(),
        }))
    }

    pub(crate) fn at_version(&self) -> AtVersion {
        (self.scope.tenant_id(), self.tenant.version)
    }

    pub(crate) async fn seal(&self, at: SealContext, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        self.data_keys.seal(&self.services, &self.scope, at, plain).await
    }

    pub(crate) async fn open(&self, at: SealContext, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.data_keys.open(&self.services, &self.scope, at, blob).await
    }
}
