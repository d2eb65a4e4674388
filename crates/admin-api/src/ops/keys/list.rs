//! Lists a realm's signing keys, those too that are only remembered.

use palatine_realm::{KeyError, Realm};

use super::ShownKey;

/// The keys, by algorithm and generation. None is made: a realm that no token was asked of has none.
pub async fn list(realm: &Realm) -> Result<Vec<ShownKey>, KeyError> {
    let now = realm.ambient().now();
    Ok(realm.signing_keys().await?.iter().map(|key| ShownKey::of(key, now)).collect())
}
