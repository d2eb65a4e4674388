//! The principal rule over all writes: whatever is tried in whatever order, nobody ends with a hand on a principal whose
//! rights they have not.

use palatine_domain::Instant;
use palatine_domain::admin::AdminRole;
use palatine_domain::client::{ClientAuthMethod, ClientId, ClientKind, ClientScope, ClientSettings};
use palatine_domain::ids::{ClientSecretId, MapperId, RowId};
use palatine_domain::mapper::{ClaimMapper, MapperRule};
use palatine_domain::roles::Group;
use palatine_domain::user::{User, UserProfile};
use palatine_protocol::scope::Scope;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::engine::state::{KnownClient, KnownUser};

/// How many principals of each kind there are.
const OF_EACH: u8 = 4;

fn id<I: RowId>(number: u8) -> I {
    I::from_uuid(Uuid::from_u128(u128::from(number) + 1))
}

/// A realm with the built-in roles, and roles, groups, users and clients that hold nothing yet. Role `n` below the number
/// of built-in ones is a built-in one.
fn realm() -> State {
    let built_in = AdminRole::of_realm();
    let name = |number: u8| {
        let role = built_in.get(usize::from(number)).map(|role| role.name().to_owned());
        role.unwrap_or_else(|| format!("role-{number}"))
    };
    let roles = (0..roles_in_all()).map(|number| Role {
        id: id(number),
        name: name(number),
        description: String::new(),
        client: None,
    });
    let groups = (0..OF_EACH).map(|number| Group { id: id(number), name: format!("group-{number}"), parent: None });
    let mut state = State { graph: RoleGraph::new(roles, groups), ..State::default() };
    for number in 0..OF_EACH {
        let known = KnownUser { user: user(number), roles: [].into(), groups: [].into() };
        state.users.insert(format!("user-{number}"), known);
        let known = KnownClient { client: client(number, false), roles: [].into() };
        state.clients.insert(format!("client-{number}"), known);
    }
    state
}

fn roles_in_all() -> u8 {
    OF_EACH + u8::try_from(AdminRole::of_realm().len()).unwrap()
}

fn user(number: u8) -> User {
    User {
        id: id(number),
        subject: number.to_string(),
        enabled: true,
        username: format!("user-{number}"),
        email: None,
        email_verified: false,
        profile: UserProfile::default(),
        custom: [].into(),
        created_at: Instant::EPOCH,
        updated_at: Instant::EPOCH,
    }
}

fn client(number: u8, administers: bool) -> Client {
    let scope = Scope::parse(built_in::SCOPE_WRITE).unwrap();
    Client {
        key: id(number),
        client_id: ClientId::parse(&format!("client-{number}")).unwrap(),
        name: String::new(),
        enabled: true,
        settings: ClientSettings::new(ClientKind::Service, ClientAuthMethod::ClientSecretBasic, Vec::new()),
        scopes: if administers { vec![ClientScope { scope, default: true }] } else { Vec::new() },
        linked_apis: Vec::new(),
        secrets: Vec::new(),
    }
}

/// Whom a write gives a hand on, beside what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Principal {
    User(u8),
    Client(u8),
    Group(u8),
    Role(u8),
}

/// A try: which write, and on what.
#[derive(Clone, Debug)]
struct Try {
    kind: u8,
    on: u8,
    other: u8,
}

impl Try {
    /// The write, and the principal that it is about.
    fn op(&self) -> (Op, Principal) {
        let (on, role) = (self.on % OF_EACH, self.other % roles_in_all());
        let own_role = OF_EACH + on % OF_EACH;
        let group = self.other % OF_EACH;
        match self.kind % 15 {
            0 => (Op::SetPassword(id(on), String::new()), Principal::User(on)),
            1 => (Op::UpdateUser(Box::new(user(on))), Principal::User(on)),
            2 => (Op::GiveRoleToUser(id(role), id(on)), Principal::User(on)),
            3 => (Op::AddMember(id(group), id(on)), Principal::User(on)),
            4 => (Op::GiveRoleToGroup(id(role), id(on)), Principal::Group(on)),
            5 => (
                Op::UpdateGroup(Group { id: id(on), name: "moved".into(), parent: parent(on, group) }),
                Principal::Group(on),
            ),
            6 => (Op::AddComposite(id(own_role), id(role)), Principal::Role(own_role)),
            7 => (Op::RemoveComposite(id(own_role), id(role)), Principal::Role(own_role)),
            8 => (Op::RemoveSecret(id(on), ClientSecretId::from_uuid(Uuid::nil())), Principal::Client(on)),
            9 => (Op::UpdateClient(Box::new(client(on, self.other.is_multiple_of(2)))), Principal::Client(on)),
            10 => (Op::GiveRoleToClient(id(role), id(on)), Principal::Client(on)),
            11 => {
                (Op::DeleteMapper(MapperOwner::Client(id(on)), MapperId::from_uuid(Uuid::nil())), Principal::Client(on))
            }
            12 => (Op::InsertMapper(Box::new(mapper(on))), Principal::Client(on)),
            13 => (Op::TakeRoleFromUser(id(role), id(on)), Principal::User(on)),
            _ => (
                Op::UpdateRole(Role { id: id(own_role), name: "x".into(), description: String::new(), client: None }),
                Principal::Role(own_role),
            ),
        }
    }
}

