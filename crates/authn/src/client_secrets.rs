//! The check of client secrets (PROTOCOL.md section 4), fast enough for every token request.
//!
//! A secret that we generated has 256 random bits and is compared by SHA-256. One that somebody chose is kept as an
//! argon2id hash; each node remembers, bounded and in memory alone, those that it has verified once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use aws_lc_rs::hmac;
use palatine_domain::client::{Client, ClientSecret, MAX_IMPORTED_SECRETS, SecretVerifier};
use palatine_domain::ids::{ClientSecretId, RowId, TenantId};
use palatine_domain::{Ambient, Instant, SecretText, TokenHash};
use tokio::sync::OnceCell;

use crate::hashing::{HashError, HashPool, Lane, Verdict};

/// How many verified secrets a node remembers at most, in two halves; about 3 MB.
const REMEMBERED: usize = 65_536;

/// The HMAC-SHA-256 of all that makes a presented secret right, under a key that lives as long as the process.
type Tag = [u8; 32];

/// A comparison under way, shared by all who ask the same.
type Comparison = OnceCell<Result<bool, HashError>>;

/// Checks presented client secrets. Cheap to clone; all clones are one.
///
/// The caller charges its rate limit for failures *before* it asks, since a wrong guess may cost a hash.
#[derive(Clone)]
pub struct ClientSecrets {
    inner: Arc<Inner>,
}

struct Inner {
    pool: HashPool,
    key: hmac::Key,
    remembered: RwLock<Generations>,
    under_way: Mutex<HashMap<Tag, Weak<Comparison>>>,
}

impl ClientSecrets {
    /// A memory with a key of its own, in front of the pool.
    pub fn new(pool: HashPool, ambient: &Ambient) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &ambient.bytes::<32>());
        let inner = Inner {
            pool,
            key,
            remembered: RwLock::new(Generations::new(REMEMBERED / 2)),
            under_way: Mutex::new(HashMap::new()),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Which of the client's live secrets was presented, if any.
    ///
    /// # Errors
    ///
    /// [`HashError::Busy`] if it would have to be hashed and too many hashes wait.
    pub async fn verify(
        &self,
        tenant: TenantId,
        client: &Client,
        presented: &SecretText,
        now: Instant,
    ) -> Result<Option<ClientSecretId>, HashError> {
        if presented.expose().len() > crate::hashing::MAX_SECRET_BYTES {
            return Ok(None);
        }
        if let Some(secret) = generated(client, presented, now) {
            return Ok(Some(secret));
        }
        let imported: Vec<_> = imported(client, now)
            .map(|(secret, phc)| (secret.id, phc, self.inner.tag(tenant, client, secret, phc, presented)))
            .collect();
        if let Some((secret, ..)) = imported.iter().find(|(.., tag)| self.inner.remembers(tag)) {
            return Ok(Some(*secret));
        }
        for (secret, phc, tag) in imported {
            if self.inner.compare(tenant, phc, tag, presented).await? {
                return Ok(Some(secret));
            }
        }
        Ok(None)
    }
}

/// The live generated secret that was presented. All are looked at, each in constant time.
fn generated(client: &Client, presented: &SecretText, now: Instant) -> Option<ClientSecretId> {
    let hash = TokenHash::of(presented.expose());
    client.secrets.iter().filter(|secret| secret.is_live(now)).fold(None, |found, secret| match &secret.verifier {
        SecretVerifier::Sha256(stored) if stored.matches(&hash) => found.or(Some(secret.id)),
        SecretVerifier::Sha256(_) | SecretVerifier::Argon2id(_) => found,
    })
}

/// The live imported secrets, no more than may be.
fn imported(client: &Client, now: Instant) -> impl Iterator<Item = (&ClientSecret, &str)> {
    let live = client.secrets.iter().filter(move |secret| secret.is_live(now));
    let imported = live.filter_map(|secret| match &secret.verifier {
        SecretVerifier::Argon2id(phc) => Some((secret, phc.as_str())),
        SecretVerifier::Sha256(_) => None,
    });
    imported.take(MAX_IMPORTED_SECRETS)
}

impl Inner {
    /// Bound to the stored hash: a changed secret is forgotten by itself.
    fn tag(&self, tenant: TenantId, client: &Client, secret: &ClientSecret, phc: &str, presented: &SecretText) -> Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(tenant.as_uuid().as_bytes());
        context.update(client.key.as_uuid().as_bytes());
        context.update(secret.id.as_uuid().as_bytes());
        context.update(&(phc.len() as u64).to_be_bytes());
        context.update(phc.as_bytes());
        context.update(presented.expose().as_bytes());
        let mut tag = [0; 32];
        tag.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        tag
    }

    fn remembers(&self, tag: &Tag) -> bool {
        let found = self.remembered.read().unwrap_or_else(PoisonError::into_inner).find(tag);
        match found {
            Found::Young => true,
            Found::Old => {
                self.remember(*tag);
                true
            }
            Found::No => false,
        }
    }

    fn remember(&self, tag: Tag) {
        self.remembered.write().unwrap_or_else(PoisonError::into_inner).insert(tag);
    }

    /// Compares by hashing. Those who ask the same at the same time wait for one comparison: after a restart, a busy
    /// client costs one hash and not one for each request.
    async fn compare(&self, tenant: TenantId, phc: &str, tag: Tag, presented: &SecretText) -> Result<bool, HashError> {
        let shared = Shared::join(self, tag);
        let compare = async || {
            let right = match self.pool.verify(tenant, Lane::Clients, presented.clone(), phc).await {
                Ok(Verdict::Match | Verdict::MatchOutdated) => true,
                Ok(Verdict::Mismatch) => false,
                Err(HashError::Corrupt(reason)) => {
                    tracing::error!(%tenant, reason, "a stored client secret cannot be used");
                    false
                }
                Err(error) => return Err(error),
            };
            if right {
                self.remember(tag);
            }
            Ok(right)
        };
        shared.comparison.get_or_init(compare).await.clone()
    }
}

/// A share in a comparison; the last one to go takes it off the list.
struct Shared<'a> {
    of: &'a Inner,
    tag: Tag,
    comparison: Arc<Comparison>,
}

impl<'a> Shared<'a> {
    fn join(of: &'a Inner, tag: Tag) -> Self {
        let mut under_way = of.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = under_way.entry(tag).or_default();
        let comparison = slot.upgrade().unwrap_or_else(|| {
            let fresh = Arc::new(Comparison::new());
            *slot = Arc::downgrade(&fresh);
            fresh
        });
        Self { of, tag, comparison }
    }
}

impl Drop for Shared<'_> {
    fn drop(&mut self) {
        let mut under_way = self.of.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // Others join under this lock alone, so a count of one stays one.
        if Arc::strong_count(&self.comparison) == 1 {
            under_way.remove(&self.tag);
        }
    }
}

/// A bounded set that forgets what was not asked for lately: when the young half is full, it becomes the old one.
struct Generations {
    half: usize,
    young: HashSet<Tag>,
    old: HashSet<Tag>,
}

enum Found {
    Young,
    Old,
    No,
}

impl Generations {
    fn new(half: usize) -> Self {
        Self { half, young: HashSet::new(), old: HashSet::new() }
    }

    fn find(&self, tag: &Tag) -> Found {
        if self.young.contains(tag) {
            Found::Young
        } else if self.old.contains(tag) {
            Found::Old
        } else {
            Found::No
        }
    }

    fn insert(&mut self, tag: Tag) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(tag);
    }
}

#[cfg(test)]
mod tests;
