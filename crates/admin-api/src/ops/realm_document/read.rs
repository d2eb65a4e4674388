//! Reads a realm's document. It needs every permission to see what stands in it.

use super::TO_READ;
use crate::access::Caller;
use crate::engine::state::{State, Wanted};
use crate::ops::error::OpError;

/// The realm as YAML, as `palatine export` writes it: without secrets, passwords and their hashes.
pub async fn read(caller: &Caller, users: bool) -> Result<String, OpError> {
    let (_, tx) = caller.read_with(TO_READ).await?;
    let state = State::load(&tx, &Wanted::everything(users)).await?;
    tx.finish().await?;
    let settings = state.settings.as_ref().ok_or(OpError::NotFound)?;
    let document = state.document(caller.realm().slug(), caller.realm().profile(), settings);
    document.to_yaml().map_err(|error| OpError::Conflict(error.to_string()))
}
