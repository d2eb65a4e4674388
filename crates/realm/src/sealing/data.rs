//! A tenant's data keys: made on first need, unwrapped once for each snapshot.

use std::sync::Arc;

use arc_swap::ArcSwap;
use palatine_domain::ids::{DataKeyId, RowId as _, TenantScoped as _};
use palatine_domain::key::DataKey;
use palatine_store::TenantScope;
use tokio::sync::Mutex;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::SealError;
use super::blob::{Blob, KEY_BYTES, SealContext, SealingKey};
use crate::snapshot::Services;

/// Bytes of a data key's id in a blob.
const ID_BYTES: usize = 16;

/// The generation of a tenant's first data key.
const FIRST: i32 = 1;

#[derive(Clone)]
struct Unwrapped {
    id: DataKeyId,
    key: Arc<SealingKey>,
}

/// Data keys that were read and unwrapped, the newest last.
#[derive(Default)]
pub(crate) struct DataKeys {
    known: ArcSwap<Vec<Unwrapped>>,
    loading: Mutex<()>,
}

impl DataKeys {
    /// Seals under the tenant's newest data key, making the first if there is none.
    pub(crate) async fn seal(
        &self,
        services: &Services,
        scope: &TenantScope,
        at: SealContext,
        plain: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let current = match self.newest() {
            Some(current) => current,
            None => self.load_or_make(services, scope).await?,
        };
        let id = current.id.as_uuid();
        current.key.seal(id.as_bytes(), scope.tenant_id(), at, plain, &services.ambient)
    }

    /// Opens what was sealed for this place.
    pub(crate) async fn open(
        &self,
        services: &Services,
        scope: &TenantScope,
        at: SealContext,
        blob: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let blob = Blob::parse(blob, ID_BYTES)?;
        let id = <[u8; ID_BYTES]>::try_from(blob.key_id).map_err(|_| SealError::Malformed)?;
        let id = DataKeyId::from_uuid(Uuid::from_bytes(id));
        let key = if let Some(key) = self.find(id) {
            key
        } else {
            let _loading = self.loading.lock().await;
            if self.find(id).is_none() {
                self.load(services, scope).await?;
            }
            self.find(id).ok_or(SealError::UnknownDataKey(id))?
        };
        key.open(&blob, scope.tenant_id(), at)
    }

    fn newest(&self) -> Option<Unwrapped> {
        self.known.load().last().cloned()
    }

    fn find(&self, id: DataKeyId) -> Option<Arc<SealingKey>> {
        self.known.load().iter().find(|known| known.id == id).map(|known| Arc::clone(&known.key))
    }

    async fn load_or_make(&self, services: &Services, scope: &TenantScope) -> Result<Unwrapped, SealError> {
        let _loading = self.loading.lock().await;
        if self.newest().is_none() {
            self.load(services, scope).await?;
        }
        if self.newest().is_none() {
            make(services, scope).await?;
            self.load(services, scope).await?;
        }
        self.newest().ok_or(SealError::Crypto)
    }

    async fn load(&self, services: &Services, scope: &TenantScope) -> Result<(), SealError> {
        let tx = services.store.read(scope).await?;
        let rows = tx.keys().data_keys().await?;
        tx.finish().await?;
        let unwrap = |row: DataKey| {
            let key = services.masters.unwrap(scope.tenant_id(), &row)?;
            Ok(Unwrapped { id: row.id, key: Arc::new(key) })
        };
        let known = rows.into_iter().map(unwrap).collect::<Result<Vec<_>, SealError>>()?;
        self.known.store(Arc::new(known));
        Ok(())
    }
}

/// Makes the tenant's first data key. When several nodes do so at once, one wins, and nothing was sealed with the
/// others'.
async fn make(services: &Services, scope: &TenantScope) -> Result<(), SealError> {
    let ambient = &services.ambient;
    let bytes = Zeroizing::new(ambient.bytes::<KEY_BYTES>());
    let id = ambient.id();
    let (master_key, wrapped) = services.masters.wrap(scope.tenant_id(), id, &bytes, ambient)?;
    let tx = services.store.write(scope).await?;
    let key = DataKey { id, master_key, wrapped, created_at: tx.now() };
    if tx.keys().insert_data_key(&key, FIRST).await? {
        tx.commit().await?;
    }
    Ok(())
}
