//! `refresh_token` (RFC 6749, section 6), with the rotation rule of PROTOCOL.md section 4.

use std::time::Duration;

use palatine_domain::audit::AuditKind;
use palatine_domain::client::Client;
use palatine_domain::grant::{EndReason, Grant};
use palatine_domain::ids::TenantScoped as _;
use palatine_domain::refresh::{Presentation, RefreshFamily};
use palatine_domain::{Instant, TokenHash};
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::scope::ScopeSet;
use palatine_protocol::secret::Secret;
use palatine_protocol::token::{TokenResponse, TokenType};
use palatine_realm::Realm;
use palatine_store::{RefreshContext, RefreshRotation, TenantWrite};

use super::authorization_code::narrowed;
use super::{Holding, Refusal, TokenError, grant_event, invalid_grant, settled, still_allowed};
use crate::claims::{Person, Sources};
use crate::mint::{Beside, Minter};
use crate::targets::{self, Target};
use crate::{TokenService, refresh_seal};

/// What the client asks.
struct Asked<'a> {
    wire: &'a str,
    scope: Option<&'a ScopeSet>,
    resources: &'a [String],
    sources: &'a Sources<'a>,
}

/// What was decided inside the transaction.
struct Rotated {
    grant: Grant,
    person: Person,
    target: Target,
    successor: String,
    now: Instant,
}

impl TokenService {
    pub(super) async fn refresh_token(
        &self,
        realm: &Realm,
        client: &Client,
        presented: &Secret,
        scope: Option<&ScopeSet>,
        resources: &[String],
    ) -> Result<TokenResponse, TokenError> {
        let keys = self.keys_of(realm, client).await?;
        let sources = Sources::of(realm, client).await?;
        let asked = Asked { wire: presented.expose(), scope, resources, sources: &sources };
        let tx = realm.write().await?;
        let rotated = self.rotate(&tx, realm, client, &asked).await;
        // Signed after the commit, as with a code. Should that fail, the retry gets the same successor.
        let Rotated { grant, person, target, successor, now } = settled(tx, rotated).await?;
        let minter = Minter { realm, keys: &keys, client, ambient: &self.ambient, now };
        let access = minter.user_token(&grant, &person, &target)?;
        // "no nonce": it belongs to the authorization request (OpenID Connect Core, section 12.2).
        let beside = Beside { access_token: Some(&access.token), ..Beside::default() };
        let id_token = minter.id_token_if_asked(&grant, &person, &beside)?;
        Ok(TokenResponse {
            access_token: access.token,
            token_type: TokenType::Bearer,
            expires_in: access.expires_in,
            refresh_token: Some(successor),
            id_token,
            scope: target.scope,
        })
    }

    async fn rotate(
        &self,
        tx: &TenantWrite,
        realm: &Realm,
        client: &Client,
        asked: &Asked<'_>,
    ) -> Result<Rotated, Refusal> {
        let hash = TokenHash::of(asked.wire);
        let found = tx.refresh().by_hash(&hash).await?;
        let context = found.ok_or_else(|| invalid_grant("the refresh token is unknown"))?;
        if let Some(rotated) = self.present(tx, realm, client, asked, context).await? {
            return Ok(rotated);
        }
        // Another request used the token between our read and our write: now it is a retry of that one.
        let context = tx.refresh().by_hash(&hash).await?;
        let context = context.ok_or_else(|| invalid_grant("the refresh token is unknown"))?;
        let again = self.present(tx, realm, client, asked, context).await?;
        again.ok_or_else(|| invalid_grant("the refresh token was used").into())
    }

