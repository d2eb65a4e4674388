//! Who asks, and what they may do: proved by a token, read from the store in the transaction that acts.
//!
//! "Effective right = the token's admin scope ∩ the subject's permissions, read from the store at each request (never
//! from role claims)" (PROTOCOL.md, section 14). A [`Caller`] says who asks; [`Caller::read`] and [`Caller::write`] open
//! the one transaction of an operation and give an [`AdminActor`] with the rights of that moment. Writes of one realm
//! take turns, so that nobody's rights change between the question and the act.

mod actor;
mod error;
mod gate;

use palatine_domain::admin::{AdminRealm, Permission, Permissions};
use palatine_domain::audit::Actor;
use palatine_domain::ids::SessionId;
use palatine_realm::Realm;
use palatine_store::{TenantRead, TenantTx, TenantWrite};
use palatine_token_service::bearer::{Bearer, PresentedToken};
use serde::{Deserialize, Serialize};

use crate::built_in;

pub(crate) use actor::Remembered;
pub use actor::{About, AdminActor};
pub use error::AccessError;
pub use gate::{Asked, Gate, Operator};

/// From where a request came, for the audit log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The client's address.
    pub address: Option<String>,
    /// The request's id, as in the log.
    pub request_id: Option<String>,
}

/// Somebody who asks something of one realm.
#[derive(Clone, Debug)]
pub struct Caller {
    realm: Realm,
    who: Who,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum Who {
    /// A person or a service of the realm itself.
    Member(Box<PresentedToken>),
    /// An operator, who has to have entered.
    Operator(Box<Operator>),
}

/// What one transaction found.
struct Found {
    actor: Actor,
    session: Option<SessionId>,
    rights: Permissions,
}

impl Caller {
    /// The realm that is asked.
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// From where.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Begins a transaction that reads, for somebody who has the permission.
    pub async fn read(&self, permission: Permission) -> Result<(AdminActor, TenantRead), AccessError> {
        self.read_with(Permissions::of(&[permission])).await
    }

    /// The same, for somebody who has all of these permissions.
    pub async fn read_with(&self, permissions: Permissions) -> Result<(AdminActor, TenantRead), AccessError> {
        let tx = self.realm.read().await?;
        let actor = self.actor(&tx, permissions).await?;
        Ok((actor, tx))
    }

    /// Begins a transaction that writes, for somebody who has the permission. It is this realm's only one of the admin
    /// plane until it ends.
    pub async fn write(&self, permission: Permission) -> Result<(AdminActor, TenantWrite), AccessError> {
        self.write_with(Permissions::of(&[permission])).await
    }

    /// The same, for somebody who has all of these permissions.
    pub async fn write_with(&self, permissions: Permissions) -> Result<(AdminActor, TenantWrite), AccessError> {
        let tx = self.realm.write().await?;
        tx.lock_tenant().await?;
        let actor = self.actor(&tx, permissions).await?;
        Ok((actor, tx))
    }

    async fn actor<A>(&self, tx: &TenantTx<A>, permissions: Permissions) -> Result<AdminActor, AccessError> {
        let found = match &self.who {
            Who::Member(token) => self.member(tx, token).await?,
            Who::Operator(operator) => entered(tx, operator).await?,
        };
        if let Some(missing) = permissions.difference(found.rights).iter().next() {
            return Err(AccessError::Missing(missing));
        }
        let ambient = self.realm.ambient().clone();
        Ok(AdminActor::new(found.actor, found.session, found.rights, self.kind(), self.origin.clone(), ambient))
    }

    fn kind(&self) -> AdminRealm {
        AdminRealm::of(self.realm.slug())
    }

    async fn member<A>(&self, tx: &TenantTx<A>, token: &PresentedToken) -> Result<Found, AccessError> {
        let bearer = token.bearer(tx).await?.ok_or(AccessError::Ended)?;
        let graph = tx.roles().graph().await?;
        let found = match bearer {
            Bearer::Person { user, session } => {
                let memberships = tx.roles().memberships(user.id).await?;
                let rights = graph.permissions_of_person(&memberships, self.kind());
                Found { actor: Actor::User(user.id), session: Some(session), rights }
            }
            Bearer::Service(client) => {
                let rights = graph.permissions_of_service(client.key, self.kind());
                Found { actor: Actor::Client(client.key), session: None, rights }
            }
        };
        Ok(Found { rights: within_scope(token, found.rights), ..found })
    }
}

/// What a token lets its bearer use of their rights.
pub(crate) fn within_scope(token: &PresentedToken, rights: Permissions) -> Permissions {
    rights.within_scopes(token.has_scope(built_in::SCOPE_READ), token.has_scope(built_in::SCOPE_WRITE))
}

/// What an operator's entry allows.
async fn entered<A>(tx: &TenantTx<A>, operator: &Operator) -> Result<Found, AccessError> {
    let entry = tx.operator_entries().active_of(operator.subject(), tx.now()).await?.ok_or(AccessError::NotEntered)?;
    let all = if entry.writes { Permissions::ALL_OF_REALM } else { Permissions::READ_OF_REALM };
    let actor = Actor::Operator(format!("{}: {}", operator.name(), entry.reason));
    Ok(Found { actor, session: None, rights: operator.within_scope(all) })
}
