//! What a person sees and does with their own account: profile, password, sessions, what applications may do.
//!
//! Everything here takes an [`AccountHolder`], which is read from the database at each request: a copy of a session in
//! the cache shows no account and changes none.

mod applications;
mod password;
mod profile;
mod sessions;

pub use applications::{AllowedApplication, Withdrawal};
pub use password::{ChangedPassword, PasswordChange};
pub use profile::ProfileSaved;
pub use sessions::{EndedByHolder, HeldSession};

use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::session::{Session, SessionState};
use palatine_domain::user::User;
use palatine_realm::Realm;
use palatine_store::{StoreError, TenantRead, TenantWrite};
use serde_json::Value;

use crate::TokenService;
use crate::authorize::Provenance;
use crate::session::BrowserSession;

/// Somebody at their own account, proved by a live session. Only [`TokenService::account_holder`] makes one.
#[derive(Clone, Debug)]
pub struct AccountHolder {
    user: User,
    session: Session,
}

impl AccountHolder {
    /// The person, as they were when the request came.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The session of this browser.
    pub fn session(&self) -> &Session {
        &self.session
    }
}

impl TokenService {
    /// Who is at their account; `None` if the session is over, its cookie was replaced, or the user was disabled.
    pub async fn account_holder(
        &self,
        realm: &Realm,
        browser: &BrowserSession,
    ) -> Result<Option<AccountHolder>, StoreError> {
        let tx = realm.read().await?;
        let found = self.live_holder(&tx, realm, browser.session()).await?;
        tx.finish().await?;
        if let Some(holder) = &found
            && holder.session.needs_touch(self.ambient.now(), &realm.policy().lifetimes)
        {
            let tx = realm.write().await?;
            tx.sessions().touch(holder.session.id, tx.now()).await?;
            tx.commit().await?;
        }
        Ok(found)
    }

    async fn live_holder(
        &self,
        tx: &TenantRead,
        realm: &Realm,
        known: &Session,
    ) -> Result<Option<AccountHolder>, StoreError> {
        let (now, lifetimes) = (self.ambient.now(), &realm.policy().lifetimes);
        let live = |session: &Session| {
            session.state(now, lifetimes) == SessionState::Live && session.cookie.matches(&known.cookie)
        };
        let Some(session) = tx.sessions().by_id(known.id).await?.filter(live) else { return Ok(None) };
        let user = tx.users().by_id(session.user).await?.filter(|user| user.enabled);
        Ok(user.map(|user| AccountHolder { user, session }))
    }

    /// An event about what a person did with their own account.
    fn own_act(
        &self,
        tx: &TenantWrite,
        kind: AuditKind,
        holder: &AccountHolder,
        from: &Provenance,
        details: Value,
    ) -> AuditEvent {
        AuditEvent {
            id: self.ambient.id(),
            at: tx.now(),
            kind,
            actor: Actor::User(holder.user.id),
            user: Some(holder.user.id),
            client: None,
            session: Some(holder.session.id),
            address: Some(from.address.clone()),
            request_id: Some(from.request_id.clone()),
            details,
        }
    }
}
