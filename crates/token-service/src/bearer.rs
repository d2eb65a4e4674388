//! Who stands behind an access token that is presented to an API of our own.
//!
//! Proving is in two steps: the signature and the age, which need no transaction ([`TokenService::presented`]); and
//! whether it still counts, which is read in the transaction that acts on it ([`PresentedToken::bearer`]).

use std::sync::Arc;

use palatine_domain::client::Client;
use palatine_domain::ids::{GrantId, SessionId};
use palatine_domain::user::User;
use palatine_protocol::claims::{AccessTokenClaims, TokenUse};
use palatine_realm::Realm;
use palatine_store::{StoreError, TenantTx};

use crate::{ServiceError, TokenService, mint};

/// An access token of a realm with a good signature, within its time.
#[derive(Clone, Debug)]
pub struct PresentedToken {
    claims: AccessTokenClaims,
    client: Arc<Client>,
    /// Whether the client is one of the platform's own.
    built_in: bool,
}

/// Who presents a token that counts.
#[derive(Clone, Debug)]
pub enum Bearer {
    /// A person, through an application.
    Person {
        /// The person.
        user: Box<User>,
        /// The session that the token comes from.
        session: SessionId,
    },
    /// A service.
    Service(Arc<Client>),
}

impl TokenService {
    /// The token, if it is an access token of this realm, has a good signature and has not expired, and its client
    /// exists and is enabled.
    pub async fn presented(&self, realm: &Realm, token: &str) -> Result<Option<PresentedToken>, ServiceError> {
        let Some(claims) = self.read_access_token(realm, token).await? else { return Ok(None) };
        let client = self.find_client(realm, &claims.client_id).await?;
        let built_in = client.as_ref().is_some_and(|client| self.is_built_in(client));
        Ok(client.filter(|client| client.enabled).map(|client| PresentedToken { claims, client, built_in }))
    }
}

impl PresentedToken {
    /// What the token says.
    pub fn claims(&self) -> &AccessTokenClaims {
        &self.claims
    }

    /// Whether it is for an API of this identifier.
    pub fn is_for(&self, audience: &str) -> bool {
        self.claims.aud.contains(audience)
    }

    /// Whether it carries a scope that its client may still have.
    pub fn has_scope(&self, scope: &str) -> bool {
        let allowed = |name: &str| self.client.scopes.iter().any(|allowed| allowed.scope.as_str() == name);
        self.claims.scope.contains(scope) && allowed(scope)
    }

    /// Who presents it; `None` if it was revoked, its grant was ended, or its person or client is disabled.
    pub async fn bearer<A>(&self, tx: &TenantTx<A>) -> Result<Option<Bearer>, StoreError> {
        match self.claims.token_use {
            TokenUse::User => match mint::grant_of_jti(&self.claims.jti) {
                Some(grant) => self.person(tx, grant).await,
                None => Ok(None),
            },
            TokenUse::Service => {
                let revoked = tx.revoked_tokens().contains(&self.claims.jti).await?;
                let enabled = tx.clients().by_key(self.client.key).await?.is_some_and(|client| client.enabled);
                Ok((enabled && !revoked).then(|| Bearer::Service(Arc::clone(&self.client))))
            }
        }
    }

    async fn person<A>(&self, tx: &TenantTx<A>, grant: GrantId) -> Result<Option<Bearer>, StoreError> {
        let found = tx.grants().liveness(grant, &self.claims.jti).await?;
        let alive = found.filter(|found| {
            found.grant.ended.is_none()
                && found.user.enabled
                && !found.revoked
                && found.client_enabled.unwrap_or(self.built_in)
        });
        Ok(alive.map(|found| Bearer::Person { session: found.grant.session, user: Box::new(found.user) }))
    }
}
