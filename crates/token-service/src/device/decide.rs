//! What the person at a device's code is asked, and what follows from the answer.

use std::sync::Arc;

use palatine_domain::TokenHash;
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::client::Client;
use palatine_domain::grant::{AuthorizationCode, EndReason, Grant, GrantedClaims};
use palatine_domain::interaction::Interaction;
use palatine_domain::session::Session;
use palatine_domain::user::User;
use palatine_protocol::device::UserCode;
use palatine_protocol::scope::ScopeSet;
use palatine_protocol::token::GrantType;
use palatine_realm::Realm;
use palatine_store::{StoreError, TenantWrite};
use serde_json::json;

use super::pending::{Devices, Pending, State};
use crate::authorize::{AuthorizeError, Provenance, Unredirectable, checks};
use crate::error::may_issue;
use crate::outcome::{Outcome, Step};
use crate::session::BrowserSession;
use crate::{ServiceError, TokenService, consent};

/// What the person is asked.
#[derive(Debug)]
pub struct DeviceQuestion {
    /// Whose device it is.
    pub client: Arc<Client>,
    /// Who is asked.
    pub user: User,
    /// What it asks for.
    pub scope: ScopeSet,
    /// What it shows, to be compared.
    pub user_code: UserCode,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The device will be told.
    Told,
    /// Nobody is signed in any more.
    SignInAgain,
}

impl TokenService {
    /// Where the person of a device is: at the login page, or at the question.
    pub(crate) async fn resume_device(
        &self,
        realm: &Realm,
        interaction: &Interaction,
        device: &TokenHash,
        browser: Option<&BrowserSession>,
    ) -> Result<Outcome, AuthorizeError> {
        self.open_device(realm, device).await?;
        // Whoever is signed in is asked: the question itself is the confirmation that they are there.
        let step = if browser.is_some() { Step::Device } else { Step::Login { again: false } };
        Ok(Outcome::Interact { id: interaction.id, step, begun: None })
    }

    /// What the person is asked.
    pub async fn device_question(
        &self,
        realm: &Realm,
        interaction: &Interaction,
        browser: &BrowserSession,
    ) -> Result<DeviceQuestion, AuthorizeError> {
        let (_, pending, client) = self.device_of(realm, interaction).await?;
        let tx = realm.read().await?;
        let user = tx.users().by_id(browser.session().user).await?;
        tx.finish().await?;
        let user = user.ok_or(AuthorizeError::Unredirectable(Unredirectable::AlreadyAnswered))?;
        let scope = still_allowed(&client, &pending.scope);
        Ok(DeviceQuestion { client, user, scope, user_code: pending.user_code })
    }

    /// The person allows the device: a grant and the code that carries it, and only then the device is told.
    pub async fn allow_device(
        &self,
        realm: &Realm,
        interaction: &Interaction,
        browser: &BrowserSession,
        from: &Provenance,
    ) -> Result<Decided, AuthorizeError> {
        may_issue(realm)?;
        let (device, pending, client) = self.device_of(realm, interaction).await?;
        let tx = realm.write().await?;
        let Some((session, _)) = self.still_live(&tx, realm, browser.session()).await? else {
            return Ok(Decided::SignInAgain);
        };
        take(&tx, interaction).await?;
        let scope = still_allowed(&client, &pending.scope);
        if consent::is_needed(&client, &scope) {
            tx.consents().answer(session.user, client.key, &scope, &ScopeSet::new()).await?;
        }
        let event = self.device_event(&tx, AuditKind::DeviceAllowed, &client, &session, &scope, from);
        tx.audit().append(&event).await?;
        let grant = self.device_grant(&tx, &client, &session, scope, &pending);
        let code = self.device_code_row(&tx, &device, &grant, &pending);
        match tx.grants().insert_with_code(&grant, &code).await {
            Ok(()) => {}
            // Somebody else allowed the same device at the same time.
            Err(StoreError::Conflict { .. }) => return Err(device_is_gone()),
            Err(error) => return Err(error.into()),
        }
        tx.commit().await?;
        let told = Devices { realm, now: self.ambient.now() }.decide(&device, State::Approved).await;
        if !matches!(told, Ok(true)) {
            // The device will never come for it.
            let tx = realm.write().await?;
            tx.grants().end(grant.id, EndReason::Revoked, tx.now()).await?;
            tx.commit().await?;
        }
        if told.map_err(ServiceError::from)? { Ok(Decided::Told) } else { Err(device_is_gone()) }
    }

