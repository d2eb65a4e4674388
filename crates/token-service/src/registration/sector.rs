//! The document that says which redirect URIs belong to one sector (OpenID Connect Dynamic Client Registration,
//! section 5).

use palatine_domain::client::ClientSettings;
use palatine_outbound::GetLimits;
use palatine_protocol::error::{ErrorCode, OAuthError};

use crate::TokenService;

/// The largest document that is read, in bytes.
const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

impl TokenService {
    /// "The values registered in `redirect_uris` MUST be included in the elements of the array, or registration MUST
    /// fail." Fetched once, at the registration; opens no transaction.
    pub(super) async fn check_sector(&self, settings: &ClientSettings) -> Result<(), OAuthError> {
        let Some(uri) = &settings.subject.sector_identifier_uri else { return Ok(()) };
        let answer = self.outbound.get(uri, &GetLimits::json(MAX_DOCUMENT_BYTES)).await;
        let answer = answer.map_err(|error| refused(&format!("cannot be fetched: {error}")))?;
        if answer.status != 200 {
            return Err(refused(&format!("answers with status {}", answer.status)));
        }
        check_document(&answer.bytes, &settings.redirect_uris)
    }
}

/// Whether a document of a sector lists these redirect URIs, each as it was registered.
pub fn check_document(document: &[u8], redirect_uris: &[String]) -> Result<(), OAuthError> {
    let listed: Vec<String> = serde_json::from_slice(document).map_err(|_| refused("is no JSON array of URIs"))?;
    match redirect_uris.iter().find(|uri| !listed.contains(uri)) {
        Some(missing) => Err(refused(&format!("does not list {missing}"))),
        None => Ok(()),
    }
}

fn refused(words: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClientMetadata, format!("sector_identifier_uri {words}"))
}
