//! The end of a session (OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::client::Client;
use palatine_domain::grant::EndReason;
use palatine_domain::ids::{AuditEventId, SessionId};
use palatine_domain::{Instant, TokenHash};
use palatine_protocol::claims::IdTokenClaims;
use palatine_protocol::end_session::{EndSessionRequest, post_logout_location};
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::secret::Secret;
use palatine_realm::Realm;
use palatine_store::TenantWrite;

use crate::client_auth::AuthenticatedClient;
use crate::grants::TokenError;
use crate::logout_frames::LogoutFrames;
use crate::session::{BrowserSession, entomb};
use crate::{ServiceError, TokenService, verify};

/// What the form of the question "Do you want to sign out?" is for; see `csrf`.
pub const LOGOUT_FORM: &str = "logout";

/// What happens to a request to sign out.
#[derive(Debug)]
pub enum EndSession {
    /// It is done; the cookies go.
    Done(AfterSignOut),
    /// The person is asked first: nothing proves that they want it.
    Ask {
        /// Who asks, if that is known.
        client: Option<Arc<Client>>,
        /// Where to go afterwards, checked.
        after: Option<String>,
    },
    /// `post_logout_redirect_uri` is not registered for the client: a page, and nobody is signed out.
    InvalidRedirectUri {
        /// As asked.
        asked: String,
    },
    /// `id_token_hint` and `client_id` name different clients.
    ClientMismatch,
}

/// What the browser does after it was signed out.
#[derive(Debug, Default)]
pub struct AfterSignOut {
    /// What it loads first, hidden.
    pub frames: LogoutFrames,
    /// Where it goes: the registered URI with `state`; none: our own page.
    pub location: Option<String>,
}

/// What a request proves and where it leads.
struct Read {
    hint: Option<IdTokenClaims>,
    client: Option<Arc<Client>>,
    after: Option<String>,
}

enum ReadProblem {
    InvalidRedirectUri(String),
    ClientMismatch,
    Failed(ServiceError),
}

impl<E: Into<ServiceError>> From<E> for ReadProblem {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl TokenService {
    /// Decides about a request to sign out. "A valid hint whose `sid` is the browser's session, or that comes without
    /// a cookie, ends it without asking; any other hint, or none, asks."
    pub async fn end_session_request(
        &self,
        realm: &Realm,
        request: &EndSessionRequest,
        browser: Option<&BrowserSession>,
        confirmed: bool,
    ) -> Result<EndSession, ServiceError> {
        let read = match self.read_end_session(realm, request).await {
            Ok(read) => read,
            Err(ReadProblem::InvalidRedirectUri(asked)) => return Ok(EndSession::InvalidRedirectUri { asked }),
            Err(ReadProblem::ClientMismatch) => return Ok(EndSession::ClientMismatch),
            Err(ReadProblem::Failed(error)) => return Err(error),
        };
        let hinted: Option<SessionId> =
            read.hint.as_ref().and_then(|hint| hint.sid.as_deref()).and_then(|sid| sid.parse().ok());
        let own = browser.map(|browser| browser.session().id);
        let meant = match (own, hinted) {
            (Some(own), _) if confirmed => Some(own),
            (Some(own), Some(hinted)) if own == hinted => Some(own),
            (None, Some(hinted)) => Some(hinted),
            (None, None) if confirmed => None,
            _ => return Ok(EndSession::Ask { client: read.client, after: read.after }),
        };
        let frames = match meant {
            Some(session) => self.end_session(realm, session, EndReason::SignOut).await?,
            None => LogoutFrames::default(),
        };
        Ok(EndSession::Done(AfterSignOut { frames, location: read.after }))
    }

    async fn read_end_session(&self, realm: &Realm, request: &EndSessionRequest) -> Result<Read, ReadProblem> {
        let hint = match &request.id_token_hint {
            Some(hint) => verify::id_token_hint(&*realm.keys().await?, hint),
            None => None,
        };
        let hinted_client = hint.as_ref().and_then(|hint| hint.aud.single().map(str::to_owned));
        let named = match (&hinted_client, &request.client_id) {
            // "the OP MUST verify that the Client Identifier matches the one used when issuing the ID Token"
            (Some(hinted), Some(asked)) if hinted != asked => return Err(ReadProblem::ClientMismatch),
            (Some(hinted), _) => Some(hinted),
            (None, asked) => asked.as_ref(),
        };
        let client = match named {
            Some(client_id) => self.find_client(realm, client_id).await?.filter(|client| client.enabled),
            None => None,
        };
        let after = match (&request.post_logout_redirect_uri, &client) {
            (None, _) => None,
            (Some(asked), Some(client)) if client.settings.post_logout_redirect_uris.contains(asked) => {
                Some(post_logout_location(asked, request.state.as_deref()))
            }
            (Some(asked), _) => return Err(ReadProblem::InvalidRedirectUri(asked.clone())),
        };
        Ok(Read { hint, client, after })
    }

    /// Ends the session of a refresh token, for a client's backend. No cookie is read.
    pub async fn end_session_by_refresh_token(
        &self,
        realm: &Realm,
        client: &AuthenticatedClient,
        token: &Secret,
    ) -> Result<(), TokenError> {
        let tx = realm.write().await?;
        let context = tx
            .refresh()
            .by_hash(&TokenHash::of(token.expose()))
            .await?
            .filter(|found| found.family.client == client.client().key)
            .ok_or_else(|| OAuthError::new(ErrorCode::InvalidGrant, "the refresh token is unknown"))?;
        let is_live =
            context.family.ended_at.is_none() && context.grant.ended.is_none() && tx.now() < context.token.expires_at;
        if !is_live {
            return Err(OAuthError::new(ErrorCode::InvalidGrant, "the refresh token is over").into());
        }
        let (session, reason) = (context.grant.session, EndReason::SignOut);
        let ended = tx.sessions().end(session, reason, tx.now()).await?;
        if ended.is_some() {
            tx.audit().append(&session_ended(&tx, self.ambient.id(), session, reason)).await?;
        } else if !context.family.offline {
            // The session's row is gone since long; what was born in it signs out all the same.
            tx.grants().end(context.grant.id, reason, tx.now()).await?;
        }
        tx.commit().await?;
        if let Some(ended) = &ended {
            entomb(realm, &ended.cookie).await;
        }
        Ok(())
    }
}

/// The audit event of a session's end.
pub(crate) fn session_ended(tx: &TenantWrite, id: AuditEventId, session: SessionId, reason: EndReason) -> AuditEvent {
    let at: Instant = tx.now();
    AuditEvent {
        id,
        at,
        kind: AuditKind::SessionEnded,
        actor: Actor::System,
        user: None,
        client: None,
        session: Some(session),
        address: None,
        request_id: None,
        details: serde_json::json!({ "reason": reason.as_str() }),
    }
}
