//! What tokens and userinfo say about a person or a service: the subject, what scopes release, roles and groups, and
//! what mappers add (PROTOCOL.md section 5).
//!
//! Three steps, since nothing may be fetched while a transaction is open that has to open one itself: [`Sources`] are
//! gathered before the transaction, [`Sources::person`] is called inside it, at the price of at most one statement, and
//! everything after is computing.

mod mapped;
pub(crate) mod requested;
mod roles;
mod standard;
mod subject;

use std::collections::BTreeMap;
use std::sync::Arc;

use palatine_domain::client::Client;
use palatine_domain::mapper::ClaimTarget;
use palatine_domain::roles::{Holdings, RoleGraph};
use palatine_domain::user::User;
use palatine_protocol::claims::{ExtraClaims, RoleAccess};
use palatine_protocol::scope::ScopeSet;
use palatine_realm::Realm;
use palatine_store::{StoreError, TenantTx};

use crate::ServiceError;
use crate::targets::Target;

pub use subject::{Subjects, subject};

/// What the claims of one client's tokens are made of.
#[derive(Clone, Debug)]
pub struct Sources<'a> {
    realm: &'a Realm,
    client: &'a Client,
    subjects: Subjects,
    /// `None`: nothing that the client may ask for shows roles or groups.
    graph: Option<Arc<RoleGraph>>,
}

/// A person, as the tokens of one answer speak of them.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their account.
    pub user: User,
    /// The `sub` by which the client knows them.
    pub subject: String,
    /// Their roles and groups, where this answer shows any.
    pub holdings: Holdings,
}

/// Claims of an access token beside the protocol's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccessClaims {
    /// Realm roles.
    pub realm_access: Option<RoleAccess>,
    /// Client roles, by `client_id`.
    pub resource_access: Option<BTreeMap<String, RoleAccess>>,
    /// All others.
    pub extra: ExtraClaims,
}

impl<'a> Sources<'a> {
    /// Gathers them. Opens transactions of its own where something is not in memory yet.
    pub async fn of(realm: &'a Realm, client: &'a Client) -> Result<Self, ServiceError> {
        let subjects = Subjects::of(realm, client).await?;
        let graph = if roles::may_be_shown(realm, client) { Some(realm.role_graph().await?) } else { None };
        Ok(Self { realm, client, subjects, graph })
    }

    /// The person, with what they hold now: a role that was given or taken shows at the next issuance. One statement if
    /// `scope` shows roles or groups, none otherwise.
    pub async fn person<A>(&self, tx: &TenantTx<A>, user: User, scope: &ScopeSet) -> Result<Person, StoreError> {
        let holdings = match &self.graph {
            Some(graph) if roles::are_shown(self.realm, self.client, scope) => {
                graph.of_person(&tx.roles().memberships(user.id).await?)
            }
            Some(_) | None => Holdings::default(),
        };
        Ok(Person { subject: self.subjects.subject(&user), user, holdings })
    }

    /// What the client's own service account holds. From memory.
    pub fn service(&self) -> Holdings {
        self.graph.as_ref().map(|graph| graph.of_service(self.client.key)).unwrap_or_default()
    }
}

/// Claims of an access token for a person's grant.
pub fn for_access_token(realm: &Realm, client: &Client, person: &Person, target: &Target) -> AccessClaims {
    access_claims(realm, client, Some(&person.user), &person.holdings, target)
}

/// Claims of a client's token for itself.
pub fn for_service_token(realm: &Realm, client: &Client, holdings: &Holdings, target: &Target) -> AccessClaims {
    access_claims(realm, client, None, holdings, target)
}

fn access_claims(
    realm: &Realm,
    client: &Client,
    user: Option<&User>,
    holdings: &Holdings,
    target: &Target,
) -> AccessClaims {
    let mut extra = ExtraClaims::new();
    roles::lists(&mut extra, client, holdings, &target.scope);
    let context = mapped::Context { realm, client, user, holdings, scope: &target.scope };
    context.write(&mut extra, ClaimTarget::AccessToken);
    AccessClaims {
        realm_access: roles::realm_access(client, holdings, &target.scope),
        resource_access: roles::resource_access(realm, client, holdings, target),
        extra,
    }
}

/// Claims of an ID token beside the protocol's: "profile claims only where the specification puts them" (userinfo, in
/// the code flow), unless the client's setting asks for them; and what mappers put there.
pub fn for_id_token(realm: &Realm, client: &Client, person: &Person, scope: &ScopeSet) -> ExtraClaims {
    if client.settings.profile_claims_in_id_token {
        return for_id_token_alone(realm, client, person, scope);
    }
    let mut claims = ExtraClaims::new();
    mapped(realm, client, person, scope).write(&mut claims, ClaimTarget::IdToken);
    claims
}

/// The same of an ID token without an access token, which could not ask for them at userinfo: "the resulting Claims are
/// returned in the ID Token" (OpenID Connect Core, section 5.4).
pub fn for_id_token_alone(realm: &Realm, client: &Client, person: &Person, scope: &ScopeSet) -> ExtraClaims {
    let mut claims = released(realm, client, person, scope);
    mapped(realm, client, person, scope).write(&mut claims, ClaimTarget::IdToken);
    claims
}

/// Claims of a userinfo answer, without `sub`.
pub fn for_userinfo(realm: &Realm, client: &Client, person: &Person, scope: &ScopeSet) -> ExtraClaims {
    let mut claims = released(realm, client, person, scope);
    mapped(realm, client, person, scope).write(&mut claims, ClaimTarget::Userinfo);
    claims
}

/// What the scopes release by themselves (OpenID Connect Core, section 5.4; and `roles`, `groups`).
fn released(realm: &Realm, client: &Client, person: &Person, scope: &ScopeSet) -> ExtraClaims {
    let mut claims = standard::of_user(realm, &person.user, scope);
    roles::lists(&mut claims, client, &person.holdings, scope);
    claims
}

fn mapped<'a>(realm: &'a Realm, client: &'a Client, person: &'a Person, scope: &'a ScopeSet) -> mapped::Context<'a> {
    mapped::Context { realm, client, user: Some(&person.user), holdings: &person.holdings, scope }
}
