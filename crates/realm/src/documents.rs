//! The documents that describe a realm.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use palatine_domain::policy::{RealmPolicy, RegistrationPolicy};
use palatine_protocol::metadata::ProviderMetadata;
use serde::Serialize;

/// The discovery document (OpenID Connect Discovery, section 3; RFC 8414, section 2), the same under both well-known
/// names.
pub(crate) fn discovery(issuer: &str, policy: &RealmPolicy) -> Arc<[u8]> {
    let metadata = ProviderMetadata::for_issuer(issuer);
    let metadata = match policy.registration {
        RegistrationPolicy::Closed => metadata,
        RegistrationPolicy::Token | RegistrationPolicy::Open => metadata.with_registration(),
    };
    // Strings, booleans and lists of them: there is nothing that JSON could not express.
    serde_json::to_vec(&metadata).unwrap_or_default().into()
}

/// What the realm's own path answers; libraries that know this layout read the key from it.
#[derive(Serialize)]
struct RealmInfo<'a> {
    realm: &'a str,
    public_key: String,
    #[serde(rename = "token-service")]
    token_service: String,
    #[serde(rename = "account-service")]
    account_service: String,
}

/// Renders it. `public_der` is the RS256 key that signs now.
pub(crate) fn realm_info(slug: &str, issuer: &str, public_der: &[u8]) -> Arc<[u8]> {
    let info = RealmInfo {
        realm: slug,
        public_key: STANDARD.encode(public_der),
        token_service: format!("{issuer}/protocol/openid-connect"),
        account_service: format!("{issuer}/account"),
    };
    serde_json::to_vec(&info).unwrap_or_default().into()
}
