//! What has to be written so that the realm becomes what the document says.
//!
//! Pure: from the document, one reading of the realm, and what was hashed for it. An empty plan means that the realm is
//! as it should be.

mod access;
mod clients;
mod groups;
mod mappers;
mod prune;
mod roles;
mod users;

use std::collections::{BTreeMap, BTreeSet};

use palatine_domain::api::{Api, ScopeDefinition};
use palatine_domain::client::{Client, ClientSecret};
use palatine_domain::ids::{ApiId, ClientKey, ClientSecretId, GroupId, MapperId, RoleId, ScopeId, UserId};
use palatine_domain::mapper::{ClaimMapper, MapperOwner};
use palatine_domain::roles::{Group, Role};
use palatine_domain::tenant::RealmSettings;
use palatine_domain::user::{CustomField, User};
use palatine_domain::{Ambient, Instant};
use palatine_protocol::scope::IDENTITY_SCOPES;

use super::Extent;
use super::change::{Change, What};
use super::check::Desired;
use super::hashes::Hashes;
use super::state::State;
use crate::built_in;
use crate::document::{Path, SourcedDocument, did_you_mean};
use crate::error::Problem;

/// What has to be written, in this order.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) changes: Vec<Change>,
}

impl Plan {
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// One write, and what in the document asks for it.
pub(crate) struct Step {
    pub(crate) at: Path,
    pub(crate) op: Op,
}

/// One write. Not `Debug`: some hold hashes.
pub(crate) enum Op {
    PutSettings(Box<RealmSettings>),
    InsertApi(Api),
    UpdateApi(Api),
    DeleteApi(ApiId),
    InsertScope(ScopeDefinition),
    UpdateScope(ScopeDefinition),
    DeleteScope(ScopeId),
    InsertRole(Role),
    UpdateRole(Role),
    DeleteRole(RoleId),
    AddComposite(RoleId, RoleId),
    RemoveComposite(RoleId, RoleId),
    InsertMapper(Box<ClaimMapper>),
    UpdateMapper(Box<ClaimMapper>),
    DeleteMapper(MapperOwner, MapperId),
    InsertGroup(Group),
    UpdateGroup(Group),
    DeleteGroup(GroupId),
    GiveRoleToGroup(RoleId, GroupId),
    TakeRoleFromGroup(RoleId, GroupId),
    InsertClient(Box<Client>),
    UpdateClient(Box<Client>),
    DeleteClient(ClientKey),
    RemoveSecret(ClientKey, ClientSecretId),
    AddSecret(ClientKey, Box<ClientSecret>),
    GiveRoleToClient(RoleId, ClientKey),
    TakeRoleFromClient(RoleId, ClientKey),
    InsertUser(Box<User>),
    UpdateUser(Box<User>),
    DeleteUser(UserId),
    SetPassword(UserId, String),
    GiveRoleToUser(RoleId, UserId),
    TakeRoleFromUser(RoleId, UserId),
    AddMember(GroupId, UserId),
    RemoveMember(GroupId, UserId),
}

/// Why there is no plan.
#[derive(Debug)]
pub(crate) enum PlanError {
    /// The document does not fit the realm.
    Problems(Vec<Problem>),
    /// The realm is not the one that was hashed for.
    Overtaken,
}

/// Compares a document with a realm.
pub(crate) fn plan(
    source: &SourcedDocument,
    desired: &Desired,
    state: &State,
    hashes: &Hashes,
    extent: Extent,
    ambient: &Ambient,
    now: Instant,
) -> Result<Plan, PlanError> {
    let mut planner = Planner {
        source,
        desired,
        state,
        hashes,
        extent,
        ambient,
        now,
        apis: state.apis.iter().map(|(identifier, api)| (identifier.clone(), api.id)).collect(),
        scopes: state.scopes.iter().map(|(name, scope)| (name.clone(), scope.id)).collect(),
        clients: clients::keys(desired, state, ambient),
        roles: roles::ids(desired, state, ambient),
        groups: state.groups.iter().map(|(path, known)| (path.clone(), known.group.id)).collect(),
        given_to_clients: Vec::new(),
        plan: Plan::default(),
        problems: Vec::new(),
        overtaken: false,
    };
    planner.key_retention();
    let custom_fields = planner.settings();
    planner.apis();
    planner.scopes();
    planner.roles();
    planner.clients();
    planner.composites();
    planner.mappers(&custom_fields);
    planner.groups();
    // Roles of other clients must be there first.
    let given_to_clients = std::mem::take(&mut planner.given_to_clients);
    planner.plan.steps.extend(given_to_clients);
    planner.users(&custom_fields);
    if extent.prunes() {
        planner.prune();
    }
    if planner.overtaken {
        Err(PlanError::Overtaken)
    } else if planner.problems.is_empty() {
        Ok(planner.plan)
    } else {
        Err(PlanError::Problems(planner.problems))
    }
}

struct Planner<'a> {
    source: &'a SourcedDocument,
    desired: &'a Desired,
    state: &'a State,
    hashes: &'a Hashes,
    extent: Extent,
    ambient: &'a Ambient,
    now: Instant,
    /// Identifiers of what is there and of what will be, by name.
    apis: BTreeMap<String, ApiId>,
    scopes: BTreeMap<String, ScopeId>,
    clients: BTreeMap<String, ClientKey>,
    /// By what a document names them.
    roles: BTreeMap<String, RoleId>,
    /// By path.
    groups: BTreeMap<String, GroupId>,
    /// Roles of service accounts.
    given_to_clients: Vec<Step>,
    plan: Plan,
    problems: Vec<Problem>,
    overtaken: bool,
}

