//! `urn:ietf:params:oauth:grant-type:device_code` (RFC 8628, sections 3.4 and 3.5): a device asks whether its person has
//! decided.

use palatine_domain::client::Client;
use palatine_domain::{Instant, TokenHash};
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::secret::Secret;
use palatine_protocol::token::TokenResponse;
use palatine_realm::Realm;
use palatine_store::{CodeContext, TenantWrite};

use super::authorization_code::narrowed;
use super::issue::Issued;
use super::{Holding, Refusal, TokenError, invalid_grant, settled, still_allowed};
use crate::claims::Sources;
use crate::device::code_hash;
use crate::device::pending::{Devices, Poll};
use crate::{ServiceError, TokenService, targets};

impl TokenService {
    pub(super) async fn device_code(
        &self,
        realm: &Realm,
        client: &Client,
        device_code: &Secret,
        resources: &[String],
    ) -> Result<TokenResponse, TokenError> {
        let device = code_hash(device_code.expose());
        let devices = Devices { realm, now: self.ambient.now() };
        is_allowed(devices.poll(&device, client.key).await.map_err(ServiceError::from)?)?;
        let keys = self.keys_of(realm, client).await?;
        let sources = Sources::of(realm, client).await?;
        let tx = realm.write().await?;
        let redeemed = self.redeem_device(&tx, realm, client, &device, resources, &sources).await;
        let issued = settled(tx, redeemed).await?;
        self.answer(realm, client, &keys, issued)
    }

    async fn redeem_device(
        &self,
        tx: &TenantWrite,
        realm: &Realm,
        client: &Client,
        device: &TokenHash,
        resources: &[String],
        sources: &Sources<'_>,
    ) -> Result<Issued, Refusal> {
        let now = tx.now();
        let context = tx.grants().code_by_hash(device).await?.ok_or_else(unknown)?;
        belongs_to(&context, client)?;
        is_fresh(&context, now)?;
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
        // The one write that decides. Whoever comes second gets nothing, and takes nothing away: a device polls, and an
        // answer that was lost on the way makes it poll once more.
        if !tx.grants().consume_code(code.id, now).await? {
            return Err(invalid_grant("the device code was used before").into());
        }
        let refresh_token = self.first_refresh_token(tx, realm, client, &grant).await?;
        let person = sources.person(tx, user, &scope).await?;
        Ok(Issued { grant, person, target, refresh_token, now })
    }
}

/// RFC 8628, section 3.5.
fn is_allowed(poll: Poll) -> Result<(), OAuthError> {
    let refused = |code, words: &'static str| Err(OAuthError::new(code, words));
    match poll {
        Poll::Approved => Ok(()),
        Poll::Waiting => refused(ErrorCode::AuthorizationPending, "the person has not decided yet"),
        Poll::TooSoon => refused(ErrorCode::SlowDown, "wait 5 seconds longer between two requests from now on"),
        Poll::Refused => refused(ErrorCode::AccessDenied, "the person refused the device"),
        Poll::Expired => Err(expired()),
        Poll::Unknown => Err(unknown()),
    }
}

fn unknown() -> OAuthError {
    invalid_grant("the device code is unknown")
}

fn expired() -> OAuthError {
    OAuthError::new(ErrorCode::ExpiredToken, "the device code has expired; ask for another")
}

/// RFC 8628, section 3.4, with RFC 6749, section 5.2: "was issued to another client".
fn belongs_to(context: &CodeContext, client: &Client) -> Result<(), OAuthError> {
    if context.code.client == client.key { Ok(()) } else { Err(unknown()) }
}

fn is_fresh(context: &CodeContext, now: Instant) -> Result<(), OAuthError> {
    if now < context.code.expires_at { Ok(()) } else { Err(expired()) }
}