/// Never a group as its own parent: the operation refuses that before.
fn parent(of: u8, parent: u8) -> Option<GroupId> {
    (parent < of).then(|| id(parent))
}

fn mapper(client: u8) -> ClaimMapper {
    let owner = MapperOwner::Client(id(client));
    ClaimMapper {
        id: MapperId::from_uuid(Uuid::nil()),
        owner,
        name: String::new(),
        rule: MapperRule::Audience("x".into()),
    }
}

/// Does the write, as the store would.
fn apply(state: &mut State, op: &Op) {
    let graph = std::mem::take(&mut state.graph);
    state.graph = match op {
        Op::GiveRoleToGroup(role, group) => graph.with_group_roles([(*group, *role)]),
        Op::UpdateGroup(group) => graph.with_groups([group.clone()]),
        Op::AddComposite(role, child) if !graph.would_close_a_circle(*role, *child) => {
            graph.with_composites([(*role, *child)])
        }
        Op::GiveRoleToClient(role, client) => graph.with_service_roles([(*client, *role)]),
        _ => graph,
    };
    match op {
        Op::GiveRoleToUser(role, user) => known_user(state, *user).roles.extend([*role]),
        Op::TakeRoleFromUser(role, user) => {
            known_user(state, *user).roles.remove(role);
        }
        Op::AddMember(group, user) => known_user(state, *user).groups.extend([*group]),
        Op::UpdateClient(client) => {
            let known = state.clients.values_mut().find(|known| known.client.key == client.key).unwrap();
            known.client = (**client).clone();
        }
        _ => {}
    }
}

fn known_user(state: &mut State, id: UserId) -> &mut KnownUser {
    state.users.values_mut().find(|known| known.user.id == id).unwrap()
}

fn rights(state: &State, principal: Principal) -> Permissions {
    let realm = AdminRealm::Customer;
    match principal {
        Principal::User(number) => {
            let known = &state.users[&format!("user-{number}")];
            let memberships = Memberships {
                roles: known.roles.iter().copied().collect(),
                groups: known.groups.iter().copied().collect(),
            };
            state.graph.permissions_of_person(&memberships, realm)
        }
        Principal::Client(number) => of_client(&state.graph, &state.clients[&format!("client-{number}")].client, realm),
        Principal::Group(number) => state.graph.permissions_of_group(id(number), realm),
        Principal::Role(number) => state.graph.permissions_of_role(id(number), realm),
    }
}

fn tries(most: usize) -> impl Strategy<Value = Vec<Try>> {
    let one = (any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(kind, on, other)| Try { kind, on, other });
    prop::collection::vec(one, 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The realm's owner sets it up anyhow; then somebody with some rights tries whatever they like.
    #[test]
    fn nobody_ends_with_a_hand_on_rights_that_they_have_not(
        before in tries(30), tried in tries(40), held in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let all: Vec<Permission> = Permissions::ALL_OF_REALM.iter().collect();
        let held: Permissions = held.iter().map(|index| *index.get(&all)).collect();
        let mut state = realm();
        for (op, _) in before.iter().map(Try::op) {
            apply(&mut state, &op);
        }
        let mut hands = Vec::new();
        for (op, principal) in tried.iter().map(Try::op) {
            if Guard::Rights(held, AdminRealm::Customer).check(&state, std::iter::once(&op)).is_ok() {
                apply(&mut state, &op);
                hands.push(principal);
            }
            for principal in &hands {
                prop_assert!(rights(&state, *principal).is_subset(held), "{principal:?} after {op:?}", op = op_name(&op));
            }
        }
    }

    /// The same in one plan: each write is judged as it would be after those before it.
    #[test]
    fn a_plan_is_allowed_only_if_nothing_in_it_reaches_too_far(
        before in tries(20), tried in tries(6), held in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let all: Vec<Permission> = Permissions::ALL_OF_REALM.iter().collect();
        let held: Permissions = held.iter().map(|index| *index.get(&all)).collect();
        let mut state = realm();
        for (op, _) in before.iter().map(Try::op) {
            apply(&mut state, &op);
        }
        let plan: Vec<(Op, Principal)> = tried.iter().map(Try::op).collect();
        if Guard::Rights(held, AdminRealm::Customer).check(&state, plan.iter().map(|(op, _)| op)).is_ok() {
            for (op, _) in &plan {
                apply(&mut state, op);
            }
            for (_, principal) in &plan {
                prop_assert!(rights(&state, *principal).is_subset(held), "{principal:?}");
            }
        }
    }
}

fn op_name(op: &Op) -> &'static str {
    match op {
        Op::GiveRoleToUser(..) => "a role for a user",
        Op::AddMember(..) => "a member for a group",
        Op::GiveRoleToGroup(..) => "a role for a group",
        Op::UpdateGroup(_) => "another place for a group",
        Op::AddComposite(..) => "a composite",
        Op::UpdateClient(_) => "another client",
        Op::GiveRoleToClient(..) => "a role for a client",
        _ => "another write",
    }
}

#[test]
fn the_owner_of_everything_may_do_everything() {
    let state = realm();
    let everything = Guard::Rights(Permissions::ALL_OF_REALM, AdminRealm::Customer);
    for kind in 0..15 {
        for on in 0..OF_EACH {
            let (op, _) = Try { kind, on, other: on }.op();
            assert!(everything.check(&state, std::iter::once(&op)).is_ok());
        }
    }
}