    /// The person refuses the device.
    pub async fn refuse_device(
        &self,
        realm: &Realm,
        interaction: &Interaction,
        browser: &BrowserSession,
        from: &Provenance,
    ) -> Result<Decided, AuthorizeError> {
        let (device, pending, client) = self.device_of(realm, interaction).await?;
        let tx = realm.write().await?;
        take(&tx, interaction).await?;
        let session = browser.session();
        let event = self.device_event(&tx, AuditKind::DeviceRefused, &client, session, &pending.scope, from);
        tx.audit().append(&event).await?;
        tx.commit().await?;
        match (Devices { realm, now: self.ambient.now() }).decide(&device, State::Refused).await {
            Ok(true) => Ok(Decided::Told),
            Ok(false) => Err(device_is_gone()),
            Err(error) => Err(ServiceError::from(error).into()),
        }
    }

    /// The device of an interaction that may still be decided about, and its client, if that may still have devices.
    async fn device_of(
        &self,
        realm: &Realm,
        interaction: &Interaction,
    ) -> Result<(TokenHash, Pending, Arc<Client>), AuthorizeError> {
        let device = interaction.device.ok_or_else(device_is_gone)?;
        let pending = self.open_device(realm, &device).await?;
        let client = self.interaction_client(realm, interaction).await?;
        let client = client.filter(|client| client.key == pending.client && client.may_use(GrantType::DeviceCode));
        let client = client.ok_or_else(|| {
            AuthorizeError::Unredirectable(Unredirectable::UnknownClient { client_id: interaction.client_id.clone() })
        })?;
        Ok((device, pending, client))
    }

    async fn open_device(&self, realm: &Realm, device: &TokenHash) -> Result<Pending, AuthorizeError> {
        let devices = Devices { realm, now: self.ambient.now() };
        devices.open(device).await.map_err(ServiceError::from)?.ok_or_else(device_is_gone)
    }

    fn device_grant(
        &self,
        tx: &TenantWrite,
        client: &Client,
        session: &Session,
        scope: ScopeSet,
        pending: &Pending,
    ) -> Grant {
        Grant {
            id: self.ambient.id(),
            client: client.key,
            user: session.user,
            session: session.id,
            scope,
            resources: pending.resources.clone(),
            claims: GrantedClaims::default(),
            nonce: None,
            authenticated_at: session.authenticated_at,
            acr: session.acr,
            amr: session.amr.clone(),
            cnf: None,
            created_at: tx.now(),
            ended: None,
        }
    }

    /// A device code is carried like an authorization code: by a row that is consumed once. It goes nowhere.
    fn device_code_row(
        &self,
        tx: &TenantWrite,
        device: &TokenHash,
        grant: &Grant,
        pending: &Pending,
    ) -> AuthorizationCode {
        AuthorizationCode {
            id: self.ambient.id(),
            hash: *device,
            grant: grant.id,
            client: grant.client,
            redirect_uri: String::new(),
            redirect_uri_given: false,
            challenge: None,
            created_at: tx.now(),
            expires_at: pending.expires_at,
            consumed_at: None,
        }
    }

    fn device_event(
        &self,
        tx: &TenantWrite,
        kind: AuditKind,
        client: &Client,
        session: &Session,
        scope: &ScopeSet,
        from: &Provenance,
    ) -> AuditEvent {
        AuditEvent {
            id: self.ambient.id(),
            at: tx.now(),
            kind,
            actor: Actor::User(session.user),
            user: Some(session.user),
            client: Some(client.key),
            session: Some(session.id),
            address: Some(from.address.clone()),
            request_id: Some(from.request_id.clone()),
            details: json!({ "scope": scope }),
        }
    }
}

/// Of two that answer the same question, one does.
async fn take(tx: &TenantWrite, interaction: &Interaction) -> Result<(), AuthorizeError> {
    if tx.interactions().take(interaction.id).await? {
        Ok(())
    } else {
        Err(AuthorizeError::Unredirectable(Unredirectable::AlreadyAnswered))
    }
}

/// An admin may have taken a scope away since the device asked.
fn still_allowed(client: &Client, scope: &ScopeSet) -> ScopeSet {
    scope.filtered(|scope| checks::may_have(client, scope))
}

fn device_is_gone() -> AuthorizeError {
    AuthorizeError::Unredirectable(Unredirectable::DeviceGone)
}
