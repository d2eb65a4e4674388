//! The sealed form of a secret: AES-256-GCM (NIST SP 800-38D) under a named key, bound to the place it is stored in.
//!
//! `version (1 byte) ‖ key id (fixed for each kind of key) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use palatine_domain::Ambient;
use palatine_domain::ids::{RowId, TenantId};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::SealError;

/// The only version so far.
const VERSION: u8 = 1;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// The place that a secret is stored in. A blob opens in no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealContext {
    /// The table.
    pub table: &'static str,
    /// The row.
    pub row: Uuid,
    /// The column.
    pub column: &'static str,
}

impl SealContext {
    /// `tenant ‖ table ‖ row ‖ column`, each after its length, so that no two places have the same encoding.
    fn associated_data(self, tenant: TenantId) -> Vec<u8> {
        let tenant = tenant.as_uuid();
        let parts: [&[u8]; 4] = [tenant.as_bytes(), self.table.as_bytes(), self.row.as_bytes(), self.column.as_bytes()];
        let mut encoded = Vec::with_capacity(80);
        for part in parts {
            encoded.extend_from_slice(&(part.len() as u64).to_be_bytes());
            encoded.extend_from_slice(part);
        }
        encoded
    }
}

/// A key that seals. Parsed once; does not print itself.
pub(crate) struct SealingKey(LessSafeKey);

impl SealingKey {
    pub(crate) fn new(bytes: &[u8; KEY_BYTES]) -> Result<Self, SealError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| SealError::Crypto)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals. A random nonce of 96 bits may be used 2^32 times with one key, which no tenant's data key gets near.
    pub(crate) fn seal(
        &self,
        key_id: &[u8],
        tenant: TenantId,
        at: SealContext,
        plain: &[u8],
        ambient: &Ambient,
    ) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_LEN] = ambient.bytes();
        let mut body = Zeroizing::new(plain.to_vec());
        let aad = Aad::from(at.associated_data(tenant));
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut body)
            .map_err(|_| SealError::Crypto)?;
        Ok([&[VERSION], key_id, &nonce, &body, tag.as_ref()].concat())
    }

    /// Opens what was sealed for exactly this place.
    pub(crate) fn open(
        &self,
        blob: &Blob<'_>,
        tenant: TenantId,
        at: SealContext,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let mut body = Zeroizing::new(blob.body.to_vec());
        let aad = Aad::from(at.associated_data(tenant));
        let nonce = Nonce::assume_unique_for_key(*blob.nonce);
        let plain = self.0.open_in_place(nonce, aad, &mut body).map_err(|_| SealError::Refused)?.len();
        body.truncate(plain);
        Ok(body)
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

/// A blob, taken apart.
pub(crate) struct Blob<'a> {
    /// Which key sealed it.
    pub(crate) key_id: &'a [u8],
    nonce: &'a [u8; NONCE_LEN],
    body: &'a [u8],
}

impl<'a> Blob<'a> {
    /// Reads a blob whose key id has a known length.
    pub(crate) fn parse(blob: &'a [u8], key_id_bytes: usize) -> Result<Self, SealError> {
        let Some((&VERSION, rest)) = blob.split_first() else { return Err(SealError::Malformed) };
        let (key_id, rest) = rest.split_at_checked(key_id_bytes).ok_or(SealError::Malformed)?;
        let (nonce, body) = rest.split_first_chunk().ok_or(SealError::Malformed)?;
        Ok(Self { key_id, nonce, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_ID: &[u8] = &[9, 9];

    fn tenant(id: u128) -> TenantId {
        TenantId::from_uuid(Uuid::from_u128(id))
    }

    fn place() -> SealContext {
        SealContext { table: "signing_keys", row: Uuid::from_u128(7), column: "private" }
    }

    fn open(key: &SealingKey, blob: &[u8], of: TenantId, at: SealContext) -> Result<Vec<u8>, SealError> {
        key.open(&Blob::parse(blob, KEY_ID.len())?, of, at).map(|plain| plain.to_vec())
    }

    #[test]
    fn a_blob_opens_in_its_place_and_in_no_other() {
        let key = SealingKey::new(&[1; 32]).unwrap();
        let blob = key.seal(KEY_ID, tenant(1), place(), b"secret", &Ambient::system()).unwrap();
        assert_eq!(open(&key, &blob, tenant(1), place()).unwrap(), b"secret");
        let elsewhere = [
            (tenant(2), place()),
            (tenant(1), SealContext { table: "outbox", ..place() }),
            (tenant(1), SealContext { row: Uuid::from_u128(8), ..place() }),
            (tenant(1), SealContext { column: "public", ..place() }),
        ];
        for (of, at) in elsewhere {
            assert!(matches!(open(&key, &blob, of, at), Err(SealError::Refused)), "{at:?}");
        }
        let other_key = SealingKey::new(&[2; 32]).unwrap();
        assert!(matches!(open(&other_key, &blob, tenant(1), place()), Err(SealError::Refused)));
    }

    #[test]
    fn every_bit_of_a_blob_counts() {
        let key = SealingKey::new(&[1; 32]).unwrap();
        let blob = key.seal(KEY_ID, tenant(1), place(), b"secret", &Ambient::system()).unwrap();
        for at in (0..blob.len()).filter(|at| !(1..=KEY_ID.len()).contains(at)) {
            let mut tampered = blob.clone();
            tampered[at] ^= 1;
            assert!(open(&key, &tampered, tenant(1), place()).is_err(), "byte {at}");
        }
        for len in 0..blob.len() {
            assert!(open(&key, &blob[..len], tenant(1), place()).is_err(), "cut to {len}");
        }
    }

    #[test]
    fn a_blob_says_which_key_sealed_it_and_shows_nothing_else() {
        let key = SealingKey::new(&[1; 32]).unwrap();
        let ambient = Ambient::system();
        let seal = || key.seal(KEY_ID, tenant(1), place(), b"secret", &ambient).unwrap();
        let (one, two) = (seal(), seal());
        assert_eq!(Blob::parse(&one, KEY_ID.len()).unwrap().key_id, KEY_ID);
        assert_ne!(one, two, "each sealing has its own nonce");
        assert!(!one.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn no_two_places_have_the_same_encoding() {
        let shifted = |table, column| SealContext { table, column, ..place() }.associated_data(tenant(1));
        assert_ne!(shifted("ab", "c"), shifted("a", "bc"));
        assert_ne!(shifted("a", ""), shifted("", "a"));
    }
}
