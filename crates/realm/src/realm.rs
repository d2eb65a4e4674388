//! A realm, as a request holds it.

use std::sync::Arc;

use palatine_domain::asset::{AssetInfo, AssetKind};
use palatine_domain::audit::Actor;
use palatine_domain::client::{Client, ClientId};
use palatine_domain::key::SigningKey;
use palatine_domain::policy::RealmPolicy;
use palatine_domain::roles::RoleGraph;
use palatine_domain::tenant::{RealmProfile, RealmSettings, TenantState, TenantVersion};
use palatine_domain::{Ambient, RealmSlug};
use palatine_ephemeral::TenantEphemeral;
use palatine_protocol::endpoints::{Endpoint, oauth_metadata_path};
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_store::{StoreError, TenantRead, TenantScope, TenantWrite};
use zeroize::Zeroizing;

use crate::catalogue::Catalogue;
use crate::documents;
use crate::invalidation::Freshness;
use crate::keys::{KeyError, KeyRing, Rotation, Withdrawal, load_or_make, rotate, stored_keys, withdraw};
use crate::origins::WebOrigins;
use crate::pairwise::{self, PairwiseSubjects};
use crate::routes::Page;
use crate::sealing::{SealContext, SealError};
use crate::snapshot::Snapshot;

/// The algorithms that every realm has keys for: what access tokens and ID tokens are signed with by default. They are
/// made together.
const FIRST_ALGORITHMS: [SigningAlgorithm; 2] = [SigningAlgorithm::ES256, SigningAlgorithm::RS256];

/// A realm: an immutable snapshot of its configuration, and the only way to its rows. Cheap to clone.
///
/// A request asks the [`crate::Resolver`] once and uses what it got to its end, whatever changes meanwhile.
#[derive(Clone)]
pub struct Realm(Arc<Snapshot>);

impl std::fmt::Debug for Realm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Realm").field("slug", self.slug()).field("version", &self.version()).finish_non_exhaustive()
    }
}

