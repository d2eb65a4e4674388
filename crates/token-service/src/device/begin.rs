//! A device begins, and so does the person who has typed its code.

use std::time::Duration;

use palatine_domain::client::Client;
use palatine_domain::interaction::Interaction;
use palatine_ephemeral::NotePut;
use palatine_protocol::authorization::AuthorizationRequest;
use palatine_protocol::device::{DeviceAuthorizationRequest, DeviceAuthorizationResponse, UserCode};
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::params::Params;
use palatine_protocol::token::GrantType;
use palatine_realm::Realm;
use palatine_realm::routes::Page;

use super::code_hash;
use super::pending::{Devices, Pending};
use crate::authorize::checks;
use crate::client_auth::AuthenticatedClient;
use crate::grants::TokenError;
use crate::outcome::{Outcome, Step};
use crate::session::BrowserSession;
use crate::{ServiceError, TokenService, targets};

/// How often a user code is drawn again because another device shows it.
const DRAWS: usize = 8;

/// What came of a code that somebody typed.
#[derive(Debug)]
pub enum Typed {
    /// A device shows it: its person goes on.
    Found(Outcome),
    /// No device shows it, or not any more.
    Unknown,
}

impl TokenService {
    /// Answers a device authorization request (RFC 8628, section 3.2).
    pub async fn authorize_device(
        &self,
        realm: &Realm,
        client: &AuthenticatedClient,
        asked: DeviceAuthorizationRequest,
    ) -> Result<DeviceAuthorizationResponse, TokenError> {
        let client = client.client();
        is_a_device(client)?;
        let scope = checks::allowed_scope(realm, client, &asked.scope)?;
        for resource in &asked.resources {
            targets::plan(realm, client, &scope, &scope, std::slice::from_ref(resource))?;
        }
        let (now, lifetimes) = (self.ambient.now(), &realm.policy().lifetimes);
        let expires_at = now.plus(Duration::from_secs(lifetimes.device_code_seconds));
        let device_code = self.ambient.secret().to_wire();
        for _ in 0..DRAWS {
            let Some(user_code) = UserCode::draw(&self.ambient.bytes::<32>()) else { continue };
            let asked = (scope.clone(), asked.resources.clone());
            let whose = (client.key, client.client_id.as_str());
            let pending = Pending::new(whose, asked, user_code, expires_at, lifetimes.device_interval_seconds);
            let put = Devices { realm, now }.put(&code_hash(&device_code), &pending).await;
            match put.map_err(ServiceError::from)? {
                NotePut::Kept => return Ok(answer(realm, device_code, &pending.user_code)),
                NotePut::Taken => {}
            }
        }
        Err(ServiceError::NoUserCode.into())
    }

    /// Goes on with the person who typed a code: they sign in, unless they have, and are asked.
    pub async fn begin_device_interaction(
        &self,
        realm: &Realm,
        code: &UserCode,
        browser: Option<&BrowserSession>,
    ) -> Result<Typed, ServiceError> {
        let now = self.ambient.now();
        let Some((hash, pending)) = (Devices { realm, now }).showing(code).await? else { return Ok(Typed::Unknown) };
        let secret = self.ambient.secret();
        let interaction = Interaction {
            id: self.ambient.id(),
            cookie: secret.hash(),
            client_id: pending.client_id.clone(),
            redirect_uri: String::new(),
            redirect_uri_given: false,
            request: as_authorization_request(&pending)?,
            device: Some(hash),
            account_choice: None,
            authenticated_in: None,
            created_at: now,
            expires_at: now.plus(realm.policy().lifetimes.interaction()),
        };
        let tx = realm.write().await?;
        tx.interactions().insert(&interaction).await?;
        tx.commit().await?;
        let step = if browser.is_some() { Step::Device } else { Step::Login { again: false } };
        Ok(Typed::Found(Outcome::Interact { id: interaction.id, step, begun: Some(secret) }))
    }
}

/// RFC 8628, section 3.1, with RFC 6749, section 5.2: "The authenticated client is not authorized to use this
/// authorization grant type."
fn is_a_device(client: &Client) -> Result<(), OAuthError> {
    if client.may_use(GrantType::DeviceCode) {
        Ok(())
    } else {
        Err(OAuthError::new(ErrorCode::UnauthorizedClient, "the client may not use the device authorization grant"))
    }
}

/// RFC 8628, section 3.2.
fn answer(realm: &Realm, device_code: String, user_code: &UserCode) -> DeviceAuthorizationResponse {
    let lifetimes = &realm.policy().lifetimes;
    DeviceAuthorizationResponse {
        device_code,
        user_code: user_code.to_string(),
        verification_uri: realm.page_url(Page::Device),
        verification_uri_complete: verification_uri_complete(realm, user_code),
        expires_in: lifetimes.device_code_seconds,
        interval: lifetimes.device_interval_seconds,
    }
}

/// RFC 8628, section 3.3.1: the address with the code in it, which the page shows to be compared.
pub fn verification_uri_complete(realm: &Realm, user_code: &UserCode) -> String {
    format!("{}?user_code={user_code}", realm.page_url(Page::Device))
}

/// What the device asked, as the sign-in pages know it: a request without anywhere to redirect to.
fn as_authorization_request(pending: &Pending) -> Result<AuthorizationRequest, ServiceError> {
    let resources = pending.resources.iter().map(|resource| ("resource", resource.as_str()));
    let scope = pending.scope.to_string();
    let pairs = [("response_type", "code"), ("scope", scope.as_str())];
    let read = Params::from_pairs(pairs.into_iter().chain(resources)).ok();
    read.and_then(|params| AuthorizationRequest::read(&params).ok()).ok_or(ServiceError::UnreadableDevice)
}
