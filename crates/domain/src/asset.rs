//! Pictures of a realm: what its pages show beside its name.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::time::Instant;

/// What a picture is for. A realm has one of each at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetKind {
    /// Above the sign-in card.
    Logo,
    /// Behind it.
    Background,
    /// In the browser's tab.
    Favicon,
}

impl AssetKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Logo, Self::Background, Self::Favicon];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logo => "logo",
            Self::Background => "background",
            Self::Favicon => "favicon",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

/// A picture of a realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// What it is, without its bytes.
    pub about: AssetInfo,
    /// The picture itself.
    pub bytes: Vec<u8>,
}

impl Asset {
    /// A picture that is new.
    pub fn new(kind: AssetKind, media_type: impl Into<String>, bytes: Vec<u8>, now: Instant) -> Self {
        let about = AssetInfo {
            kind,
            media_type: media_type.into(),
            size: bytes.len() as u64,
            sha256: Sha256::digest(&bytes).into(),
            updated_at: now,
        };
        Self { about, bytes }
    }
}

/// A picture of a realm, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetInfo {
    /// What it is for.
    pub kind: AssetKind,
    /// Its media type, such as `image/png`.
    pub media_type: String,
    /// How many bytes it has.
    pub size: u64,
    /// The SHA-256 of its bytes: names the picture in addresses that may be cached for ever.
    pub sha256: [u8; 32],
    /// When it was put there.
    pub updated_at: Instant,
}

impl AssetInfo {
    /// The SHA-256 of its bytes in 64 hexadecimal digits.
    pub fn sha256_hex(&self) -> String {
        self.sha256.iter().fold(String::with_capacity(64), |mut digits, byte| {
            // Writing to a text does not fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_own_word() {
        for &kind in AssetKind::ALL {
            assert_eq!(AssetKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(AssetKind::parse("Logo"), None);
    }

    #[test]
    fn a_picture_knows_its_size_and_its_hash() {
        let asset = Asset::new(AssetKind::Logo, "image/png", b"abc".to_vec(), Instant::EPOCH);
        assert_eq!((asset.about.size, asset.about.sha256[..4].to_vec()), (3, vec![0xba, 0x78, 0x16, 0xbf]));
        assert!(asset.about.sha256_hex().starts_with("ba7816bf") && asset.about.sha256_hex().len() == 64);
    }
}
