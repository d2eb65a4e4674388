//! `authorization_code` (RFC 6749, section 4.1.3; RFC 7636, section 4.5).

use palatine_domain::audit::AuditKind;
use palatine_domain::client::Client;
use palatine_domain::grant::{EndReason, Grant};
use palatine_domain::{Instant, TokenHash};
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::pkce;
use palatine_protocol::secret::Secret;
use palatine_protocol::token::TokenResponse;
use palatine_realm::Realm;
use palatine_store::{CodeContext, TenantWrite};

use super::issue::Issued;
use super::{Holding, Refusal, TokenError, grant_event, invalid_grant, settled, still_allowed};
use crate::TokenService;
use crate::claims::Sources;
use crate::targets;

/// What the client presents.
pub(super) struct Presented {
    pub(super) code: Secret,
    pub(super) redirect_uri: Option<String>,
    pub(super) code_verifier: Option<Secret>,
}

impl TokenService {
    pub(super) async fn authorization_code(
        &self,
        realm: &Realm,
        client: &Client,
        presented: Presented,
        resources: &[String],
    ) -> Result<TokenResponse, TokenError> {
        // Keys and sources are made in transactions of their own: before this one opens.
        let keys = self.keys_of(realm, client).await?;
        let sources = Sources::of(realm, client).await?;
        let tx = realm.write().await?;
        let redeemed = self.redeem(&tx, realm, client, &presented, resources, &sources).await;
        // Signed after the commit: an RSA signature takes longer than all the statements, and SQLite has one writer.
        let issued = settled(tx, redeemed).await?;
        self.answer(realm, client, &keys, issued)
    }

    async fn redeem(
        &self,
        tx: &TenantWrite,
        realm: &Realm,
        client: &Client,
        presented: &Presented,
        resources: &[String],
        sources: &Sources<'_>,
    ) -> Result<Issued, Refusal> {
        let now = tx.now();
        let hash = TokenHash::of(presented.code.expose());
        let found = tx.grants().code_by_hash(&hash).await?;
        let context = found.ok_or_else(|| invalid_grant("the code is unknown"))?;
        belongs_to(&context, client)?;
        if context.code.consumed_at.is_some() {
            return Err(self.code_reused(tx, client, &context.grant).await);
        }
        is_fresh(&context, now)?;
        repeats_redirect_uri(&context, presented.redirect_uri.as_deref())?;
        pkce::check(context.code.challenge.as_ref(), presented.code_verifier.as_ref().map(Secret::expose))
            .map_err(|problem| OAuthError::new(ErrorCode::InvalidGrant, problem.to_string()))?;
        let CodeContext { code, grant, user, session, client_enabled } = context;
        let holding = Holding {
            grant: &grant,
            user: &user,
            session: session.as_ref(),
            client_enabled: self.is_client_enabled(client.key, client_enabled),
            offline: false,
        };
        holding.check(realm, now)?;
        let scope = still_allowed(client, &grant.scope);
        let target = targets::plan(realm, client, &scope, &scope, narrowed(&grant, resources)?)?;
        // The one write that decides: whoever comes second finds the code used.
        if !tx.grants().consume_code(code.id, now).await? {
            return Err(self.code_reused(tx, client, &grant).await);
        }
        let refresh_token = self.first_refresh_token(tx, realm, client, &grant).await?;
        let person = sources.person(tx, user, &scope).await?;
        Ok(Issued { grant, person, target, refresh_token, now })
    }

    /// RFC 6749, section 4.1.2: "If an authorization code is used more than once, the authorization server MUST deny
    /// the request and SHOULD revoke (when possible) all tokens previously issued based on that authorization code."
    async fn code_reused(&self, tx: &TenantWrite, client: &Client, grant: &Grant) -> Refusal {
        let event = grant_event(self, tx.now(), AuditKind::CodeReused, client, grant);
        let ended = async {
            tx.grants().end(grant.id, EndReason::CodeReused, tx.now()).await?;
            tx.audit().append(&event).await
        };
        match ended.await {
            Ok(()) => Refusal::Lasting(invalid_grant("the code was used before")),
            Err(error) => Refusal::Plain(error.into()),
        }
    }
}

/// RFC 6749, section 4.1.3: "ensure that the authorization code was issued to the authenticated […] client".
fn belongs_to(context: &CodeContext, client: &Client) -> Result<(), OAuthError> {
    if context.code.client == client.key { Ok(()) } else { Err(invalid_grant("the code was issued to another client")) }
}

fn is_fresh(context: &CodeContext, now: Instant) -> Result<(), OAuthError> {
    if now < context.code.expires_at { Ok(()) } else { Err(invalid_grant("the code has expired")) }
}

/// RFC 6749, section 4.1.3: "ensure that the `redirect_uri` parameter is present if the `redirect_uri` parameter was
/// included in the initial authorization request […], and […] that their values are identical."
fn repeats_redirect_uri(context: &CodeContext, presented: Option<&str>) -> Result<(), OAuthError> {
    let fits = match presented {
        Some(uri) => uri == context.code.redirect_uri,
        None => !context.code.redirect_uri_given,
    };
    if fits { Ok(()) } else { Err(invalid_grant("redirect_uri is not that of the authorization request")) }
}

/// RFC 8707, section 2.2: at the token endpoint the resources may only narrow.
pub(super) fn narrowed<'a>(grant: &'a Grant, asked: &'a [String]) -> Result<&'a [String], OAuthError> {
    if asked.is_empty() {
        return Ok(&grant.resources);
    }
    let covered = |resource: &String| grant.resources.is_empty() || grant.resources.contains(resource);
    if asked.iter().all(covered) {
        Ok(asked)
    } else {
        let words = "the grant does not cover this resource";
        Err(OAuthError::new(ErrorCode::InvalidTarget, words))
    }
}
