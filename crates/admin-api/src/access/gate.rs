//! From a token to somebody who asks.

use palatine_domain::RealmSlug;
use palatine_domain::admin::{AdminRealm, Permission, Permissions};
use palatine_domain::tenant::TenantState;
use palatine_realm::{Realm, ResolveError, Resolver};
use palatine_store::Store;
use palatine_token_service::TokenService;
use palatine_token_service::bearer::{Bearer, PresentedToken};

use super::{AccessError, Caller, Origin, Who, within_scope};
use crate::built_in;

/// The door of the admin plane.
#[derive(Clone)]
pub struct Gate {
    resolver: Resolver,
    tokens: TokenService,
    store: Store,
}

/// An operator, with the rights over the platform that their token may use.
#[derive(Clone, Debug)]
pub struct Operator {
    token: PresentedToken,
    name: String,
    subject: String,
    rights: Permissions,
}

impl Operator {
    /// The name they sign in with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Their `sub` in the realm `system`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What they may do with the platform.
    pub fn rights(&self) -> Permissions {
        self.rights
    }

    /// What their token lets them use of these.
    pub(crate) fn within_scope(&self, rights: Permissions) -> Permissions {
        within_scope(&self.token, rights)
    }

    /// Refuses who may not.
    pub fn needs(&self, permission: Permission) -> Result<(), AccessError> {
        if self.rights.contains(permission) { Ok(()) } else { Err(AccessError::Missing(permission)) }
    }
}

/// Whom a request about a realm comes from.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Somebody who may ask something of the realm, which is there.
    Realm(Caller),
    /// An operator; there is no such realm.
    NoRealm(Box<Operator>),
}

/// A token, and the realm that it was issued by.
struct Proved {
    token: PresentedToken,
    issuer: Realm,
}

impl Gate {
    /// Over the realms and their tokens.
    pub fn new(resolver: Resolver, tokens: TokenService, store: Store) -> Self {
        Self { resolver, tokens, store }
    }

    /// The store, for operators' work across realms.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The service that issues tokens.
    pub fn tokens(&self) -> &TokenService {
        &self.tokens
    }

    /// Where realms are found.
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// Somebody who asks something of a realm. Whoever comes from another realm is told that there is none.
    pub async fn caller(&self, slug: &str, token: &str, origin: Origin) -> Result<Caller, AccessError> {
        match self.asked(slug, token, origin).await? {
            Asked::Realm(caller) => Ok(caller),
            Asked::NoRealm(_) => Err(AccessError::NoRealm),
        }
    }

    /// The same, for what an operator may ask of a realm that has yet to be made.
    pub async fn asked(&self, slug: &str, token: &str, origin: Origin) -> Result<Asked, AccessError> {
        let Proved { token, issuer } = self.prove(token).await?;
        if issuer.slug().as_str() == slug {
            if issuer.state() == TenantState::Suspended {
                return Err(AccessError::Suspended);
            }
            return Ok(Asked::Realm(Caller { realm: issuer, who: Who::Member(Box::new(token)), origin }));
        }
        if AdminRealm::of(issuer.slug()) != AdminRealm::System {
            return Err(AccessError::NoRealm);
        }
        let operator = operator(&issuer, token).await?;
        match self.resolver.by_slug(slug).await {
            Ok(realm) => Ok(Asked::Realm(Caller { realm, who: Who::Operator(Box::new(operator)), origin })),
            Err(ResolveError::Unknown) => Ok(Asked::NoRealm(Box::new(operator))),
            Err(error @ ResolveError::Unavailable(_)) => Err(error.into()),
        }
    }

    /// Somebody who asks something of the platform.
    pub async fn operator(&self, token: &str) -> Result<Operator, AccessError> {
        let Proved { token, issuer } = self.prove(token).await?;
        match AdminRealm::of(issuer.slug()) {
            AdminRealm::System => operator(&issuer, token).await,
            AdminRealm::Customer => Err(AccessError::NotAnOperator),
        }
    }

    /// The realm that a token claims to be from is only asked for its keys.
    async fn prove(&self, token: &str) -> Result<Proved, AccessError> {
        let slug = self.claimed_issuer(token).ok_or(AccessError::InvalidToken)?;
        let issuer = match self.resolver.by_slug(slug.as_str()).await {
            Ok(realm) => realm,
            Err(ResolveError::Unknown) => return Err(AccessError::InvalidToken),
            Err(error @ ResolveError::Unavailable(_)) => return Err(error.into()),
        };
        let token = self.tokens.presented(&issuer, token).await?.ok_or(AccessError::InvalidToken)?;
        if !token.is_for(built_in::ADMIN_API) {
            return Err(AccessError::InvalidToken);
        }
        Ok(Proved { token, issuer })
    }

    fn claimed_issuer(&self, token: &str) -> Option<RealmSlug> {
        let issuer = palatine_protocol::claims::unverified_issuer(token)?;
        let slug = RealmSlug::parse(issuer.rsplit_once('/')?.1).ok()?;
        (self.resolver.issuer_of(&slug) == issuer).then_some(slug)
    }
}

/// What an operator may do, read in a transaction of the realm `system`, which ends before any other begins.
async fn operator(system: &Realm, token: PresentedToken) -> Result<Operator, AccessError> {
    let tx = system.read().await?;
    let bearer = token.bearer(&tx).await?.ok_or(AccessError::Ended)?;
    let graph = tx.roles().graph().await?;
    let (name, subject, rights) = match bearer {
        Bearer::Person { user, .. } => {
            let memberships = tx.roles().memberships(user.id).await?;
            (user.username, user.subject, graph.permissions_of_person(&memberships, AdminRealm::System))
        }
        Bearer::Service(client) => {
            let name = client.client_id.as_str().to_owned();
            (name.clone(), name, graph.permissions_of_service(client.key, AdminRealm::System))
        }
    };
    tx.finish().await?;
    let of_platform: Permissions = rights.iter().filter(|permission| permission.is_of_platform()).collect();
    let rights = within_scope(&token, of_platform);
    if rights.is_empty() {
        return Err(AccessError::NotAnOperator);
    }
    Ok(Operator { token, name, subject, rights })
}
