//! Master keys: they wrap the tenants' data keys and nothing else.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use palatine_domain::Ambient;
use palatine_domain::ids::{DataKeyId, RowId, TenantId};
use palatine_domain::key::{DataKey, MasterKeyId};
use std::sync::Arc;
use zeroize::Zeroizing;

use super::SealError;
use super::blob::{Blob, KEY_BYTES, SealContext, SealingKey};

/// Bytes of a master key's id in a blob.
const ID_BYTES: usize = 4;

/// Master keys by id. The first wraps; all of them unwrap, so that one can be replaced while it is still in use.
#[derive(Clone, Debug)]
pub struct MasterKeys(Arc<[MasterKey]>);

#[derive(Debug)]
struct MasterKey {
    id: MasterKeyId,
    key: SealingKey,
}

/// Why master keys cannot be taken. None repeats what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeyError {
    /// There is none.
    #[error("no master key is given; make one with 32 random bytes, base64-encoded")]
    None,
    /// A text that is no key.
    #[error("master key {position} is not the base64 form of exactly 32 bytes")]
    Text {
        /// Which one, from 1.
        position: usize,
    },
    /// Two keys cannot be told apart: most likely the same key twice.
    #[error("master key {position} has the same id as one before it")]
    Repeated {
        /// Which one, from 1.
        position: usize,
    },
}

impl MasterKeys {
    /// From raw keys, the current one first.
    pub fn new(keys: &[[u8; KEY_BYTES]]) -> Result<Self, MasterKeyError> {
        let mut taken: Vec<MasterKey> = Vec::with_capacity(keys.len());
        for (at, bytes) in keys.iter().enumerate() {
            let position = at + 1;
            let id = id_of(bytes);
            if taken.iter().any(|other| other.id == id) {
                return Err(MasterKeyError::Repeated { position });
            }
            let key = SealingKey::new(bytes).map_err(|_| MasterKeyError::Text { position })?;
            taken.push(MasterKey { id, key });
        }
        if taken.is_empty() { Err(MasterKeyError::None) } else { Ok(Self(taken.into())) }
    }

    /// From their base64 forms, the current one first. Any of the alphabets of RFC 4648, padded or not; space around
    /// a key, such as the line's end in a file, is ignored.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, MasterKeyError> {
        let mut keys = Zeroizing::new(Vec::new());
        for (at, text) in texts.into_iter().enumerate() {
            keys.push(decode(text).ok_or(MasterKeyError::Text { position: at + 1 })?);
        }
        Self::new(&keys)
    }

    /// The id of the key that wraps.
    pub fn current(&self) -> MasterKeyId {
        // A value of this type has at least one key.
        self.0.first().map_or(MasterKeyId(0), |master| master.id)
    }

    /// Whether the key is among these: `serve` refuses a store that was sealed with another.
    pub fn contains(&self, id: MasterKeyId) -> bool {
        self.0.iter().any(|master| master.id == id)
    }

    /// Wraps a tenant's data key for its row, under the current master key.
    pub(crate) fn wrap(
        &self,
        tenant: TenantId,
        row: DataKeyId,
        data_key: &[u8; KEY_BYTES],
        ambient: &Ambient,
    ) -> Result<(MasterKeyId, Vec<u8>), SealError> {
        let master = self.0.first().ok_or(SealError::Crypto)?;
        let id = master.id.0.to_be_bytes();
        let wrapped = master.key.seal(&id, tenant, place_of(row), data_key, ambient)?;
        Ok((master.id, wrapped))
    }

    /// Unwraps a tenant's data key.
    pub(crate) fn unwrap(&self, tenant: TenantId, row: &DataKey) -> Result<SealingKey, SealError> {
        SealingKey::new(&*self.unwrap_bytes(tenant, row)?)
    }

    /// The same data key, wrapped by the current master key.
    pub fn rewrap(&self, tenant: TenantId, row: &DataKey, ambient: &Ambient) -> Result<DataKey, SealError> {
        let bytes = self.unwrap_bytes(tenant, row)?;
        let (master_key, wrapped) = self.wrap(tenant, row.id, &bytes, ambient)?;
        Ok(DataKey { master_key, wrapped, ..row.clone() })
    }

    fn unwrap_bytes(&self, tenant: TenantId, row: &DataKey) -> Result<Zeroizing<[u8; KEY_BYTES]>, SealError> {
        let blob = Blob::parse(&row.wrapped, ID_BYTES)?;
        let id = <[u8; ID_BYTES]>::try_from(blob.key_id).map_err(|_| SealError::Malformed)?;
        let id = MasterKeyId(i32::from_be_bytes(id));
        let master = self.0.iter().find(|master| master.id == id).ok_or(SealError::UnknownMasterKey(id))?;
        let plain = master.key.open(&blob, tenant, place_of(row.id))?;
        <[u8; KEY_BYTES]>::try_from(plain.as_slice()).map(Zeroizing::new).map_err(|_| SealError::Malformed)
    }
}

