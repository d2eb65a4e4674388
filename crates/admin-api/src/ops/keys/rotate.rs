//! Gives a realm's signing keys their successors before their time.

use palatine_domain::audit::Actor;
use palatine_protocol::jwk::SigningAlgorithm;
use palatine_realm::{KeyError, Realm};

use super::ShownKey;

/// Which keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct RotateKeys {
    /// That of this algorithm alone.
    pub algorithm: Option<SigningAlgorithm>,
}

/// The successors: published now, signing eleven minutes later. Empty if every key that was meant has a successor
/// already, or the realm has no such key.
pub async fn rotate(realm: &Realm, request: &RotateKeys, actor: &Actor) -> Result<Vec<ShownKey>, KeyError> {
    let successors = realm.rotate_keys(request.algorithm, actor).await?;
    let now = realm.ambient().now();
    Ok(successors.iter().map(|key| ShownKey::of(key, now)).collect())
}
