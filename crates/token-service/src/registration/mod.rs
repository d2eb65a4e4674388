//! Clients that register themselves (RFC 7591; OpenID Connect Dynamic Client Registration 1.0) and look after what they
//! registered (RFC 7592). PROTOCOL.md section 7.
//!
//! A registered client always needs consent and is never the realm's own; what an admin alone may set, it cannot.

mod answer;
mod metadata;
mod sector;
mod uris;

use std::sync::Arc;

use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::client::{
    Client, ClientAuthMethod, ClientId, ClientSecret, ClientSettings, LogoutSettings, SecretVerifier,
};
use palatine_domain::policy::RegistrationPolicy;
use palatine_domain::registration::ClientRegistration;
use palatine_domain::secret::SecretToken;
use palatine_domain::{Instant, TokenHash};
use palatine_protocol::endpoints::Endpoint;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::registration::{ClientInformation, ClientMetadata, UpdateMembers};
use palatine_realm::Realm;
use palatine_store::{StoreError, TenantWrite};

use crate::{ServiceError, TokenService};
use metadata::{Allowed, Wanted};

pub use sector::check_document as check_sector_document;

/// What the secret of a registered client is called among those that an admin may add.
const SECRET_LABEL: &str = "registered";

/// Why a client was not registered, shown or changed.
#[derive(Debug)]
pub enum RegistrationError {
    /// The realm registers nobody.
    Closed,
    /// The realm registers only who brings a token, and none came.
    NoToken,
    /// The token is unknown, used up, expired, or another client's: one answer for all.
    BadToken,
    /// The metadata.
    Refused(OAuthError),
    /// Something inside did not work.
    Failed(ServiceError),
}

impl From<OAuthError> for RegistrationError {
    fn from(error: OAuthError) -> Self {
        Self::Refused(error)
    }
}

impl From<StoreError> for RegistrationError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// That a client may register itself now; with the initial access token, if one is to be used up.
pub struct MayRegister(Option<TokenHash>);

/// A client that has shown its registration access token.
pub struct ManagedClient {
    client: Arc<Client>,
    registration: ClientRegistration,
    token: String,
}

impl ManagedClient {
    /// The client.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }
}

/// A client as it was just registered, changed or read, with what it is answered.
pub struct Registered {
    /// The client.
    pub client: Client,
    /// The answer.
    pub information: ClientInformation,
}

/// What a new client of this realm is by what it tells of itself, before anything is fetched.
pub fn settings_of(realm: &Realm, told: &ClientMetadata) -> Result<ClientSettings, OAuthError> {
    metadata::read(told, &Allowed::of(realm, None)).map(|wanted| wanted.settings)
}

impl TokenService {
    /// Registers a client (RFC 7591, section 3.1). An initial access token is used up by success alone.
    pub async fn register(
        &self,
        realm: &Realm,
        may: MayRegister,
        body: &[u8],
        address: &str,
    ) -> Result<Registered, RegistrationError> {
        let wanted = metadata::read(&ClientMetadata::read(body)?, &Allowed::of(realm, None))?;
        self.check_sector(&wanted.settings).await?;
        let now = self.ambient.now();
        let (client, secret) = self.new_client(wanted, now);
        let token = self.ambient.secret();
        let registration =
            ClientRegistration { client: client.key, registered_at: now, token: token.hash(), replaced: None };
        let tx = realm.write().await?;
        if let MayRegister(Some(initial)) = may
            && !tx.initial_tokens().use_once(&initial).await?
        {
            return Err(RegistrationError::BadToken);
        }
        tx.clients().insert(&client).await.map_err(no_such_scope)?;
        tx.registrations().insert(&registration).await?;
        self.audit_registration(&tx, AuditKind::ClientRegistered, &client, Actor::Anonymous, address).await?;
        tx.commit().await?;
        let information = answer::information(realm, &client, &registration, &token.to_wire(), secret.as_ref());
        Ok(Registered { client, information })
    }

    /// "closed (default), token (initial access token with expiry and count), open (development)". Asked before the body
    /// is read, and before anything is fetched for a stranger.
    pub async fn may_register(&self, realm: &Realm, initial: Option<&str>) -> Result<MayRegister, RegistrationError> {
        match realm.policy().registration {
            RegistrationPolicy::Closed => Err(RegistrationError::Closed),
            RegistrationPolicy::Open => Ok(MayRegister(None)),
            RegistrationPolicy::Token => {
                let hash = TokenHash::of(initial.ok_or(RegistrationError::NoToken)?);
                // The guarded write decides in the end.
                let tx = realm.read().await?;
                let usable = tx.initial_tokens().is_usable(&hash).await?;
                tx.finish().await?;
                if usable { Ok(MayRegister(Some(hash))) } else { Err(RegistrationError::BadToken) }
            }
        }
    }