fn place_of(row: DataKeyId) -> SealContext {
    SealContext { table: "data_keys", row: row.as_uuid(), column: "wrapped" }
}

/// A key's id: the first four bytes of a hash of it, under a label that is used for nothing else.
fn id_of(bytes: &[u8; KEY_BYTES]) -> MasterKeyId {
    let labelled = Zeroizing::new([b"palatine master key id v1:".as_slice(), bytes].concat());
    let hash = digest(&SHA256, &labelled);
    let first = hash.as_ref().first_chunk().copied().unwrap_or_default();
    MasterKeyId(i32::from_be_bytes(first))
}

fn decode(text: &str) -> Option<[u8; KEY_BYTES]> {
    let text = text.trim();
    let bytes = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|alphabet| alphabet.decode(text).ok())
        .map(Zeroizing::new)?;
    <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use palatine_domain::Instant;
    use uuid::Uuid;

    fn tenant(id: u128) -> TenantId {
        TenantId::from_uuid(Uuid::from_u128(id))
    }

    fn wrapped_by(masters: &MasterKeys) -> DataKey {
        let id = DataKeyId::from_uuid(Uuid::from_u128(5));
        let (master_key, wrapped) = masters.wrap(tenant(1), id, &[3; 32], &Ambient::system()).unwrap();
        DataKey { id, master_key, wrapped, created_at: Instant::EPOCH }
    }

    #[test]
    fn a_new_current_key_still_unwraps_what_the_old_one_wrapped() {
        let old = MasterKeys::new(&[[1; 32]]).unwrap();
        let row = wrapped_by(&old);
        let both = MasterKeys::new(&[[2; 32], [1; 32]]).unwrap();
        assert!(both.unwrap(tenant(1), &row).is_ok());
        assert_ne!(both.current(), old.current());
        assert_eq!(wrapped_by(&both).master_key, both.current());
    }

    #[test]
    fn a_rewrapped_data_key_is_the_same_and_needs_the_old_master_key_no_more() {
        let row = wrapped_by(&MasterKeys::new(&[[1; 32]]).unwrap());
        let new = MasterKeys::new(&[[2; 32]]).unwrap();
        assert!(matches!(new.rewrap(tenant(1), &row, &Ambient::system()), Err(SealError::UnknownMasterKey(_))));
        let both = MasterKeys::new(&[[2; 32], [1; 32]]).unwrap();
        let rewrapped = both.rewrap(tenant(1), &row, &Ambient::system()).unwrap();
        assert_eq!((rewrapped.id, rewrapped.master_key), (row.id, new.current()));
        assert_eq!(*new.unwrap_bytes(tenant(1), &rewrapped).unwrap(), [3; 32]);
        assert!(matches!(new.unwrap(tenant(2), &rewrapped), Err(SealError::Refused)), "still its tenant's");
    }

    #[test]
    fn a_missing_master_key_is_named() {
        let row = wrapped_by(&MasterKeys::new(&[[1; 32]]).unwrap());
        let other = MasterKeys::new(&[[2; 32]]).unwrap();
        let refusal = other.unwrap(tenant(1), &row).unwrap_err();
        assert!(matches!(refusal, SealError::UnknownMasterKey(id) if id == row.master_key));
        assert!(!other.contains(row.master_key));
    }

    #[test]
    fn a_data_key_belongs_to_its_tenant_and_row() {
        let masters = MasterKeys::new(&[[1; 32]]).unwrap();
        let row = wrapped_by(&masters);
        assert!(matches!(masters.unwrap(tenant(2), &row), Err(SealError::Refused)));
        let moved = DataKey { id: DataKeyId::from_uuid(Uuid::from_u128(6)), ..row };
        assert!(matches!(masters.unwrap(tenant(1), &moved), Err(SealError::Refused)));
    }

    #[test]
    fn keys_are_read_in_any_base64_and_nothing_else() {
        let bytes = [0xFB; 32];
        let id = MasterKeys::new(&[bytes]).unwrap().current();
        for text in [STANDARD.encode(bytes) + "\n", URL_SAFE_NO_PAD.encode(bytes)] {
            assert_eq!(MasterKeys::parse([text.as_str()]).unwrap().current(), id);
        }
        for bad in ["", "short", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])] {
            assert_eq!(MasterKeys::parse([bad]).unwrap_err(), MasterKeyError::Text { position: 1 }, "{bad}");
        }
        assert_eq!(MasterKeys::parse([]).unwrap_err(), MasterKeyError::None);
        let twice = STANDARD.encode(bytes);
        assert_eq!(MasterKeys::parse([twice.as_str(); 2]).unwrap_err(), MasterKeyError::Repeated { position: 2 });
    }

    #[test]
    fn master_keys_do_not_print_themselves() {
        let shown = format!("{:?}", MasterKeys::new(&[[0xAB; 32]]).unwrap());
        assert!(!shown.to_lowercase().contains("abab") && !shown.contains("171, 171"), "{shown}");
    }
}
