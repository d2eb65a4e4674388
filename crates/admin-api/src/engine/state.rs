//! What the realm holds, as far as somebody asks.

use std::collections::{BTreeMap, BTreeSet};

use palatine_domain::api::{Api, ScopeDefinition};
use palatine_domain::client::{Client, ClientId};
use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::ids::{ClientKey, GroupId, RoleId, UserId};
use palatine_domain::mapper::ClaimMapper;
use palatine_domain::roles::{Group, Role, RoleGraph};
use palatine_domain::tenant::RealmSettings;
use palatine_domain::user::User;
use palatine_store::{StoreError, TenantTx};

use super::check::{Desired, DesiredUser, role_reference};
use super::named::named_clients;
use super::{Extent, Rest};

/// How many clients or users are read at once.
const PAGE: u64 = 500;

/// Whose objects are read. Settings, APIs, scopes, roles, groups and mappers are read in any case.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Clients to be described.
    pub(crate) clients: Which<ClientId>,
    /// Clients that are only named.
    pub(crate) mentioned: BTreeSet<ClientId>,
    /// Users to be described.
    pub(crate) users: Which<WantedUser>,
    /// What the document calls users who are found among all, by how their name counts.
    spellings: BTreeMap<NormalisedIdentifier, String>,
}

/// Some, or all.
#[derive(Debug)]
pub(crate) enum Which<T> {
    /// These.
    Some(Vec<T>),
    /// All there are.
    All,
}

impl<T> Default for Which<T> {
    fn default() -> Self {
        Self::Some(Vec::new())
    }
}

/// A user to be found.
#[derive(Debug)]
pub(crate) struct WantedUser {
    /// What the document calls them.
    pub(crate) username: String,
    /// By what they are found.
    pub(crate) by: By,
}

/// By what a user is found.
#[derive(Debug)]
pub(crate) enum By {
    /// The name they sign in with.
    Name(NormalisedIdentifier),
    /// Their row.
    Id(UserId),
}

impl Wanted {
    /// What a comparison with the document needs.
    pub(crate) fn for_plan(desired: &Desired, extent: Extent) -> Self {
        let clients = match extent.rest {
            Rest::Stays => Which::Some(desired.clients.iter().map(|wanted| wanted.client_id.clone()).collect()),
            Rest::Goes | Rest::GoesWithUsers => Which::All,
        };
        let users = match extent.rest {
            Rest::Stays | Rest::Goes => Which::Some(desired.users.iter().map(WantedUser::of).collect()),
            Rest::GoesWithUsers => Which::All,
        };
        let spelling = |wanted: &DesiredUser| (wanted.identifier.clone(), wanted.username.clone());
        let spellings = desired.users.iter().map(spelling).collect();
        Self { clients, mentioned: named_clients(desired), users, spellings }
    }

    /// All that an export shows.
    pub(crate) fn everything(users: bool) -> Self {
        let users = if users { Which::All } else { Which::default() };
        Self { clients: Which::All, users, ..Self::default() }
    }

    /// What the document calls a user.
    fn spelling(&self, user: &User) -> String {
        let spelt = NormalisedIdentifier::parse(&user.username).ok().and_then(|name| self.spellings.get(&name));
        spelt.unwrap_or(&user.username).clone()
    }

    /// One client.
    pub(crate) fn client(client_id: ClientId) -> Self {
        Self { clients: Which::Some(vec![client_id]), ..Self::default() }
    }

    /// The user who signs in with a name, if it is one.
    pub(crate) fn username(username: &str) -> Self {
        let Ok(name) = NormalisedIdentifier::parse(username) else { return Self::default() };
        let wanted = WantedUser { username: username.to_owned(), by: By::Name(name) };
        Self { users: Which::Some(vec![wanted]), ..Self::default() }
    }

    /// One user.
    pub(crate) fn user(user: &User) -> Self {
        let wanted = WantedUser { username: user.username.clone(), by: By::Id(user.id) };
        Self { users: Which::Some(vec![wanted]), ..Self::default() }
    }
}

impl WantedUser {
    fn of(wanted: &DesiredUser) -> Self {
        let by = wanted.id.map_or_else(|| By::Name(wanted.identifier.clone()), By::Id);
        Self { username: wanted.username.clone(), by }
    }
}

/// The realm, as far as was asked.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// `None`: the realm is being made.
    pub(crate) settings: Option<RealmSettings>,
    /// All APIs, by identifier.
    pub(crate) apis: BTreeMap<String, Api>,
    /// All scopes, by name.
    pub(crate) scopes: BTreeMap<String, ScopeDefinition>,
    /// All roles and groups, and who was given what, but for users.
    pub(crate) graph: RoleGraph,
    /// All roles, by what a document names them.
    pub(crate) roles: BTreeMap<String, Role>,
    /// Pairs of a role and one that it brings along.
    pub(crate) composites: BTreeSet<(RoleId, RoleId)>,
    /// All claim mappers.
    pub(crate) mappers: Vec<ClaimMapper>,
    /// Clients that are only named, by `client_id`.
    pub(crate) other_clients: BTreeMap<String, ClientKey>,
    /// All groups, by path.
    pub(crate) groups: BTreeMap<String, KnownGroup>,
    /// The wanted clients, by `client_id`.
    pub(crate) clients: BTreeMap<String, KnownClient>,
    /// The longest life of an access token that a client which was not wanted has chosen, in seconds.
    pub(crate) longest_of_other_clients: Option<u64>,
    /// The wanted users, by the username that the document has; of all users, by their own.
    pub(crate) users: BTreeMap<String, KnownUser>,
}

#[derive(Debug)]
pub(crate) struct KnownGroup {
    pub(crate) group: Group,
    /// Its own roles.
    pub(crate) roles: BTreeSet<RoleId>,
}

