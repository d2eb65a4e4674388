//! The token endpoint's grants (RFC 6749, sections 4 and 6): one file a grant.

mod authorization_code;
mod client_credentials;
mod device_code;
mod issue;
mod password;
mod refresh_token;

use std::sync::Arc;

use palatine_domain::Instant;
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::client::Client;
use palatine_domain::grant::Grant;
use palatine_domain::policy::FollowsSession;
use palatine_domain::session::{Session, SessionState};
use palatine_domain::user::User;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::scope::ScopeSet;
use palatine_protocol::token::{GrantRequest, TokenRequest, TokenResponse};
use palatine_realm::{KeyError, KeyRing, Realm};
use palatine_store::{StoreError, TenantWrite};
use palatine_tenant_routing::limits::TooMany;

use crate::authorize::checks;
use crate::client_auth::AuthenticatedClient;
use crate::{ServiceError, TokenService, telemetry};

/// Why no token was issued.
#[derive(Debug)]
pub enum TokenError {
    /// The client is told; nothing was changed.
    Refused(OAuthError),
    /// The person, or whoever poses as one, tried too often.
    TooMany(TooMany),
    /// Something inside did not work.
    Failed(ServiceError),
}

/// What is known of whoever asks for a token, for limits and the audit log.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The address.
    pub address: String,
    /// Its prefix, by which limits count.
    pub address_prefix: String,
    /// The request, as in the log.
    pub request_id: String,
    /// The application, as it calls itself.
    pub user_agent: String,
}

impl From<OAuthError> for TokenError {
    fn from(error: OAuthError) -> Self {
        Self::Refused(error)
    }
}

impl From<StoreError> for TokenError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<KeyError> for TokenError {
    fn from(error: KeyError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ServiceError> for TokenError {
    fn from(error: ServiceError) -> Self {
        Self::Failed(error)
    }
}

/// Why a step inside a transaction refused, and what becomes of what it wrote.
enum Refusal {
    /// Roll back.
    Plain(TokenError),
    /// Commit: the refusal has effects that must stay, such as the end of a replayed family.
    Lasting(OAuthError),
}

impl<E: Into<TokenError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Plain(error.into())
    }
}

/// Ends a transaction as its outcome says: what was decided stays, and so does a refusal that has effects.
async fn settled<T>(tx: TenantWrite, outcome: Result<T, Refusal>) -> Result<T, TokenError> {
    match outcome {
        Ok(decided) => {
            tx.commit().await?;
            Ok(decided)
        }
        Err(Refusal::Lasting(error)) => {
            tx.commit().await?;
            Err(error.into())
        }
        Err(Refusal::Plain(error)) => Err(error),
    }
}

fn invalid_grant(words: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidGrant, words)
}

impl TokenService {
    /// Answers a token request of a client that has proved who it is.
    pub async fn token(
        &self,
        realm: &Realm,
        client: &AuthenticatedClient,
        request: TokenRequest,
        caller: &Caller,
    ) -> Result<TokenResponse, TokenError> {
        let grant_type = request.grant.grant_type();
        let answer = self.granted(realm, client.client(), request, caller).await;
        let outcome = match &answer {
            Ok(_) => "issued",
            Err(TokenError::Refused(error)) => error.code.as_str(),
            Err(TokenError::TooMany(_)) => "too_many",
            Err(TokenError::Failed(_)) => "failed",
        };
        telemetry::token_request(grant_type.as_str(), outcome);
        answer
    }

    async fn granted(
        &self,
        realm: &Realm,
        client: &Client,
        request: TokenRequest,
        caller: &Caller,
    ) -> Result<TokenResponse, TokenError> {
        if !client.may_use(request.grant.grant_type()) {
            let words = "the client may not use this grant";
            return Err(OAuthError::new(ErrorCode::UnauthorizedClient, words).into());
        }
        match request.grant {
            GrantRequest::AuthorizationCode { code, redirect_uri, code_verifier } => {
                let presented = authorization_code::Presented { code, redirect_uri, code_verifier };
                self.authorization_code(realm, client, presented, &request.resources).await
            }
            GrantRequest::RefreshToken { refresh_token, scope } => {
                self.refresh_token(realm, client, &refresh_token, scope.as_ref(), &request.resources).await
            }
            GrantRequest::ClientCredentials { scope } => {
                self.client_credentials(realm, client, scope.as_ref(), &request.resources).await
            }
            GrantRequest::DeviceCode { device_code } => {
                self.device_code(realm, client, &device_code, &request.resources).await
            }
            GrantRequest::Password { username, password, scope } => {
                let presented = password::Presented { username, password, scope };
                self.password(realm, client, presented, request.resources, caller).await
            }
        }
    }

    /// The realm's keys, with one for every algorithm that an answer to this client may need: those are made in
    /// transactions of their own, so before any other opens. Nothing that is signed afterwards lacks its key.
    pub(crate) async fn keys_of(&self, realm: &Realm, client: &Client) -> Result<Arc<KeyRing>, KeyError> {
        let apis = realm.catalogue().apis().iter().filter_map(|api| api.algorithm);
        let own = [Some(client.settings.id_token_algorithm), client.settings.access_token_algorithm];
        let mut keys = realm.keys_for(realm.policy().access_tokens.algorithm).await?;
        for algorithm in own.into_iter().flatten().chain(apis) {
            if !keys.can_sign(algorithm) {
                keys = realm.keys_for(algorithm).await?;
            }
        }
        Ok(keys)
    }
}

/// What a client may still have of a grant: an admin may have taken a scope away since.
fn still_allowed(client: &Client, granted: &ScopeSet) -> ScopeSet {
    granted.filtered(|scope| checks::may_have(client, scope))
}

/// What must still hold whenever something is issued under a grant (PROTOCOL.md section 4: "Each use re-checks").
pub(crate) struct Holding<'a> {
    pub(crate) grant: &'a Grant,
    pub(crate) user: &'a User,
    pub(crate) session: Option<&'a Session>,
    pub(crate) client_enabled: bool,
    /// Whether the family outlives its session.
    pub(crate) offline: bool,
}

impl Holding<'_> {
    pub(crate) fn check(&self, realm: &Realm, now: Instant) -> Result<(), OAuthError> {
        if !self.client_enabled {
            return Err(invalid_grant("the client is disabled"));
        }
        if self.grant.ended.is_some() {
            return Err(invalid_grant("the grant was ended"));
        }
        if !self.user.enabled {
            return Err(invalid_grant("the user is disabled"));
        }
        if self.offline {
            return Ok(());
        }
        let strict = realm.policy().refresh.follows_session == FollowsSession::Strict;
        match self.session.map(|session| session.state(now, &realm.policy().lifetimes)) {
            Some(SessionState::Live) => Ok(()),
            // A row that was swept belonged to a session that had expired: ended ones take their grants along.
            Some(SessionState::Expired) | None if !strict => Ok(()),
            Some(SessionState::Expired) | None => Err(invalid_grant("the session has expired")),
            Some(SessionState::Ended) => Err(invalid_grant("the session was ended")),
        }
    }
}

/// An audit event about a grant, by its client.
fn grant_event(service: &TokenService, now: Instant, kind: AuditKind, client: &Client, grant: &Grant) -> AuditEvent {
    AuditEvent {
        id: service.ambient.id(),
        at: now,
        kind,
        actor: Actor::Client(client.key),
        user: Some(grant.user),
        client: Some(client.key),
        session: Some(grant.session),
        address: None,
        request_id: None,
        details: serde_json::json!({ "grant": grant.id }),
    }
}