    /// Decides what this presentation means, after every check of a first use. `None`: somebody else was first.
    async fn present(
        &self,
        tx: &TenantWrite,
        realm: &Realm,
        client: &Client,
        asked: &Asked<'_>,
        context: RefreshContext,
    ) -> Result<Option<Rotated>, Refusal> {
        let now = tx.now();
        self.may_be_used(realm, client, &context, now)?;
        let RefreshContext { token, family, grant, user, .. } = context;
        let grace = Duration::from_secs(realm.policy().refresh.grace_seconds);
        match token.present(now, grace) {
            Presentation::First => {
                let held = still_allowed(client, &grant.scope);
                let scope = narrowed_scope(&grant.scope, asked.scope)?.intersection(&held);
                let target = targets::plan(realm, client, &held, &scope, narrowed(&grant, asked.resources)?)?;
                let (successor, row) = self.new_refresh_token(realm, client, &grant, &family, Some(token.id), now);
                let sealed = refresh_seal::seal(asked.wire, realm.scope().tenant_id(), family.id, &successor)
                    .map_err(TokenError::from)?;
                let rotation = RefreshRotation {
                    used: token.id,
                    used_parent: token.parent,
                    at: now,
                    successor: &row,
                    sealed: &sealed,
                    window_ends_at: now.plus(grace),
                    scope: &scope,
                };
                let won = tx.refresh().rotate(rotation).await?;
                let person = asked.sources.person(tx, user, &held).await?;
                Ok(won.then_some(Rotated { grant, person, target, successor, now }))
            }
            Presentation::Retry { sealed_successor, scope: first, .. } => {
                let successor = refresh_seal::open(asked.wire, realm.scope().tenant_id(), family.id, &sealed_successor)
                    .map_err(TokenError::from)?;
                // "a fresh access token of at most the first answer's scope"
                let held = still_allowed(client, &grant.scope);
                let scope = narrowed_scope(&grant.scope, asked.scope)?.intersection(&held).intersection(&first);
                let target = targets::plan(realm, client, &held, &scope, narrowed(&grant, asked.resources)?)?;
                let person = asked.sources.person(tx, user, &held).await?;
                Ok(Some(Rotated { grant, person, target, successor, now }))
            }
            Presentation::Late => Err(invalid_grant("the refresh token was used and so was its successor").into()),
            Presentation::Expired => Err(invalid_grant("the refresh token has expired").into()),
            Presentation::Replayed => Err(self.replayed(tx, client, &family, &grant).await),
        }
    }

    /// The checks of each use: client, family, grant, user, session, realm.
    fn may_be_used(
        &self,
        realm: &Realm,
        client: &Client,
        context: &RefreshContext,
        now: Instant,
    ) -> Result<(), OAuthError> {
        if context.family.client != client.key {
            return Err(invalid_grant("the refresh token was issued to another client"));
        }
        if context.family.ended_at.is_some() {
            return Err(invalid_grant("the refresh token was revoked"));
        }
        let holding = Holding {
            grant: &context.grant,
            user: &context.user,
            session: context.session.as_ref(),
            client_enabled: self.is_client_enabled(client.key, context.client_enabled),
            offline: context.family.offline,
        };
        holding.check(realm, now)
    }

    /// RFC 9700, section 4.14.2: the family ends, and that family alone.
    async fn replayed(&self, tx: &TenantWrite, client: &Client, family: &RefreshFamily, grant: &Grant) -> Refusal {
        let event = grant_event(self, tx.now(), AuditKind::RefreshReplayed, client, grant);
        let ended = async {
            tx.refresh().end_family(family.id, EndReason::TokenReplayed, tx.now()).await?;
            tx.audit().append(&event).await
        };
        match ended.await {
            Ok(()) => {
                tracing::warn!(client = %client.client_id, family = %family.id, "a refresh token was replayed");
                Refusal::Lasting(invalid_grant("the refresh token was used before"))
            }
            Err(error) => Refusal::Plain(error.into()),
        }
    }
}

/// RFC 6749, section 6: "The requested scope MUST NOT include any scope not originally granted".
fn narrowed_scope(granted: &ScopeSet, asked: Option<&ScopeSet>) -> Result<ScopeSet, OAuthError> {
    match asked {
        None => Ok(granted.clone()),
        Some(asked) if asked.is_subset_of(granted) => Ok(asked.clone()),
        Some(_) => Err(OAuthError::new(ErrorCode::InvalidScope, "the scope is wider than what was granted")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_may_narrow_the_scope_and_never_widen_it() {
        let set = |text| ScopeSet::parse(text).unwrap();
        let granted = set("openid read write");
        assert_eq!(narrowed_scope(&granted, None).unwrap(), granted);
        assert_eq!(narrowed_scope(&granted, Some(&set("read"))).unwrap(), set("read"));
        for wider in ["admin", "read admin", "READ"] {
            let refusal = narrowed_scope(&granted, Some(&set(wider))).unwrap_err();
            assert_eq!(refusal.code, ErrorCode::InvalidScope, "{wider}");
        }
    }
}
