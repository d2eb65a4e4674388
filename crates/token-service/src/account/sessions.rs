//! Where a person is signed in, and how they end it.

use std::collections::HashMap;
use std::sync::Arc;

use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::client::Client;
use palatine_domain::grant::EndReason;
use palatine_domain::ids::{ClientKey, SessionId};
use palatine_domain::logout::EndedSession;
use palatine_domain::session::{Session, SessionState};
use palatine_realm::Realm;
use palatine_store::{StoreError, TenantWrite};
use serde_json::json;

use super::AccountHolder;
use crate::TokenService;
use crate::authorize::Provenance;
use crate::end_session::session_ended;
use crate::logout_frames::LogoutFrames;
use crate::session::entomb;

/// A live session, with the applications that were signed in to in it.
#[derive(Clone, Debug)]
pub struct HeldSession {
    /// The session.
    pub session: Session,
    /// Whether it is the one that asks.
    pub here: bool,
    /// The applications, by name, each once.
    pub applications: Vec<Arc<Client>>,
}

/// What became of the wish to end a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndedByHolder {
    /// Another browser is signed out.
    Elsewhere,
    /// This browser is signed out, and loads these.
    Here(LogoutFrames),
    /// It is no live session of this person.
    NotTheirs,
}

impl TokenService {
    /// The live sessions of a person: this one first, then by their last use, latest first.
    pub async fn held_sessions(&self, realm: &Realm, holder: &AccountHolder) -> Result<Vec<HeldSession>, StoreError> {
        let (now, lifetimes) = (self.ambient.now(), &realm.policy().lifetimes);
        let tx = realm.read().await?;
        let mut sessions = tx.sessions().of_user(holder.user.id).await?;
        sessions.retain(|session| session.state(now, lifetimes) == SessionState::Live);
        let grants = tx.grants().of_user(holder.user.id).await?;
        let used = grants.iter().filter(|grant| sessions.iter().any(|session| session.id == grant.session));
        let clients = self.clients_of(&tx, used.map(|grant| grant.client)).await?;
        tx.finish().await?;
        let mut held: Vec<HeldSession> = sessions
            .into_iter()
            .map(|session| {
                let keys = grants.iter().filter(|grant| grant.session == session.id).map(|grant| grant.client);
                HeldSession { here: session.id == holder.session.id, applications: named(&clients, keys), session }
            })
            .collect();
        held.sort_by_key(|held| (!held.here, std::cmp::Reverse(held.session.last_seen_at)));
        Ok(held)
    }

    /// Ends one session of a person.
    pub async fn end_held_session(
        &self,
        realm: &Realm,
        holder: &AccountHolder,
        id: SessionId,
        from: &Provenance,
    ) -> Result<EndedByHolder, StoreError> {
        let tx = realm.write().await?;
        let found = tx.sessions().by_id(id).await?.filter(|session| session.user == holder.user.id);
        let Some(session) = found else { return Ok(EndedByHolder::NotTheirs) };
        let Some(ended) = tx.sessions().end(session.id, EndReason::SignOut, tx.now()).await? else {
            return Ok(EndedByHolder::NotTheirs);
        };
        let event = AuditEvent {
            actor: Actor::User(holder.user.id),
            user: Some(holder.user.id),
            address: Some(from.address.clone()),
            request_id: Some(from.request_id.clone()),
            ..session_ended(&tx, self.ambient.id(), session.id, EndReason::SignOut)
        };
        tx.audit().append(&event).await?;
        tx.commit().await?;
        entomb(realm, &ended.cookie).await;
        Ok(if id == holder.session.id {
            EndedByHolder::Here(LogoutFrames::of(realm, id, &ended.parties))
        } else {
            EndedByHolder::Elsewhere
        })
    }

    /// Ends every session of a person but this one.
    pub async fn end_other_sessions(&self, realm: &Realm, holder: &AccountHolder) -> Result<(), StoreError> {
        let tx = realm.write().await?;
        let retired = self.end_sessions_but(&tx, holder, Some(holder.session.id), EndReason::SignOut).await?;
        tx.commit().await?;
        self.entomb_all(realm, &retired).await;
        Ok(())
    }

    /// Ends every session of a person, this one too, and every grant with its families, offline ones too. The frames that
    /// this browser loads.
    pub async fn sign_out_everywhere(
        &self,
        realm: &Realm,
        holder: &AccountHolder,
        from: &Provenance,
    ) -> Result<LogoutFrames, StoreError> {
        let tx = realm.write().await?;
        let retired = self.end_sessions_but(&tx, holder, None, EndReason::SignOut).await?;
        tx.grants().end_all_of_user(holder.user.id, EndReason::SignOut, tx.now()).await?;
        let details = json!({ "sessions": retired.len() });
        tx.audit().append(&self.own_act(&tx, AuditKind::SignedOutEverywhere, holder, from, details)).await?;
        tx.commit().await?;
        self.entomb_all(realm, &retired).await;
        let here = retired.iter().find(|(id, _)| *id == holder.session.id);
        Ok(here.map(|(id, ended)| LogoutFrames::of(realm, *id, &ended.parties)).unwrap_or_default())
    }

    /// Ends the sessions of a person in the caller's transaction, all or all but one. The hashes of their cookies
    /// are to be entombed after the commit.
    pub(super) async fn end_sessions_but(
        &self,
        tx: &TenantWrite,
        holder: &AccountHolder,
        kept: Option<SessionId>,
        reason: EndReason,
    ) -> Result<Vec<(SessionId, EndedSession)>, StoreError> {
        let mut retired = Vec::new();
        for session in tx.sessions().of_user(holder.user.id).await? {
            if Some(session.id) == kept {
                continue;
            }
            if let Some(ended) = tx.sessions().end(session.id, reason, tx.now()).await? {
                tx.audit().append(&session_ended(tx, self.ambient.id(), session.id, reason)).await?;
                retired.push((session.id, ended));
            }
        }
        Ok(retired)
    }

    pub(super) async fn entomb_all(&self, realm: &Realm, retired: &[(SessionId, EndedSession)]) {
        for (_, ended) in retired {
            entomb(realm, &ended.cookie).await;
        }
    }
}

/// The clients of these keys, by name, each once.
fn named(clients: &HashMap<ClientKey, Arc<Client>>, keys: impl Iterator<Item = ClientKey>) -> Vec<Arc<Client>> {
    let mut found: Vec<Arc<Client>> = keys.filter_map(|key| clients.get(&key).cloned()).collect();
    found.sort_by(|a, b| (&a.name, &a.client_id).cmp(&(&b.name, &b.client_id)));
    found.dedup_by(|a, b| a.key == b.key);
    found
}
