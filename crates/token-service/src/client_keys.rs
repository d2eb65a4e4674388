//! The public keys of a client, by value or fetched, and what it signed with them (PROTOCOL.md section 4: "A client's
//! `jwks_uri` is cached 10 min and refetched on an unknown `kid` at most every 30 s").

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use palatine_domain::Instant;
use palatine_domain::client::Client;
use palatine_domain::ids::{ClientKey, TenantId, TenantScoped as _};
use palatine_outbound::{GetLimits, OutboundError};
use palatine_protocol::capabilities::SUPPORTED;
use palatine_protocol::jwk::{JwkSet, SigningAlgorithm};
use palatine_protocol::key_set::KeySetProblem;
use palatine_realm::{PublicKeys, Realm, TokenRefusal, VerifiedJws};

use crate::TokenService;

/// For how long a fetched set is used.
const KEPT: Duration = Duration::from_mins(10);

/// How soon a set may be fetched again: for a key that is not in it, or after a failure.
const NEXT_FETCH: Duration = Duration::from_secs(30);

/// How many sets a node keeps.
const MOST_SETS: u64 = 10_000;

/// The largest set that is read, in bytes.
const MAX_SET_BYTES: usize = 128 * 1024;

/// Why what a client signed is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientKeyError {
    /// It has registered none.
    #[error("the client has no keys")]
    NoKeys,
    /// The set that it registered, or that its `jwks_uri` gave, is none.
    #[error("the client's key set cannot be used: {0}")]
    Unusable(KeySetProblem),
    /// Its `jwks_uri` cannot be fetched.
    #[error("the client's jwks_uri cannot be fetched: {0}")]
    Unfetched(OutboundError),
    /// Its `jwks_uri` answers with another status than 200.
    #[error("the client's jwks_uri answers with status {0}")]
    Status(u16),
    /// The signature.
    #[error(transparent)]
    Refused(#[from] TokenRefusal),
}

/// The sets that this node has fetched. Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct FetchedKeys {
    sets: Cache<SetKey, FetchedSet>,
}

type SetKey = (TenantId, ClientKey, String);

/// What a fetch gave, a failure too: a site that is down is not asked by every request.
#[derive(Clone)]
struct FetchedSet {
    outcome: Result<Arc<PublicKeys>, ClientKeyError>,
    at: Instant,
}

/// How new a set must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// As it was fetched lately.
    Usual,
    /// A key was not in it.
    Newer,
}

impl FetchedSet {
    fn is_fit(&self, wanted: Wanted, now: Instant) -> bool {
        let age = now.since(self.at);
        match (&self.outcome, wanted) {
            (Ok(_), Wanted::Usual) => age < KEPT,
            (Ok(_), Wanted::Newer) | (Err(_), _) => age < NEXT_FETCH,
        }
    }
}

impl FetchedKeys {
    pub(crate) fn new() -> Self {
        Self { sets: Cache::new(MOST_SETS) }
    }
}

impl TokenService {
    /// Verifies that the client signed this, with `algorithm` where its registration names one, else with any that is
    /// offered. Takes no transaction; may fetch the client's keys.
    pub async fn verify_jws(
        &self,
        realm: &Realm,
        client: &Client,
        jws: &str,
        algorithm: Option<SigningAlgorithm>,
    ) -> Result<VerifiedJws, ClientKeyError> {
        let allowed = algorithm.as_ref().map_or(SUPPORTED.client_signing_algorithms, std::slice::from_ref);
        let keys = self.client_keys(realm, client).await?;
        match keys.verify(jws, allowed) {
            Err(TokenRefusal::UnknownKey) => {
                let newer = self.keys_of_client(realm, client, Wanted::Newer).await?;
                Ok(newer.verify(jws, allowed)?)
            }
            verified => Ok(verified?),
        }
    }

    /// The client's public keys, as it registered them or as they were fetched in the last ten minutes.
    pub async fn client_keys(&self, realm: &Realm, client: &Client) -> Result<Arc<PublicKeys>, ClientKeyError> {
        self.keys_of_client(realm, client, Wanted::Usual).await
    }

    async fn keys_of_client(
        &self,
        realm: &Realm,
        client: &Client,
        wanted: Wanted,
    ) -> Result<Arc<PublicKeys>, ClientKeyError> {
        let registered = &client.settings.keys;
        match (&registered.jwks, &registered.jwks_uri) {
            (Some(jwks), _) => {
                let set = JwkSet::of_client(jwks).map_err(ClientKeyError::Unusable)?;
                Ok(Arc::new(PublicKeys::new(&set)))
            }
            (None, Some(uri)) => self.fetched(realm, client, uri, wanted).await,
            (None, None) => Err(ClientKeyError::NoKeys),
        }
    }

    /// One fetch at a time for each client: all who need it wait for the same.
    async fn fetched(
        &self,
        realm: &Realm,
        client: &Client,
        uri: &str,
        wanted: Wanted,
    ) -> Result<Arc<PublicKeys>, ClientKeyError> {
        let now = self.ambient.now();
        let key = (realm.scope().tenant_id(), client.key, uri.to_owned());
        let fetch = Box::pin(async { FetchedSet { outcome: self.fetch(uri).await, at: self.ambient.now() } });
        let entry = self.fetched_keys.sets.entry(key).or_insert_with_if(fetch, |kept| !kept.is_fit(wanted, now));
        entry.await.into_value().outcome
    }

    async fn fetch(&self, uri: &str) -> Result<Arc<PublicKeys>, ClientKeyError> {
        let limits = GetLimits::json(MAX_SET_BYTES);
        let answer = self.outbound.get(uri, &limits).await.map_err(ClientKeyError::Unfetched)?;
        if answer.status != 200 {
            return Err(ClientKeyError::Status(answer.status));
        }
        let set = serde_json::from_slice(&answer.bytes);
        let set = set.map_err(|_| ClientKeyError::Unusable(KeySetProblem::NotASet))?;
        let set = JwkSet::of_client(&set).map_err(ClientKeyError::Unusable)?;
        Ok(Arc::new(PublicKeys::new(&set)))
    }
}
