//! What a failed attempt costs: one request of the bucket for failures, by client and address.
//!
//! A check that may hash is charged before, and given back when it succeeds: guesses that run side by side cannot
//! outrun the bucket. A check that cannot hash is charged when it has failed: whoever brings the right secret at once
//! asks nobody, neither database nor Redis.

use palatine_realm::Realm;
use palatine_tenant_routing::limits::{self, Bucket, TooMany};

/// An attempt to be let in.
pub(super) struct Attempt<'a> {
    realm: &'a Realm,
    client: &'a str,
    address_prefix: &'a str,
    charged: u32,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(realm: &'a Realm, client: &'a str, address_prefix: &'a str) -> Self {
        Self { realm, client, address_prefix, charged: 0 }
    }

    /// Takes one request out.
    pub(super) async fn charge(&mut self) -> Result<(), TooMany> {
        limits::take(self.realm, Bucket::TokenFailures, &self.key()).await?;
        self.charged += 1;
        Ok(())
    }

    /// The attempt failed: it costs one request at least.
    pub(super) async fn failed(mut self) -> Result<(), TooMany> {
        if self.charged == 0 { self.charge().await } else { Ok(()) }
    }

    /// The attempt succeeded, or nobody can say: it costs nothing.
    pub(super) async fn give_back(self) {
        for _ in 0..self.charged {
            limits::refund(self.realm, Bucket::TokenFailures, &self.key()).await;
        }
    }

    fn key(&self) -> String {
        format!("{}|{}", self.client, self.address_prefix)
    }
}