impl Planner<'_> {
    /// A key must outlive what any client's tokens say, those of clients that the document does not name too.
    fn key_retention(&mut self) {
        let longest = self.state.longest_of_other_clients.unwrap_or(0);
        if let Err(error) = self.desired.policy.check_key_retention(longest) {
            let words = format!("{error} (a client of this realm that the document does not name has such tokens)");
            self.problem(&Path::of(["policy", "keys", "retention_seconds"]), words);
        }
    }

    /// The settings. Custom fields that the document does not name stay, unless it is to be exact: their values are with
    /// the users.
    fn settings(&mut self) -> Vec<CustomField> {
        let kept = self.state.settings.iter().filter(|_| !self.extent.is_exact());
        let kept = kept.flat_map(|settings| &settings.custom_fields);
        let kept = kept.filter(|old| !self.desired.custom_fields.iter().any(|new| new.name == old.name));
        let mut custom_fields: Vec<CustomField> = self.desired.custom_fields.iter().chain(kept).cloned().collect();
        custom_fields.sort_by(|a, b| a.name.cmp(&b.name));
        for field in &self.desired.custom_fields {
            let at = Path::of(["custom_fields", &field.name, "scope"]);
            self.check_scope(&field.scope, &at);
        }
        let settings = RealmSettings {
            display_name: self.desired.display_name.clone(),
            branding: self.desired.branding.clone(),
            policy: self.desired.policy.clone(),
            custom_fields: custom_fields.clone(),
        };
        let slug = self.desired.slug.as_str();
        match &self.state.settings {
            Some(stored) if *stored == settings => {}
            Some(_) => {
                self.change(Change::updated(What::Settings, slug));
                self.step(&Path::default(), Op::PutSettings(Box::new(settings)));
            }
            None => self.step(&Path::default(), Op::PutSettings(Box::new(settings))),
        }
        custom_fields
    }

    /// What is held and not wanted, if the document is to be exact.
    fn surplus<'s, T: Copy + Ord>(
        &self,
        held: &'s BTreeSet<T>,
        wanted: &'s [T],
    ) -> impl Iterator<Item = T> + use<'s, T> {
        let exact = self.extent.is_exact();
        held.iter().copied().filter(move |one| exact && !wanted.contains(one))
    }

    fn step(&mut self, at: &Path, op: Op) {
        self.plan.steps.push(Step { at: at.clone(), op });
    }

    fn change(&mut self, change: Change) {
        self.plan.changes.push(change);
    }

    fn problem(&mut self, at: &Path, message: impl Into<String>) {
        self.problems.push(self.source.problem(at, message));
    }

    /// Refuses a scope that the realm neither has nor will have.
    fn check_scope(&mut self, name: &str, at: &Path) {
        let declared = self.desired.scopes.iter().map(|wanted| wanted.scope.as_str());
        let stored = self.state.scopes.keys().map(String::as_str);
        let built_in = IDENTITY_SCOPES.into_iter().chain([built_in::SCOPE_READ, built_in::SCOPE_WRITE]);
        let known: Vec<&str> = built_in.chain(declared).chain(stored).collect();
        if !known.contains(&name) {
            self.problem(at, unknown("scope", name, known));
        }
    }

    fn known_roles(&mut self, names: &[String], holder: &Path) -> Vec<RoleId> {
        self.roles_at(names, &holder.then("roles"))
    }

    /// The roles of a list that stands there.
    fn roles_at(&mut self, names: &[String], at: &Path) -> Vec<RoleId> {
        let (found, problems) = resolve(self.source, "role", names, &self.roles, at);
        self.problems.extend(problems);
        found
    }

    fn known_groups(&mut self, names: &[String], member: &Path) -> Vec<GroupId> {
        let (found, problems) = resolve(self.source, "group", names, &self.groups, &member.then("groups"));
        self.problems.extend(problems);
        found
    }

    fn known_apis(&mut self, names: &[String], client: &Path) -> Vec<ApiId> {
        let (found, problems) = resolve(self.source, "API", names, &self.apis, &client.then("apis"));
        self.problems.extend(problems);
        found
    }
}

/// What the names stand for, and a problem for each that stands for nothing.
fn resolve<T: Copy>(
    source: &SourcedDocument,
    what: &str,
    names: &[String],
    known: &BTreeMap<String, T>,
    at: &Path,
) -> (Vec<T>, Vec<Problem>) {
    let found = names.iter().filter_map(|name| known.get(name).copied()).collect();
    let missing = names.iter().enumerate().filter(|(_, name)| !known.contains_key(*name));
    let problem = |(number, name): (usize, &String)| {
        source.problem(&at.item(number), unknown(what, name, known.keys().map(String::as_str)))
    };
    (found, missing.map(problem).collect())
}

fn unknown<'n>(what: &str, name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    format!("the realm has no {what} `{name}`{}", did_you_mean(name, known))
}