    fn new_client(&self, wanted: Wanted, now: Instant) -> (Client, Option<SecretToken>) {
        let client_id = ClientId::of_registration(self.ambient.bytes());
        let secret = needs_secret(wanted.settings.auth_method).then(|| self.ambient.secret());
        let client = Client {
            key: self.ambient.id(),
            name: wanted.name.unwrap_or_else(|| client_id.as_str().to_owned()),
            client_id,
            enabled: true,
            settings: wanted.settings,
            scopes: wanted.scopes,
            linked_apis: Vec::new(),
            secrets: secret.iter().map(|secret| self.generated_secret(secret, now)).collect(),
        };
        (client, secret)
    }

    fn generated_secret(&self, secret: &SecretToken, now: Instant) -> ClientSecret {
        let wire = secret.to_wire();
        ClientSecret {
            id: self.ambient.id(),
            label: SECRET_LABEL.to_owned(),
            hint: wire.get(wire.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
            verifier: SecretVerifier::Sha256(secret.hash()),
            created_at: now,
            expires_at: None,
            last_used_at: None,
        }
    }

    /// The client of a registration access token (RFC 7592, section 2). A token is bound to its client: with another
    /// one's `client_id` it is as good as unknown, and so are the tokens of a client that an admin disabled.
    pub async fn managed_client(
        &self,
        realm: &Realm,
        client_id: &str,
        token: Option<&str>,
    ) -> Result<ManagedClient, RegistrationError> {
        if realm.policy().registration == RegistrationPolicy::Closed {
            return Err(RegistrationError::Closed);
        }
        let token = token.ok_or(RegistrationError::NoToken)?;
        let Ok(client_id) = ClientId::parse(client_id) else { return Err(RegistrationError::BadToken) };
        let tx = realm.read().await?;
        let client = tx.clients().by_client_id(&client_id).await?;
        let registration = match &client {
            Some(client) => tx.registrations().of_client(client.key).await?,
            None => None,
        };
        tx.finish().await?;
        let hash = TokenHash::of(token);
        match (client, registration) {
            (Some(client), Some(registration)) if client.enabled && registration.admits(&hash, self.ambient.now()) => {
                Ok(ManagedClient { client: Arc::new(client), registration, token: token.to_owned() })
            }
            _ => Err(RegistrationError::BadToken),
        }
    }

    /// What a client registered. "Read echoes the presented token"; a secret is never shown a second time.
    pub fn registered(&self, realm: &Realm, managed: &ManagedClient) -> ClientInformation {
        answer::information(realm, &managed.client, &managed.registration, &managed.token, None)
    }

    /// Replaces what a client registered (RFC 7592, section 2.2), and its registration access token.
    pub async fn change_registration(
        &self,
        realm: &Realm,
        managed: &ManagedClient,
        body: &[u8],
        address: &str,
    ) -> Result<Registered, RegistrationError> {
        let members = UpdateMembers::read(body)?;
        self.check_members(&managed.client, &members)?;
        let wanted = metadata::read(&ClientMetadata::read(body)?, &Allowed::of(realm, Some(&managed.client)))?;
        self.check_sector(&wanted.settings).await?;
        let (now, token) = (self.ambient.now(), self.ambient.secret());
        let had_secret = managed.client.secrets.iter().any(|secret| secret.is_live(now));
        let secret = (needs_secret(wanted.settings.auth_method) && !had_secret).then(|| self.ambient.secret());
        let client = changed(&managed.client, wanted);
        let tx = realm.write().await?;
        if !tx.registrations().rotate(client.key, &TokenHash::of(&managed.token), &token.hash()).await? {
            return Err(RegistrationError::BadToken);
        }
        if !tx.clients().update(&client).await.map_err(no_such_scope)? {
            return Err(RegistrationError::BadToken);
        }
        if let Some(secret) = &secret {
            tx.clients().add_secret(client.key, &self.generated_secret(secret, now)).await?;
        }
        let actor = Actor::Client(client.key);
        self.audit_registration(&tx, AuditKind::ClientRegistrationChanged, &client, actor, address).await?;
        tx.commit().await?;
        let wire = token.to_wire();
        let information = answer::information(realm, &client, &managed.registration, &wire, secret.as_ref());
        Ok(Registered { client, information })
    }

    /// "If the client includes the `client_secret` field in the request, the value of this field MUST match the currently
    /// issued client secret."
    fn check_members(&self, client: &Client, members: &UpdateMembers) -> Result<(), OAuthError> {
        if members.client_id.as_deref() != Some(client.client_id.as_str()) {
            return Err(OAuthError::invalid_request("client_id is not that of the client"));
        }
        let Some(secret) = &members.client_secret else { return Ok(()) };
        let (hash, now) = (TokenHash::of(secret), self.ambient.now());
        let matches = client.secrets.iter().filter(|secret| secret.is_live(now)).any(|own| match &own.verifier {
            SecretVerifier::Sha256(stored) => stored.matches(&hash),
            // One that an admin chose: not the client's to bring here.
            SecretVerifier::Argon2id(_) => false,
        });
        if matches { Ok(()) } else { Err(OAuthError::invalid_request("client_secret is not that of the client")) }
    }

    /// Removes a client with all that was granted to it (RFC 7592, section 2.3).
    pub async fn unregister(
        &self,
        realm: &Realm,
        managed: &ManagedClient,
        address: &str,
    ) -> Result<(), RegistrationError> {
        let tx = realm.write().await?;
        if !tx.clients().delete(managed.client.key).await? {
            return Err(RegistrationError::BadToken);
        }
        let actor = Actor::Client(managed.client.key);
        self.audit_registration(&tx, AuditKind::ClientUnregistered, &managed.client, actor, address).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn audit_registration(
        &self,
        tx: &TenantWrite,
        kind: AuditKind,
        client: &Client,
        actor: Actor,
        address: &str,
    ) -> Result<(), StoreError> {
        let event = AuditEvent {
            id: self.ambient.id(),
            at: tx.now(),
            kind,
            actor,
            user: None,
            client: Some(client.key),
            session: None,
            address: Some(address.to_owned()),
            request_id: None,
            details: serde_json::json!({ "client_id": client.client_id, "client_name": client.name }),
        };
        tx.audit().append(&event).await
    }
}

/// The URL at which a client looks after itself.
fn configuration_url(realm: &Realm, client: &Client) -> String {
    format!("{}/{}", realm.url(Endpoint::Registration), client.client_id)
}

fn needs_secret(method: ClientAuthMethod) -> bool {
    match method {
        ClientAuthMethod::ClientSecretBasic | ClientAuthMethod::ClientSecretPost => true,
        ClientAuthMethod::None | ClientAuthMethod::PrivateKeyJwt => false,
    }
}

/// The client with what it wants now. What an admin set for it stays, whatever that is.
fn changed(client: &Client, wanted: Wanted) -> Client {
    let (present, wanted_settings) = (client.settings.clone(), wanted.settings);
    let backchannel_timeout_seconds = present.logout.backchannel_timeout_seconds;
    let settings = ClientSettings {
        kind: wanted_settings.kind,
        auth_method: wanted_settings.auth_method,
        strict_auth_method: wanted_settings.strict_auth_method,
        redirect_uris: wanted_settings.redirect_uris,
        post_logout_redirect_uris: wanted_settings.post_logout_redirect_uris,
        grant_types: wanted_settings.grant_types,
        response_types: wanted_settings.response_types,
        registered: wanted_settings.registered,
        first_party: wanted_settings.first_party,
        consent_required: wanted_settings.consent_required,
        id_token_algorithm: wanted_settings.id_token_algorithm,
        userinfo_algorithm: wanted_settings.userinfo_algorithm,
        keys: wanted_settings.keys,
        subject: wanted_settings.subject,
        sign_in: wanted_settings.sign_in,
        logout: LogoutSettings { backchannel_timeout_seconds, ..wanted_settings.logout },
        about: wanted_settings.about,
        ..present
    };
    Client {
        name: wanted.name.unwrap_or_else(|| client.client_id.as_str().to_owned()),
        settings,
        scopes: wanted.scopes,
        ..client.clone()
    }
}

/// A scope that was taken away while its registration was under way.
fn no_such_scope(error: StoreError) -> RegistrationError {
    match error {
        StoreError::Conflict { what: "scope" } => {
            OAuthError::new(ErrorCode::InvalidClientMetadata, "scope names a scope that the realm does not have").into()
        }
        other => other.into(),
    }
}
