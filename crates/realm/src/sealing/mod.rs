//! Sealing: how stored secrets are kept. A master key of the platform wraps one data key per tenant; the data key seals
//! the tenant's signing keys and every other secret in a row.
//!
//! Rotating a master key re-wraps data keys only; deleting a tenant's data key shreds all that it sealed.

mod blob;
mod data;
mod master;

use std::sync::Arc;

use palatine_domain::ids::DataKeyId;
use palatine_domain::key::MasterKeyId;
use palatine_store::StoreError;

pub use blob::SealContext;
pub(crate) use data::DataKeys;
pub use master::{MasterKeyError, MasterKeys};

/// Why something cannot be sealed or opened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SealError {
    /// The database.
    #[error("data keys cannot be read or written: {0}")]
    Store(Arc<StoreError>),
    /// The tenant's data key is wrapped by a master key that is not configured.
    #[error("the master key {0:?} is not configured")]
    UnknownMasterKey(MasterKeyId),
    /// The tenant has no such data key: shredded, or the blob is another tenant's.
    #[error("the tenant has no data key {0}")]
    UnknownDataKey(DataKeyId),
    /// Not sealed by this key for this place, or changed since.
    #[error("the sealed value was not made for this place, or was changed")]
    Refused,
    /// Not a sealed value.
    #[error("the sealed value is malformed")]
    Malformed,
    /// The cryptographic library refused.
    #[error("sealing failed")]
    Crypto,
}

impl From<StoreError> for SealError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}
