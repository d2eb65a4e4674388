//! What every grant of a person ends with: the first refresh token of a family, and the answer with its tokens.

use std::time::Duration;

use palatine_domain::client::Client;
use palatine_domain::grant::Grant;
use palatine_domain::ids::RefreshTokenId;
use palatine_domain::refresh::{RefreshFamily, RefreshToken};
use palatine_domain::{Instant, TokenHash};
use palatine_protocol::scope;
use palatine_protocol::token::{GrantType, TokenResponse, TokenType};
use palatine_realm::{KeyRing, Realm};
use palatine_store::TenantWrite;

use super::TokenError;
use crate::TokenService;
use crate::claims::Person;
use crate::mint::{self, Beside, Minter, RefreshSubject};
use crate::targets::Target;

/// What was decided inside the transaction.
pub(super) struct Issued {
    pub(super) grant: Grant,
    pub(super) person: Person,
    pub(super) target: Target,
    pub(super) refresh_token: Option<String>,
    pub(super) now: Instant,
}

impl TokenService {
    /// Signs what was decided, after the commit.
    pub(super) fn answer(
        &self,
        realm: &Realm,
        client: &Client,
        keys: &KeyRing,
        issued: Issued,
    ) -> Result<TokenResponse, TokenError> {
        let Issued { grant, person, target, refresh_token, now } = issued;
        let minter = Minter { realm, keys, client, ambient: &self.ambient, now };
        let access = minter.user_token(&grant, &person, &target)?;
        let beside = Beside { access_token: Some(&access.token), nonce: grant.nonce.as_deref(), ..Beside::default() };
        let id_token = minter.id_token_if_asked(&grant, &person, &beside)?;
        Ok(TokenResponse {
            access_token: access.token,
            token_type: TokenType::Bearer,
            expires_in: access.expires_in,
            refresh_token,
            id_token,
            scope: target.scope,
        })
    }

    /// "A code client with the `refresh_token` grant always gets one."
    pub(super) async fn first_refresh_token(
        &self,
        tx: &TenantWrite,
        realm: &Realm,
        client: &Client,
        grant: &Grant,
    ) -> Result<Option<String>, TokenError> {
        if !client.may_use(GrantType::RefreshToken) {
            return Ok(None);
        }
        let now = tx.now();
        let lifetimes = &realm.policy().lifetimes;
        let offline = grant.scope.contains(scope::OFFLINE_ACCESS);
        let absolute = Duration::from_secs(lifetimes.refresh_absolute_seconds);
        let family = RefreshFamily {
            id: self.ambient.id(),
            grant: grant.id,
            client: client.key,
            user: grant.user,
            offline,
            created_at: now,
            absolute_expires_at: (!offline).then(|| now.plus(absolute)),
            ended_at: None,
        };
        let (wire, token) = self.new_refresh_token(realm, client, grant, &family, None, now);
        tx.refresh().start(&family, &token).await?;
        Ok(Some(wire))
    }

    /// A refresh token of `family`, as it travels and as it is stored.
    pub(super) fn new_refresh_token(
        &self,
        realm: &Realm,
        client: &Client,
        grant: &Grant,
        family: &RefreshFamily,
        parent: Option<RefreshTokenId>,
        now: Instant,
    ) -> (String, RefreshToken) {
        let id: RefreshTokenId = self.ambient.id();
        let expires_at = family.token_expiry(now, &realm.policy().lifetimes);
        let wire = mint::refresh_token(realm, client, &self.ambient, now, &RefreshSubject { id, expires_at, grant });
        let hash = TokenHash::of(&wire);
        (wire, RefreshToken { id, family: family.id, hash, parent, issued_at: now, expires_at, used: None })
    }
}