#[derive(Debug)]
pub(crate) struct KnownClient {
    pub(crate) client: Client,
    pub(crate) roles: BTreeSet<RoleId>,
}

#[derive(Debug)]
pub(crate) struct KnownUser {
    pub(crate) user: User,
    /// Their own roles, without those they have through groups.
    pub(crate) roles: BTreeSet<RoleId>,
    pub(crate) groups: BTreeSet<GroupId>,
}

impl State {
    /// A realm that is being made holds its built-in roles and nothing else.
    pub(crate) async fn of_a_new_realm<A>(tx: &TenantTx<A>) -> Result<Self, StoreError> {
        let graph = tx.roles().graph().await?;
        let roles = graph.roles().map(|role| (reference(&graph, role), role.clone())).collect();
        Ok(Self { graph, roles, ..Self::default() })
    }

    /// Reads the realm. The number of statements does not grow with the realm, but with what is wanted.
    pub(crate) async fn load<A>(tx: &TenantTx<A>, wanted: &Wanted) -> Result<Self, StoreError> {
        let apis = tx.apis().list().await?;
        let scopes = tx.scopes().list().await?;
        let graph = tx.roles().graph().await?;
        let clients = clients(tx, wanted, &graph).await?;
        let other_clients = other_clients(tx, wanted, &apis, &clients).await?;
        Ok(Self {
            settings: Some(tx.settings().get().await?),
            apis: apis.into_iter().map(|api| (api.identifier.clone(), api)).collect(),
            scopes: scopes.into_iter().map(|scope| (scope.scope.as_str().to_owned(), scope)).collect(),
            roles: graph.roles().map(|role| (reference(&graph, role), role.clone())).collect(),
            composites: graph.composites().collect(),
            mappers: tx.claim_mappers().list().await?,
            other_clients,
            groups: groups(&graph),
            longest_of_other_clients: longest_of_others(tx, wanted).await?,
            clients,
            users: users(tx, wanted).await?,
            graph,
        })
    }
}

/// By what a document names a role.
pub(crate) fn reference(graph: &RoleGraph, role: &Role) -> String {
    role_reference(role.client.and_then(|client| graph.owner(client)), &role.name)
}

/// Those that are named, and those that are one registration with an API.
async fn other_clients<A>(
    tx: &TenantTx<A>,
    wanted: &Wanted,
    apis: &[Api],
    described: &BTreeMap<String, KnownClient>,
) -> Result<BTreeMap<String, ClientKey>, StoreError> {
    let mut found = Vec::new();
    for name in &wanted.mentioned {
        found.extend(tx.clients().by_client_id(name).await?);
    }
    let is_described = |key: &ClientKey| described.values().any(|known| known.client.key == *key);
    for key in apis.iter().filter_map(|api| api.client).filter(|key| !is_described(key)) {
        found.extend(tx.clients().by_key(key).await?);
    }
    Ok(found.into_iter().map(|client| (client.client_id.as_str().to_owned(), client.key)).collect())
}

fn groups(graph: &RoleGraph) -> BTreeMap<String, KnownGroup> {
    let known = |group: &Group| {
        let roles = graph.roles_of_group(group.id).iter().copied().collect();
        Some((graph.path(group.id)?, KnownGroup { group: group.clone(), roles }))
    };
    graph.groups().filter_map(known).collect()
}

async fn clients<A>(
    tx: &TenantTx<A>,
    wanted: &Wanted,
    graph: &RoleGraph,
) -> Result<BTreeMap<String, KnownClient>, StoreError> {
    let mut found = Vec::new();
    match &wanted.clients {
        Which::Some(names) => {
            for name in names {
                found.extend(tx.clients().by_client_id(name).await?);
            }
        }
        Which::All => loop {
            let after = found.last().map(|client: &Client| client.client_id.clone());
            let page = tx.clients().list(after.as_ref(), PAGE).await?;
            if page.is_empty() {
                break;
            }
            found.extend(page);
        },
    }
    let known = |client: Client| {
        let roles = graph.roles_of_client(client.key).iter().copied().collect();
        (client.client_id.as_str().to_owned(), KnownClient { client, roles })
    };
    Ok(found.into_iter().map(known).collect())
}

/// A client that is made anew has no row that could count.
async fn longest_of_others<A>(tx: &TenantTx<A>, wanted: &Wanted) -> Result<Option<u64>, StoreError> {
    match &wanted.clients {
        Which::Some(named) => tx.clients().longest_access_token_seconds(&named.iter().collect::<Vec<_>>()).await,
        Which::All => Ok(None),
    }
}

async fn users<A>(tx: &TenantTx<A>, wanted: &Wanted) -> Result<BTreeMap<String, KnownUser>, StoreError> {
    let mut users = BTreeMap::new();
    match &wanted.users {
        Which::Some(names) => {
            for wanted in names {
                let found = match &wanted.by {
                    By::Name(name) => tx.users().by_identifier(name).await?,
                    By::Id(id) => tx.users().by_id(*id).await?,
                };
                if let Some(user) = found {
                    users.insert(wanted.username.clone(), known_user(tx, user).await?);
                }
            }
        }
        Which::All => {
            let mut after = None;
            loop {
                let page = tx.users().search("", after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for user in page {
                    users.insert(wanted.spelling(&user), known_user(tx, user).await?);
                }
            }
        }
    }
    Ok(users)
}

async fn known_user<A>(tx: &TenantTx<A>, user: User) -> Result<KnownUser, StoreError> {
    let memberships = tx.roles().memberships(user.id).await?;
    Ok(KnownUser {
        user,
        roles: memberships.roles.into_iter().collect(),
        groups: memberships.groups.into_iter().collect(),
    })
}
