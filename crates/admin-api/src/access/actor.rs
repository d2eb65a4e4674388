//! Somebody whose rights were read in the transaction that acts.

use palatine_domain::Ambient;
use palatine_domain::admin::{AdminRealm, Permissions};
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::ids::{ClientKey, SessionId, UserId};
use palatine_realm::Realm;
use palatine_store::{StoreError, TenantTx, TenantWrite};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Origin;
use crate::engine::guard::Guard;

/// Somebody who may act in one transaction. Made by [`super::Caller`] alone.
#[derive(Clone, Debug)]
pub struct AdminActor {
    actor: Actor,
    session: Option<SessionId>,
    rights: Permissions,
    realm: AdminRealm,
    origin: Origin,
    ambient: Ambient,
}

/// Whom or what an act is about, beside what its details say.
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    /// The user.
    pub user: Option<UserId>,
    /// The client.
    pub client: Option<ClientKey>,
}

impl About {
    /// A user.
    pub fn user(user: UserId) -> Self {
        Self { user: Some(user), client: None }
    }

    /// A client.
    pub fn client(client: ClientKey) -> Self {
        Self { user: None, client: Some(client) }
    }
}

/// What is kept of somebody whose work goes on after their request: what they could do when they asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Remembered {
    actor: Actor,
    session: Option<SessionId>,
    rights: Permissions,
    origin: Origin,
}

impl Remembered {
    /// As they are now: who has lost a right since, or was disabled, has it no more. An operator is taken at the word of
    /// the entry that they asked in.
    pub(crate) async fn recall<A>(self, tx: &TenantTx<A>, realm: &Realm) -> Result<AdminActor, StoreError> {
        let kind = AdminRealm::of(realm.slug());
        let graph = tx.roles().graph().await?;
        let now = match &self.actor {
            Actor::User(id) => match tx.users().by_id(*id).await?.filter(|user| user.enabled) {
                Some(user) => graph.permissions_of_person(&tx.roles().memberships(user.id).await?, kind),
                None => Permissions::NONE,
            },
            Actor::Client(key) => match tx.clients().by_key(*key).await?.filter(|client| client.enabled) {
                Some(client) => graph.permissions_of_service(client.key, kind),
                None => Permissions::NONE,
            },
            Actor::Operator(_) => self.rights,
            Actor::Anonymous | Actor::System => Permissions::NONE,
        };
        let rights = self.rights.intersection(now);
        Ok(AdminActor::new(self.actor, self.session, rights, kind, self.origin, realm.ambient().clone()))
    }
}

impl AdminActor {
    pub(super) fn new(
        actor: Actor,
        session: Option<SessionId>,
        rights: Permissions,
        realm: AdminRealm,
        origin: Origin,
        ambient: Ambient,
    ) -> Self {
        Self { actor, session, rights, realm, origin, ambient }
    }

    /// What they may do.
    pub fn rights(&self) -> Permissions {
        self.rights
    }

    /// For the audit log.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The session that their token comes from.
    pub fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// What is kept of them for work that goes on after their request.
    pub(crate) fn remembered(&self) -> Remembered {
        Remembered {
            actor: self.actor.clone(),
            session: self.session,
            rights: self.rights,
            origin: self.origin.clone(),
        }
    }

    /// The question about principals, for them.
    pub(crate) fn guard(&self) -> Guard {
        Guard::Rights(self.rights, self.realm)
    }

    /// Writes an act of theirs down, in the transaction that does it. `details` never hold a secret.
    pub async fn audit(
        &self,
        tx: &TenantWrite,
        kind: AuditKind,
        about: About,
        details: Value,
    ) -> Result<(), StoreError> {
        let event = AuditEvent {
            id: self.ambient.id(),
            at: tx.now(),
            kind,
            actor: self.actor.clone(),
            user: about.user,
            client: about.client,
            session: self.session,
            address: self.origin.address.clone(),
            request_id: self.origin.request_id.clone(),
            details,
        };
        tx.audit().append(&event).await
    }
}
