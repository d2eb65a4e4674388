//! Which secrets need no hash on this node any more, because they were found right before.
//!
//! The memory lets nobody in: whatever it says, the secret is verified. It decides which reading of a header is tried
//! first, and whether an attempt is charged before or after.

use aws_lc_rs::hmac;
use moka::future::Cache;
use palatine_domain::client::{Client, SecretVerifier};
use palatine_domain::ids::{RowId as _, TenantId};
use palatine_domain::{Ambient, Instant, SecretText};

/// How many are remembered.
const REMEMBERED: u64 = 65_536;

/// The HMAC-SHA-256 of tenant, client and secret, under a key that lives as long as the process.
type Tag = [u8; 32];

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct ProvedBefore {
    key: hmac::Key,
    tags: Cache<Tag, ()>,
}

impl ProvedBefore {
    pub(crate) fn new(ambient: &Ambient) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &ambient.bytes::<32>()), tags: Cache::new(REMEMBERED) }
    }

    pub(super) async fn contains(&self, tenant: TenantId, client: &Client, secret: &SecretText) -> bool {
        self.tags.get(&self.tag(tenant, client, secret)).await.is_some()
    }

    pub(super) async fn remember(&self, tenant: TenantId, client: &Client, secret: &SecretText) {
        self.tags.insert(self.tag(tenant, client, secret), ()).await;
    }

    fn tag(&self, tenant: TenantId, client: &Client, secret: &SecretText) -> Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(tenant.as_uuid().as_bytes());
        context.update(client.key.as_uuid().as_bytes());
        context.update(secret.expose().as_bytes());
        let mut tag = [0; 32];
        tag.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        tag
    }
}

/// Whether checking a secret of the client may cost a password hash: only those that somebody chose do.
pub(super) fn may_hash(client: &Client, now: Instant) -> bool {
    let slow = |verifier: &SecretVerifier| matches!(verifier, SecretVerifier::Argon2id(_));
    client.secrets.iter().any(|secret| secret.is_live(now) && slow(&secret.verifier))
}
