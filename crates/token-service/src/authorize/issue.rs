//! The answer: a grant and perhaps a code, written in one transaction with what the person decided; tokens beside it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palatine_domain::grant::{AuthorizationCode, Grant};
use palatine_domain::interaction::Interaction;
use palatine_domain::session::{Session, SessionState};
use palatine_domain::user::User;
use palatine_domain::{SecretToken, TokenHash};
use palatine_protocol::redirect_uri::origin_of;
use palatine_protocol::response::Issued;
use palatine_protocol::scope::{OPENID, ScopeSet};
use palatine_protocol::session_management::session_state;
use palatine_realm::Realm;
use palatine_store::TenantWrite;

use super::{Asked, AuthorizeError, Granted, Progress, Unredirectable};
use crate::outcome::{Outcome, Step};
use crate::session::BrowserSession;
use crate::{TokenService, telemetry};

impl TokenService {
    /// Issues what the response type names. The session and its user are read again, from the database: a cached
    /// session issues nothing.
    pub(super) async fn issue(
        &self,
        realm: &Realm,
        asked: &Asked,
        present: &BrowserSession,
        granted: Granted,
        progress: &Progress,
        interaction: Option<&Interaction>,
    ) -> Result<Outcome, AuthorizeError> {
        // Keys are made in a transaction of their own: before this one opens.
        let front = self.front_channel(realm, asked, &granted.scope).await?;
        let code = asked.request.response_type.has_code().then(|| self.ambient.secret());
        let session_state = self.session_state(asked, present, &granted.scope);
        let tx = realm.write().await?;
        let Some((session, user)) = self.still_live(&tx, realm, present.session()).await? else {
            drop(tx);
            return self.interact(realm, asked, interaction, Step::Login { again: false }).await;
        };
        if let Some(interaction) = interaction {
            // Of two that finish the same sign-in, one does. The browser waits for the other's answer, so that is a
            // page, and nothing that would tell the client that its person refused.
            if !tx.interactions().take(interaction.id).await? {
                return Err(AuthorizeError::Unredirectable(Unredirectable::AlreadyAnswered));
            }
        }
        if let Some(consented) = &progress.consented {
            let asked_for = asked.consentable(realm, &asked.allowed_scope(realm)?);
            let refused = asked_for.difference(&granted.allowed);
            self.record_consent(&tx, asked, &session, &granted.allowed, &refused, &consented.from).await?;
        }
        let grant = self.grant(&tx, asked, &session, granted);
        self.write_grant(&tx, realm, asked, &grant, code.as_ref().map(SecretToken::hash)).await?;
        if session.needs_touch(tx.now(), &realm.policy().lifetimes) {
            tx.sessions().touch(session.id, tx.now()).await?;
        }
        let ready = match front {
            None => None,
            Some(front) => Some(front.about(&tx, user, &grant.scope).await?),
        };
        tx.commit().await?;
        telemetry::authorized(asked.request.response_type.as_str());
        let answer = Issued { code: code.map(|code| code.to_wire()), session_state, ..Issued::default() };
        // Signed after the commit: an RSA signature takes longer than all the statements, and SQLite has one writer.
        let issued = match &ready {
            None => answer,
            Some(ready) => self.sign_front_channel(realm, asked, &grant, ready, answer)?,
        };
        Ok(asked.callback.success(&issued))
    }

    async fn write_grant(
        &self,
        tx: &TenantWrite,
        realm: &Realm,
        asked: &Asked,
        grant: &Grant,
        code: Option<TokenHash>,
    ) -> Result<(), AuthorizeError> {
        let Some(hash) = code else { return Ok(tx.grants().insert(grant).await?) };
        let authorization_code = AuthorizationCode {
            id: self.ambient.id(),
            hash,
            grant: grant.id,
            client: asked.client.key,
            redirect_uri: asked.callback.redirect_uri().to_owned(),
            redirect_uri_given: asked.redirect_uri_given,
            challenge: asked.request.code_challenge.clone(),
            created_at: tx.now(),
            expires_at: tx.now().plus(realm.policy().lifetimes.code()),
            consumed_at: None,
        };
        Ok(tx.grants().insert_with_code(grant, &authorization_code).await?)
    }

    /// OpenID Connect Session Management, section 2: the Authentication Response carries `session_state`. "The origin
    /// URL" is the redirect URI's; an application without one, on a phone, has no frames that could ask.
    fn session_state(&self, asked: &Asked, present: &BrowserSession, scope: &ScopeSet) -> Option<String> {
        if !scope.contains(OPENID) {
            return None;
        }
        let origin = origin_of(asked.callback.redirect_uri())?;
        let salt = URL_SAFE_NO_PAD.encode(self.ambient.bytes::<16>());
        Some(session_state(asked.client.client_id.as_str(), &origin, present.state().as_str(), &salt))
    }

    /// The session as it is stored, with its user, if it still carries, its cookie is still the browser's, and its user
    /// is enabled. A copy in the cache may be up to a minute behind.
    pub(crate) async fn still_live(
        &self,
        tx: &TenantWrite,
        realm: &Realm,
        session: &Session,
    ) -> Result<Option<(Session, User)>, AuthorizeError> {
        let stored = tx.sessions().by_id(session.id).await?;
        let lifetimes = &realm.policy().lifetimes;
        let Some(stored) = stored.filter(|stored| {
            stored.state(tx.now(), lifetimes) == SessionState::Live && stored.cookie.matches(&session.cookie)
        }) else {
            return Ok(None);
        };
        let user = tx.users().by_id(stored.user).await?.filter(|user| user.enabled);
        Ok(user.map(|user| (stored, user)))
    }

    fn grant(&self, tx: &TenantWrite, asked: &Asked, session: &Session, granted: Granted) -> Grant {
        Grant {
            id: self.ambient.id(),
            client: asked.client.key,
            user: session.user,
            session: session.id,
            scope: granted.scope,
            claims: granted.claims,
            resources: asked.request.resources.clone(),
            nonce: asked.request.nonce.clone(),
            authenticated_at: session.authenticated_at,
            acr: session.acr,
            amr: session.amr.clone(),
            cnf: None,
            created_at: tx.now(),
            ended: None,
        }
    }
}
