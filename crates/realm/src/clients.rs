//! Clients, kept between requests. A client is kept under the version of its realm: any change of the realm's
//! configuration, and all of its clients are read anew.

use std::sync::Arc;

use moka::future::Cache;
use palatine_domain::client::{Client, ClientId};
use palatine_store::{Store, StoreError, TenantScope};

use crate::snapshot::AtVersion;
use crate::telemetry;

/// One in so many entries may say that there is no such client: a flood of made-up names cannot push real ones out.
const ABSENT_SHARE: u64 = 10;

/// A client of a realm, at one version of its configuration.
type Key = (AtVersion, ClientId);

/// Why a load gave no client.
enum NoClient {
    Absent,
    Failed(StoreError),
}

/// The clients of all realms that were used lately, and names that no client has.
pub(crate) struct Clients {
    present: Cache<Key, Arc<Client>>,
    absent: Cache<Key, ()>,
}

impl Clients {
    /// Keeps at most `holds` clients.
    pub(crate) fn new(holds: u64) -> Self {
        Self { present: Cache::new(holds), absent: Cache::new(holds.div_ceil(ABSENT_SHARE)) }
    }

    /// A client of the realm, from memory or, once for all who ask at the same time, from the database.
    pub(crate) async fn get(
        &self,
        store: &Store,
        scope: &TenantScope,
        at: AtVersion,
        client_id: &ClientId,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        let key = (at, client_id.clone());
        if let Some(client) = self.present.get(&key).await {
            telemetry::client_hit();
            return Ok(Some(client));
        }
        if self.absent.get(&key).await.is_some() {
            telemetry::client_hit();
            return Ok(None);
        }
        telemetry::client_miss();
        let load = Box::pin(async {
            let tx = store.read(scope).await.map_err(NoClient::Failed)?;
            let client = tx.clients().by_client_id(client_id).await.map_err(NoClient::Failed)?;
            client.map(Arc::new).ok_or(NoClient::Absent)
        });
        match self.present.try_get_with(key.clone(), load).await {
            Ok(client) => Ok(Some(client)),
            Err(why) => match &*why {
                NoClient::Absent => {
                    self.absent.insert(key, ()).await;
                    Ok(None)
                }
                NoClient::Failed(error) => Err(error.clone()),
            },
        }
    }
}
