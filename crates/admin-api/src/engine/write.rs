//! The writes of a plan.

use palatine_store::{StoreError, TenantWrite};

use super::plan::Op;

/// The conflict about what was there when it was read and is not any more.
pub(crate) const REMOVED: &str = "removed";

/// Does one write. What it builds on was read in the same transaction; if it is gone all the same, that is a conflict.
pub(crate) async fn run(tx: &TenantWrite, op: &Op) -> Result<(), StoreError> {
    let done = match op {
        Op::PutSettings(settings) => tx.settings().put(settings).await.map(|()| true),
        Op::InsertApi(api) => tx.apis().insert(api).await.map(|()| true),
        Op::UpdateApi(api) => tx.apis().update(api).await,
        Op::DeleteApi(api) => tx.apis().delete(*api).await,
        Op::InsertScope(scope) => tx.scopes().insert(scope).await.map(|()| true),
        Op::UpdateScope(scope) => tx.scopes().update(scope).await,
        Op::DeleteScope(scope) => tx.scopes().delete(*scope).await,
        Op::InsertRole(role) => tx.roles().insert(role).await.map(|()| true),
        Op::UpdateRole(role) => tx.roles().update(role).await,
        Op::DeleteRole(role) => tx.roles().delete(*role).await,
        Op::AddComposite(role, child) => tx.roles().add_composite(*role, *child).await,
        Op::RemoveComposite(role, child) => tx.roles().remove_composite(*role, *child).await,
        Op::InsertMapper(mapper) => tx.claim_mappers().insert(mapper).await.map(|()| true),
        Op::UpdateMapper(mapper) => tx.claim_mappers().update(mapper.id, &mapper.rule).await,
        Op::DeleteMapper(_, mapper) => tx.claim_mappers().delete(*mapper).await,
        Op::InsertGroup(group) => tx.groups().insert(group).await.map(|()| true),
        Op::UpdateGroup(group) => tx.groups().update(group).await,
        Op::DeleteGroup(group) => tx.groups().delete(*group).await,
        Op::GiveRoleToGroup(role, group) => tx.roles().assign_to_group(*role, *group).await,
        Op::TakeRoleFromGroup(role, group) => tx.roles().unassign_from_group(*role, *group).await,
        Op::InsertClient(client) => tx.clients().insert(client).await.map(|()| true),
        Op::UpdateClient(client) => tx.clients().update(client).await,
        Op::DeleteClient(client) => tx.clients().delete(*client).await,
        Op::RemoveSecret(_, secret) => tx.clients().remove_secret(*secret).await,
        Op::AddSecret(client, secret) => tx.clients().add_secret(*client, secret).await,
        Op::GiveRoleToClient(role, client) => tx.roles().assign_to_client(*role, *client).await,
        Op::TakeRoleFromClient(role, client) => tx.roles().unassign_from_client(*role, *client).await,
        Op::InsertUser(user) => tx.users().insert(user).await.map(|()| true),
        Op::UpdateUser(user) => tx.users().update(user).await,
        Op::DeleteUser(user) => tx.users().delete(*user).await,
        Op::SetPassword(user, phc) => tx.credentials().set_password(*user, phc).await,
        Op::GiveRoleToUser(role, user) => tx.roles().assign_to_user(*role, *user).await,
        Op::TakeRoleFromUser(role, user) => tx.roles().unassign_from_user(*role, *user).await,
        Op::AddMember(group, user) => tx.groups().add_member(*group, *user).await,
        Op::RemoveMember(group, user) => tx.groups().remove_member(*group, *user).await,
    }?;
    if done { Ok(()) } else { Err(StoreError::Conflict { what: REMOVED }) }
}

/// A conflict, in words for whoever asked.
pub(crate) fn conflict(what: &'static str) -> String {
    match what {
        "client_id" => "this name is the identifier of an API, or the subject of a user, of this realm".to_owned(),
        "identifier" => "this name is the client_id of a client of this realm".to_owned(),
        "subject" => "another user, or a client, has this subject".to_owned(),
        "username" => "somebody else signs in with this name".to_owned(),
        "email" => "somebody else signs in with this e-mail address".to_owned(),
        "group" => "there is a group of this name already".to_owned(),
        "secrets" | "imported secrets" | "scopes of the API" | "claim mappers" => {
            format!("the realm would hold too many {what}; remove some there first")
        }
        other => format!("somebody else is changing this realm at the same time ({other}); try again"),
    }
}
