//! The web origins of a realm's clients, for preflights: a browser asks before it says which client it speaks for.

use std::collections::HashSet;

use palatine_domain::client::Client;
use palatine_store::StoreError;

use crate::snapshot::Snapshot;

/// The most origins that are kept.
const MOST: usize = 10_000;

/// The most clients that are looked at.
const MOST_CLIENTS: usize = 50_000;

/// Clients read at a time.
const PAGE: u64 = 500;

/// The union of the web origins of a realm's enabled clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebOrigins {
    origins: HashSet<String>,
    complete: bool,
}

impl WebOrigins {
    /// Whether a preflight from this origin may be answered.
    ///
    /// In a realm with more clients than can be listed, any may: the answer to the request itself names an origin only
    /// if the client lists it, and these endpoints read no cookies.
    pub fn allows(&self, origin: &str) -> bool {
        !self.complete || self.origins.contains(origin)
    }

    /// Whether all origins of the realm are here.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The origins, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().map(String::as_str)
    }

    pub(crate) async fn load(realm: &Snapshot) -> Result<Self, StoreError> {
        let tx = realm.services.store.read(&realm.scope).await?;
        let (mut origins, mut seen, mut after) = (HashSet::new(), 0, None);
        let complete = loop {
            let page = tx.clients().list(after.as_ref(), PAGE).await?;
            let is_last = u64::try_from(page.len()).is_ok_and(|len| len < PAGE);
            seen += page.len();
            after = page.last().map(|client| client.client_id.clone());
            origins.extend(page.iter().filter(|client| client.enabled).flat_map(Client::web_origins));
            if is_last {
                break origins.len() <= MOST;
            }
            if origins.len() > MOST || seen >= MOST_CLIENTS {
                break false;
            }
        };
        tx.finish().await?;
        if !complete {
            origins.clear();
        }
        Ok(Self { origins, complete })
    }
}
