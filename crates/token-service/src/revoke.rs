//! Revocation (RFC 7009): an access token dies alone, a refresh token takes its grant along.

use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::client::Client;
use palatine_domain::grant::EndReason;
use palatine_domain::{Instant, TokenHash};
use palatine_protocol::claims::AccessTokenClaims;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::revocation::RevocationRequest;
use palatine_realm::Realm;

use crate::client_auth::AuthenticatedClient;
use crate::grants::TokenError;
use crate::{TokenService, verify};

impl TokenService {
    /// Revokes a token of the caller. One that is unknown is as good as revoked: "the client cannot handle such an
    /// error in a reasonable way" (section 2.2). One of another client is refused (section 2.1).
    pub async fn revoke(
        &self,
        realm: &Realm,
        caller: &AuthenticatedClient,
        request: &RevocationRequest,
    ) -> Result<(), TokenError> {
        let token = request.token.expose();
        let keys = realm.keys().await?;
        match verify::access_token(&keys, token, self.ambient.now()) {
            Some(claims) => self.revoke_access(realm, caller.client(), &claims).await,
            None => self.revoke_refresh(realm, caller.client(), token).await,
        }
    }

    async fn revoke_access(
        &self,
        realm: &Realm,
        caller: &Client,
        claims: &AccessTokenClaims,
    ) -> Result<(), TokenError> {
        if claims.client_id != caller.client_id.as_str() {
            return Err(foreign().into());
        }
        let tx = realm.write().await?;
        tx.revoked_tokens().insert(&claims.jti, Instant::from_seconds(claims.exp)).await?;
        let event = self.token_revoked(tx.now(), caller, "access_token");
        tx.audit().append(&event).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn revoke_refresh(&self, realm: &Realm, caller: &Client, token: &str) -> Result<(), TokenError> {
        let tx = realm.write().await?;
        let Some(context) = tx.refresh().by_hash(&TokenHash::of(token)).await? else { return Ok(()) };
        if context.family.client != caller.key {
            return Err(foreign().into());
        }
        if tx.grants().end(context.grant.id, EndReason::Revoked, tx.now()).await? {
            let event = AuditEvent {
                user: Some(context.grant.user),
                session: Some(context.grant.session),
                ..self.token_revoked(tx.now(), caller, "refresh_token")
            };
            tx.audit().append(&event).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    fn token_revoked(&self, now: Instant, caller: &Client, kind: &'static str) -> AuditEvent {
        AuditEvent {
            id: self.ambient.id(),
            at: now,
            kind: AuditKind::TokenRevoked,
            actor: Actor::Client(caller.key),
            user: None,
            client: Some(caller.key),
            session: None,
            address: None,
            request_id: None,
            details: serde_json::json!({ "token": kind }),
        }
    }
}

fn foreign() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidGrant, "the token was issued to another client")
}
