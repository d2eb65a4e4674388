//! The successor of a refresh token, kept for a retry of the lost answer, readable only with the parent in hand.
//!
//! The key is HKDF-SHA-256(parent token, fixed info ‖ tenant ‖ family) (RFC 5869): the parent's stored hash does not
//! give it, so a copy of the database with every old token gives no live one.

use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use palatine_domain::ids::{FamilyId, RowId as _, TenantId};

use crate::ServiceError;

const INFO: &[u8] = b"palatine refresh successor v1";
/// Bytes of the nonce in front of the ciphertext.
const NONCE_LEN: usize = 12;

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        32
    }
}

fn key(parent: &str, tenant: TenantId, family: FamilyId) -> Result<RandomizedNonceKey, ServiceError> {
    let mut bytes = [0_u8; 32];
    let (tenant, family) = (tenant.as_uuid(), family.as_uuid());
    Salt::new(HKDF_SHA256, &[])
        .extract(parent.as_bytes())
        .expand(&[INFO, tenant.as_bytes(), family.as_bytes()], KeyLength)
        .and_then(|material| material.fill(&mut bytes))
        .map_err(|_| ServiceError::Unsealable)?;
    RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| ServiceError::Unsealable)
}

/// Seals `successor` so that `parent` opens it.
pub fn seal(parent: &str, tenant: TenantId, family: FamilyId, successor: &str) -> Result<Vec<u8>, ServiceError> {
    let mut text = successor.as_bytes().to_vec();
    let nonce = key(parent, tenant, family)?
        .seal_in_place_append_tag(Aad::empty(), &mut text)
        .map_err(|_| ServiceError::Unsealable)?;
    let mut sealed = nonce.as_ref().to_vec();
    sealed.append(&mut text);
    Ok(sealed)
}

/// Opens what [`seal`] made.
pub fn open(parent: &str, tenant: TenantId, family: FamilyId, sealed: &[u8]) -> Result<String, ServiceError> {
    let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(ServiceError::Unsealable)?;
    let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| ServiceError::Unsealable)?;
    let mut text = text.to_vec();
    let plain = key(parent, tenant, family)?
        .open_in_place((&nonce).into(), Aad::empty(), &mut text)
        .map_err(|_| ServiceError::Unsealable)?;
    String::from_utf8(plain.to_vec()).map_err(|_| ServiceError::Unsealable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> (TenantId, FamilyId) {
        (TenantId::from_uuid(uuid::Uuid::from_u128(1)), FamilyId::from_uuid(uuid::Uuid::from_u128(2)))
    }

    #[test]
    fn only_the_parent_opens_its_successor() {
        let (tenant, family) = ids();
        let sealed = seal("parent", tenant, family, "successor").unwrap();
        assert_eq!(open("parent", tenant, family, &sealed).unwrap(), "successor");
        assert!(open("another", tenant, family, &sealed).is_err());
        assert!(open("parent", TenantId::from_uuid(uuid::Uuid::from_u128(9)), family, &sealed).is_err());
        assert!(open("parent", tenant, FamilyId::from_uuid(uuid::Uuid::from_u128(9)), &sealed).is_err());
    }

    #[test]
    fn a_broken_blob_is_refused() {
        let (tenant, family) = ids();
        let mut sealed = seal("parent", tenant, family, "successor").unwrap();
        assert!(open("parent", tenant, family, &sealed[..5]).is_err());
        sealed[15] ^= 1;
        assert!(open("parent", tenant, family, &sealed).is_err());
    }
}
