//! What the realm holds of all that a document speaks of.

use std::collections::{BTreeMap, BTreeSet};

use palatine_domain::api::{Api, ScopeDefinition};
use palatine_domain::client::Client;
use palatine_domain::ids::{ClientKey, GroupId, RoleId};
use palatine_domain::mapper::ClaimMapper;
use palatine_domain::roles::{Role, RoleGraph};
use palatine_domain::tenant::RealmSettings;
use palatine_domain::user::User;
use palatine_store::{StoreError, TenantTx};

use super::check::{Desired, role_reference};
use super::named::named_clients;

/// The realm, as far as the document speaks of it.
#[derive(Debug, Default)]
pub(super) struct State {
    /// `None`: the realm is being made.
    pub(super) settings: Option<RealmSettings>,
    /// All APIs, by identifier.
    pub(super) apis: BTreeMap<String, Api>,
    /// All scopes, by name.
    pub(super) scopes: BTreeMap<String, ScopeDefinition>,
    /// All roles, by what a document names them.
    pub(super) roles: BTreeMap<String, Role>,
    /// Pairs of a role and one that it brings along.
    pub(super) composites: BTreeSet<(RoleId, RoleId)>,
    /// All claim mappers.
    pub(super) mappers: Vec<ClaimMapper>,
    /// Clients that the document names without describing them, by `client_id`.
    pub(super) other_clients: BTreeMap<String, ClientKey>,
    /// All groups, by path.
    pub(super) groups: BTreeMap<String, KnownGroup>,
    /// The document's clients, by `client_id`.
    pub(super) clients: BTreeMap<String, KnownClient>,
    /// The longest life of an access token that a client which the document does not name has chosen, in seconds.
    pub(super) longest_of_other_clients: Option<u64>,
    /// The document's users, by the username that stands in the document.
    pub(super) users: BTreeMap<String, KnownUser>,
}

#[derive(Debug)]
pub(super) struct KnownGroup {
    pub(super) id: GroupId,
    /// Its own roles; not read for a group that the document gives none.
    pub(super) roles: BTreeSet<RoleId>,
}

#[derive(Debug)]
pub(super) struct KnownClient {
    pub(super) client: Client,
    pub(super) roles: BTreeSet<RoleId>,
}

#[derive(Debug)]
pub(super) struct KnownUser {
    pub(super) user: User,
    /// Their own roles, without those they have through groups.
    pub(super) roles: BTreeSet<RoleId>,
    pub(super) groups: BTreeSet<GroupId>,
}

impl State {
    /// A realm that does not exist yet holds nothing.
    pub(super) fn of_a_new_realm() -> Self {
        Self::default()
    }

    /// Reads the realm.
    pub(super) async fn load<A>(tx: &TenantTx<A>, desired: &Desired) -> Result<Self, StoreError> {
        let apis = tx.apis().list().await?;
        let scopes = tx.scopes().list().await?;
        Ok(Self {
            settings: Some(tx.settings().get().await?),
            apis: apis.into_iter().map(|api| (api.identifier.clone(), api)).collect(),
            scopes: scopes.into_iter().map(|scope| (scope.scope.as_str().to_owned(), scope)).collect(),
            roles: roles(tx).await?,
            composites: tx.roles().composites().await?.into_iter().collect(),
            mappers: tx.claim_mappers().list().await?,
            other_clients: other_clients(tx, desired).await?,
            groups: groups(tx, desired).await?,
            clients: clients(tx, desired).await?,
            longest_of_other_clients: longest_of_others(tx, desired).await?,
            users: users(tx, desired).await?,
        })
    }
}

async fn roles<A>(tx: &TenantTx<A>) -> Result<BTreeMap<String, Role>, StoreError> {
    let owners: BTreeMap<ClientKey, String> = tx.roles().owners().await?.into_iter().collect();
    let named = |role: Role| {
        let owner = role.client.and_then(|client| owners.get(&client)).map(String::as_str);
        (role_reference(owner, &role.name), role)
    };
    Ok(tx.roles().list().await?.into_iter().map(named).collect())
}

async fn other_clients<A>(tx: &TenantTx<A>, desired: &Desired) -> Result<BTreeMap<String, ClientKey>, StoreError> {
    let mut found = BTreeMap::new();
    for name in named_clients(desired) {
        if let Some(client) = tx.clients().by_client_id(&name).await? {
            found.insert(name.as_str().to_owned(), client.key);
        }
    }
    Ok(found)
}

async fn groups<A>(tx: &TenantTx<A>, desired: &Desired) -> Result<BTreeMap<String, KnownGroup>, StoreError> {
    let gets_roles = |path: &str| desired.groups.iter().any(|wanted| wanted.path == path && !wanted.roles.is_empty());
    let mut groups = BTreeMap::new();
    let all = tx.groups().list().await?;
    let paths = RoleGraph::new([], all.iter().cloned());
    for group in all {
        let Some(path) = paths.path(group.id) else { continue };
        let roles = if gets_roles(&path) {
            tx.roles().roles_of_group(group.id).await?.iter().map(|role| role.id).collect()
        } else {
            BTreeSet::new()
        };
        groups.insert(path, KnownGroup { id: group.id, roles });
    }
    Ok(groups)
}

async fn clients<A>(tx: &TenantTx<A>, desired: &Desired) -> Result<BTreeMap<String, KnownClient>, StoreError> {
    let mut clients = BTreeMap::new();
    for wanted in &desired.clients {
        let Some(client) = tx.clients().by_client_id(&wanted.client_id).await? else { continue };
        let roles = if wanted.roles.is_empty() {
            BTreeSet::new()
        } else {
            tx.roles().roles_of_client(client.key).await?.iter().map(|role| role.id).collect()
        };
        clients.insert(client.client_id.as_str().to_owned(), KnownClient { client, roles });
    }
    Ok(clients)
}

async fn longest_of_others<A>(tx: &TenantTx<A>, desired: &Desired) -> Result<Option<u64>, StoreError> {
    let named: Vec<_> = desired.clients.iter().map(|wanted| &wanted.client_id).collect();
    tx.clients().longest_access_token_seconds(&named).await
}

async fn users<A>(tx: &TenantTx<A>, desired: &Desired) -> Result<BTreeMap<String, KnownUser>, StoreError> {
    let mut users = BTreeMap::new();
    for wanted in &desired.users {
        let Some(user) = tx.users().by_identifier(&wanted.identifier).await? else { continue };
        let roles = if wanted.roles.is_empty() {
            BTreeSet::new()
        } else {
            tx.roles().direct_roles_of_user(user.id).await?.iter().map(|role| role.id).collect()
        };
        let groups = if wanted.groups.is_empty() {
            BTreeSet::new()
        } else {
            tx.groups().groups_of_user(user.id).await?.iter().map(|group| group.id).collect()
        };
        users.insert(wanted.username.clone(), KnownUser { user, roles, groups });
    }
    Ok(users)
}