impl Realm {
    pub(crate) fn over(snapshot: Snapshot) -> Self {
        Self(Arc::new(snapshot))
    }

    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.0
    }

    /// The proof that opens the tenant's rows.
    pub fn scope(&self) -> &TenantScope {
        &self.0.scope
    }

    /// Its name in URLs.
    pub fn slug(&self) -> &RealmSlug {
        &self.0.tenant.slug
    }

    /// Whether it serves. A suspended realm answers 403 everywhere but at discovery and JWKS.
    pub fn state(&self) -> TenantState {
        self.0.tenant.state
    }

    /// What its configuration is for.
    pub fn profile(&self) -> RealmProfile {
        self.0.tenant.profile
    }

    /// The version of the configuration that this is a snapshot of.
    pub fn version(&self) -> TenantVersion {
        self.0.tenant.version
    }

    /// How far the node that holds this snapshot can be behind.
    pub fn freshness(&self) -> Freshness {
        self.0.services.last_poll.freshness()
    }

    /// What an admin set.
    pub fn settings(&self) -> &RealmSettings {
        &self.0.settings
    }

    /// Lifetimes, limits and choices.
    pub fn policy(&self) -> &RealmPolicy {
        &self.0.settings.policy
    }

    /// Its APIs, scopes and claim mappers.
    pub fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    /// Time and randomness, as they were handed in.
    pub fn ambient(&self) -> &Ambient {
        &self.0.services.ambient
    }

    /// Its issuer: `{public_url}/realms/{slug}`. The `iss` of every token, compared byte for byte.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// Its path on the origin, with the public URL's path prefix: the `Path` of its cookies.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The origin that it is served from, as browsers write it: `scheme://host[:port]`.
    pub fn origin(&self) -> &str {
        self.0.services.public_url.origin()
    }

    /// The canonical URL of an endpoint.
    pub fn url(&self, endpoint: Endpoint) -> String {
        endpoint.url(self.issuer())
    }

    /// The URL of the discovery document by the rule of RFC 8414, section 3: below the origin, not below the issuer.
    pub fn oauth_metadata_url(&self) -> String {
        format!("{}{}", self.origin(), oauth_metadata_path(self.path()))
    }

    /// The URL of a page.
    pub fn page_url(&self, page: Page) -> String {
        format!("{}{}", self.issuer(), page.path())
    }

    /// The path of a page on the origin: where our own forms and redirects lead.
    pub fn page_path(&self, page: Page) -> String {
        format!("{}{}", self.path(), page.path())
    }

    /// Begins a transaction that reads its rows.
    pub async fn read(&self) -> Result<TenantRead, StoreError> {
        self.0.services.store.read(self.scope()).await
    }

    /// Begins a transaction that reads and writes its rows.
    pub async fn write(&self) -> Result<TenantWrite, StoreError> {
        self.0.services.store.write(self.scope()).await
    }

    /// What is kept for it in the ephemeral store.
    pub fn ephemeral(&self) -> TenantEphemeral<'_> {
        self.0.services.ephemeral.for_tenant(self.scope())
    }

    /// A client, disabled ones too; `None` if the realm has none of that name. From memory if it was used before, else
    /// by a transaction of its own.
    pub async fn client(&self, client_id: &ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        let services = &self.0.services;
        services.clients.get(&services.store, self.scope(), self.0.at_version(), client_id).await
    }

    /// Its keys; ES256 and RS256 are made when first needed.
    ///
    /// The first call may open transactions of its own: ask before opening one.
    pub async fn keys(&self) -> Result<Arc<KeyRing>, KeyError> {
        // A key's time may run out under a snapshot.
        let can_sign = |ring: &Arc<KeyRing>| FIRST_ALGORITHMS.iter().all(|algorithm| ring.can_sign(*algorithm));
        if let Some(ring) = self.0.ring.load_full().filter(can_sign) {
            return Ok(ring);
        }
        let [first, ..] = FIRST_ALGORITHMS;
        self.load_keys(first, FIRST_ALGORITHMS.to_vec()).await
    }

    /// Its keys, with one of this algorithm: made, if a client is the first to need it. As [`Realm::keys`] otherwise.
    pub async fn keys_for(&self, algorithm: SigningAlgorithm) -> Result<Arc<KeyRing>, KeyError> {
        let ring = self.keys().await?;
        if ring.can_sign(algorithm) {
            return Ok(ring);
        }
        let wanted = FIRST_ALGORITHMS.into_iter().chain([algorithm]).collect();
        self.load_keys(algorithm, wanted).await
    }

    async fn load_keys(
        &self,
        named: SigningAlgorithm,
        wanted: Vec<SigningAlgorithm>,
    ) -> Result<Arc<KeyRing>, KeyError> {
        let load = Box::pin(async { load_or_make(&self.0, &wanted).await.map(Arc::new) });
        let keep = |ring: &Arc<KeyRing>| self.0.ring.store(Some(Arc::clone(ring)));
        let loaded = self.0.services.rings.join((self.0.at_version(), named), load, keep).await;
        loaded.map_err(|shared| KeyError::clone(&shared))
    }

    /// Every signing key that is remembered, by algorithm and generation, whatever it is still good for.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, KeyError> {
        stored_keys(&self.0).await
    }

    /// Gives the keys whose time has come their successors, and says which those are; see [`Realm::rotate_keys`].
    pub async fn rotate_due_keys(&self) -> Result<Vec<SigningKey>, KeyError> {
        rotate(&self.0, Rotation::Due, &Actor::System).await
    }

    /// Gives the keys that sign, or that of one algorithm, their successors now, and says which those are: published at
    /// once, and signing eleven minutes later. A key that has a successor gets no other.
    ///
    /// Opens transactions of its own: ask before opening one.
    pub async fn rotate_keys(
        &self,
        only: Option<SigningAlgorithm>,
        actor: &Actor,
    ) -> Result<Vec<SigningKey>, KeyError> {
        rotate(&self.0, Rotation::Now(only), actor).await
    }

    /// Takes a key out of use at once: nothing that it signed is believed by any node that has heard of it, and another
    /// key signs.
    ///
    /// Opens transactions of its own: ask before opening one.
    pub async fn withdraw_key(&self, kid: &str, actor: &Actor) -> Result<Withdrawal, KeyError> {
        withdraw(&self.0, kid, actor).await
    }

    /// The discovery document, as JSON: rendered once.
    pub fn discovery(&self) -> Arc<[u8]> {
        Arc::clone(&self.0.discovery)
    }

    /// The key set, as JSON: rendered once.
    pub async fn jwks(&self) -> Result<Arc<[u8]>, KeyError> {
        self.keys().await?.jwks()
    }

    /// What the realm's own path answers, as JSON.
    pub async fn info(&self) -> Result<Arc<[u8]>, KeyError> {
        let public_der = self.keys().await?.public_der(SigningAlgorithm::RS256)?;
        Ok(documents::realm_info(self.slug().as_str(), self.issuer(), &public_der))
    }

    /// Seals a secret for the place that it will be stored in. The tenant's data key is made when first needed, in a
    /// transaction of its own: seal before opening one.
    pub async fn seal(&self, at: SealContext, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        self.0.seal(at, plain).await
    }

    /// Opens what was sealed for this place; wiped when dropped.
    pub async fn open(&self, at: SealContext, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.0.open(at, sealed).await
    }

    /// All its roles and groups, and what they bring along. Read once for each version, in a transaction of its own: ask
    /// before opening one.
    pub async fn role_graph(&self) -> Result<Arc<RoleGraph>, StoreError> {
        let load = async || {
            let tx = self.read().await?;
            let graph = tx.roles().graph().await?;
            tx.finish().await?;
            Ok(Arc::new(graph))
        };
        self.0.roles.get_or_try_init(load).await.cloned()
    }

    /// Its pictures, without their bytes. Read once for each version, in a transaction of its own: ask before opening one.
    pub async fn pictures(&self) -> Result<&[AssetInfo], StoreError> {
        let load = async || {
            let tx = self.read().await?;
            let pictures = tx.assets().list().await?;
            tx.finish().await?;
            Ok::<_, StoreError>(pictures)
        };
        Ok(self.0.pictures.get_or_try_init(load).await?.as_slice())
    }

    /// Where a picture of it is, if it has one and its pictures were asked for before: a path on the origin that changes
    /// with the picture.
    pub fn picture_path(&self, kind: AssetKind) -> Option<String> {
        let about = self.0.pictures.get()?.iter().find(|about| about.kind == kind)?;
        let version = about.sha256_hex();
        Some(format!("{}?v={}", self.page_path(Page::Picture(kind)), version.get(..16).unwrap_or_default()))
    }

    /// What makes its pairwise subjects. The salt is made when first needed, in transactions of its own: ask before
    /// opening one.
    pub async fn pairwise_subjects(&self) -> Result<Arc<PairwiseSubjects>, SealError> {
        let load = async || pairwise::load_or_make(&self.0).await.map(Arc::new);
        self.0.pairwise.get_or_try_init(load).await.cloned()
    }

    /// The web origins of all its enabled clients, for preflights. Read once for each version.
    pub async fn all_web_origins(&self) -> Result<Arc<WebOrigins>, StoreError> {
        if let Some(origins) = self.0.web_origins.get() {
            return Ok(Arc::clone(origins));
        }
        let load = Box::pin(async { WebOrigins::load(&self.0).await.map(Arc::new) });
        // Another may have kept the same a moment ago.
        let keep = |origins: &Arc<WebOrigins>| drop(self.0.web_origins.set(Arc::clone(origins)));
        let loaded = self.0.services.origins.join(self.0.at_version(), load, keep).await;
        loaded.map_err(|shared| StoreError::clone(&shared))
    }
}
