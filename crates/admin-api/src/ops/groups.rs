//! Groups of people: lists, making, changing, moving, members. It needs `roles:read` or `roles:write`, and to write every
//! right that the group gives; members are people, so they need `users:write` and every right of the person.

use palatine_domain::admin::Permission;
use palatine_domain::audit::AuditKind;
use palatine_domain::ids::{GroupId, RoleId, UserId};
use palatine_domain::roles::Group;
use palatine_store::TenantWrite;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::{About, AdminActor, Caller};
use crate::document::did_you_mean;
use crate::engine::change::{Change, What};
use crate::engine::plan::Op;
use crate::engine::run::{audited, told};
use crate::engine::state::{State, Wanted};
use crate::engine::write;
use crate::ops::error::OpError;
use crate::ops::object::{ETag, Expected};

/// How deep groups nest.
const MAX_DEPTH: usize = 16;

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct GroupView {
    /// Its row.
    pub id: String,
    /// Its name, unique under its parent.
    pub name: String,
    /// Names from the top, joined by `/`.
    pub path: String,
    /// The group that it is part of.
    pub parent: Option<String>,
    /// Roles that its members have through it: of the realm by name, of a client as `client_id/role`.
    pub roles: Vec<String>,
}

impl GroupView {
    /// Its version.
    pub fn etag(&self) -> ETag {
        ETag::of(&serde_json::to_value(self).unwrap_or_default())
    }
}

/// What a group is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupWish {
    /// Its name: 1 to 255 characters without `/`.
    pub name: String,
    /// The id of the group that it is part of; null: none.
    #[serde(default)]
    pub parent: Option<String>,
    /// Roles that its members have through it.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// All groups, by path.
pub async fn list(caller: &Caller) -> Result<Vec<GroupView>, OpError> {
    let (_, tx) = caller.read(Permission::RolesRead).await?;
    let state = State::load(&tx, &Wanted::default()).await?;
    tx.finish().await?;
    Ok(state.groups.keys().filter_map(|path| view(&state, path)).collect())
}

/// A group.
pub async fn read(caller: &Caller, id: GroupId) -> Result<GroupView, OpError> {
    let (_, tx) = caller.read(Permission::RolesRead).await?;
    let state = State::load(&tx, &Wanted::default()).await?;
    tx.finish().await?;
    found(&state, id)
}

/// Makes a group.
pub async fn create(caller: &Caller, wish: GroupWish) -> Result<GroupView, OpError> {
    let (actor, tx) = caller.write(Permission::RolesWrite).await?;
    let state = State::load(&tx, &Wanted::default()).await?;
    let id: GroupId = caller.realm().ambient().id();
    let group = Group { id, name: name(&wish.name)?, parent: parent(&state, &wish, None)? };
    let roles = roles(&state, &wish.roles)?;
    let ops = std::iter::once(Op::InsertGroup(group)).chain(roles.iter().map(|role| Op::GiveRoleToGroup(*role, id)));
    write_all(&tx, &actor, &state, &ops.collect::<Vec<_>>()).await?;
    let after = State::load(&tx, &Wanted::default()).await?;
    let made = found(&after, id)?;
    tell(&tx, &actor, Change::created(What::Group, &made.path), &state, &after).await?;
    tx.commit().await?;
    Ok(made)
}

/// Makes a group what the wish, which is a merge of what it was and what is to change, says.
pub async fn change(
    caller: &Caller,
    id: GroupId,
    expected: &Expected,
    merge: impl FnOnce(GroupWish) -> Result<GroupWish, OpError>,
) -> Result<GroupView, OpError> {
    let (actor, tx) = caller.write(Permission::RolesWrite).await?;
    let state = State::load(&tx, &Wanted::default()).await?;
    let before = found(&state, id)?;
    expected.check(&before.etag())?;
    let was = GroupWish { name: before.name.clone(), parent: before.parent.clone(), roles: before.roles.clone() };
    let wish = merge(was.clone())?;
    let mut ops = Vec::new();
    if wish.name != was.name || wish.parent != was.parent {
        let parent = parent(&state, &wish, Some(id))?;
        ops.push(Op::UpdateGroup(Group { id, name: name(&wish.name)?, parent }));
    }
    let (wanted, held) = (roles(&state, &wish.roles)?, roles(&state, &was.roles)?);
    ops.extend(held.iter().filter(|role| !wanted.contains(role)).map(|role| Op::TakeRoleFromGroup(*role, id)));
    ops.extend(wanted.iter().filter(|role| !held.contains(role)).map(|role| Op::GiveRoleToGroup(*role, id)));
    if ops.is_empty() {
        return Ok(before);
    }
    write_all(&tx, &actor, &state, &ops).await?;
    let after = State::load(&tx, &Wanted::default()).await?;
    let now = found(&after, id)?;
    tell(&tx, &actor, Change::updated(What::Group, &now.path), &state, &after).await?;
    tx.commit().await?;
    Ok(now)
}

