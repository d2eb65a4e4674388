//! People beside their documents: lists, passwords, lockouts, sessions and grants. Reading, making and changing one is
//! in [`super::object`].

mod create;
mod credentials;
mod list;
mod password;
mod sign_out;
mod unlock;

use palatine_domain::ids::UserId;
use palatine_domain::user::User;
use palatine_store::TenantTx;

use crate::access::AdminActor;
use crate::ops::error::OpError;

pub use create::create;
pub(super) use create::{named, with_imported_hash};
pub use credentials::{CredentialView, DeviceView, credentials, devices, forget_device, remove_credential};
pub use list::{UserQuery, UserSummary, list};
pub use password::set_password;
pub use sign_out::sign_out;
pub use unlock::unlock;

/// A person on whom the actor may act.
pub(super) async fn governed<A>(tx: &TenantTx<A>, actor: &AdminActor, id: UserId) -> Result<User, OpError> {
    let user = tx.users().by_id(id).await?.ok_or(OpError::NotFound)?;
    let (graph, memberships) = (tx.roles().graph().await?, tx.roles().memberships(id).await?);
    actor.guard().check_user(&graph, &memberships)?;
    Ok(user)
}
