//! Userinfo (OpenID Connect Core, section 5.3): what a token's scopes release about its person, plain or signed.

use std::sync::Arc;

use palatine_domain::client::Client;
use palatine_protocol::claims::{AccessTokenClaims, ExtraClaims, TYP_JWT, TokenUse};
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::scope;
use palatine_realm::Realm;
use serde_json::Value;

use crate::claims::{self, Sources};
use crate::{ServiceError, TokenService, mint, verify};

/// Why userinfo was not given.
#[derive(Debug)]
pub enum UserinfoError {
    /// RFC 6750, section 3.1: `invalid_token` or `insufficient_scope`.
    Refused(OAuthError),
    /// Something inside did not work.
    Failed(ServiceError),
}

/// A userinfo answer.
#[derive(Clone, Debug)]
pub enum Userinfo {
    /// JSON.
    Plain(ExtraClaims),
    /// A JWT, for a client with `userinfo_signed_response_alg`.
    Signed(String),
}

impl<E: Into<ServiceError>> From<E> for UserinfoError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn invalid_token(words: &'static str) -> UserinfoError {
    UserinfoError::Refused(OAuthError::new(ErrorCode::InvalidToken, words))
}

impl TokenService {
    /// The token's claims, if it is an access token of this realm: proves its signature and its age, nothing else.
    pub async fn read_access_token(
        &self,
        realm: &Realm,
        token: &str,
    ) -> Result<Option<AccessTokenClaims>, ServiceError> {
        let keys = realm.keys().await?;
        Ok(verify::access_token(&keys, token, self.ambient.now()))
    }

    /// The client of a token that [`TokenService::read_access_token`] did not take, if it is one of ours that has expired.
    pub async fn client_of_expired(&self, realm: &Realm, token: &str) -> Result<Option<Arc<Client>>, ServiceError> {
        let keys = realm.keys().await?;
        match verify::client_of_access_token(&keys, token) {
            Some(client_id) => Ok(self.find_client(realm, &client_id).await?),
            None => Ok(None),
        }
    }

    /// What the token releases, in the form that its client wants.
    pub async fn userinfo(&self, realm: &Realm, token: &AccessTokenClaims) -> Result<Userinfo, UserinfoError> {
        let client = self.client_of(realm, token).await?;
        let claims = self.released(realm, &client, token).await?;
        in_the_form_of(realm, &client, claims).await
    }

    /// What the token releases.
    pub async fn userinfo_claims(
        &self,
        realm: &Realm,
        token: &AccessTokenClaims,
    ) -> Result<ExtraClaims, UserinfoError> {
        let client = self.client_of(realm, token).await?;
        self.released(realm, &client, token).await
    }

    async fn client_of(&self, realm: &Realm, token: &AccessTokenClaims) -> Result<Arc<Client>, UserinfoError> {
        let client = self.find_client(realm, &token.client_id).await?;
        client.ok_or_else(|| invalid_token("the token's client is gone"))
    }

    /// `aud` is not compared: the endpoint is the realm's own.
    async fn released(
        &self,
        realm: &Realm,
        client: &Client,
        token: &AccessTokenClaims,
    ) -> Result<ExtraClaims, UserinfoError> {
        if token.token_use != TokenUse::User {
            return Err(invalid_token("a service has no userinfo"));
        }
        if !token.scope.contains(scope::OPENID) {
            let words = "the token has no scope openid";
            return Err(UserinfoError::Refused(OAuthError::new(ErrorCode::InsufficientScope, words)));
        }
        let grant = mint::grant_of_jti(&token.jti).ok_or_else(|| invalid_token("the token is unknown"))?;
        let sources = Sources::of(realm, client).await?;
        let tx = realm.read().await?;
        let found = tx.grants().liveness(grant, &token.jti).await?;
        let alive = found.filter(|found| self.is_alive(found)).ok_or_else(|| invalid_token("the token was ended"))?;
        let person = sources.person(&tx, alive.user, &token.scope).await?;
        tx.finish().await?;
        let mut claims = claims::for_userinfo(realm, client, &person, &token.scope);
        claims.extend(claims::requested::of_user(realm, client, &person.user, &alive.grant.claims.userinfo));
        // As in the tokens of the same answer, also if the client has become a pairwise one since: "the sub Claim in the
        // UserInfo Response MUST be verified to exactly match the sub Claim in the ID Token" (section 5.3.2).
        claims.insert("sub".to_owned(), Value::from(token.sub.as_str()));
        Ok(claims)
    }
}

/// "If the `UserInfo` Response is signed […], the Claims SHOULD include the Claims `iss` […] and `aud`" (section 5.3.2).
/// It has no `exp`: it cannot be mistaken for an ID token.
async fn in_the_form_of(realm: &Realm, client: &Client, mut claims: ExtraClaims) -> Result<Userinfo, UserinfoError> {
    let Some(algorithm) = client.settings.userinfo_algorithm else { return Ok(Userinfo::Plain(claims)) };
    claims.insert("iss".to_owned(), realm.issuer().into());
    claims.insert("aud".to_owned(), client.client_id.as_str().into());
    let keys = realm.keys_for(algorithm).await?;
    Ok(Userinfo::Signed(keys.sign(algorithm, TYP_JWT, &claims)?))
}
