//! `client_credentials` (RFC 6749, section 4.4). A client known to this node touches neither database nor Redis.

use palatine_domain::client::Client;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::scope::{self, ScopeSet};
use palatine_protocol::token::{TokenResponse, TokenType};
use palatine_realm::Realm;

use super::TokenError;
use crate::TokenService;
use crate::authorize::checks;
use crate::claims::Sources;
use crate::mint::Minter;
use crate::targets;

static NO_SCOPE: ScopeSet = ScopeSet::new();

impl TokenService {
    pub(super) async fn client_credentials(
        &self,
        realm: &Realm,
        client: &Client,
        asked: Option<&ScopeSet>,
        resources: &[String],
    ) -> Result<TokenResponse, TokenError> {
        is_confidential(client)?;
        let asked = asked.unwrap_or(&NO_SCOPE);
        let scope = checks::allowed_scope(realm, client, asked)?.filtered(|scope| !needs_person(scope.as_str()));
        let target = targets::plan(realm, client, &scope, &scope, resources)?;
        let keys = realm.keys_for(target.algorithm).await?;
        let holdings = Sources::of(realm, client).await?.service();
        let minter = Minter { realm, keys: &keys, client, ambient: &self.ambient, now: self.ambient.now() };
        let access = minter.service_token(&holdings, &target)?;
        Ok(TokenResponse {
            access_token: access.token,
            token_type: TokenType::Bearer,
            expires_in: access.expires_in,
            refresh_token: None,
            id_token: None,
            scope: target.scope,
        })
    }
}

/// "The client credentials grant type MUST only be used by confidential clients."
fn is_confidential(client: &Client) -> Result<(), OAuthError> {
    if client.is_public() {
        let words = "a public client cannot act for itself";
        Err(OAuthError::new(ErrorCode::UnauthorizedClient, words))
    } else {
        Ok(())
    }
}

/// `offline_access` outlives a person's session, and `openid` asks for a person's ID token: here there is no person.
fn needs_person(scope: &str) -> bool {
    scope == scope::OFFLINE_ACCESS || scope == scope::OPENID
}