/// Removes a group with those below it; its members stay.
pub async fn delete(caller: &Caller, id: GroupId, expected: &Expected) -> Result<(), OpError> {
    let (actor, tx) = caller.write(Permission::RolesWrite).await?;
    let state = State::load(&tx, &Wanted::default()).await?;
    let group = found(&state, id)?;
    expected.check(&group.etag())?;
    // Those below go along: each is a principal of its own.
    let below = format!("{}/", group.path);
    let gone = state.groups.iter().filter(|(path, _)| path.starts_with(&below)).map(|(_, known)| known.group.id);
    let ops: Vec<Op> = gone.chain([id]).map(Op::DeleteGroup).collect();
    actor.guard().check(&state, ops.iter())?;
    tx.groups().delete(id).await?;
    tell(&tx, &actor, Change::removed(What::Group, &group.path), &state, &State::default()).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts a person into a group, or takes them out of it. Gives whether anything changed.
pub async fn set_member(caller: &Caller, group: GroupId, user: UserId, member: bool) -> Result<(), OpError> {
    let (actor, tx) = caller.write(Permission::UsersWrite).await?;
    let person = tx.users().by_id(user).await?.ok_or(OpError::NotFound)?;
    let state = State::load(&tx, &Wanted::user(&person)).await?;
    let team = found(&state, group)?;
    let op = if member { Op::AddMember(group, user) } else { Op::RemoveMember(group, user) };
    actor.guard().check(&state, std::iter::once(&op))?;
    if member {
        tx.groups().add_member(group, user).await?;
    } else if !tx.groups().remove_member(group, user).await? {
        return Err(OpError::NotFound);
    }
    let details = json!({ "group": team.path, "member": member });
    actor.audit(&tx, AuditKind::UserChanged, About::user(user), details).await?;
    tx.commit().await?;
    Ok(())
}

async fn write_all(tx: &TenantWrite, actor: &AdminActor, state: &State, ops: &[Op]) -> Result<(), OpError> {
    actor.guard().check(state, ops.iter())?;
    for op in ops {
        write::run(tx, op).await?;
    }
    Ok(())
}

async fn tell(
    tx: &TenantWrite,
    actor: &AdminActor,
    change: Change,
    before: &State,
    after: &State,
) -> Result<(), OpError> {
    let changes = told(vec![change], before, after);
    let details = json!({ "changes": audited(&changes) });
    Ok(actor.audit(tx, AuditKind::ConfigurationChanged, About::default(), details).await?)
}

fn view(state: &State, path: &str) -> Option<GroupView> {
    let known = state.groups.get(path)?;
    Some(GroupView {
        id: known.group.id.to_string(),
        name: known.group.name.clone(),
        path: path.to_owned(),
        parent: known.group.parent.map(|parent| parent.to_string()),
        roles: state.role_names(known.roles.iter().copied()),
    })
}

fn found(state: &State, id: GroupId) -> Result<GroupView, OpError> {
    let path = state.graph.path(id).ok_or(OpError::NotFound)?;
    view(state, &path).ok_or(OpError::NotFound)
}

fn name(text: &str) -> Result<String, OpError> {
    let fits = (1..=255).contains(&text.trim().chars().count()) && !text.chars().any(|c| c == '/' || c.is_control());
    if fits { Ok(text.to_owned()) } else { Err(OpError::invalid("/name", "this has 1 to 255 characters and no `/`")) }
}

/// The parent, which is there, not the group itself and not below it, and not too deep.
fn parent(state: &State, wish: &GroupWish, of: Option<GroupId>) -> Result<Option<GroupId>, OpError> {
    let Some(text) = &wish.parent else { return Ok(None) };
    let unknown = || OpError::invalid("/parent", "the realm has no such group");
    let parent: GroupId = text.parse().map_err(|_| unknown())?;
    let path = state.graph.path(parent).ok_or_else(unknown)?;
    if let Some(own) = of.and_then(|of| state.graph.path(of))
        && (path == own || path.starts_with(&format!("{own}/")))
    {
        return Err(OpError::invalid("/parent", "a group cannot be part of itself"));
    }
    if path.split('/').count() >= MAX_DEPTH {
        return Err(OpError::invalid("/parent", format!("groups nest at most {MAX_DEPTH} deep")));
    }
    Ok(Some(parent))
}

fn roles(state: &State, names: &[String]) -> Result<Vec<RoleId>, OpError> {
    let role = |(number, name): (usize, &String)| {
        let known = state.roles.keys().map(String::as_str);
        let words = || format!("the realm has no role `{name}`{}", did_you_mean(name, known));
        let found = state.roles.get(name).map(|role| role.id);
        found.ok_or_else(|| OpError::invalid(format!("/roles/{number}"), words()))
    };
    names.iter().enumerate().map(role).collect()
}
